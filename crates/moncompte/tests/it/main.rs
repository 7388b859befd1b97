//! The program's integration tests: one binary, a module a subject.

mod demo;
mod graph;
mod import;
mod kill;
mod person;
mod place;
mod python;
mod smtp;
mod thirdparty;
