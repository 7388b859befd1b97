//! The headers that every answer carries (SECURITY #105, #106).

use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

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

/// What a page may load, before where its forms lead.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Puts them on; what a handler has set stays.
pub(crate) fn put(response: &mut Response, secure: bool) {
    let policy = match response.extensions_mut().remove::<Leads>() {
        None => HeaderValue::from_static(POLICY),
        Some(leads) => leads.policy(),
    };
    // At once, instead of growing for one after the other.
    response.headers_mut().reserve(8);
    let mut put = |name: HeaderName, value: HeaderValue| {
        response.headers_mut().entry(name).or_insert(value);
    };
    let text = HeaderValue::from_static;
    put(header::CONTENT_SECURITY_POLICY, policy);
    put(header::X_CONTENT_TYPE_OPTIONS, text("nosniff"));
    put(header::REFERRER_POLICY, text("no-referrer"));
    put(header::CACHE_CONTROL, text("no-store"));
    put(HeaderName::from_static("cross-origin-opener-policy"), text("same-origin"));
    put(header::X_FRAME_OPTIONS, text("DENY"));
    put(
        HeaderName::from_static("permissions-policy"),
        text("camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    );
    if secure {
        put(header::STRICT_TRANSPORT_SECURITY, text("max-age=31536000; includeSubDomains"));
    }
}

impl Leads {
    fn policy(&self) -> HeaderValue {
        let mut policy = POLICY.to_owned();
        for form in &self.forms {
            policy = policy + " " + form;
        }
        if !self.frames.is_empty() {
            policy = policy + "; frame-src " + &self.frames.join(" ");
        }
        // Origins are of signs that a header may hold; were one not, nothing would be allowed but what always is.
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(POLICY))
    }
}
