//! The headers that every response carries (SECURITY #105, #106).

use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

/// Exceptions of a page from the content policy, besides our own host.
#[derive(Clone, Default)]
pub(crate) struct ContentPolicy {
    /// True for the one page whose form posts an answer to a client. A browser holds the redirects that follow against `form-action`, and a portal's
    /// callback may lead to another host (SECURITY D15).
    pub(crate) posts_away: bool,
    /// The origins that the page's frames load.
    pub(crate) frames: Vec<String>,
}

/// Returns the origin of an address, as CSP writes it; the scheme alone for an app's own scheme.
pub(crate) fn origin(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    match url.scheme() {
        "http" | "https" => Some(url.origin().ascii_serialization()),
        scheme => Some(format!("{scheme}:")),
    }
}

/// The content policy of a page: what it may load, and where its forms may lead.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
/// The part of the policy that a page whose form ends at a portal does without.
const FORMS: &str = "; form-action 'self'";

/// The paths that other sites' pages may load: documents and the endpoints of clients. Browsers check `Cross-Origin-Resource-Policy` before any CORS
/// header.
const FOR_ALL: [&str; 5] = ["/jwks", "/token", "/userinfo", "/introspect", "/revoke"];

/// Adds the headers; a header that a handler has set stays.
pub(crate) fn put(response: &mut Response, path: &str, secure: bool) {
    let policy = match response.extensions_mut().remove::<ContentPolicy>() {
        None => HeaderValue::from_static(POLICY),
        Some(policy) => policy.header(),
    };
    // Once, so that the map does not grow for each of them.
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

impl ContentPolicy {
    fn header(&self) -> HeaderValue {
        let mut policy = if self.posts_away { POLICY.replace(FORMS, "") } else { POLICY.to_owned() };
        if !self.frames.is_empty() {
            policy = policy + "; frame-src " + &self.frames.join(" ");
        }
        // An origin holds only characters that a header may hold; if one did not, the page would keep the strict policy.
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(POLICY))
    }
}
