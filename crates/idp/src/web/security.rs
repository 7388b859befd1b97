//! The headers that every answer carries (SECURITY #105, #106).

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, header};

use crate::Idp;

/// Where a page may lead, as origins.
#[derive(Clone, Default)]
pub(crate) struct Leads {
    /// Forms, besides our own host.
    pub(crate) forms: Vec<String>,
    /// Frames.
    pub(crate) frames: Vec<String>,
}

/// The origin of an address, as CSP writes it; the scheme alone for an app's own scheme.
pub(crate) fn origin(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    match url.scheme() {
        "http" | "https" => Some(url.origin().ascii_serialization()),
        scheme => Some(format!("{scheme}:")),
    }
}

/// Puts them on; what a handler has set stays.
pub(crate) async fn headers(State(idp): State<Arc<Idp>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let leads = response.extensions_mut().remove::<Leads>().unwrap_or_default();
    let mut csp = format!(
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {}",
        leads.forms.join(" ")
    );
    if !leads.frames.is_empty() {
        csp = format!("{}; frame-src {}", csp.trim(), leads.frames.join(" "));
    }
    let mut put = |name: HeaderName, value: &str| {
        if let (false, Ok(value)) =
            (response.headers().contains_key(&name), HeaderValue::from_str(value.trim()))
        {
            response.headers_mut().insert(name, value);
        }
    };
    put(header::CONTENT_SECURITY_POLICY, &csp);
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::REFERRER_POLICY, "no-referrer");
    put(header::CACHE_CONTROL, "no-store");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(header::X_FRAME_OPTIONS, "DENY");
    put(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    );
    if idp.secure() {
        put(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    response
}
