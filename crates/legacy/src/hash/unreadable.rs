use super::LONGEST_HASH;

/// The reason why a hash cannot be taken. The text never repeats any part of the row: a column put in the wrong place may hold a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// Nothing there.
    #[error("the hash is empty")]
    Empty,
    /// Longer than any format.
    #[error("the hash is longer than {LONGEST_HASH} characters")]
    TooLong,
    /// Looks like nothing known.
    #[error("the hash looks like no known format (see docs/import.md)")]
    Unknown,
    /// Bare hex says nothing about how it was made.
    #[error("a bare hex hash does not tell how it was made: name it in `hash_format`, for example {0}")]
    Ambiguous(&'static str),
    /// The name in `hash_format` is none of [`FORMATS`], and no recipe.
    #[error(
        "`hash_format` holds no known name (see docs/import.md), and no recipe such as md5(password+salt)"
    )]
    UnknownFormat,
    /// The recipe in `hash_format` cannot be followed.
    #[error("the recipe in `hash_format`, at character {at}: {what}")]
    Recipe {
        /// The mistake.
        what: &'static str,
        /// Its place, counted from 1.
        at: usize,
    },
    /// `hash_format` and the hash disagree.
    #[error("`hash_format` says {said}, but the hash looks like {found}")]
    Mismatch {
        /// Named in the row.
        said: &'static str,
        /// Seen.
        found: &'static str,
    },
    /// The right family, but damaged.
    #[error("{family}: {what}")]
    Malformed {
        /// Which format.
        family: &'static str,
        /// The damage.
        what: &'static str,
    },
    /// Would cost a sign-in too much time or memory.
    #[error("{family}: {what} is above the limit of {limit}")]
    TooCostly {
        /// Which format.
        family: &'static str,
        /// Which cost.
        what: &'static str,
        /// The most that is taken.
        limit: u64,
    },
    /// A recipe in the database that this program did not write.
    #[error("the stored form of a hash is damaged")]
    Stored,
}
