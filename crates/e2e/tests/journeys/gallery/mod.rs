//! Every page and mail in every state of its samples, in a real browser: axe-core checks the accessibility of each, and
//! `cargo xtask gallery` takes a picture of each for people to look at.

mod judged;
mod paper;
mod pictures;
mod show;
