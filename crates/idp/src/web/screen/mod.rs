//! The screens: each shows what the hub decided, or takes what was typed to its slice and goes back to the hub.

pub(crate) mod account;
pub(crate) mod arrive;
pub(crate) mod confirm;
pub(crate) mod desk;
pub(crate) mod enrol;
pub(crate) mod forgot;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod hub;
mod interaction;
pub(crate) mod invitation;
pub(crate) mod legacy;
mod lost;
pub(crate) mod mail_code;
pub(crate) mod mailed_link;
pub(crate) mod new_address;
pub(crate) mod reset;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod take_back;
pub(crate) mod terms;
