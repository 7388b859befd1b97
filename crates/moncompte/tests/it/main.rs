//! The program's integration tests: one binary, a module a subject.

#![allow(clippy::unwrap_used, reason = "tests say what broke by breaking")]
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests of a process measure it on the clock and tell the figures"
)]

mod agency_states;
mod backup;
mod bounces;
mod campaign;
mod client_keys;
mod clock;
mod config;
mod connect;
mod crowd;
mod cut_short;
mod deliveries;
mod demo;
mod disk;
mod dns;
mod doctor;
mod drills;
mod encodings;
mod ends;
mod faults;
mod generations;
mod graph;
mod growth;
mod hanging;
mod hostile_files;
mod import;
mod keys;
mod kill;
mod left_out;
mod limits;
mod log;
mod messages;
mod node;
mod observing;
mod operate;
mod person;
mod place;
mod python;
mod races;
mod requirements;
mod reseal;
mod smtp;
mod specifications;
mod start;
mod telephone;
mod thirdparty;
mod torture;
mod upgrade;
mod waiting;
