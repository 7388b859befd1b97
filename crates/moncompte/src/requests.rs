//! The observation of each public request: an id, a span and its time (docs/observability.md).
//!
//! The id is in every line that the request logs, in its span, and in `X-Request-Id` of its response. A page that says no shows a reference, which is logged in
//! a line with the id.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{
    Router,
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    middleware::{self, Next},
    response::Response,
};
use idp::{Idp, Proxies};
use kernel::Rng;
use metrics::Histogram;
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

use crate::traces;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The lengths of an id that a trusted proxy may give a request.
const ID_LENGTHS: std::ops::RangeInclusive<usize> = 8..=64;
/// The route of a request that has none: strangers ask for what they like, and each route has numbers of its own.
const NO_ROUTE: &str = "none";

/// The means by which each request is observed.
struct Observer {
    proxies: Proxies,
    rng: Arc<dyn Rng>,
    /// True if spans are exported. Otherwise they only say in the log which request a line belongs to.
    traced: bool,
    times: Times,
}

/// Observes every request to the provider's router.
pub(crate) fn observed(router: Router, idp: &Idp, traced: bool) -> Router {
    let (proxies, rng) = (idp.trusted_proxies.clone(), idp.context.rng.clone());
    let observer = Arc::new(Observer { proxies, rng, traced, times: Times::default() });
    router.layer(middleware::from_fn_with_state(observer, observe))
}

async fn observe(State(observer): State<Arc<Observer>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let route = path.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let trusted = peer.is_some_and(|peer| observer.proxies.trusts(peer.0.ip()));
    let headers = request.headers();
    let id = Id::of(headers, trusted, &*observer.rng);
    let span = tracing::info_span!(
        "request",
        id = id.text(),
        method = method(request.method()),
        route,
        status = Empty,
        outcome = Empty,
        reference = Empty,
        client = Empty,
        agency = Empty,
    );
    let mut response = if observer.traced {
        if trusted {
            traces::continue_trace(&span, headers);
        }
        let response = next.run(request).instrument(span.clone()).await;
        span.record("status", response.status().as_u16());
        response
    } else {
        next.run(request).instrument(span).await
    };
    observer.times.of(route, response.status()).record(begun.elapsed());
    response.headers_mut().insert(REQUEST_ID, id.0);
    response
}

/// The histograms of the times of requests, by route and status: to find one here costs a third of what it costs to ask for it by its labels each time.
#[derive(Default)]
struct Times(RwLock<HashMap<Box<str>, BTreeMap<u16, Histogram>>>);

impl Times {
    /// Returns the histogram of a route, which is one of the router's, and a status.
    fn of(&self, route: &str, status: StatusCode) -> Histogram {
        let code = status.as_u16();
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(histogram) = known.get(route).and_then(|codes| codes.get(&code)) {
            return histogram.clone();
        }
        drop(known);
        let labels = [("route", route.to_owned()), ("code", code.to_string())];
        let histogram = metrics::histogram!("moncompte_http_requests_seconds", &labels);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(route.into()).or_default().insert(code, histogram.clone());
        histogram
    }
}

/// The id of a request.
struct Id(HeaderValue);

impl Id {
    /// Takes the id that a trusted proxy gave the request, if it is one and well formed, or makes one.
    fn of(headers: &HeaderMap, trusted: bool, rng: &dyn Rng) -> Self {
        let mut given = headers.get_all(REQUEST_ID).iter().filter(|_| trusted);
        match (given.next(), given.next()) {
            (Some(id), None) if is_well_formed(id) => Self(id.clone()),
            _ => Self::new(rng),
        }
    }

    fn new(rng: &dyn Rng) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut bytes = [0; 8];
        rng.fill(&mut bytes);
        let digits = bytes.map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        Self(HeaderValue::from_bytes(digits.as_flattened()).unwrap_or(HeaderValue::from_static("none")))
    }

    fn text(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// Returns true for letters, digits, `-`, `_` and `.`: what ends no line, no quote and no pattern.
fn is_well_formed(id: &HeaderValue) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    ID_LENGTHS.contains(&id.len()) && id.as_bytes().iter().all(letter)
}

/// Returns the method, as a word of ours: a stranger may write any.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use kernel::SystemRng;

    use super::*;

    fn id(given: &[&[u8]], trusted: bool) -> String {
        let mut headers = HeaderMap::new();
        for id in given {
            headers.append(REQUEST_ID, HeaderValue::from_bytes(id).unwrap());
        }
        Id::of(&headers, trusted, &SystemRng::new()).text().to_owned()
    }

    #[test]
    fn the_id_of_a_trusted_proxy_is_taken_if_it_is_well_formed() {
        for good in ["01890a5d-ac96-774b-bcce-b302099a8057", "a1B2_c3.", &"7".repeat(64)] {
            assert_eq!(id(&[good.as_bytes()], true), good);
            assert_ne!(id(&[good.as_bytes()], false), good, "a stranger's");
        }
        let long = "7".repeat(65);
        let bad: [&[u8]; 7] = [
            b"short",
            long.as_bytes(),
            b"with blanks in it",
            b"quote\"quote",
            b"reset/token?x=y",
            b"marie@exemple.test",
            "schöner-text".as_bytes(),
        ];
        for bad in bad {
            let made = id(&[bad], true);
            assert!(made.len() == 16 && made.bytes().all(|b| b.is_ascii_hexdigit()), "{made}");
        }
        assert_ne!(id(&[b"12345678", b"12345678"], true), "12345678", "two of them");
        assert_ne!(id(&[], true), id(&[], true));
    }
}
