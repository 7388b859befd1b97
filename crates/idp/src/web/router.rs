use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use kernel::untrusted;
use pages::{Locale, page::ProblemKind};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    compression::accepts_gzip,
    cors,
    endpoint::{discovery, end_session, introspect, jwks, revoke, token, userinfo},
    error::{Failure, Redirect},
    foreign, language,
    look::look,
    path,
    screen::{
        account, arrive, confirm::Confirm, enrol, forgot, help, home, hub, legacy, mail_code, mailed_link,
        new_address::NewAddress, reset::Reset, sign_in, sign_out, take_back::TakeBack, terms,
    },
    security,
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
    let bearers = Router::new()
        .route("/userinfo", get(userinfo::get).post(userinfo::post))
        .route("/introspect", post(introspect::post));
    let endpoints = Router::new()
        .route("/token", post(token::post))
        .route("/revoke", post(revoke::post))
        .route_layer(middleware::from_fn(run_to_completion))
        .merge(bearers)
        .route_layer(cors::listed(&idp));
    let documents = Router::new()
        .route("/.well-known/openid-configuration", get(discovery::get))
        .route("/.well-known/oauth-authorization-server", get(discovery::get))
        .route("/jwks", get(jwks::get));
    let screens = Router::new()
        .route("/authorize", get(arrive::get).post(arrive::post))
        .route("/end-session", get(end_session::get).post(end_session::post))
        .route("/authorize/{id}", get(hub::get))
        .route("/authorize/{id}/status", get(hub::status))
        .route("/authorize/{id}/sign-in", get(hub::again).post(sign_in::post))
        .route("/authorize/{id}/switch", post(sign_in::switch))
        .route("/authorize/{id}/continue", post(sign_in::proceed))
        .route("/authorize/{id}/legacy", get(legacy::get).post(legacy::post))
        .route("/authorize/{id}/notice", get(enrol::notice).post(enrol::notice_read))
        .route("/authorize/{id}/email", get(enrol::email).post(enrol::choose_email))
        .route("/authorize/{id}/password", get(enrol::password).post(enrol::choose_password))
        .route("/authorize/{id}/resend", get(hub::again).post(enrol::resend))
        .route("/authorize/{id}/code", get(mail_code::get).post(mail_code::post))
        .route("/authorize/{id}/link", get(hub::again).post(enrol::link))
        .route("/authorize/{id}/leave", get(hub::again).post(enrol::leave))
        .route("/authorize/{id}/terms", get(hub::again).post(terms::post))
        .route("/authorize/{id}/refuse", get(terms::refuse))
        .route("/authorize/{id}/connected", get(terms::connected))
        .route("/authorize/{id}/forgot", get(forgot::get).post(forgot::post))
        .route("/authorize/{id}/help", get(help::get))
        .route("/confirm", get(mailed_link::get::<Confirm>).post(mailed_link::post::<Confirm>))
        .route("/reset", get(mailed_link::get::<Reset>).post(mailed_link::post::<Reset>))
        .route("/new-address", get(mailed_link::get::<NewAddress>).post(mailed_link::post::<NewAddress>))
        .route("/take-back", get(mailed_link::get::<TakeBack>).post(mailed_link::post::<TakeBack>))
        .route("/", get(home::get))
        .route("/attach", get(home::attach))
        .route("/legacy", get(home::attach))
        .route("/forgot", get(home::forgot))
        .route("/help", get(help::bare))
        .route("/account", get(account::get))
        .route("/account/agencies", get(account::agencies::get))
        .route("/account/acceptances", get(account::acceptances::get))
        .route("/account/acceptances/{id}", get(account::acceptances::receipt))
        .route("/account/memo", get(account::memo::get))
        .route("/account/email", get(account::email::get).post(account::email::post))
        .route("/account/email/cancel", get(account::email::again).post(account::email::cancel))
        .route("/account/name", get(account::name::get).post(account::name::post))
        .route("/account/language", get(account::language::get).post(account::language::post))
        .route("/account/password", get(account::password::get).post(account::password::post))
        .route("/account/sessions", get(account::sessions::get))
        .route("/account/sessions/end", get(account::sessions::again).post(account::sessions::end))
        .route(
            "/account/sessions/end-others",
            get(account::sessions::again).post(account::sessions::end_others),
        )
        .route("/sign-out", get(sign_out::get).post(sign_out::post))
        .route_layer(middleware::from_fn(run_to_completion));
    let files = Router::new()
        .route("/assets/{*path}", get(asset))
        .route("/look/{file}", get(agency_file))
        .route("/help/{picture}", get(help::picture))
        .route("/robots.txt", get(async || "User-agent: *\nDisallow: /\n"));
    endpoints
        .merge(documents)
        .merge(screens)
        .merge(files)
        .fallback(async |uri: Uri| {
            Failure::new(ProblemKind::NotFound, uri.path().chars().take(200).collect::<String>()).retry("/")
        })
        .layer(CatchPanicLayer::custom(|_| {
            Failure::new(ProblemKind::Internal, "a handler panicked").into_response()
        }))
        // One layer for all that every request passes: each layer costs time, and the protocol's requests have little else to do.
        .layer(middleware::from_fn_with_state(idp.clone(), outermost))
        .with_state(idp)
}

/// Runs a handler that may write in a task of its own, so that a client disconnect, or a second click that cancels the first, cannot cancel the handler
/// between two writes. An attempt whose password was right is not left counted, and a reset that is done reaches the portals.
async fn run_to_completion(request: Request, next: Next) -> Response {
    let handled = tokio::spawn(next.run(request)).await;
    handled.unwrap_or_else(|_| Failure::new(ProblemKind::Internal, "a handler panicked").into_response())
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
    if let Some(redirect) = failure.redirect {
        return redirected(*redirect);
    }
    let agencies = idp.agencies.load();
    let agency = failure.agency.as_deref().and_then(|id| agencies.agency(id));
    let accept = request.headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    let frame = pages::Frame {
        locale: language::chosen(idp, &request.headers)
            .unwrap_or_else(|| Locale::negotiate(None, accept, Locale::Fr)),
        look: agency.map(|agency| look(agency)),
        csrf: String::new(),
        base: String::new(),
        issuer_host: idp.issuer_host().to_owned(),
    };
    let passing =
        matches!(failure.kind, ProblemKind::Unavailable | ProblemKind::Busy | ProblemKind::TooOften);
    let retry_url =
        failure.retry.clone().or_else(|| passing.then(|| retry_address(&request.method, &request.uri)));
    let page = pages::page::Problem { reference, kind: failure.kind, retry_url };
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

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = pages::asset(&path) else {
        return Failure::new(ProblemKind::NotFound, "no such asset").into_response();
    };
    let known = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    match &asset.gzip {
        Some(compressed) if accepts_gzip(&headers) => {
            (known, [(header::CONTENT_ENCODING, "gzip")], compressed.as_slice()).into_response()
        }
        _ => (known, asset.bytes).into_response(),
    }
}

/// `GET /look/{agency}.css`, and the agency's logo under the ending that it has.
async fn agency_file(State(idp): State<Shared>, Path(file): Path<String>) -> Response {
    /// The content policy of a logo: opened by itself, it loads nothing and runs nothing, whatever is in the file.
    const STILL: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    let agencies = idp.agencies.load();
    let (id, extension) = file.rsplit_once('.').unwrap_or_default();
    let cache = (header::CACHE_CONTROL, "public, max-age=300");
    match agencies.agency(id).map(|agency| (agency, &agency.logo)) {
        Some((agency, _)) if extension == "css" => {
            ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), cache], look(agency).stylesheet())
                .into_response()
        }
        Some((_, Some(logo))) if extension == logo.extension => {
            let headers =
                [(header::CONTENT_TYPE, logo.content_type), (header::CONTENT_SECURITY_POLICY, STILL), cache];
            (headers, logo.bytes.to_vec()).into_response()
        }
        _ => Failure::new(ProblemKind::NotFound, "no such agency").into_response(),
    }
}
