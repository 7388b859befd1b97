//! The addresses of our own pages, written once.

use crate::InteractionId;

/// The hub of an interaction.
pub(crate) fn hub(id: InteractionId) -> String {
    format!("/authorize/{id}")
}

/// A page of an interaction.
pub(crate) fn of(id: InteractionId, page: &str) -> String {
    format!("/authorize/{id}/{page}")
}

/// The interaction to which a page belongs.
pub(crate) fn interaction(path: &str) -> Option<InteractionId> {
    path.strip_prefix("/authorize/")?.split('/').next()?.parse().ok()
}
