//! Every page in every state, language and look: from the one list, `gallery::every_page`.

use pages::gallery::{self, PageVisitor, every_page};
use pages::{Contact, CustomTexts, Error, Frame, Locale, Page, Pages, Theme};

use crate::dom::Document;

/// `<b>` in a name must stay a name.
const HOSTILE: &str = "L'Agence <b>\"A&B\"</b>";

/// The context of a document.
pub struct Shown {
    pub page: &'static str,
    pub locale: Locale,
    pub failed: bool,
}

pub fn frame(locale: Locale, look: Option<Theme>, base: &str) -> Frame {
    Frame { locale, look, csrf: "c5rf".into(), base: base.into(), issuer_host: "compte.example.fr".into() }
}

pub fn render<P: Page>(pages: &Pages, frame: &Frame, page: &P) -> Document {
    let rendered = pages.render(frame, page).unwrap_or_else(|error| panic!("{}: {error:#?}", P::NAME));
    let document = Document::new(format!("{} ({})", P::NAME, frame.locale.tag()), rendered.html);
    assert_eq!(document.text("title"), rendered.title, "{}: the title is plain text", P::NAME);
    document
}

/// Calls `check` with every page in every state, language and look.
pub fn every(check: impl FnMut(&Shown, &Document)) {
    struct Round<F> {
        pages: Pages,
        frames: Vec<Frame>,
        check: F,
    }
    impl<F: FnMut(&Shown, &Document)> PageVisitor for Round<F> {
        fn page<P: Page>(&mut self) -> Result<(), Error> {
            let samples = P::samples();
            assert!(!samples.is_empty(), "{} has no samples", P::NAME);
            for frame in &self.frames {
                for page in &samples {
                    let shown = Shown { page: P::NAME, locale: frame.locale, failed: page.has_error() };
                    (self.check)(&shown, &render(&self.pages, frame, page));
                }
            }
            Ok(())
        }
    }
    let hostile = Theme { agency_name: HOSTILE.into(), ..gallery::look() };
    let bare = Theme {
        contact: Contact::default(),
        logo_url: Some("/look/tilleuls.svg".into()),
        second: None,
        words: CustomTexts::default(),
        ..gallery::look()
    };
    let frames = Locale::ALL.into_iter().flat_map(|locale| {
        [(Some(hostile.clone()), "/authorize/1"), (Some(bare.clone()), "/authorize/1"), (None, "")]
            .map(|(look, base)| frame(locale, look, base))
    });
    let mut round = Round { pages: Pages::new().unwrap(), frames: frames.collect(), check };
    every_page(&mut round).unwrap();
}
