use accounts::{EnrolmentId, SignIn};
use axum::response::Response;
use serde::Deserialize;

use super::interaction::{Asked, InteractionContext};
use crate::web::{
    count,
    error::Failure,
    flash::{self, HubFlash, Missing, PasswordError},
    form::{EmptyForm, Form, TypedPassword},
    limits,
};

#[derive(Deserialize)]
pub(crate) struct SignInForm {
    email: String,
    password: TypedPassword,
    keep: Option<String>,
}

/// `POST /authorize/{id}/sign-in`.
pub(crate) async fn post(
    Form { context: Asked(context), fields }: Form<Asked, SignInForm>,
) -> Result<Response, Failure> {
    let (idp, browser) = (&context.idp, &context.browser);
    let SignInForm { email, password, keep } = &fields;
    let keep = keep.is_some();
    let refuse = |error| {
        let flash = HubFlash::Refused { error, email: flash::typed(email), keep };
        Ok(context.response().say(&context.hub(), &flash))
    };
    if let Some(missing) = Missing::of_address(email, password) {
        return refuse(PasswordError::Missing(missing));
    }
    if let Err(seconds) = limits::attempt(idp, browser) {
        return refuse(PasswordError::Throttled { seconds });
    }
    let visitor = context.visitor();
    let mut answer = None;
    let outcome = idp
        .accounts
        .sign_in_and(
            email,
            password,
            keep,
            (browser.session.as_ref(), &visitor),
            async |tx, new, standing| {
                answer = context.answer_in(tx, new, standing).await?;
                Ok(())
            },
        )
        .await?;
    count::sign_in(&outcome);
    match outcome {
        SignIn::In(signed_in) => {
            let response = context.signed_in(&signed_in).await?;
            match answer {
                Some(answer) => response.put_down(&context.hub()).back(answer),
                None => Ok(response.see_other(context.hub())),
            }
        }
        SignIn::Move(enrolment) => continue_move(&context, enrolment).await,
        refused => {
            // A mail says how to go on, and leads back here.
            if matches!(refused, SignIn::Locked) {
                context.store().await?;
            }
            refuse(password_error(&refused))
        }
    }
}

/// Continues a move that was left half-way, whatever the device: its own password was given.
async fn continue_move(context: &InteractionContext, enrolment: EnrolmentId) -> Result<Response, Failure> {
    let idp = &context.idp;
    if context.portal.is_none()
        && let Some(found) = idp.accounts.enrolment(enrolment).await?
    {
        idp.grants.set_agency(&context.interaction, &found.agency_id).await?;
    }
    idp.grants.set_enrolment(&context.interaction, Some(enrolment)).await?;
    Ok(context.to_hub())
}

/// Returns what a page says of a password that was not taken.
pub(crate) fn password_error(refused: &SignIn) -> PasswordError {
    match refused {
        SignIn::Wrong { remaining } => PasswordError::Wrong { remaining: *remaining },
        SignIn::Locked => PasswordError::Locked,
        SignIn::Busy | SignIn::In(_) | SignIn::Move(_) => PasswordError::Busy,
        SignIn::NoAddress(no_address) => PasswordError::Missing(Missing::address(*no_address)),
        SignIn::NoPassword => PasswordError::Missing(Missing::password()),
        SignIn::Refused => PasswordError::Unusable,
    }
}

/// `POST /authorize/{id}/switch`: somebody else signs in here.
pub(crate) async fn switch(
    Form { context, .. }: Form<InteractionContext, EmptyForm>,
) -> Result<Response, Failure> {
    if let Some(session) = &context.browser.session {
        context.idp.grants.sign_out(session.id).await?;
    }
    Ok(context.response().signed_out().see_other(context.hub()))
}

/// `POST /authorize/{id}/continue`: to a portal that lets people in without a link.
pub(crate) async fn proceed(Form { context, .. }: Form<InteractionContext, EmptyForm>) -> Response {
    context.response().say(&context.hub(), &HubFlash::Unlinked)
}
