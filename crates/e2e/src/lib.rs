//! The journeys of docs/requirements in a real browser, against the program as it was built. Everything is in `tests/journeys`: this crate only
//! gives them a place, and knows nothing of ours, so that what it shows is what a person sees.
