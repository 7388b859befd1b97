//! The provider on SQLite and on PostgreSQL: what the protocol remembers, its endpoints as clients and browsers
//! meet them, and the journeys of docs/requirements/journeys.md as a person walks them.

#![allow(clippy::unwrap_used, reason = "tests say what broke by breaking")]

mod conformance;
mod endpoints;
mod grant;
mod journeys;
