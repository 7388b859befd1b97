//! Every page × every sample × both languages: it renders, it is well-formed, and it can be used by everybody.

mod dom;
mod mails;
mod pages_in_every_state;
mod translations;
