//! Forgotten password (SPEC J6).

use accounts::{Origin, Reset};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use kernel::Token;
use pages::page::{self, LinkPurpose, ProblemKind};
use serde::Deserialize;

use super::{enrol::min_length, turn::Turn};
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

const PATH: &str = "/reset";

/// `GET /authorize/{id}/forgot`: asks for the address, or says that the mail is on its way.
pub(crate) async fn forgot(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    browser: Browser,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let flash = browser.flash(&idp);
    if flash.said == Some(Said::Mailed) {
        let minutes = idp.accounts.rules().reset_minutes();
        return turn.answer().page(
            &turn.setting(),
            &page::ForgotSent { provider: pages::Provider::of(&flash.typed), email: flash.typed, minutes },
        );
    }
    turn.answer()
        .page(&turn.setting(), &page::Forgot { email: flash.typed.clone(), error: flash.forgot_error() })
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    email: String,
}

/// `POST /authorize/{id}/forgot`: the answer is the same for every address.
pub(crate) async fn ask(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, fields }: Form<Asked>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let say = |said| Ok(turn.answer().say(&turn.path("forgot"), &Flash::said(said).typed(&fields.email)));
    if let Err(no_address) = accounts::Email::read(&fields.email) {
        return say(Said::Missing(Missing::address(no_address)));
    }
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return say(Said::Throttled(seconds));
    }
    idp.accounts.forgot(&fields.email, &turn.visitor()).await?;
    say(Said::Mailed)
}

/// `GET /reset?token=…` moves the token to a cookie; `GET /reset` shows the page. Neither changes anything (SECURITY #70, #71).
pub(crate) async fn get(
    State(idp): State<Shared>,
    RawQuery(query): RawQuery,
    headers: http::HeaderMap,
    browser: Browser,
) -> Result<Response, Failure> {
    let broken = || dead(&idp, &browser);
    if let Some(kept) = link::kept(&idp, &browser, query.as_deref(), Jar::Reset, PATH, broken)? {
        return Ok(kept);
    }
    let answer = Answer::new(&idp, &browser);
    let Some(token) = held(&idp, &headers) else { return dead(&idp, &browser) };
    let Some(found) = idp.accounts.reset_page(&token).await? else { return dead(&idp, &browser) };
    let agencies = idp.agencies.load();
    let agency = found.origin.agency_id.as_deref().and_then(|id| agencies.agency(id)).map(|a| &**a);
    let setting = Setting { locale: browser.locale(&[], agency), agency, base: String::new() };
    let (flash, min_length) = (browser.flash(&idp), min_length(&idp));
    let page = page::Reset {
        email: found.email,
        min_length,
        forbidden_words: found.context,
        errors: flash.password_problems(min_length),
        waits: flash.waits(),
    };
    answer.page(&setting, &page)
}

fn held(idp: &Idp, headers: &http::HeaderMap) -> Option<Token> {
    Jar::Reset.one(headers, idp.secure()).and_then(|t| Token::parse(&t))
}

fn dead(idp: &Idp, browser: &Browser) -> Result<Response, Failure> {
    let setting = Setting { locale: browser.locale(&[], None), agency: None, base: String::new() };
    Answer::new(idp, browser).page(&setting, &page::LinkDead { purpose: LinkPurpose::Reset })
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    password: String,
}

/// `POST /reset`: sets the password and goes on to the portal where it began.
pub(crate) async fn post(
    State(idp): State<Shared>,
    headers: http::HeaderMap,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let answer = || Answer::new(&idp, &browser);
    let Some(token) = held(&idp, &headers) else { return dead(&idp, &browser) };
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return Ok(answer().say(PATH, &Flash::said(Said::Throttled(seconds))));
    }
    match idp.accounts.reset(&token, &fields.password, browser.session.as_ref(), &browser.visitor).await? {
        Reset::Done(signed_in, origin) => {
            let id = interaction_for(&idp, &browser, &origin).await?;
            // The link stays in its cookie, used as it is: the form sent again leads where it led.
            Ok(answer().signed_in(&signed_in).see_other(&path::hub(id)))
        }
        Reset::Again(signed_in, origin) => {
            if let Some(old) = &browser.session {
                idp.grants.session_replaced(old, &signed_in.session).await?;
            }
            let id = interaction_for(&idp, &browser, &origin).await?;
            Ok(answer().signed_in(&signed_in).see_other(&path::hub(id)))
        }
        Reset::Problems(problems) => {
            let said = Said::Problems(problems.into_iter().map(Into::into).collect());
            Ok(answer().say(PATH, &Flash::said(said)))
        }
        Reset::Used(origin) => {
            let agencies = idp.agencies.load();
            let agency = origin.agency_id.as_deref().and_then(|id| agencies.agency(id)).map(|a| &**a);
            let setting = Setting { locale: browser.locale(&[], agency), agency, base: String::new() };
            let continue_url = begun(&idp, &browser, &origin).await?.map_or_else(|| "/".into(), |t| t.hub());
            answer().page(&setting, &page::PasswordSet { continue_url })
        }
        Reset::Dead => dead(&idp, &browser),
        Reset::Busy => Err(Failure::new(ProblemKind::Busy, "no room to hash").retry(PATH)),
    }
}

/// The interaction in which the reset was asked for, if this is its browser.
async fn begun<'a>(idp: &'a Idp, browser: &'a Browser, origin: &Origin) -> Result<Option<Turn<'a>>, Failure> {
    match origin.interaction.as_deref().and_then(|o| o.parse::<InteractionId>().ok()) {
        Some(id) => Turn::find(idp, browser, id).await,
        None => Ok(None),
    }
}

async fn interaction_for(idp: &Idp, browser: &Browser, origin: &Origin) -> Result<InteractionId, Failure> {
    match begun(idp, browser, origin).await? {
        Some(turn) => Ok(turn.id()),
        None => Ok(idp.grants.start_home(&browser.token, origin.agency_id.as_deref()).await?),
    }
}
