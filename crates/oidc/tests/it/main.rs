//! The rules against an attacker's input, through their public interface.

#![allow(clippy::unwrap_used, reason = "tests say what broke by breaking")]

mod addresses;
mod corpus;
mod decisions;
mod keys;
mod requests;
mod tokens;
