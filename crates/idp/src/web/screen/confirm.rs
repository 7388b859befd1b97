//! The mailed link of the move, opened on any device. Opening it changes nothing; signing in on it does (SPEC J2.5).

use accounts::{Confirm, EnrolmentId, Stage};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use kernel::Token;
use pages::page::{self, LinkPurpose};
use serde::Deserialize;

use super::turn::Turn;
use crate::{
    Idp, InteractionId, Shared,
    web::{
        answer::{Answer, Setting},
        browser::Browser,
        cookie::Jar,
        error::Failure,
        flash::{Flash, Missing, Said},
        form::Form,
        link, path,
    },
};

const PATH: &str = "/confirm";

/// `GET /confirm?token=…` moves the token to a cookie; `GET /confirm` shows the page.
pub(crate) async fn get(
    State(idp): State<Shared>,
    RawQuery(query): RawQuery,
    headers: http::HeaderMap,
    browser: Browser,
) -> Result<Response, Failure> {
    let broken = || dead(&idp, &browser);
    if let Some(kept) = link::kept(&idp, &browser, query.as_deref(), Jar::Confirm, PATH, broken)? {
        return Ok(kept);
    }
    let answer = Answer::new(&idp, &browser);
    let token = Jar::Confirm.one(&headers, idp.secure()).and_then(|t| Token::parse(&t));
    let Some(token) = token else { return dead(&idp, &browser) };
    let Some(enrolment) = idp.accounts.confirm_page(&token).await? else { return dead(&idp, &browser) };
    let agencies = idp.agencies.load();
    let agency = agencies.agency(&enrolment.agency_id);
    let setting = Setting {
        locale: browser.locale(&[], agency.map(|a| &**a)),
        agency: agency.map(|a| &**a),
        base: String::new(),
    };
    let agency_name = agency.map(|a| a.name.clone()).unwrap_or_default();
    if enrolment.stage == Stage::Finished {
        let continue_url = agency.and_then(|a| a.entrance(&idp.issuer)).unwrap_or_else(|| "/".into());
        return answer.page(&setting, &page::AlreadyConfirmed { agency_name, continue_url });
    }
    let flash = browser.flash(&idp);
    // The address is typed, not shown: whoever holds only the link learns nothing.
    let page = page::Confirm { email: flash.typed.clone(), agency_name, error: flash.confirm_error() };
    answer.page(&setting, &page)
}

fn dead(idp: &Idp, browser: &Browser) -> Result<Response, Failure> {
    let setting = Setting { locale: browser.locale(&[], None), agency: None, base: String::new() };
    Answer::new(idp, browser).page(&setting, &page::LinkDead { purpose: LinkPurpose::Confirm })
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    email: String,
    password: String,
}

/// `POST /confirm`.
pub(crate) async fn post(
    State(idp): State<Shared>,
    headers: http::HeaderMap,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let answer = || Answer::new(&idp, &browser);
    let token = Jar::Confirm.one(&headers, idp.secure()).and_then(|t| Token::parse(&t));
    let Some(token) = token else { return Ok(answer().see_other(PATH)) };
    let say = |said| Ok(answer().say(PATH, &Flash::said(said).typed(&fields.email)));
    if let Some(missing) = Missing::of_address(&fields.email, &fields.password) {
        return say(Said::Missing(missing));
    }
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return say(Said::Throttled(seconds));
    }
    match idp.accounts.confirm(&token, &fields.email, &fields.password).await? {
        Confirm::Done(enrolment) => {
            let id = interaction_for(&idp, &browser, enrolment).await?;
            idp.accounts.confirmed_in(enrolment, &id.to_string()).await?;
            // The link stays in its cookie: the form sent again, or gone back to, leads where it led.
            Ok(answer().see_other(&path::hub(id)))
        }
        Confirm::Wrong { remaining } => say(Said::Wrong(remaining)),
        Confirm::NoAddress(no_address) => say(Said::Missing(Missing::address(no_address))),
        Confirm::NoPassword => say(Said::Missing(Missing::password())),
        Confirm::Refused => say(Said::Unusable),
        Confirm::Locked => say(Said::Locked(0)),
        Confirm::Busy => say(Said::Busy),
        Confirm::Already | Confirm::Dead => Ok(answer().see_other(PATH)),
    }
}

/// The interaction in which the move began, if this is its browser; else one of this browser's own.
async fn interaction_for(
    idp: &Idp,
    browser: &Browser,
    enrolment: EnrolmentId,
) -> Result<InteractionId, Failure> {
    let found = idp.accounts.enrolment(enrolment).await?;
    let origin =
        found.as_ref().and_then(|e| e.origin.as_deref()).and_then(|o| o.parse::<InteractionId>().ok());
    if let Some(id) = origin
        && let Some(turn) = Turn::find(idp, browser, id).await?
    {
        if turn.interaction.enrolment != Some(enrolment) {
            idp.grants.set_enrolment(&turn.interaction, Some(enrolment)).await?;
        }
        return Ok(id);
    }
    let agency = found.map(|e| e.agency_id);
    let id = idp.grants.start_home(&browser.token, agency.as_deref()).await?;
    let turn = Turn::load(idp, browser, id).await?;
    idp.grants.set_enrolment(&turn.interaction, Some(enrolment)).await?;
    Ok(id)
}
