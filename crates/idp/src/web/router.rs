//! The router: all routes, within the layers that every request passes.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use kernel::untrusted;
use pages::{Locale, page::ProblemKind};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Span;

use super::{
    error::{Failure, Redirect},
    foreign, language,
    look::look,
    path, routes, security,
};
use crate::{Idp, Shared};

/// The maximum length of an address, in bytes (SECURITY "Numbers").
const LONGEST_URI: usize = 8 * 1024;
/// The maximum length of all headers together, in bytes (SECURITY "Numbers").
const LONGEST_HEADERS: usize = 16 * 1024;
/// The maximum length of a cause in the log, in characters.
const LONGEST_CAUSE: usize = 300;

/// Builds the router of everything that the provider answers.
pub fn router(idp: Idp) -> Router {
    let idp: Shared = Arc::new(idp);
    routes::all(&idp)
        .fallback(async |method: Method, uri: Uri| {
            let failure =
                Failure::new(ProblemKind::NotFound, uri.path().chars().take(200).collect::<String>());
            // Programs that pass links on write some of them otherwise: `/confirm/?token=…` (FINDING B20, B25).
            match path::tidied(&uri).filter(|_| matches!(method, Method::GET | Method::HEAD)) {
                Some(meant) => failure.redirect(meant, Vec::new()),
                None => failure.retry("/"),
            }
        })
        .layer(CatchPanicLayer::custom(|_| {
            Failure::new(ProblemKind::Internal, "a handler panicked").into_response()
        }))
        // One layer for all that every request passes: each layer costs time, and the protocol's requests have little else to do.
        .layer(middleware::from_fn_with_state(idp.clone(), outermost))
        .with_state(idp)
}

/// The outermost layer: limits of lengths and the choice of a language before the handler, the page of a [`Failure`] and the headers after it.
async fn outermost(State(idp): State<Shared>, request: Request, next: Next) -> Response {
    let summary = RequestSummary::of(&request);
    let foreign = foreign::foreign_post(&idp, request.method(), request.headers());
    let response = if uri_length(request.uri()) > LONGEST_URI {
        Failure::new(ProblemKind::TooLarge, "the address is too long").into_response()
    } else if headers_length(request.headers()) > LONGEST_HEADERS {
        let mut response = Failure::new(ProblemKind::TooLarge, "the headers are too long").into_response();
        *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        response
    } else if let Some(chosen) = language::choose(&idp, request.method(), request.uri()) {
        chosen
    } else {
        next.run(request).await
    };
    let (mut parts, body) = response.into_parts();
    let mut response = match parts.extensions.remove::<Failure>().or_else(|| rejected_by_axum(&parts)) {
        Some(failure) => failure_page(&idp, &summary, failure, parts),
        None => Response::from_parts(parts, body),
    };
    if foreign.is_some() {
        foreign::set_nothing(&mut response);
    }
    security::put(&mut response, summary.uri.path(), idp.secure());
    response
}

/// The parts of a request that explain a failure, kept while the handler has the request.
struct RequestSummary {
    method: Method,
    uri: Uri,
    /// `Accept-Language` and cookies: they tell the person's language.
    headers: HeaderMap,
}

impl RequestSummary {
    fn of(request: &Request) -> Self {
        let mut headers = HeaderMap::new();
        for name in [header::ACCEPT_LANGUAGE, header::COOKIE] {
            for value in request.headers().get_all(&name) {
                headers.append(&name, value.clone());
            }
        }
        Self { method: request.method().clone(), uri: request.uri().clone(), headers }
    }
}

/// Writes the page of a [`Failure`] in the person's language, and its cause in the log under the same reference.
fn failure_page(
    idp: &Idp,
    request: &RequestSummary,
    failure: Failure,
    mut parts: http::response::Parts,
) -> Response {
    let (path, cause) = (untrusted(request.uri.path()), untrusted(&failure.cause).up_to(LONGEST_CAUSE));
    let reference = reference(idp);
    match failure.kind {
        ProblemKind::Internal => tracing::error!(%reference, %path, %cause, "failed"),
        ProblemKind::Unavailable | ProblemKind::Busy => {
            tracing::warn!(%reference, %path, %cause, "not now");
        }
        _ => tracing::info!(%reference, %path, %cause, "refused"),
    }
    let agencies = idp.agencies.load();
    let agency = failure.agency.as_deref().and_then(|id| agencies.agency(id));
    let of = agency.map(|agency| &*agency.id);
    tracing::info!(target: "audit", event = "page_refused", %reference, outcome = failure.outcome(), agency = of, %cause);
    Span::current().record("reference", &*reference).record("outcome", failure.outcome());
    if let Some(redirect) = failure.redirect {
        return redirected(*redirect);
    }
    let accept = request.headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    let frame = pages::Frame {
        locale: language::chosen(idp, &request.headers)
            .unwrap_or_else(|| Locale::negotiate(None, accept, Locale::Fr)),
        look: agency.map(|agency| look(agency, idp.context.now())),
        csrf: String::new(),
        base: String::new(),
        issuer_host: idp.issuer_host().to_owned(),
    };
    let passing =
        matches!(failure.kind, ProblemKind::Unavailable | ProblemKind::Busy | ProblemKind::TooOften);
    let retry_url =
        failure.retry.clone().or_else(|| passing.then(|| retry_address(&request.method, &request.uri)));
    let page = pages::page::Problem { reference, kind: failure.kind, retry_url, until: failure.until };
    let own = [StatusCode::METHOD_NOT_ALLOWED, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE];
    let status = if own.contains(&parts.status) { parts.status } else { failure.status() };
    let html = idp.pages.render(&frame, &page).map(|r| r.html).unwrap_or_default();
    let mut answer = (status, axum::response::Html(html)).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    if let Some(seconds) = failure.wait {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    for cookie in parts.headers.get_all(header::SET_COOKIE) {
        answer.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    if let Some(allow) = parts.headers.remove(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

/// Redirects the browser in place of a page.
fn redirected(Redirect { to, cookies }: Redirect) -> Response {
    let location = HeaderValue::from_str(&path::local(to)).unwrap_or(HeaderValue::from_static("/"));
    let mut answer = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    answer
}

/// Returns the length of an address.
fn uri_length(uri: &Uri) -> usize {
    let host = uri.authority().map_or(0, |authority| authority.as_str().len());
    host + uri.path_and_query().map_or(0, |path| path.as_str().len())
}

/// Returns the length of headers as they are written: each on its line, after a colon and a space.
fn headers_length(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// Returns the address to retry after trouble that passes (SECURITY #117): the same page; after a form, the page that shows what came of it, for the form
/// may have been done, and is not to be sent again unseen.
fn retry_address(method: &Method, uri: &Uri) -> String {
    let path = uri.path();
    let to = if method == Method::GET {
        uri.path_and_query().map_or(path, |whole| whole.as_str()).to_owned()
    } else {
        match path.strip_prefix("/authorize") {
            Some("") => "/".to_owned(),
            Some(rest) => format!("/authorize/{}", rest.split('/').nth(1).unwrap_or_default()),
            None => path.to_owned(),
        }
    };
    path::local(to)
}

/// Returns the failure of a request that never reached a handler: another method, an id that is none, a parameter twice. axum answers those in plain
/// English.
fn rejected_by_axum(parts: &http::response::Parts) -> Option<Failure> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let bare = parts.status.is_client_error() && kind.starts_with("text/plain");
    let (kind, cause) = match parts.status {
        StatusCode::METHOD_NOT_ALLOWED => (ProblemKind::BadRequest, "another method"),
        _ if bare => (ProblemKind::BadRequest, "the address or the body is not readable"),
        _ => return None,
    };
    Some(Failure::new(kind, cause).retry("/"))
}

/// Makes a reference that is short enough to be read aloud on the phone: no 0/O, no 1/I/L.
fn reference(idp: &Idp) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
    let mut bytes = [0; 8];
    idp.context.rng.fill(&mut bytes);
    let letter = |b: u8| char::from(LETTERS[usize::from(b) % LETTERS.len()]);
    let text: String = bytes.into_iter().map(letter).collect();
    format!("{}-{}", &text[..4], &text[4..])
}
