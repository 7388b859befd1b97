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

/// An address of ours, as a browser reads it: one that begins with two slashes is another host's, and a backslash is a slash to browsers (SECURITY #4).
pub(crate) fn is_local(address: &str) -> bool {
    address.starts_with('/') && !address[1..].starts_with(['/', '\\'])
}

/// This address of ours, or the front page where a browser would read another host in it.
pub(crate) fn local(address: String) -> String {
    if is_local(&address) { address } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_read_as_another_host_is_no_address_of_ours() {
        for ours in ["/", "/authorize/1", "/a//b", "/a\\b", "/?x=//evil.test"] {
            assert!(is_local(ours), "{ours}");
        }
        for foreign in
            ["", "//evil.test", "/\\evil.test", "/\\/evil.test", "\\\\evil.test", "https://evil.test", "evil"]
        {
            assert!(!is_local(foreign), "{foreign}");
            assert_eq!(local(foreign.to_owned()), "/");
        }
    }
}
