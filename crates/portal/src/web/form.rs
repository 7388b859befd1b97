//! Parsing of parameters: no repeated names, limited length, no control characters.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use crate::portal::Portal;
use crate::web::page::{self, ErrorPage};
use crate::web::visitor::Visitor;

/// The maximum number of parameters, above that of any form or response.
const MAX_FIELDS: usize = 50;
/// The maximum length of a parameter, above that of any code, state or token.
const MAX_LENGTH: usize = 16 * 1024;

/// Parameters by name.
pub(super) struct Fields(HashMap<String, String>);

/// A repeated, too long or binary parameter. RFC 6749 §3.1: parameters are not repeated.
pub(super) struct Malformed;

impl Fields {
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        let mut fields = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            let odd = value.len() > MAX_LENGTH
                || value.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n'));
            if odd
                || fields.len() >= MAX_FIELDS
                || fields.insert(name.into_owned(), value.into_owned()).is_some()
            {
                return Err(Malformed);
            }
        }
        Ok(Self(fields))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }
}

/// The query of a GET.
pub(super) struct Query(pub Fields);

impl FromRequestParts<Arc<Portal>> for Query {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Response> {
        match Fields::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            Ok(fields) => Ok(Self(fields)),
            Err(Malformed) => Err(malformed(portal, &parts.headers)),
        }
    }
}

/// A form from anywhere: the provider's logout token, a sign-in started elsewhere.
pub(super) struct OpenForm(pub Fields);

impl FromRequest<Arc<Portal>> for OpenForm {
    type Rejection = Response;

    async fn from_request(request: Request, portal: &Arc<Portal>) -> Result<Self, Response> {
        let headers = request.headers().clone();
        let is_form = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(malformed(portal, &headers));
        }
        let body = Bytes::from_request(request, portal).await.map_err(|_| malformed(portal, &headers))?;
        Fields::parse(&body).map(Self).map_err(|Malformed| malformed(portal, &headers))
    }
}

/// A form of ours, posted from a page of ours in this browser. It exists only after that was checked.
pub(super) struct OwnForm {
    pub fields: Fields,
    pub visitor: Visitor,
}

impl FromRequest<Arc<Portal>> for OwnForm {
    type Rejection = Response;

    async fn from_request(request: Request, portal: &Arc<Portal>) -> Result<Self, Response> {
        let visitor = Visitor::read(portal, request.headers());
        let foreign = is_foreign(portal, request.headers());
        let OpenForm(fields) = OpenForm::from_request(request, portal).await?;
        let token = fields.get("csrf").unwrap_or_default();
        let fits = visitor.form_cookie().is_some_and(|cookie| portal.form_token_fits(cookie, token));
        if foreign || !fits {
            return Err(page::error(portal, &visitor, StatusCode::FORBIDDEN, ErrorPage::ForeignForm));
        }
        Ok(Self { fields, visitor })
    }
}

/// Returns true if the browser reports that another site sent the request.
fn is_foreign(portal: &Portal, headers: &HeaderMap) -> bool {
    let told = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_owned());
    let origin = told("origin").is_some_and(|origin| origin != portal.addresses.origin);
    let site = told("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    origin || site
}

fn malformed(portal: &Portal, headers: &HeaderMap) -> Response {
    page::error(portal, &Visitor::read(portal, headers), StatusCode::BAD_REQUEST, ErrorPage::Malformed)
}
