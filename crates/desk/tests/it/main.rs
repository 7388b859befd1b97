//! The verbs of staff on both databases, and the walls between agencies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod looks;
mod stage;
mod walls;
