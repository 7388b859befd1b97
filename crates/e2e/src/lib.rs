//! The journeys of docs/requirements in a real browser, against the built program. Everything is in `tests/journeys`: this crate only
//! gives them a place. It uses none of our code, so it shows what a person sees.
