//! The endpoints of the protocol. A client's mistake is answered by an OAuth error in JSON, never by a page and never by a 500; no answer may be
//! stored on its way (SECURITY #29).

pub(crate) mod discovery;
pub(crate) mod end_session;
pub(crate) mod introspect;
pub(crate) mod jwks;
pub(crate) mod revoke;
pub(crate) mod token;
pub(crate) mod userinfo;

use std::net::IpAddr;

use axum::{
    Json,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kernel::Fault;
use oidc::{Code, Error};
use serde::Serialize;
use serde_json::json;

use super::{address::client_ip, body, throttle::network};
use crate::{
    Idp, Shared,
    grant::{Call, EndpointError},
};

/// Reads the form of a request. The query is not read: secrets do not belong there (SECURITY #25).
async fn form(idp: &Idp, request: Request) -> Result<String, Error> {
    let malformed = |why: &'static str| Error::new(Code::InvalidRequest, why);
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media_type = kind.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(malformed("the body must be application/x-www-form-urlencoded"));
    }
    let body = body::read(request.into_body(), idp).await.map_err(|unread| malformed(unread.why()))?;
    String::from_utf8(body.into()).map_err(|_| malformed("the body is not UTF-8"))
}

/// Returns the `Authorization` header, if there is one.
///
/// # Errors
/// Two of them, or one that is not text.
fn authorization(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let malformed = || Error::new(Code::InvalidRequest, "the Authorization header is malformed or repeated");
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => one.to_str().map(|text| Some(text.to_owned())).map_err(|_| malformed()),
        (Some(_), Some(_)) => Err(malformed()),
    }
}

/// The request of a client: its credentials, its parameters, and the network from which it comes. No Debug: it may hold a secret.
pub(crate) struct ClientRequest {
    authorization: Option<String>,
    body: String,
    source: Option<IpAddr>,
}

impl FromRequest<Shared> for ClientRequest {
    type Rejection = EndpointError;

    async fn from_request(request: Request, idp: &Shared) -> Result<Self, EndpointError> {
        let source = client_ip(idp, request.extensions(), request.headers()).map(network);
        let authorization = authorization(request.headers())?;
        Ok(Self { authorization, body: form(idp, request).await?, source })
    }
}

impl ClientRequest {
    fn as_call(&self) -> Call<'_> {
        Call { authorization: self.authorization.as_deref(), body: &self.body, source: self.source }
    }
}

impl IntoResponse for EndpointError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(error) => refuse(&error),
            Self::Fault(fault) => trouble(&fault),
        }
    }
}

/// Answers in JSON that no cache stores.
fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (status, headers, Json(body)).into_response()
}

/// Answers in JSON that any cache may store for five minutes and any script may read (SECURITY #16).
fn public(json: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, json.to_owned()).into_response()
}

/// Answers with an OAuth error (RFC 6749 §5.2).
fn refuse(error: &Error) -> Response {
    tracing::Span::current().record("outcome", error.code().as_str());
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({ "error": error.code().as_str(), "error_description": error.description() });
    let mut response = answer(status, &body);
    match error.code() {
        Code::InvalidClient => {
            put(&mut response, header::WWW_AUTHENTICATE, "Basic realm=\"moncompte\", charset=\"UTF-8\"");
        }
        Code::SlowDown => put(&mut response, header::RETRY_AFTER, "60"),
        _ => {}
    }
    response
}

/// Answers that the provider failed, in the same form; the cause is for the log (SECURITY #118).
fn trouble(fault: &Fault) -> Response {
    tracing::error!(%fault, "an endpoint could not answer");
    match fault {
        Fault::Unavailable(_) => {
            let error = Error::new(Code::TemporarilyUnavailable, "the provider cannot answer right now");
            let mut response = refuse(&error);
            put(&mut response, header::RETRY_AFTER, "5");
            response
        }
        Fault::Broken(_) => refuse(&Error::new(Code::ServerError, "the provider failed")),
    }
}

fn put(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
