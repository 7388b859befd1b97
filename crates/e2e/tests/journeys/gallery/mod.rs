//! Every page and mail in every state, as its samples have it, in a real browser: a judge of accessibility looks at each, and
//! `cargo xtask gallery` takes a picture of each for people to look at.

mod judged;
mod paper;
mod pictures;
mod show;
