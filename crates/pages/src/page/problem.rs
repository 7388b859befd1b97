//! Error pages, and the page that carries a response to a portal.

use serde::Serialize;

use super::Page;

/// An error page: a sentence and a reference for the person; the code is for the client and the cause for the log. No link leaves our site.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// A reference to quote on the phone; the log has it too.
    pub reference: String,
    /// The kind of error.
    pub kind: ProblemKind,
    /// A local address to try again.
    pub retry_url: Option<String>,
    /// The day on which a paused agency opens again, in Unix seconds.
    pub until: Option<i64>,
}

/// The kind of error of a [`Problem`] page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The request is malformed.
    BadRequest,
    /// The portal is not known here.
    UnknownClient,
    /// The portal's redirect address is not registered (RFC 6749 §4.1.2.1: never redirected to).
    BadRedirect,
    /// No such page.
    NotFound,
    /// Not allowed.
    Forbidden,
    /// The request is too large.
    TooLarge,
    /// The request took too long to arrive.
    TooSlow,
    /// Too many requests from one network within a minute.
    TooOften,
    /// Too many people at once; try again shortly.
    Busy,
    /// A service that is needed does not answer.
    Unavailable,
    /// An internal error.
    Internal,
    /// The page belongs to another browser: start again here.
    ForeignBrowser,
    /// The browser sends no cookies, so nothing can start here.
    CookiesRefused,
    /// The agency has closed its client space for a while.
    AgencyPaused,
    /// The agency does not take part any more.
    AgencyLeft,
}

/// `response_mode=form_post` (OAuth 2.0 Form Post Response Mode §2): submits itself, or by its button. No `Debug`, for it
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
    pub const ALL: [ProblemKind; 15] = [
        ProblemKind::BadRequest,
        ProblemKind::UnknownClient,
        ProblemKind::BadRedirect,
        ProblemKind::NotFound,
        ProblemKind::Forbidden,
        ProblemKind::TooLarge,
        ProblemKind::TooSlow,
        ProblemKind::TooOften,
        ProblemKind::Busy,
        ProblemKind::Unavailable,
        ProblemKind::Internal,
        ProblemKind::ForeignBrowser,
        ProblemKind::CookiesRefused,
        ProblemKind::AgencyPaused,
        ProblemKind::AgencyLeft,
    ];
}

impl Page for Problem {
    const NAME: &'static str = "problem";

    fn has_error(&self) -> bool {
        true
    }

    fn samples() -> Vec<Problem> {
        let mut all: Vec<_> = ProblemKind::ALL
            .map(|kind| Problem {
                reference: "7H3K-PQ".into(),
                kind,
                retry_url: Some("/".into()),
                until: None,
            })
            .into();
        let sample = |kind, until| Problem { reference: "7H3K-PQ".into(), kind, retry_url: None, until };
        all.push(sample(ProblemKind::Internal, None));
        all.push(sample(ProblemKind::AgencyPaused, Some(1_796_083_200)));
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
