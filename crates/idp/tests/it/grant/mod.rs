//! The stored state of the protocol, on SQLite and on PostgreSQL. Two nodes share one database.

mod assertion;
mod code;
mod invariants;
mod keys;
mod logout;
mod refresh;
mod request;
mod tokens;
pub(crate) mod world;
