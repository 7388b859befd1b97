use accounts::SignIn;
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
        flash::{Flash, Said},
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
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return say(Said::Throttled(seconds));
    }
    let previous = browser.session.as_ref();
    match idp.accounts.sign_in(&fields.email, &fields.password, keep, previous, &turn.visitor()).await? {
        SignIn::In(signed_in) => Ok(turn.signed_in(&signed_in).await?.see_other(&turn.hub())),
        refused => say(said(&refused)),
    }
}

/// What the page says of a password that was not taken.
pub(crate) fn said(refused: &SignIn) -> Said {
    match refused {
        SignIn::Wrong { remaining } => Said::Wrong(*remaining),
        SignIn::Locked => Said::Locked(0),
        SignIn::Busy | SignIn::In(_) => Said::Busy,
        // Nothing was counted: what stands for "more than can be a password" is the mildest of the wrong ones.
        SignIn::Refused => Said::Wrong(4),
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
