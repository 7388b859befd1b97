//! What may happen to people: a file an act.

mod import;
mod prove_legacy;
mod wrap;

pub use import::Importer;
pub use prove_legacy::{LegacyProof, Ticket};
pub use wrap::WrapProgress;
