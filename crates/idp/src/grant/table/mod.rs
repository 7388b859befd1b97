//! Rows of this slice, private to it. Their Debug prints no columns, since many hold hashes of secrets.

pub(crate) mod client_session;
pub(crate) mod code;
pub(crate) mod interaction;
pub(crate) mod refresh_token;
pub(crate) mod secret_use;
pub(crate) mod signing_key;
pub(crate) mod token_grant;
pub(crate) mod used_assertion;
