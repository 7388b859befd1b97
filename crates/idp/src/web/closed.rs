//! Agencies whose client space is closed: paused, or not taking part any more. Nobody is told that it is their fault (FINDING P10).

use agencies::{Agency, Standing};
use kernel::Unix;
use pages::page::{Closed, ProblemKind};

use super::error::Failure;

/// Returns the reason why an agency is closed at a time; `None` if it is open, or tried out.
pub(crate) fn closed(agency: &Agency, now: Unix) -> Option<Closed> {
    match agency.life.at(now) {
        Standing::Rehearsal | Standing::Live => None,
        Standing::Paused { until: None } => Some(Closed::Paused),
        Standing::Paused { until: Some(until) } => Some(Closed::Until(until)),
        Standing::Left => Some(Closed::Left),
    }
}

/// Returns true if lists show an agency at a time.
pub(crate) fn is_listed(agency: &Agency, now: Unix) -> bool {
    agency.life.at(now) == Standing::Live
}

/// Refuses a request to an agency that is closed at a time.
///
/// # Errors
/// The page that says so, in the agency's look and with its contact.
pub(crate) fn open(agency: &Agency, now: Unix) -> Result<(), Failure> {
    let Some(closed) = closed(agency, now) else { return Ok(()) };
    let (kind, until) = match closed {
        Closed::Paused => (ProblemKind::AgencyPaused, None),
        Closed::Until(until) => (ProblemKind::AgencyPaused, Some(until)),
        Closed::Left => (ProblemKind::AgencyLeft, None),
    };
    Err(Failure { until, ..Failure::new(kind, "the agency is closed").at(Some(agency.id.clone())) })
}
