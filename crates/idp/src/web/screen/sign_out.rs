use axum::{extract::State, response::Response};
use pages::page;

use crate::{
    Shared,
    web::{
        browser::Browser,
        endpoint::end_session::signing_out,
        error::Failure,
        form::{EmptyForm, Form},
        response::ResponseBuilder,
    },
};

/// `GET /sign-out`: asks, or says that it is done.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let response = ResponseBuilder::new(&idp, &browser);
    if browser.session.is_none() {
        return response.page(&page::SignedOut { return_url: None, agency_name: None });
    }
    response.page(&page::SignOutConfirm { client_name: None, action: "/sign-out".into(), hidden: vec![] })
}

/// `POST /sign-out`: ends the session, here and at every portal.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Form { context: browser, .. }: Form<Browser, EmptyForm>,
) -> Result<Response, Failure> {
    let frames = match &browser.session {
        Some(session) => idp.grants.sign_out(session.id).await?,
        None => Vec::new(),
    };
    let response = ResponseBuilder::new(&idp, &browser);
    if !frames.is_empty() {
        return signing_out(response, frames, None);
    }
    Ok(response.signed_out().see_other("/sign-out"))
}
