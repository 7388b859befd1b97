//! The hub: one question, one `match`.

use accounts::{Enrolment, Stage};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use oidc::decide::{Next, Outcome, Step, Why, decide};
use pages::page;

use super::{enrol, lost, terms, turn::Turn};
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
    if turn.interaction.completed
        && let Some(answer) = turn.over(&flash)
    {
        return answer;
    }
    let enrolment = match turn.enrolment().await? {
        Some(enrolment) => Some(idp.accounts.after_its_address(enrolment).await?),
        None => None,
    };
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
            if turn.is_forgotten()
                && let Some(answer) = turn.over(&flash)
            {
                return answer;
            }
            back(&turn, &flash, idp.grants.complete(&turn.interaction, session).await?)
        }
        (Next::Return(Outcome::Error(error)), _) => {
            back(&turn, &flash, idp.grants.end_with(&turn.interaction, &error).await?)
        }
        (Next::Return(Outcome::Home), _) => turn.to_entrance(),
        (Next::Enrol(_), None) => Ok(turn.to_hub()),
    }
}

fn back(turn: &Turn<'_>, flash: &Flash, completed: Completed) -> Result<Response, Failure> {
    match completed {
        Completed::Answer(response) => turn.answer().back(&turn.setting(), response),
        // Another tab, or a second click, was first; or the session ended meanwhile.
        Completed::Over => turn.over(flash).unwrap_or_else(|| turn.to_entrance()),
        Completed::Home => turn.to_entrance(),
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
    let told = query.as_deref() == Some("told");
    let waiting = match Turn::find(&idp, &browser, id).await? {
        Some(turn) => match turn.enrolment().await? {
            Some(e) if turn.step(&e) == Some(Step::Mail) && (told || !e.refused) => {
                !idp.accounts.has_lost_its_address(&e).await?
            }
            _ => false,
        },
        None if idp.grants.left_of(id).await?.is_some_and(|left| left.alive) => {
            return Err(lost::lost(&idp, &browser, id).await?);
        }
        // Gone: the page goes on, and reads why.
        None => false,
    };
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
    turn.answer().page(&turn.setting(), &page)
}

async fn not_linked(turn: &Turn<'_>) -> Result<Response, Failure> {
    let Some(session) = &turn.browser.session else { return Ok(turn.to_hub()) };
    let person = turn.idp.accounts.account(session.account).await?;
    let page = page::NotLinked {
        email: person.map(|p| p.email).unwrap_or_default(),
        agency_name: turn.agency.as_ref().map(|a| a.name.clone()).unwrap_or_default(),
        may_continue: turn.portal.as_ref().is_some_and(|p| p.allow_unlinked),
    };
    turn.answer().page(&turn.setting(), &page)
}
