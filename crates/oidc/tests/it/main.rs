//! The rules against what an attacker would send, by their public face alone.

#![allow(clippy::unwrap_used, reason = "tests say what broke by breaking")]

mod addresses;
mod corpus;
mod decisions;
mod keys;
mod requests;
mod tokens;
