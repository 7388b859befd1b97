//! What the protocol remembers, on SQLite and, where `TEST_POSTGRES_URL` names a server, on PostgreSQL. Two nodes share one database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod assertion;
mod code;
mod keys;
mod logout;
mod refresh;
mod request;
mod tokens;
mod world;
