//! The hub: one question, one `match`.

use accounts::{Enrolment, Stage};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use oidc::decide::{Next, Outcome, Step, Why, decide};
use pages::page;

use super::{enrol, terms, turn::Turn};
use crate::{
    InteractionId, Shared,
    grant::Completed,
    web::{
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
    },
};

/// `GET /authorize/{id}`.
pub(crate) async fn get(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    browser: Browser,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let flash = browser.flash(&idp);
    let enrolment = turn.enrolment().await?;
    let (asked, standing) = turn.facts(enrolment.as_ref(), flash.said == Some(Said::Unlinked)).await?;
    match (decide(&asked, &standing), &enrolment) {
        (Next::SignIn(why), _) => sign_in_page(&turn, &flash, why, enrolment.as_ref()),
        (Next::Enrol(Step::Notice), Some(enrolment)) => enrol::notice_page(&turn, enrolment),
        (Next::Enrol(Step::Email), Some(enrolment)) => enrol::email_page(&turn, enrolment, &flash).await,
        (Next::Enrol(Step::Password), Some(enrolment)) => enrol::password_page(&turn, enrolment, &flash),
        (Next::Enrol(Step::Mail), Some(enrolment)) => enrol::mail_page(&turn, enrolment, &flash),
        (Next::Enrol(Step::Link), Some(enrolment)) => enrol::link_page(&turn, enrolment, &flash).await,
        (Next::Enrol(Step::Terms), enrolment) => terms::page(&turn, enrolment.as_ref(), &flash).await,
        (Next::AcceptTerms, _) => terms::page(&turn, None, &flash).await,
        (Next::NotLinked, _) => not_linked(&turn).await,
        (Next::Return(Outcome::Code), _) => {
            let Some(session) = &browser.session else { return Ok(turn.to_hub()) };
            match idp.grants.complete(&turn.interaction, session).await? {
                Completed::Answer(response) => turn.answer().back(&turn.setting(), response),
                Completed::Home | Completed::Over => Ok(turn.to_entrance()),
            }
        }
        (Next::Return(Outcome::Error(error)), _) => match idp.grants.refuse(&turn.interaction, &error) {
            Some(response) => turn.answer().back(&turn.setting(), response),
            None => Ok(turn.to_entrance()),
        },
        (Next::Return(Outcome::Home), _) => Ok(turn.to_entrance()),
        (Next::Enrol(_), None) => Ok(turn.to_hub()),
    }
}

/// A reloaded or bookmarked form address leads to the hub, never to a dead end.
pub(crate) async fn again(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    browser: Browser,
) -> Result<Response, Failure> {
    Ok(Turn::load(&idp, &browser, id).await?.to_hub())
}

/// `GET /authorize/{id}/status`: whether the waiting page may go on (PEOPLE U-37), or has to say that the address was refused. With `?told` it says so already.
pub(crate) async fn status(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    RawQuery(query): RawQuery,
    browser: Browser,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let told = query.as_deref() == Some("told");
    let waits = |e: Enrolment| turn.step(&e) == Some(Step::Mail) && (told || !e.refused);
    let waiting = turn.enrolment().await?.is_some_and(waits);
    Ok(Json(serde_json::json!({ "next": !waiting })).into_response())
}

fn sign_in_page(
    turn: &Turn<'_>,
    flash: &Flash,
    why: Why,
    enrolment: Option<&Enrolment>,
) -> Result<Response, Failure> {
    let finished = enrolment.filter(|e| e.stage == Stage::Finished);
    let hint = turn.interaction.request.as_ref().and_then(|r| r.login_hint.clone());
    // Whoever only gave the same old credentials does not read whose account it became (SECURITY #78, B11).
    let own = finished.filter(|e| e.may_end_in(&turn.id().to_string()));
    let email = match flash.typed.as_str() {
        "" => own.and_then(|e| e.email.clone()).or(hint).unwrap_or_default(),
        typed => typed.to_owned(),
    };
    let notice = flash.sign_in_notice().or(match why {
        // The move was ended in another browser: this one has only to sign in.
        _ if finished.is_some() => Some(page::SignInNotice::AccountReady),
        Why::Again | Why::TooLongAgo | Why::Stronger => Some(page::SignInNotice::ConfirmAgain),
        Why::Nobody | Why::Choose | Why::SomebodyElse => None,
    });
    let days = turn.idp.accounts.rules().sessions.kept_idle / 86400;
    let page = page::SignIn {
        email,
        keep_days: u16::try_from(days).unwrap_or(30),
        keep: flash.keep,
        notice,
        error: flash.sign_in_error(),
        legacy_door: true,
    };
    turn.way_out().page(&turn.setting(), &page)
}

async fn not_linked(turn: &Turn<'_>) -> Result<Response, Failure> {
    let Some(session) = &turn.browser.session else { return Ok(turn.to_hub()) };
    let person = turn.idp.accounts.account(session.account).await?;
    let page = page::NotLinked {
        email: person.map(|p| p.email).unwrap_or_default(),
        agency_name: turn.agency.as_ref().map(|a| a.name.clone()).unwrap_or_default(),
        may_continue: turn.portal.as_ref().is_some_and(|p| p.allow_unlinked),
    };
    turn.way_out().page(&turn.setting(), &page)
}
