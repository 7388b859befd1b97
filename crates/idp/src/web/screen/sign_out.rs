use axum::{extract::State, response::Response};
use pages::page;

use super::sign_in::Nothing;
use crate::{
    Shared,
    web::{
        answer::{Answer, Setting},
        browser::Browser,
        cookie::Jar,
        endpoint::end_session::signing_out,
        error::Failure,
        form::Form,
    },
};

/// `GET /sign-out`: asks, or says that it is done.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let setting = setting(&browser);
    let answer = Answer::new(&idp, &browser);
    if browser.session.is_none() {
        return answer.page(&setting, &page::SignedOut { return_url: None, agency_name: None });
    }
    let page = page::SignOutConfirm { client_name: None, action: "/sign-out".into(), hidden: vec![] };
    answer.page(&setting, &page)
}

/// `POST /sign-out`: ends the session, here and at every portal.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Form { browser, .. }: Form<Nothing>,
) -> Result<Response, Failure> {
    let frames = match &browser.session {
        Some(session) => idp.grants.sign_out(session.id).await?,
        None => Vec::new(),
    };
    if !frames.is_empty() {
        return signing_out(Answer::new(&idp, &browser), &setting(&browser), frames, None);
    }
    let cleared = Jar::Session.clear(idp.secure(), "/");
    Ok(Answer::new(&idp, &browser).cookie(cleared).see_other("/sign-out"))
}

fn setting(browser: &Browser) -> Setting<'static> {
    Setting { locale: browser.locale(&[], None), agency: None, base: String::new() }
}
