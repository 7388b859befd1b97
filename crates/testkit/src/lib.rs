//! The people of tests: a browser over the wire or in process, a visitor with a screen, personas, and the move of one of them. Test-only.

#![allow(clippy::unwrap_used, reason = "tests say what broke by breaking")]

mod agency;
mod browser;
mod moving;
mod page;
mod persona;
mod request;
mod transport;
mod visitor;

pub use crate::{
    agency::agency,
    browser::{Browser, encoded},
    moving::{before, moves},
    page::{Page, elements},
    persona::{PASSWORD, Persona, csv},
    request::{CHALLENGE, VERIFIER, asking},
    transport::{Answer, Transport, wire},
    visitor::Visitor,
};
