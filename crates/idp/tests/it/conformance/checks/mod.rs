//! What the suite looks at in every answer, whichever module it runs (PROTOCOL 4.2, 4.6, 4.7, 4.10): one set of checks, so that a module is
//! only what is its own.

pub mod claims;
pub mod id_token;
pub mod keys;
pub mod response;
pub mod text;
pub mod token;
pub mod userinfo;
