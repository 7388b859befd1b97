//! Three audiences: the person reads a sentence and a reference, the log gets the cause under the same reference. (A client's errors are
//! made by the endpoints.)

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kernel::Fault;
use pages::page::ProblemKind;

/// Why a request ends with a page of ours.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ProblemKind,
    /// For the log; holds no secret.
    pub(crate) cause: String,
    /// Where the person may begin again.
    pub(crate) retry: Option<String>,
    /// Seconds after which it may be tried again.
    pub(crate) wait: Option<u32>,
    /// The agency whose look the page has.
    pub(crate) agency: Option<String>,
    /// Where the browser is sent instead of a page.
    pub(crate) onward: Option<Box<Onward>>,
}

/// A way on in place of a page that says no.
#[derive(Clone, Debug)]
pub(crate) struct Onward {
    /// An address of ours.
    pub(crate) to: String,
    /// `Set-Cookie`, as it is sent.
    pub(crate) cookies: Vec<String>,
}

impl Failure {
    pub(crate) fn new(kind: ProblemKind, cause: impl Into<String>) -> Self {
        Self { kind, cause: cause.into(), retry: None, wait: None, agency: None, onward: None }
    }

    /// With a way to begin again.
    pub(crate) fn retry(mut self, url: impl Into<String>) -> Self {
        self.retry = Some(url.into());
        self
    }

    /// With the seconds after which it may be tried again.
    pub(crate) fn wait(self, seconds: u32) -> Self {
        Self { wait: Some(seconds), ..self }
    }

    /// In the look of an agency.
    pub(crate) fn at(mut self, agency: Option<String>) -> Self {
        self.agency = agency;
        self
    }

    /// Leads on instead.
    pub(crate) fn onward(mut self, to: impl Into<String>, cookies: Vec<String>) -> Self {
        self.onward = Some(Box::new(Onward { to: to.into(), cookies }));
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self.kind {
            ProblemKind::BadRequest | ProblemKind::UnknownClient | ProblemKind::BadRedirect => {
                StatusCode::BAD_REQUEST
            }
            ProblemKind::NotFound => StatusCode::NOT_FOUND,
            ProblemKind::Forbidden | ProblemKind::ForeignBrowser | ProblemKind::CookiesRefused => {
                StatusCode::FORBIDDEN
            }
            ProblemKind::Conflict => StatusCode::CONFLICT,
            ProblemKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ProblemKind::TooSlow => StatusCode::REQUEST_TIMEOUT,
            ProblemKind::TooOften => StatusCode::TOO_MANY_REQUESTS,
            ProblemKind::Busy | ProblemKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let kind = match fault {
            Fault::Unavailable(_) => ProblemKind::Unavailable,
            Fault::Broken(_) => ProblemKind::Internal,
        };
        Self::new(kind, fault.to_string())
    }
}

impl From<pages::Error> for Failure {
    fn from(error: pages::Error) -> Self {
        Self::new(ProblemKind::Internal, error.to_string())
    }
}

impl IntoResponse for Failure {
    /// Bare: the outermost layer writes the page, in the person's language.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
