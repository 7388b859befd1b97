//! Every sample of every page, rendered.

use std::sync::LazyLock;

use pages::gallery::{self, PageVisitor, every_page};
use pages::page::Terms;
use pages::{Contact, CustomTexts, Frame, Locale, Page, Pages, Theme, markdown};

/// A rendered page and what is known about it.
pub struct Sample {
    pub name: String,
    pub page: &'static str,
    pub locale: Locale,
    pub with_look: bool,
    pub failed: bool,
    pub title: String,
    pub html: String,
}

/// An agency whose name needs escaping.
fn look() -> Theme {
    Theme {
        agency_name: "Agence des Tilleuls & Cie".into(),
        logo_url: Some("/look/tilleuls.svg".into()),
        ..gallery::look()
    }
}

fn bare() -> Theme {
    Theme {
        logo_url: None,
        second: None,
        contact: Contact::default(),
        words: CustomTexts::default(),
        ..look()
    }
}

fn render<P: Page>(pages: &Pages, locale: Locale, look: Option<Theme>, n: usize, page: &P) -> Sample {
    let with_look = look.is_some();
    let frame = Frame {
        locale,
        look,
        csrf: "a-token".into(),
        base: "/authorize/0192".into(),
        issuer_host: "compte.example.fr".into(),
    };
    let name = format!("{} {} {n} (agency: {with_look})", locale.tag(), P::NAME);
    let rendered = pages.render(&frame, page).unwrap_or_else(|error| panic!("{name}: {error:#?}"));
    Sample {
        name,
        page: P::NAME,
        locale,
        with_look,
        failed: page.has_error(),
        title: rendered.title,
        html: rendered.html,
    }
}

struct Album {
    pages: Pages,
    out: Vec<Sample>,
}

impl PageVisitor for Album {
    fn page<P: Page>(&mut self) -> Result<(), pages::Error> {
        for locale in Locale::ALL {
            for look in [Some(look()), Some(bare()), None] {
                for (n, page) in P::samples().iter().enumerate() {
                    self.out.push(render(&self.pages, locale, look.clone(), n, page));
                }
            }
        }
        Ok(())
    }
}

/// Every page, in every state and both languages, with and without an agency, rendered once for all tests.
pub fn pages() -> &'static [Sample] {
    static ALL: LazyLock<Vec<Sample>> = LazyLock::new(|| {
        let mut album = Album { pages: Pages::new().unwrap(), out: Vec::new() };
        every_page(&mut album).unwrap();
        album.out
    });
    &ALL
}

/// One page in French, with an agency, by its template's name and the number of its sample.
pub fn page(name: &str, n: usize) -> &'static Sample {
    pages().iter().filter(|sample| sample.page == name).nth(n).unwrap_or_else(|| panic!("{name} {n}"))
}

/// The page of the terms with this text.
pub fn terms(body: &str) -> Sample {
    let page = Terms { body_html: markdown(body), ..Terms::samples().remove(0) };
    render(&Pages::new().unwrap(), Locale::Fr, Some(look()), 0, &page)
}
