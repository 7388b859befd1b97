//! The limits of requests from one network.

use pages::page::ProblemKind;

use super::{browser::Browser, error::Failure, throttle};
use crate::Idp;

/// Takes an arrival of the browser's network, before a row is written for it: a stranger writes a row by merely arriving, so a network arrives only so
/// often in a minute (SECURITY #49, D14).
///
/// # Errors
/// The page that asks to wait, status 429.
pub(crate) fn arrival(idp: &Idp, browser: &Browser) -> Result<(), Failure> {
    idp.throttle.arrive(browser.visitor.ip).map_err(|seconds| {
        throttle::count(throttle::page_label(&browser.path));
        Failure::new(ProblemKind::TooOften, "too many arrivals from one network").wait(seconds)
    })
}

/// Takes an attempt of the browser's network, before anything is hashed (PEOPLE U-56).
///
/// # Errors
/// Seconds until the next attempt; the refusal is counted.
pub(crate) fn attempt(idp: &Idp, browser: &Browser) -> Result<(), u32> {
    idp.throttle
        .take(browser.visitor.ip)
        .inspect_err(|_| throttle::count(throttle::page_label(&browser.path)))
}
