//! Counts what people do, for the operator: how many sign in, and how far moves come. Each node counts what it answered.

use accounts::{Reset, SignIn};

/// Counts the outcome of a sign-in by address and password.
pub(crate) fn sign_in(outcome: &SignIn) {
    metrics::counter!("moncompte_sign_in_total", "result" => outcome.kind()).increment(1);
    tracing::info!(target: "audit", event = "sign_in", result = outcome.kind());
}

/// Counts a request for the mail of a reset, whether an account has the address or not.
pub(crate) fn reset_asked() {
    metrics::counter!("moncompte_reset_total", "result" => "asked").increment(1);
    tracing::info!(target: "audit", event = "password_reset_asked");
}

/// Counts the outcome of a new password on the link of a reset.
pub(crate) fn reset(outcome: &Reset) {
    metrics::counter!("moncompte_reset_total", "result" => outcome.kind()).increment(1);
}

/// A step of a move that was done.
#[derive(Clone, Copy)]
pub(crate) enum MoveStep {
    /// The old credentials were right, or a ticket of the agency was.
    Begun,
    /// An address was given.
    Email,
    /// A password was chosen, and the mail is out.
    Password,
    /// The address is confirmed, by link or code.
    Confirmed,
    /// The agency is linked to an account that was there.
    Linked,
    /// The terms are accepted: there is an account.
    Finished,
}

/// Counts a step of a move at an agency. A step that is done again counts again.
pub(crate) fn move_step(agency: &str, step: MoveStep) {
    let step = match step {
        MoveStep::Begun => "begun",
        MoveStep::Email => "email",
        MoveStep::Password => "password",
        MoveStep::Confirmed => "confirmed",
        MoveStep::Linked => "linked",
        MoveStep::Finished => "finished",
    };
    metrics::counter!("moncompte_move_steps_total", "agency" => agency.to_owned(), "step" => step)
        .increment(1);
    tracing::info!(target: "audit", event = "move_step", agency, step);
}
