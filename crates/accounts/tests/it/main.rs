//! The slice as its users see it, on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(clippy::print_stdout, reason = "a test of many at once says how long they took")]

mod activation;
mod crowd;
mod deliveries;
mod disclosure;
mod doors;
mod growth;
mod guards;
mod hostile;
mod households;
mod import;
mod invariants;
mod inviting;
mod lockout;
mod mail_code;
mod messages;
mod moving;
mod old_hashes;
mod outage;
mod readings;
mod recovering;
mod searching;
mod stage;
mod standing;
mod taken_links;
mod telephone;
