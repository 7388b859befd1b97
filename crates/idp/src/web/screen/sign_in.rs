use accounts::{EnrolmentId, SignIn};
use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;

use super::turn::Turn;
use crate::{
    InteractionId, Shared,
    web::{
        cookie::Jar,
        error::Failure,
        flash::{Flash, Missing, Said},
        form::Form,
    },
};

#[derive(Deserialize)]
pub(crate) struct Fields {
    email: String,
    password: String,
    keep: Option<String>,
}

/// `POST /authorize/{id}/sign-in`.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let keep = fields.keep.is_some();
    let say = |said| Ok(turn.answer().say(&turn.hub(), &Flash::said(said).typed(&fields.email).keep(keep)));
    if let Some(missing) = Missing::of_address(&fields.email, &fields.password) {
        return say(Said::Missing(missing));
    }
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return say(Said::Throttled(seconds));
    }
    let previous = browser.session.as_ref();
    match idp.accounts.sign_in(&fields.email, &fields.password, keep, previous, &turn.visitor()).await? {
        SignIn::In(signed_in) => Ok(turn.signed_in(&signed_in).await?.see_other(&turn.hub())),
        SignIn::Move(enrolment) => go_on(&turn, enrolment).await,
        refused => say(said(&refused)),
    }
}

/// A move that was left half-way goes on here, whatever the device: its own password was given.
async fn go_on(turn: &Turn<'_>, enrolment: EnrolmentId) -> Result<Response, Failure> {
    if turn.portal.is_none()
        && let Some(found) = turn.idp.accounts.enrolment(enrolment).await?
    {
        turn.idp.grants.set_agency(&turn.interaction, &found.agency_id).await?;
    }
    turn.idp.grants.set_enrolment(&turn.interaction, Some(enrolment)).await?;
    Ok(turn.to_hub())
}

/// What the page says of a password that was not taken.
pub(crate) fn said(refused: &SignIn) -> Said {
    match refused {
        SignIn::Wrong { remaining } => Said::Wrong(*remaining),
        SignIn::Locked => Said::Locked(0),
        SignIn::Busy | SignIn::In(_) | SignIn::Move(_) => Said::Busy,
        SignIn::NoAddress(no_address) => Said::Missing(Missing::address(*no_address)),
        SignIn::NoPassword => Said::Missing(Missing::password()),
        SignIn::Refused => Said::Unusable,
    }
}

#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// `POST /authorize/{id}/switch`: somebody else signs in here.
pub(crate) async fn switch(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, .. }: Form<Nothing>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    if let Some(session) = &browser.session {
        idp.grants.sign_out(session.id).await?;
    }
    Ok(turn.answer().cookie(Jar::Session.clear(idp.secure(), "/")).see_other(&turn.hub()))
}

/// `POST /authorize/{id}/continue`: to a portal that lets people in without a link.
pub(crate) async fn proceed(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, .. }: Form<Nothing>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    Ok(turn.answer().say(&turn.hub(), &Flash::said(Said::Unlinked)))
}
