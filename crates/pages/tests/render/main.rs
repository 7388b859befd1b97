//! Every page × every sample × both languages: it renders, it is well-formed, and everybody can use it.

#![allow(clippy::unwrap_used, reason = "a check that cannot go on should stop")]

mod budgets;
mod dom;
mod hostile;
mod mails;
mod pages_in_every_state;
mod pictures;
mod shown;
mod snapshots;
mod translations;
