//! Step 4 of the move by the code in the mail instead of its link (SPEC J2.4, docs/adr/0010).

use accounts::{CodeGiven, Enrolment};
use axum::{
    extract::{Path, State},
    response::Response,
};
use pages::page::{self, CodeError};
use serde::Deserialize;

use super::{enrol, turn::Turn};
use crate::{
    InteractionId, Shared,
    web::{
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
        form::Form,
    },
};

/// Whether this interaction may confirm the address by a code: the password was chosen in it.
pub(crate) fn offered(turn: &Turn<'_>, enrolment: &Enrolment) -> bool {
    enrolment.chosen_in(&turn.id().to_string())
}

/// `GET /authorize/{id}/code`: a page of its own, which never reloads by itself, so that nothing typed is lost.
pub(crate) async fn get(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    browser: Browser,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let flash = browser.flash(&idp);
    let Some(enrolment) = turn.enrolment().await?.filter(|e| offered(&turn, e)) else {
        return Ok(turn.to_hub());
    };
    let spent = (!enrolment.has_code(idp.context.now())).then_some(CodeError::Spent);
    let mails = idp.accounts.next_mail(&enrolment).left;
    let status_url = enrol::status_url(&turn, &enrolment);
    let page = page::MailCode {
        email: enrolment.email.unwrap_or_default(),
        resends_left: u32::try_from(mails).unwrap_or(0),
        status_url,
        error: spent.or_else(|| flash.code_error()),
    };
    turn.answer().page(&turn.setting(), &page)
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    code: String,
}

/// `POST /authorize/{id}/code`.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let Some(enrolment) = turn.enrolment().await? else { return Ok(turn.to_hub()) };
    let say = |said| Ok(turn.answer().say(&turn.path("code"), &Flash::said(said)));
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return say(Said::Throttled(seconds));
    }
    match idp.accounts.confirm_by_code(enrolment.id, &id.to_string(), &fields.code).await? {
        CodeGiven::Done | CodeGiven::NotNow => Ok(turn.to_hub()),
        CodeGiven::Wrong { remaining } => say(Said::Wrong(remaining)),
        CodeGiven::Spent => say(Said::TooMany),
        CodeGiven::Unreadable => say(Said::Invalid),
    }
}
