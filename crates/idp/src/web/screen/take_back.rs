//! The link mailed to the address that an account had: stops the change, or takes it back (PEOPLE U-68). Opening it changes nothing.

use accounts::TakeBack;
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::HeaderMap;
use kernel::Token;
use pages::page::{self, LinkDead, LinkPurpose, ProblemKind};
use serde::Deserialize;

use super::enrol::min_length;
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

const PATH: &str = "/take-back";

/// `GET /take-back?token=…` moves the token to a cookie; `GET /take-back` shows the page.
pub(crate) async fn get(
    State(idp): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    browser: Browser,
) -> Result<Response, Failure> {
    let broken = || dead(&idp, &browser, LinkPurpose::TakeBack);
    if let Some(kept) = link::kept(&idp, &browser, query.as_deref(), Jar::TakeBack, PATH, broken)? {
        return Ok(kept);
    }
    let answer = Answer::new(&idp, &browser);
    let flash = browser.flash(&idp);
    if flash.said == Some(Said::Taken) {
        return dead(&idp, &browser, LinkPurpose::AddressTaken);
    }
    let found = match held(&idp, &headers) {
        Some(token) => idp.accounts.take_back_page(&token).await?,
        None => None,
    };
    let Some(found) = found else { return dead(&idp, &browser, LinkPurpose::TakeBack) };
    let min_length = min_length(&idp);
    let page = page::TakeBack {
        email: found.email,
        changed: found.changed,
        min_length,
        forbidden_words: found.context,
        errors: flash.password_problems(min_length),
        waits: flash.waits(),
    };
    answer.page(&setting(&browser), &page)
}

fn held(idp: &Idp, headers: &HeaderMap) -> Option<Token> {
    Jar::TakeBack.one(headers, idp.secure()).and_then(|t| Token::parse(&t))
}

fn dead(idp: &Idp, browser: &Browser, purpose: LinkPurpose) -> Result<Response, Failure> {
    Answer::new(idp, browser).page(&setting(browser), &LinkDead { purpose })
}

fn setting(browser: &Browser) -> Setting<'static> {
    Setting { locale: browser.locale(&[], None), agency: None, base: String::new() }
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    password: String,
}

/// `POST /take-back`: the older address, a new password, and nobody else signed in.
pub(crate) async fn post(
    State(idp): State<Shared>,
    headers: HeaderMap,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let answer = || Answer::new(&idp, &browser);
    let Some(token) = held(&idp, &headers) else { return dead(&idp, &browser, LinkPurpose::TakeBack) };
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return Ok(answer().say(PATH, &Flash::said(Said::Throttled(seconds))));
    }
    let session = browser.session.as_ref();
    match idp.accounts.take_back(&token, &fields.password, session, &browser.visitor).await? {
        TakeBack::Done(signed_in) => {
            if let Some(old) = &browser.session {
                idp.grants.session_replaced(old, &signed_in.session).await?;
            }
            let cleared = Jar::TakeBack.clear(idp.secure(), PATH);
            let answer = answer().cookie(cleared).signed_in(&signed_in);
            Ok(answer.say("/", &Flash::said(Said::EmailTakenBack)))
        }
        TakeBack::Problems(problems) => {
            let said = Said::Problems(problems.into_iter().map(Into::into).collect());
            Ok(answer().say(PATH, &Flash::said(said)))
        }
        TakeBack::Taken => Ok(answer().say(PATH, &Flash::said(Said::Taken))),
        TakeBack::Dead => dead(&idp, &browser, LinkPurpose::TakeBack),
        TakeBack::Busy => Err(Failure::new(ProblemKind::Busy, "no room to hash").retry(PATH)),
    }
}
