//! The headers that every answer carries (SECURITY #105, #106).

use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

/// Where a page may lead besides our own host.
#[derive(Clone, Default)]
pub(crate) struct Leads {
    /// Whether its form is a portal's: the one page that posts an answer to a client. A browser holds the redirects that follow against `form-action`,
    /// and a portal's callback may lead to another host (SECURITY D15).
    pub(crate) posts_away: bool,
    /// What its frames load, as origins.
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

/// What a page may load, and where its forms lead: to us.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
/// The part of it that the page whose form is a portal's does without.
const FORMS: &str = "; form-action 'self'";

/// What other sites' pages may load: documents and what clients call, with or without a browser. `Cross-Origin-Resource-Policy` says so before any
/// CORS header is looked at.
const FOR_ALL: [&str; 5] = ["/jwks", "/token", "/userinfo", "/introspect", "/revoke"];

/// Puts them on; what a handler has set stays.
pub(crate) fn put(response: &mut Response, path: &str, secure: bool) {
    let policy = match response.extensions_mut().remove::<Leads>() {
        None => HeaderValue::from_static(POLICY),
        Some(leads) => leads.policy(),
    };
    // At once, instead of growing for one after the other.
    response.headers_mut().reserve(9);
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
    let open = FOR_ALL.contains(&path) || path.starts_with("/.well-known/");
    put(
        HeaderName::from_static("cross-origin-resource-policy"),
        text(if open { "cross-origin" } else { "same-origin" }),
    );
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
        let mut policy = if self.posts_away { POLICY.replace(FORMS, "") } else { POLICY.to_owned() };
        if !self.frames.is_empty() {
            policy = policy + "; frame-src " + &self.frames.join(" ");
        }
        // Origins are of signs that a header may hold; were one not, nothing would be allowed but what always is.
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(POLICY))
    }
}
