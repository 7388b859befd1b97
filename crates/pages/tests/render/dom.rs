//! Checks of a document that are independent of its page.

use scraper::{ElementRef, Html, Selector};

/// A document and where it comes from, for the messages.
pub struct Document {
    pub name: String,
    pub source: String,
    html: Html,
}

impl Document {
    pub fn new(name: String, source: String) -> Document {
        let html = Html::parse_document(&source);
        Document { name, source, html }
    }

    pub fn all(&self, selector: &str) -> Vec<ElementRef<'_>> {
        let parsed = Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"));
        // The parser lives as long as the document, the selector does not: collect the ids first.
        let ids: Vec<_> = self.html.select(&parsed).map(|element| element.id()).collect();
        ids.into_iter().filter_map(|id| ElementRef::wrap(self.html.tree.get(id)?)).collect()
    }

    pub fn one(&self, selector: &str) -> ElementRef<'_> {
        let found = self.all(selector);
        assert_eq!(found.len(), 1, "{}: {} × `{selector}`", self.name, found.len());
        found[0]
    }

    pub fn text(&self, selector: &str) -> String {
        self.all(selector).iter().flat_map(|element| element.text()).collect::<Vec<_>>().join(" ")
    }

    pub fn attribute(&self, selector: &str, name: &str) -> String {
        self.one(selector)
            .attr(name)
            .unwrap_or_else(|| panic!("{}: {selector} has no {name}", self.name))
            .to_owned()
    }

    /// Checks that the parser repaired nothing: every tag is closed, in order, and every id is unique.
    pub fn check_well_formed(&self) {
        let mut open: Vec<&str> = Vec::new();
        let mut rest = self.source.as_str();
        while let Some(at) = rest.find('<') {
            rest = &rest[at + 1..];
            let end = tag_end(rest).unwrap_or_else(|| panic!("{}: a tag that does not end", self.name));
            let (tag, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            assert!(!tag.contains("='"), "{}: <{tag}>: values are escaped for double quotes", self.name);
            let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
            if tag.starts_with('!') || VOID.contains(&name) || tag.ends_with('/') {
                continue;
            }
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "{}: </{name}> closes something else", self.name);
            } else {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{}: never closed: {open:?}", self.name);
        let mut ids: Vec<_> = self.all("[id]").iter().filter_map(|element| element.attr("id")).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(all, ids.len(), "{}: an id is there twice", self.name);
    }

    /// Checks that the targets of `aria-describedby` and similar attributes exist.
    pub fn check_references(&self) {
        for name in ["aria-describedby", "aria-labelledby", "aria-controls", "for"] {
            for element in self.all(&format!("[{name}]")) {
                for id in element.attr(name).unwrap_or_default().split_whitespace() {
                    assert_eq!(self.all(&format!("[id='{id}']")).len(), 1, "{}: {name}={id}", self.name);
                }
            }
        }
        for link in self.all("a[href^='#']") {
            let id = link.attr("href").unwrap_or_default().trim_start_matches('#');
            assert_eq!(self.all(&format!("[id='{id}']")).len(), 1, "{}: link to #{id}", self.name);
        }
    }
}

const VOID: [&str; 6] = ["meta", "link", "input", "br", "img", "hr"];

/// A `>` inside a quoted attribute does not end a tag.
fn tag_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}
