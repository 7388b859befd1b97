//! Cross-origin access to the endpoints that clients call.

use std::time::Duration;

use http::{HeaderValue, Method, header, request::Parts};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::Idp;

/// Lets scripts of the origins that a client's file lists read the answers of the endpoints that clients call (SECURITY #16). Never with
/// credentials: our cookies mean nothing there.
pub(crate) fn listed(idp: &Idp) -> CorsLayer {
    let agencies = idp.agencies.clone();
    let is_listed = move |origin: &HeaderValue, _: &Parts| {
        origin.to_str().is_ok_and(|origin| agencies.load().lists_origin(origin))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_listed))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::WWW_AUTHENTICATE, header::RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}
