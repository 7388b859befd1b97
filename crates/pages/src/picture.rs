//! Pictures of the real pages, for the help page (SPEC J9), rendered on request from the same templates, so that they are never out of date and have the
//! agency's colours. A picture is an SVG document that holds the page's head and main part with the style sheet, and is shown by `<img>`: a document of its
//! own, in which nothing runs or loads, and whose ids and fields do not clash with those of the page around it.
//!
//! HTML is turned into XML by [`xml`], which knows our own templates only; an HTML parser in the program would be the larger risk. It runs at each request
//! rather than at build time, because the result depends on the agency and the language.

use std::fmt::Write as _;

use crate::page::{Confirm, Email, Legacy, LookAtYourMail, Page, Password, Terms};
use crate::{Error, Frame, Locale, Pages, Theme, asset};

/// The width of a telephone, in CSS pixels.
const WIDTH: u32 = 390;
/// The upper part of the page, visible without scrolling.
const HEIGHT: u32 = 585;

impl Pages {
    /// Returns the picture of a step of the move, as an SVG document; `None` if there is no such step.
    ///
    /// # Errors
    /// As [`Pages::render`].
    pub fn picture(&self, locale: Locale, look: Option<&Theme>, step: u8) -> Result<Option<String>, Error> {
        // A picture cannot load a logo, so the initials are shown instead.
        let look = look.map(|look| Theme { logo_url: None, ..look.clone() });
        let frame =
            Frame { locale, look, csrf: String::new(), base: String::new(), issuer_host: String::new() };
        let agency = frame.look.as_ref().map(|look| look.agency_name.clone());
        let html = match step {
            1 => self.render(&frame, &first::<Legacy>()),
            2 => self.render(&frame, &first::<Email>()),
            3 => self.render(&frame, &first::<Password>()),
            4 => self.render(&frame, &first::<LookAtYourMail>()),
            5 => {
                let page = first::<Confirm>();
                self.render(
                    &frame,
                    &Confirm { agency_name: agency.unwrap_or(page.agency_name.clone()), ..page },
                )
            }
            6 => {
                let all = Terms::samples();
                let own = all.into_iter().find(|terms| terms.language == locale.tag());
                let page = own.unwrap_or_else(first);
                self.render(
                    &frame,
                    &Terms { agency_name: agency.unwrap_or(page.agency_name.clone()), ..page },
                )
            }
            _ => return Ok(None),
        }?
        .html;
        let own = frame.look.as_ref().map(Theme::stylesheet).unwrap_or_default();
        Ok(Some(svg(&html, &own)))
    }
}

fn first<P: Page>() -> P {
    P::samples().swap_remove(0)
}

fn svg(html: &str, look: &str) -> String {
    let sheet = asset::url("moncompte.css").and_then(|url| asset(url.strip_prefix(asset::ASSET_ROOT)?));
    let sheet = sheet.map(|sheet| String::from_utf8_lossy(sheet.bytes)).unwrap_or_default();
    let head = html.find("<header").unwrap_or_default();
    let end = html.find("</main>").map_or(html.len(), |at| at + "</main>".len());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\">\
         <style><![CDATA[{sheet}{look}:root{{font-size:18px}}]]></style>\
         <foreignObject width=\"{WIDTH}\" height=\"{HEIGHT}\"><body xmlns=\"http://www.w3.org/1999/xhtml\">{}</body></foreignObject></svg>",
        xml(&html[head..end])
    )
}

/// Elements that HTML never closes.
const VOID: [&str; 8] = ["br", "hr", "img", "input", "link", "meta", "source", "wbr"];

/// Turns our own HTML into XML: closes void elements, gives every attribute a value, adds the namespace of icons, and drops comments.
fn xml(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + 512);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("<!") {
            rest = rest.split_once('>').map_or("", |(_, after)| after);
            continue;
        }
        let end = tag_end(rest);
        let tag = &rest[1..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if tag.starts_with('/') {
            let _ = write!(out, "<{tag}>");
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let name = tag.split(char::is_whitespace).next().unwrap_or_default();
        out.push('<');
        out.push_str(name);
        attributes(&mut out, &tag[name.len()..]);
        if name == "svg" {
            out.push_str(" xmlns=\"http://www.w3.org/2000/svg\"");
        }
        out.push_str(if empty || VOID.contains(&name) { "/>" } else { ">" });
    }
    out.push_str(rest);
    out
}

/// Returns the end of a tag: the first `>` outside quotes.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return at,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn attributes(out: &mut String, text: &str) {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let name_end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let name = &rest[..name_end];
        rest = &rest[name_end..];
        let value = match rest.strip_prefix('=') {
            Some(quoted) if quoted.starts_with(['"', '\'']) => {
                let quote = &quoted[..1];
                let (value, after) = quoted[1..].split_once(quote).unwrap_or((&quoted[1..], ""));
                rest = after;
                value
            }
            Some(bare) => {
                let (value, after) = bare.split_once(char::is_whitespace).unwrap_or((bare, ""));
                rest = after;
                value
            }
            None => "",
        };
        let _ = write!(out, " {name}=\"{}\"", value.replace('"', "&quot;").replace('<', "&lt;"));
        rest = rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::xml;

    #[test]
    fn html_becomes_xml() {
        for (html, expected) in [
            ("<p>a<br>b</p>", "<p>a<br/>b</p>"),
            ("<input name=a required>", "<input name=\"a\" required=\"\"/>"),
            ("<a href='x>y'>&amp;</a>", "<a href=\"x>y\">&amp;</a>"),
            ("<!-- gone --><i></i>", "<i></i>"),
            (
                "<svg class=\"icon\"><path d=\"M1 2\"/></svg>",
                "<svg class=\"icon\" xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M1 2\"/></svg>",
            ),
        ] {
            assert_eq!(xml(html), expected);
        }
    }
}
