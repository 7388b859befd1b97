//! What the mere arrival of a stranger writes is a row, so a network arrives only so often in a minute (SECURITY #49, D14).

use pages::page::ProblemKind;

use super::{browser::Browser, error::Failure, throttle};
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
