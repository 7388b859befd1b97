//! What the mere arrival of a stranger writes is a row, so a network arrives only so often in a minute (SECURITY #49, D14).

use axum::response::Response;
use http::header;
use oidc::{Code, Error};
use pages::page::ProblemKind;

use super::{
    answer::{Answer, Setting},
    browser::Browser,
    error::Failure,
    throttle,
};
use crate::Idp;

/// Takes an arrival of the browser's network, before the row is written.
///
/// # Errors
/// The page that asks to wait, status 429.
pub(crate) fn take(idp: &Idp, browser: &Browser) -> Result<(), Failure> {
    idp.throttle.arrive(browser.visitor.ip).map_err(|seconds| {
        throttle::count(throttle::door(&browser.path));
        Failure::new(ProblemKind::TooOften, "too many arrivals from one network").wait(seconds)
    })
}

/// Takes an arrival at the authorization endpoint. A request that may show no page (`prompt=none`) and comes too often is answered at the client:
/// `temporarily_unavailable` (RFC 6749 §4.1.2.1).
///
/// # Errors
/// As [`take`], for all other requests.
pub(crate) fn too_often(idp: &Idp, browser: &Browser, raw: &[&str]) -> Result<Option<Response>, Failure> {
    let Err(failure) = take(idp, browser) else { return Ok(None) };
    let why =
        Error::new(Code::TemporarilyUnavailable, "too many requests from this network: wait for a minute");
    let Some(silent) = idp.grants.refuse_silently(raw, &why) else { return Err(failure) };
    let setting = Setting { locale: browser.locale(&[], None), agency: None, base: String::new() };
    let mut answer = Answer::without_cookies(idp, browser).back_at_once(&setting, silent)?;
    if let Some(seconds) = failure.wait {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(Some(answer))
}
