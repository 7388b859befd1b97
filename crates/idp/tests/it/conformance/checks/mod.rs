//! The checks of every answer, whichever module runs (PROTOCOL 4.2, 4.6, 4.7, 4.10): one set, so that a module holds
//! only its own checks.

pub mod claims;
pub mod id_token;
pub mod keys;
pub mod response;
pub mod text;
pub mod token;
pub mod userinfo;
