//! A forgotten password: asks for the address to which the link is mailed (SPEC J6).

use axum::response::Response;
use pages::page;
use serde::Deserialize;

use super::interaction::InteractionContext;
use crate::web::{
    count,
    error::Failure,
    flash::{self, ForgotAnswer, ForgotFlash},
    form::Form,
    limits, path,
};

/// `GET /authorize/{id}/forgot`: asks for the address, or says that the mail is on its way.
pub(crate) async fn get(context: InteractionContext) -> Result<Response, Failure> {
    let idp = &context.idp;
    let flash = context.browser.flash(idp, &path::forgot(context.id()));
    let (answer, email) = match flash {
        Some(ForgotFlash { answer, email }) => (Some(answer), email),
        None => (None, String::new()),
    };
    if answer == Some(ForgotAnswer::Mailed) {
        let (provider, minutes) = (pages::Provider::of(&email), idp.accounts.rules().reset_minutes());
        return context.response().page(&page::ForgotSent { provider, email, minutes });
    }
    context.response().page(&page::Forgot { email, error: answer.and_then(ForgotAnswer::error) })
}

#[derive(Deserialize)]
pub(crate) struct ForgotForm {
    email: String,
}

/// `POST /authorize/{id}/forgot`: the answer is the same for every address.
pub(crate) async fn post(
    Form { context, fields }: Form<InteractionContext, ForgotForm>,
) -> Result<Response, Failure> {
    let idp = &context.idp;
    let say = |answer| {
        let flash = ForgotFlash { answer, email: flash::typed(&fields.email) };
        Ok(context.response().say(&path::forgot(context.id()), &flash))
    };
    if let Err(no_address) = accounts::Email::read(&fields.email) {
        return say(ForgotAnswer::Missing(no_address.into()));
    }
    if let Err(seconds) = limits::attempt(idp, &context.browser) {
        return say(ForgotAnswer::Throttled { seconds });
    }
    count::reset_asked();
    context.store().await?;
    idp.accounts.forgot(&fields.email, &context.visitor()).await?;
    say(ForgotAnswer::Mailed)
}
