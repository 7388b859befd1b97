//! The slice as its users see it, on SQLite and on PostgreSQL.

mod import;
mod lockout;
mod moving;
mod recovering;
mod stage;
