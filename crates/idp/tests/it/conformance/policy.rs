use url::Url;

use super::robot::Page;

/// The Content-Security-Policy of a page, as far as a sign-in needs it (CSP Level 3 §6).
pub struct Policy {
    text: String,
    at: Url,
}

impl Policy {
    pub fn of(page: &Page) -> Self {
        Self { text: page.header("content-security-policy").to_owned(), at: page.url.clone() }
    }

    /// §6.4.1 form-action: no fall-back; absent, everything is allowed.
    pub fn lets_forms_to(&self, to: &Url) -> bool {
        self.sources("form-action").is_none_or(|sources| self.one_of(&sources, to))
    }

    /// §6.1.10 script-src, which default-src stands in for.
    pub fn lets_run(&self, script: &Url) -> bool {
        self.fetches(&["script-src-elem", "script-src", "default-src"], script)
    }

    /// §6.1.5 frame-src, which child-src and default-src stand in for.
    pub fn lets_frame(&self, frame: &Url) -> bool {
        self.fetches(&["frame-src", "child-src", "default-src"], frame)
    }

    fn fetches(&self, names: &[&str], url: &Url) -> bool {
        let first = names.iter().find_map(|name| self.sources(name));
        first.is_none_or(|sources| self.one_of(&sources, url))
    }

    fn sources(&self, name: &str) -> Option<Vec<&str>> {
        self.text.split(';').find_map(|directive| {
            let mut words = directive.split_whitespace();
            (words.next()? == name).then(|| words.collect())
        })
    }

    /// `'self'` or an exact origin: the provider writes nothing else, and anything else would be too wide.
    fn one_of(&self, sources: &[&str], url: &Url) -> bool {
        sources.iter().any(|source| match *source {
            "'self'" => url.origin() == self.at.origin(),
            "'none'" | "data:" => false,
            origin => {
                assert!(origin.starts_with("https://"), "a source that is no origin: {origin}");
                url.origin().ascii_serialization() == origin
            }
        })
    }
}
