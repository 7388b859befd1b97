//! What agencies hand over: identifiers, references and password hashes of their old systems; and what becomes of them.

mod dear;
pub mod hash;
mod import;
mod prove;
mod report;
pub mod row;
mod stored;
mod twins;
mod wrap;

pub use import::Importer;
pub use prove::{LegacyProof, Ticket};
pub use report::{ImportReport, Warned};
pub use wrap::WrapProgress;

/// The kind of a verifier that is gone.
pub(crate) fn kind_none() -> &'static str {
    stored::Kind::None.as_str()
}
