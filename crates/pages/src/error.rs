//! Errors of rendering: always a fault of ours, never of the person's.

/// A page or a mail could not be rendered. None of these depends on what a person typed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A template is missing, does not parse, or asked for a value or a translation that does not exist.
    #[error("template: {0:#}")]
    Template(#[from] minijinja::Error),
    /// A translation file does not parse.
    #[error("translation {file}: {why}")]
    Translation {
        /// The path of the file, relative to `translations/`.
        file: String,
        /// The parser's message.
        why: String,
    },
}
