//! Rows of this slice, private to it. Their Debug tells nothing: many columns hold hashes of secrets.

pub(super) mod acceptance;
pub(super) mod account;
pub(super) mod activation_code;
pub(super) mod attempt;
pub(super) mod delivery;
pub(super) mod delivery_change;
pub(super) mod device;
pub(super) mod email_change;
pub(super) mod enrolment;
pub(super) mod evidence;
pub(super) mod evidence_head;
pub(super) mod identity_term;
pub(super) mod legacy_identity;
pub(super) mod legacy_recipe;
pub(super) mod link;
pub(super) mod lock_notice;
pub(super) mod proven_hash;
pub(super) mod recovery;
pub(super) mod session;
pub(super) mod staff_invitation;
pub(super) mod staff_look;
pub(super) mod used_form;
pub(super) mod used_ticket;
