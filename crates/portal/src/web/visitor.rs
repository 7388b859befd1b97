//! The browser behind a request: its two cookies, and the session that they lead to.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::portal::Portal;
use crate::random::{self, Fingerprint};
use crate::session::Session;

/// A browser. The *visit* cookie binds pending sign-ins and forms to it before anybody is signed in; the session cookie is a new one
/// at each sign-in.
#[derive(Default)]
pub(crate) struct Visitor {
    visit: Option<String>,
    /// The session and the cookie that led to it.
    signed_in: Option<(String, Arc<Session>)>,
}

impl Visitor {
    /// Reads the cookies. A cookie that is sent twice was not set by us alone and is ignored.
    pub fn read(portal: &Portal, headers: &HeaderMap) -> Self {
        let session = only(headers, &session_name(portal));
        let signed_in =
            session.and_then(|id| portal.sessions.find(&id, portal.now()).map(|session| (id, session)));
        Self { visit: only(headers, &visit_name(portal)), signed_in }
    }

    pub fn session(&self) -> Option<&Arc<Session>> {
        self.signed_in.as_ref().map(|(_, session)| session)
    }

    pub fn session_id(&self) -> Option<&str> {
        self.signed_in.as_ref().map(|(id, _)| id.as_str())
    }

    pub fn browser(&self) -> Option<Fingerprint> {
        self.visit.as_deref().map(random::fingerprint)
    }

    /// Returns the cookie that forms are bound to: the session's if there is one, so that a form from before a sign-in is invalid after it.
    pub fn form_cookie(&self) -> Option<&str> {
        self.session_id().or(self.visit.as_deref())
    }

    /// Ensures that this browser has a visit cookie; returns it if it must be set.
    pub fn begin_visit(&mut self, portal: &Portal) -> Option<HeaderValue> {
        if self.visit.is_some() {
            return None;
        }
        let visit = random::token();
        let cookie = cookie(portal, visit_name(portal), visit.clone());
        self.visit = Some(visit);
        cookie
    }
}

impl FromRequestParts<Arc<Portal>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Infallible> {
        Ok(Self::read(portal, &parts.headers))
    }
}

/// Returns the cookie of a new session.
pub(crate) fn session_cookie(portal: &Portal, id: String) -> Option<HeaderValue> {
    cookie(portal, session_name(portal), id)
}

/// Returns a cookie that removes the session cookie.
pub(crate) fn no_session_cookie(portal: &Portal) -> Option<HeaderValue> {
    let mut gone = build(portal, session_name(portal), String::new());
    gone.make_removal();
    HeaderValue::from_str(&gone.to_string()).ok()
}

/// Adds a cookie to a response.
pub(crate) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

// `__Host-` cookies cannot be set by a neighbouring host, but need https.
fn session_name(portal: &Portal) -> String {
    let prefix = if portal.addresses.is_https() { "__Host-" } else { "" };
    format!("{prefix}{}", portal.config.cookie_name)
}

fn visit_name(portal: &Portal) -> String {
    format!("{}-visit", session_name(portal))
}

fn cookie(portal: &Portal, name: String, value: String) -> Option<HeaderValue> {
    HeaderValue::from_str(&build(portal, name, value).to_string()).ok()
}

fn build(portal: &Portal, name: String, value: String) -> Cookie<'static> {
    let mut cookie = Cookie::new(name, value);
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_path("/");
    cookie.set_secure(portal.addresses.is_https());
    cookie
}

fn only(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value.to_owned());
    found.next().filter(|_| found.next().is_none())
}
