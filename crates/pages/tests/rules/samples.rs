//! Every sample of every page, rendered.

use std::sync::LazyLock;

use pages::gallery::{Beholder, every_page};
use pages::page::*;
use pages::{Contact, Frame, Locale, Look, Page, Pages, markdown};

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

/// An agency whose name and contact need escaping.
fn look() -> Look {
    Look {
        agency_id: "tilleuls".into(),
        agency_name: "Agence des Tilleuls & Cie".into(),
        accent: "#2f6b3a".into(),
        logo_url: Some("/look/tilleuls.svg".into()),
        contact: Contact {
            phone: Some("04 72 00 00 00".into()),
            email: Some("contact@tilleuls.example".into()),
            hours: Some("9 h – 18 h".into()),
            website: Some("https://www.tilleuls.example".into()),
            address: Some("12 rue des Tilleuls\n69003 Lyon".into()),
        },
    }
}

fn bare() -> Look {
    Look { logo_url: None, contact: Contact::default(), ..look() }
}

fn render<P: Page>(pages: &Pages, locale: Locale, look: Option<Look>, n: usize, page: &P) -> Sample {
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

impl Beholder for Album {
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

/// Every page, in every state and both languages, with and without an agency: rendered once, and looked at by every test.
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

/// Pages filled with markup wherever a person, an agency or a portal may write.
pub fn hostile() -> Vec<Sample> {
    let evil = || "\"'><b>x</b><img src=x>\n".to_owned();
    let pages = Pages::new().unwrap();
    let look = || Some(Look { agency_name: evil(), ..look() });
    let fr = Locale::Fr;
    vec![
        render(&pages, fr, look(), 0, &SignIn { email: evil(), ..SignIn::samples().remove(0) }),
        render(
            &pages,
            fr,
            look(),
            0,
            &Notice {
                person: Some(evil()),
                agency_name: evil(),
                controller: evil(),
                ..Notice::samples().remove(0)
            },
        ),
        render(
            &pages,
            fr,
            look(),
            0,
            &Password { email: evil(), forbidden_words: vec![evil()], ..Password::samples().remove(0) },
        ),
        render(
            &pages,
            fr,
            look(),
            0,
            &Legacy {
                identifier: evil(),
                identifier_label: evil(),
                error: Some(LegacyError::Moved { hint: Some(evil()) }),
                ..Legacy::samples().remove(0)
            },
        ),
        render(
            &pages,
            fr,
            look(),
            0,
            &Terms {
                email: evil(),
                agency_name: evil(),
                title: evil(),
                body_html: markdown(&evil()),
                ..Terms::samples().remove(0)
            },
        ),
        render(
            &pages,
            fr,
            look(),
            0,
            &SignOutConfirm { client_name: Some(evil()), action: evil(), hidden: vec![(evil(), evil())] },
        ),
    ]
}

/// The page of the terms with this text.
pub fn terms(body: &str) -> Sample {
    let page = Terms { body_html: markdown(body), ..Terms::samples().remove(0) };
    render(&Pages::new().unwrap(), Locale::Fr, Some(look()), 0, &page)
}
