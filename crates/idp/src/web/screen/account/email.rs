use accounts::AddressWish;
use axum::{extract::State, response::Response};
use pages::page::{AccountEmail, AccountEmailAsked};
use serde::Deserialize;

use super::{
    super::sign_in::{Nothing, said},
    Member, sign_in_first,
};
use crate::{
    Shared,
    web::{
        answer::Answer,
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
        form::Form,
    },
};

const PATH: &str = "/account/email";

/// `GET /account/email`: asks for another address, or says that one waits for its confirmation.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let email = member.person.email.clone();
    if let Some(pending) = idp.accounts.pending_address(member.person.id).await? {
        let hours = u16::try_from(idp.accounts.rules().email_link / 3600).unwrap_or(24);
        let page = AccountEmailAsked { email, asked: pending.email, hours, refused: pending.refused };
        return member.answer().page(&member.setting(), &page);
    }
    let flash = browser.flash(&idp);
    let (wrong, error) = (flash.new_email_error(), flash.sign_in_error());
    member.answer().page(&member.setting(), &AccountEmail { email, typed: flash.typed, wrong, error })
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    email: String,
    password: String,
    sure: Option<String>,
}

/// `POST /account/email`: with the password, whatever the session's age (SECURITY #65). The answer is the same for every address.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let say = |said| Ok(member.answer().say(PATH, &Flash::said(said).typed(&fields.email)));
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return say(Said::Throttled(seconds));
    }
    let sure = fields.sure.is_some();
    let typed = accounts::NewAddress { email: &fields.email, sure, password: &fields.password };
    match idp.accounts.ask_address(member.person.id, &typed, &browser.visitor).await? {
        AddressWish::Asked | AddressWish::Gone => Ok(member.answer().see_other(PATH)),
        AddressWish::Invalid => say(Said::Invalid),
        AddressWish::Suggestion(meant) => say(Said::Suggestion(meant)),
        AddressWish::Same => say(Said::Same),
        AddressWish::TooMany => say(Said::TooMany),
        AddressWish::Refused(refused) => say(said(&refused)),
    }
}

/// `POST /account/email/cancel`: the wish is taken back before it was confirmed.
pub(crate) async fn cancel(
    State(idp): State<Shared>,
    Form { browser, .. }: Form<Nothing>,
) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    idp.accounts.cancel_address(member.person.id).await?;
    Ok(member.answer().see_other(PATH))
}

/// A reloaded or bookmarked form address leads to the page.
pub(crate) async fn again(State(idp): State<Shared>, browser: Browser) -> Response {
    Answer::new(&idp, &browser).see_other(PATH)
}
