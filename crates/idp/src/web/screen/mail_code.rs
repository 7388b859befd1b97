//! Step 4 of the move by the code in the mail instead of its link (SPEC J2.4, docs/adr/0010).

use accounts::{CodeGiven, Enrolment};
use axum::response::Response;
use pages::page::{self, CodeError};
use serde::Deserialize;

use super::{enrol, interaction::InteractionContext};
use crate::web::{
    count::{self, MoveStep},
    error::Failure,
    flash::CodeFlash,
    form::Form,
    limits, path,
};

/// Returns true if this interaction may confirm the address by a code: the password was chosen in it.
pub(crate) fn offered(context: &InteractionContext, enrolment: &Enrolment) -> bool {
    enrolment.chosen_in(&context.id().to_string())
}

/// `GET /authorize/{id}/code`: a page of its own, which never reloads by itself, so that nothing typed is lost.
pub(crate) async fn get(context: InteractionContext) -> Result<Response, Failure> {
    let idp = &context.idp;
    let flash = context.browser.flash(idp, &path::code(context.id()));
    let Some(enrolment) = context.enrolment().await?.filter(|e| offered(&context, e)) else {
        return Ok(context.to_hub());
    };
    let spent = (!enrolment.has_code(idp.context.now())).then_some(CodeError::Spent);
    let mails = idp.accounts.next_mail(&enrolment).left;
    let status_url = enrol::status_url(&context, &enrolment);
    let page = page::MailCode {
        email: enrolment.email.unwrap_or_default(),
        resends_left: u32::try_from(mails).unwrap_or(0),
        status_url,
        error: spent.or_else(|| flash.map(Into::into)),
    };
    context.response().page(&page)
}

#[derive(Deserialize)]
pub(crate) struct CodeForm {
    code: String,
}

/// `POST /authorize/{id}/code`.
pub(crate) async fn post(
    Form { context, fields }: Form<InteractionContext, CodeForm>,
) -> Result<Response, Failure> {
    let idp = &context.idp;
    let Some(enrolment) = context.enrolment().await? else { return Ok(context.to_hub()) };
    let refuse = |flash| Ok(context.response().say(&path::code(context.id()), &flash));
    if let Err(seconds) = limits::attempt(idp, &context.browser) {
        return refuse(CodeFlash::Throttled { seconds });
    }
    let given = idp.accounts.confirm_by_code(enrolment.id, &context.id().to_string(), &fields.code).await?;
    if given == CodeGiven::Done {
        count::move_step(&enrolment.agency_id, MoveStep::Confirmed);
    }
    match given {
        CodeGiven::Done | CodeGiven::NotNow => Ok(context.to_hub()),
        CodeGiven::Wrong { remaining } => refuse(CodeFlash::Wrong { remaining }),
        CodeGiven::Spent => refuse(CodeFlash::TooMany),
        CodeGiven::Unreadable => refuse(CodeFlash::Unreadable),
    }
}
