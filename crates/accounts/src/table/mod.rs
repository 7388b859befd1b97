//! Rows of this slice, private to it. Their Debug tells nothing: many columns hold hashes of secrets.

pub(crate) mod acceptance;
pub(crate) mod account;
pub(crate) mod attempt;
pub(crate) mod device;
pub(crate) mod email_change;
pub(crate) mod enrolment;
pub(crate) mod evidence;
pub(crate) mod evidence_head;
pub(crate) mod legacy_identity;
pub(crate) mod legacy_recipe;
pub(crate) mod link;
pub(crate) mod lock_notice;
pub(crate) mod recovery;
pub(crate) mod session;
pub(crate) mod used_ticket;
