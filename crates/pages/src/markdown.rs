//! Rendering of the terms: Markdown in, safe HTML out.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use serde::Serialize;

/// HTML that may be written into a page unescaped. Only [`markdown`] makes one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Html(String);

impl Html {
    /// Returns the markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Renders the text of the terms. Raw HTML is shown as text, images are reduced to their description, links that are not
/// `https:`, `mailto:`, `tel:` or local lose their target, and a first-level heading becomes a second-level one (the page has its own).
pub fn markdown(source: &str) -> Html {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut out = String::with_capacity(source.len() * 5 / 4);
    html::push_html(&mut out, Parser::new_ext(source, options).filter_map(harmless));
    Html(out)
}

fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    Some(match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::HtmlBlock | Tag::Image { .. }) | Event::End(TagEnd::HtmlBlock | TagEnd::Image) => {
            return None;
        }
        Event::Start(Tag::Heading { level: HeadingLevel::H1, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: HeadingLevel::H2, id, classes, attrs })
        }
        Event::End(TagEnd::Heading(HeadingLevel::H1)) => Event::End(TagEnd::Heading(HeadingLevel::H2)),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if is_harmless(&dest_url) { dest_url } else { CowStr::Borrowed("#") };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    })
}

fn is_harmless(url: &str) -> bool {
    let local =
        (url.starts_with('#') || url.starts_with('/')) && !url.starts_with("//") && !url.contains('\\');
    local || ["https:", "mailto:", "tel:"].iter().any(|scheme| url.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn articles_are_headings_and_lists() {
        let html = markdown("# 1. Objet\n\nUn *texte*.\n\n- a\n- b\n");
        assert_eq!(
            html.as_str(),
            "<h2>1. Objet</h2>\n<p>Un <em>texte</em>.</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"
        );
    }

    #[test]
    fn nothing_runs_and_nothing_is_loaded() {
        let html = markdown(
            "<script>alert(1)</script>\n\nx <img src=y onerror=z> ![logo](https://evil.example/a.png)\n\n[a](javascript:alert(1)) [b](//evil.example)",
        );
        for bad in ["<script", "<img", "javascript:", "//evil"] {
            assert!(!html.as_str().contains(bad), "{bad} in {}", html.as_str());
        }
        assert!(html.as_str().contains("&lt;script&gt;"));
    }
}
