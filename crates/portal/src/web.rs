//! The portal's HTTP side: routes, and the headers of every response.

mod assets;
mod entry;
mod form;
mod old_form;
pub(crate) mod page;
mod sign_out;
mod space;
mod visitor;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};

use crate::portal::Portal;
use crate::web::page::ErrorPage;
use crate::web::visitor::Visitor;

/// The maximum size of a form.
const MAX_FORM: usize = 64 * 1024;

/// Returns the routes.
pub(crate) fn router(portal: Portal) -> Router {
    let portal = Arc::new(portal);
    Router::new()
        .route("/", get(space::home))
        .route("/login", get(entry::login))
        .route("/callback", get(entry::callback))
        .route("/initiate-login", get(entry::initiate).post(entry::initiate_by_form))
        .route("/anciens-identifiants", get(old_form::show).post(old_form::submit))
        .route("/espace", get(space::show))
        .route("/refresh", post(space::refresh))
        .route("/logout", post(sign_out::leave))
        .route("/logged-out", get(sign_out::left))
        .route("/backchannel-logout", post(sign_out::back_channel))
        .route("/assets/portal.css", get(assets::stylesheet))
        .route("/assets/theme.css", get(assets::theme))
        .route("/assets/icon.svg", get(assets::icon))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(middleware::from_fn_with_state(portal.clone(), guard))
        .with_state(portal)
}

async fn nothing_here(State(portal): State<Arc<Portal>>, visitor: Visitor) -> Response {
    page::error(&portal, &visitor, StatusCode::NOT_FOUND, ErrorPage::NotFound)
}

async fn wrong_method(State(portal): State<Arc<Portal>>, visitor: Visitor) -> Response {
    page::error(&portal, &visitor, StatusCode::METHOD_NOT_ALLOWED, ErrorPage::NotFound)
}

/// Sets the headers of every response.
async fn guard(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`, with which browsers send `Origin: null` on our own forms.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .insert("permissions-policy", HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    if portal.addresses.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if let Ok(policy) = HeaderValue::from_str(&content_policy(&portal)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Returns the content security policy. `form-action` also applies to redirects after a form, and sign-in and sign-out lead to the provider.
fn content_policy(portal: &Portal) -> String {
    let mut targets = vec!["'self'".to_owned(), portal.addresses.issuer_origin.clone()];
    if let Some(known) = portal.provider.remembered() {
        let end_session =
            known.metadata.additional_metadata().end_session_endpoint.as_ref().map(|url| url.url().origin());
        targets.push(known.metadata.authorization_endpoint().url().origin().ascii_serialization());
        targets.extend(end_session.map(|origin| origin.ascii_serialization()));
        targets.sort();
        targets.dedup();
    }
    format!(
        "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action {}",
        targets.join(" ")
    )
}
