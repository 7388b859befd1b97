use axum::{extract::State, response::Response};
use pages::page;

use crate::{
    Shared,
    web::{
        browser::Browser,
        endpoint::end_session::signing_out,
        error::Failure,
        flash::SignedOutFlash,
        form::{EmptyForm, Form},
        path,
        response::ResponseBuilder,
    },
};

/// `GET /sign-out`: asks, or says that it is done.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let response = ResponseBuilder::new(&idp, &browser);
    if browser.session.is_none() {
        let ended = browser.flash(&idp, &path::SIGN_OUT).is_some();
        return response.page(&page::SignedOut { ended });
    }
    response.page(&page::SignOutConfirm { client_name: None, action: "/sign-out".into(), hidden: vec![] })
}

/// `POST /sign-out`: ends the session, here and at every portal.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Form { context: browser, .. }: Form<Browser, EmptyForm>,
) -> Result<Response, Failure> {
    let response = ResponseBuilder::new(&idp, &browser);
    let Some(session) = &browser.session else { return Ok(response.see_other(path::SIGN_OUT)) };
    let frames = idp.grants.sign_out(session.id).await?;
    if !frames.is_empty() {
        return signing_out(response, frames, None);
    }
    Ok(response.signed_out().say(&path::SIGN_OUT, &SignedOutFlash {}))
}
