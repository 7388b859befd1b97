//! The journeys of docs/requirements in a real browser, against the built program. Everything is in `tests/journeys`: this crate only
//! gives them a place. It uses none of our code, so it shows what a person sees.
//!
//! `rqrr`, `scraper` and `thirtyfour` are ordinary dependencies of it, though only tests of this crate and of others use them: cargo counts the features that a
//! development dependency enables for tests alone, and would build the program with other features, so a second time.
