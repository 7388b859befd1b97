//! The modules of oidcc-basic and oidcc-formpost-basic. Each is a function of the module's name.

mod claims;
mod requests;
mod sessions;
mod tokens;

pub use claims::*;
pub use requests::*;
pub use sessions::*;
pub use tokens::*;
