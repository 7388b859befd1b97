//! Failures that end with a page: the person reads a sentence and a reference, the log holds the cause under the same reference. Clients' errors are
//! made by the endpoints.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kernel::{Fault, Unix};
use pages::page::ProblemKind;

/// The reason why a request ends with a page that says no.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ProblemKind,
    /// The cause, for the log; it holds no secret.
    pub(crate) cause: String,
    /// The address at which the person may begin again.
    pub(crate) retry: Option<String>,
    /// Seconds until the request may be tried again.
    pub(crate) wait: Option<u32>,
    /// The agency whose look the page has.
    pub(crate) agency: Option<String>,
    /// The redirect that takes the place of the page.
    pub(crate) redirect: Option<Box<Redirect>>,
    /// The day on which a paused agency opens again.
    pub(crate) until: Option<Unix>,
}

/// A redirect in place of a page that says no.
#[derive(Clone, Debug)]
pub(crate) struct Redirect {
    /// An address of ours.
    pub(crate) to: String,
    /// The values of `Set-Cookie`.
    pub(crate) cookies: Vec<String>,
}

impl Failure {
    pub(crate) fn new(kind: ProblemKind, cause: impl Into<String>) -> Self {
        Self { kind, cause: cause.into(), retry: None, wait: None, agency: None, redirect: None, until: None }
    }

    /// Adds the address at which the person may begin again.
    pub(crate) fn retry(mut self, url: impl Into<String>) -> Self {
        self.retry = Some(url.into());
        self
    }

    /// Adds the seconds until the request may be tried again.
    pub(crate) fn wait(self, seconds: u32) -> Self {
        Self { wait: Some(seconds), ..self }
    }

    /// Shows the page in the look of an agency.
    pub(crate) fn at(mut self, agency: Option<String>) -> Self {
        self.agency = agency;
        self
    }

    /// Redirects the browser in place of a page.
    pub(crate) fn redirect(mut self, to: impl Into<String>, cookies: Vec<String>) -> Self {
        self.redirect = Some(Box::new(Redirect { to: to.into(), cookies }));
        self
    }

    /// Returns the kind of this failure, as the request's span names it.
    pub(crate) fn outcome(&self) -> &'static str {
        match self.kind {
            ProblemKind::BadRequest => "bad_request",
            ProblemKind::UnknownClient => "unknown_client",
            ProblemKind::BadRedirect => "bad_redirect",
            ProblemKind::NotFound => "not_found",
            ProblemKind::Forbidden => "forbidden",
            ProblemKind::ForeignBrowser => "foreign_browser",
            ProblemKind::CookiesRefused => "cookies_refused",
            ProblemKind::TooLarge => "too_large",
            ProblemKind::TooSlow => "too_slow",
            ProblemKind::TooOften => "too_often",
            ProblemKind::Busy => "busy",
            ProblemKind::Unavailable => "unavailable",
            ProblemKind::Internal => "internal",
            ProblemKind::AgencyPaused => "agency_paused",
            ProblemKind::AgencyLeft => "agency_left",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self.kind {
            ProblemKind::BadRequest | ProblemKind::UnknownClient | ProblemKind::BadRedirect => {
                StatusCode::BAD_REQUEST
            }
            ProblemKind::NotFound => StatusCode::NOT_FOUND,
            ProblemKind::AgencyLeft => StatusCode::GONE,
            ProblemKind::Forbidden | ProblemKind::ForeignBrowser | ProblemKind::CookiesRefused => {
                StatusCode::FORBIDDEN
            }
            ProblemKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ProblemKind::TooSlow => StatusCode::REQUEST_TIMEOUT,
            ProblemKind::TooOften => StatusCode::TOO_MANY_REQUESTS,
            ProblemKind::Busy | ProblemKind::Unavailable | ProblemKind::AgencyPaused => {
                StatusCode::SERVICE_UNAVAILABLE
            }
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
    /// Answers without a body: the outermost layer writes the page, in the person's language.
    fn into_response(self) -> Response {
        if let (ProblemKind::AgencyPaused, Some(agency)) = (self.kind, &self.agency) {
            metrics::counter!("moncompte_agency_paused_total", "agency" => agency.to_string()).increment(1);
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Lets extractors that answer with a page of their own use `?` on failures.
impl From<Failure> for Response {
    fn from(failure: Failure) -> Self {
        failure.into_response()
    }
}
