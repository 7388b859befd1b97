//! The link mailed to the address that an account is to have, opened on any device. Opening it changes nothing (SECURITY #70, #71).

use accounts::{AddressConfirm, AddressPage};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::HeaderMap;
use kernel::Token;
use pages::page::{LinkDead, LinkPurpose, NewAddress, NewAddressDone};
use serde::Deserialize;

use super::sign_in::said;
use crate::{
    Idp, Shared,
    web::{
        answer::{Answer, Setting},
        browser::Browser,
        cookie::Jar,
        error::Failure,
        flash::{Flash, Said},
        form::Form,
        link,
    },
};

const PATH: &str = "/new-address";

/// `GET /new-address?token=…` moves the token to a cookie; `GET /new-address` shows the page.
pub(crate) async fn get(
    State(idp): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    browser: Browser,
) -> Result<Response, Failure> {
    let broken = || dead(&idp, &browser, LinkPurpose::NewAddress);
    if let Some(kept) = link::kept(&idp, &browser, query.as_deref(), Jar::NewAddress, PATH, broken)? {
        return Ok(kept);
    }
    let answer = Answer::new(&idp, &browser);
    let flash = browser.flash(&idp);
    if flash.said == Some(Said::Taken) {
        return dead(&idp, &browser, LinkPurpose::AddressTaken);
    }
    let found = match held(&idp, &headers) {
        Some(token) => idp.accounts.address_page(&token).await?,
        None => None,
    };
    let Some(AddressPage { account, email, confirmed }) = found else {
        return dead(&idp, &browser, LinkPurpose::NewAddress);
    };
    if confirmed {
        return answer.page(&setting(&browser), &NewAddressDone { email });
    }
    let needs_password = browser.session.as_ref().is_none_or(|session| session.account != account);
    let page = NewAddress { email, needs_password, error: flash.sign_in_error() };
    answer.page(&setting(&browser), &page)
}

fn held(idp: &Idp, headers: &HeaderMap) -> Option<Token> {
    Jar::NewAddress.one(headers, idp.secure()).and_then(|t| Token::parse(&t))
}

fn dead(idp: &Idp, browser: &Browser, purpose: LinkPurpose) -> Result<Response, Failure> {
    Answer::new(idp, browser).page(&setting(browser), &LinkDead { purpose })
}

fn setting(browser: &Browser) -> Setting<'static> {
    Setting { locale: browser.locale(&[], None), agency: None, base: String::new() }
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    password: Option<String>,
}

/// `POST /new-address`: by a session of the account, or by its password.
pub(crate) async fn post(
    State(idp): State<Shared>,
    headers: HeaderMap,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let answer = || Answer::new(&idp, &browser);
    let say = |said| Ok(answer().say(PATH, &Flash::said(said)));
    let Some(token) = held(&idp, &headers) else { return Ok(answer().see_other(PATH)) };
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return say(Said::Throttled(seconds));
    }
    let (typed, session) = (fields.password.as_deref(), browser.session.as_ref());
    match idp.accounts.confirm_address(&token, typed, session, &browser.visitor).await? {
        AddressConfirm::Done(signed_in) => {
            if let Some(old) = &browser.session {
                idp.grants.session_replaced(old, &signed_in.session).await?;
            }
            // The link stays in its cookie: opened once more it says that all is done.
            Ok(answer().signed_in(&signed_in).say("/", &Flash::said(Said::EmailSaved)))
        }
        // The session ended while the page was read: it asks for the password now, and nothing was wrong yet.
        AddressConfirm::Refused(_) if typed.is_none() => Ok(answer().see_other(PATH)),
        AddressConfirm::Refused(refused) => say(said(&refused)),
        AddressConfirm::Taken => say(Said::Taken),
        AddressConfirm::Dead => Ok(answer().see_other(PATH)),
    }
}
