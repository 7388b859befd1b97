//! Pages for when it cannot go on, and the page that carries an answer to a portal.

use serde::Serialize;

use super::Page;

/// A sentence and a reference for the person; the code is for the client and the cause for the log. No link leaves our site.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// What may be said on the phone; the log has it too.
    pub reference: String,
    /// What to say.
    pub kind: ProblemKind,
    /// A local address to try again.
    pub retry_url: Option<String>,
}

/// What a [`Problem`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The request makes no sense.
    BadRequest,
    /// The portal is not known here.
    UnknownClient,
    /// The portal's way back is not registered (RFC 6749 §4.1.2.1: never redirected to).
    BadRedirect,
    /// No such page.
    NotFound,
    /// Not allowed.
    Forbidden,
    /// It was done already, or in another order.
    Conflict,
    /// Too much was sent.
    TooLarge,
    /// It took too long until all was sent.
    TooSlow,
    /// Too many requests from one network within a minute.
    TooOften,
    /// Too many people at once; try again shortly.
    Busy,
    /// Something that is needed does not answer.
    Unavailable,
    /// A fault of ours.
    Internal,
    /// The page belongs to another browser: start again here.
    ForeignBrowser,
    /// No cookie of ours comes back: nothing can be begun here.
    CookiesRefused,
}

/// `response_mode=form_post` (OAuth 2.0 Form Post Response Mode §2): posts itself, or by its button. No `Debug`: it
/// carries the code. This form has no `csrf`: it goes to the portal.
#[derive(Clone, Serialize)]
pub struct FormPost {
    /// The registered redirect address.
    pub action: String,
    /// `code`, `state`, `iss`, or `error`…
    pub fields: Vec<(String, String)>,
}

impl ProblemKind {
    /// All of them.
    pub const ALL: [ProblemKind; 14] = [
        ProblemKind::BadRequest,
        ProblemKind::UnknownClient,
        ProblemKind::BadRedirect,
        ProblemKind::NotFound,
        ProblemKind::Forbidden,
        ProblemKind::Conflict,
        ProblemKind::TooLarge,
        ProblemKind::TooSlow,
        ProblemKind::TooOften,
        ProblemKind::Busy,
        ProblemKind::Unavailable,
        ProblemKind::Internal,
        ProblemKind::ForeignBrowser,
        ProblemKind::CookiesRefused,
    ];
}

impl Page for Problem {
    const NAME: &'static str = "problem";

    fn has_error(&self) -> bool {
        true
    }

    fn samples() -> Vec<Problem> {
        let mut all: Vec<_> = ProblemKind::ALL
            .map(|kind| Problem { reference: "7H3K-PQ".into(), kind, retry_url: Some("/".into()) })
            .into();
        all.push(Problem { reference: "7H3K-PQ".into(), kind: ProblemKind::Internal, retry_url: None });
        all
    }
}

impl Page for FormPost {
    const NAME: &'static str = "form-post";

    fn samples() -> Vec<FormPost> {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![FormPost {
            action: "http://localhost:8081/callback".into(),
            fields: vec![field("code", "c0de"), field("state", "\"><script>alert(1)</script>")],
        }]
    }
}
