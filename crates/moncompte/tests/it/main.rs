//! The program's integration tests: one binary, a module a subject.

#![allow(clippy::unwrap_used, reason = "tests say what broke by breaking")]

mod config;
mod demo;
mod graph;
mod import;
mod keys;
mod kill;
mod person;
mod place;
mod python;
mod smtp;
mod thirdparty;
