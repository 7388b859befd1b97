//! The steps of the move (SPEC J2, J3).

use accounts::{Attach, EmailChoice, Enrolment, PasswordChoice, Resend, Stage};
use axum::{
    extract::{Path, State},
    response::Response,
};
use pages::page;
use serde::Deserialize;

use super::{mail_code, sign_in::Nothing, turn::Turn};
use crate::{
    Idp, InteractionId, Shared,
    web::{
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
        form::Form,
    },
};

pub(crate) fn notice_page(turn: &Turn<'_>, enrolment: &Enrolment) -> Result<Response, Failure> {
    let agency = turn.agency_of(enrolment)?;
    let rules = turn.idp.accounts.rules();
    let page = page::Notice {
        person: enrolment.name.clone(),
        agency_name: agency.name.clone(),
        controller: agency.controller.name.clone(),
        dpo: Some(agency.controller.dpo.clone()),
        address_on_file: enrolment.agency_email.is_some(),
        unfinished_days: rules.confirm_days(),
        erased_days: rules.unfinished_kept_days(),
        log_days: rules.log_kept_days(),
    };
    turn.answer().page(&turn.setting(), &page)
}

pub(crate) async fn email_page(
    turn: &Turn<'_>,
    enrolment: &Enrolment,
    flash: &Flash,
) -> Result<Response, Failure> {
    // Who is signed in here most likely means this account, whatever address the agency has (SPEC J3).
    let own = match &turn.browser.session {
        Some(session) => turn.idp.accounts.account(session.account).await?.map(|account| account.email),
        None => None,
    };
    let known =
        enrolment.email.clone().or(own).or_else(|| enrolment.agency_email.clone()).unwrap_or_default();
    let email = if flash.typed.is_empty() { known } else { flash.typed.clone() };
    let proposed = enrolment.agency_email.as_ref() == Some(&email);
    turn.answer().page(&turn.setting(), &page::Email { email, proposed, error: flash.email_error() })
}

pub(crate) fn password_page(
    turn: &Turn<'_>,
    enrolment: &Enrolment,
    flash: &Flash,
) -> Result<Response, Failure> {
    let agency = turn.agency_of(enrolment)?;
    let min_length = min_length(turn.idp);
    let page = page::Password {
        email: enrolment.email.clone().unwrap_or_default(),
        min_length,
        forbidden_words: turn.idp.accounts.enrolment_context(enrolment, &agency.name),
        errors: flash.password_problems(min_length),
        waits: flash.waits(),
    };
    turn.answer().page(&turn.setting(), &page)
}

/// Seconds for which "we have just written" is true.
const JUST_NOW: i64 = 600;

pub(crate) fn mail_page(turn: &Turn<'_>, enrolment: &Enrolment, flash: &Flash) -> Result<Response, Failure> {
    let rules = turn.idp.accounts.rules();
    let next = turn.idp.accounts.next_mail(enrolment);
    let since = turn.idp.context.now() - enrolment.mailed_at.unwrap_or(0);
    let email = enrolment.email.clone().unwrap_or_default();
    let page = page::LookAtYourMail {
        provider: pages::Provider::of(&email),
        email,
        // Of a message that does not arrive there is no code.
        code: mail_code::offered(turn, enrolment) && !enrolment.refused,
        just_sent: since < JUST_NOW,
        resend_in: u32::try_from(next.wait).unwrap_or(0),
        resends_left: u32::try_from(next.left).unwrap_or(0),
        notice: flash.resent(),
        refused: enrolment.refused,
        status_url: status_url(turn, enrolment),
        days: rules.confirm_days(),
    };
    turn.answer().page(&turn.setting(), &page)
}

/// What a waiting page asks: one that says already that the address was refused does not wait for that.
pub(crate) fn status_url(turn: &Turn<'_>, enrolment: &Enrolment) -> String {
    let told = if enrolment.refused { "?told" } else { "" };
    turn.path("status") + told
}

pub(crate) async fn link_page(
    turn: &Turn<'_>,
    enrolment: &Enrolment,
    flash: &Flash,
) -> Result<Response, Failure> {
    let email = enrolment.email.clone().unwrap_or_default();
    let owner = turn.idp.accounts.owner_of(&email).await?;
    let freely = turn.idp.accounts.may_attach_freely(turn.browser.session.as_ref(), owner);
    let page = page::LinkAccount {
        email,
        agency_name: turn.agency_of(enrolment)?.name.clone(),
        needs_password: !freely,
        error: flash.sign_in_error(),
    };
    turn.answer().page(&turn.setting(), &page)
}

pub(crate) fn min_length(idp: &Idp) -> u16 {
    u16::try_from(idp.accounts.rules().password.min_length).unwrap_or(12)
}

/// What an earlier step shows when the person goes back to it; the hub where that is no longer possible.
async fn earlier(
    idp: &Idp,
    id: InteractionId,
    browser: &Browser,
    show: fn(&Turn<'_>, &Enrolment, &Flash) -> Result<Response, Failure>,
    may: fn(Stage) -> bool,
) -> Result<Response, Failure> {
    let turn = Turn::load(idp, browser, id).await?;
    let flash = browser.flash(idp);
    match turn.enrolment().await? {
        Some(enrolment) if may(enrolment.stage) => show(&turn, &enrolment, &flash),
        _ => Ok(turn.to_hub()),
    }
}

/// `GET /authorize/{id}/notice`.
pub(crate) async fn notice(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    browser: Browser,
) -> Result<Response, Failure> {
    earlier(&idp, id, &browser, |turn, enrolment, _| notice_page(turn, enrolment), |s| s != Stage::Finished)
        .await
}

/// `GET /authorize/{id}/email`.
pub(crate) async fn email(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    browser: Browser,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    match turn.enrolment().await? {
        Some(enrolment) if !matches!(enrolment.stage, Stage::Notice | Stage::Finished) => {
            email_page(&turn, &enrolment, &browser.flash(&idp)).await
        }
        _ => Ok(turn.to_hub()),
    }
}

/// `GET /authorize/{id}/password`.
pub(crate) async fn password(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    browser: Browser,
) -> Result<Response, Failure> {
    earlier(&idp, id, &browser, password_page, |s| matches!(s, Stage::Password | Stage::Mail)).await
}

/// `POST /authorize/{id}/notice`.
pub(crate) async fn notice_read(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, .. }: Form<Nothing>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    if let Some(enrolment) = turn.enrolment().await? {
        idp.accounts.notice_read(enrolment.id).await?;
    }
    Ok(turn.to_hub())
}

#[derive(Deserialize)]
pub(crate) struct EmailFields {
    email: String,
    sure: Option<String>,
}

/// `POST /authorize/{id}/email`.
pub(crate) async fn choose_email(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, fields }: Form<EmailFields>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let Some(enrolment) = turn.enrolment().await? else { return Ok(turn.to_hub()) };
    let say = |said| Ok(turn.answer().say(&turn.path("email"), &Flash::said(said).typed(&fields.email)));
    let (sure, visitor) = (fields.sure.is_some(), turn.visitor());
    let mut id = enrolment.id;
    if enrolment.is_anothers(&turn.id().to_string()) && accounts::Email::parse(&fields.email).is_some() {
        // Another browser stands before the terms with this move: it keeps it, and this one has a move of its own.
        let Some(own) = idp.accounts.begin_beside(id, &visitor).await? else { return say(Said::TooMany) };
        idp.grants.set_enrolment(&turn.interaction, Some(own)).await?;
        id = own;
    }
    match idp.accounts.choose_email(id, &fields.email, sure, &visitor).await? {
        EmailChoice::Taken => {
            let corrected =
                enrolment.stage == Stage::Mail && enrolment.email.as_deref() != Some(fields.email.trim());
            let answer = turn.answer();
            Ok(if corrected { answer.say(&turn.hub(), &Flash::said(Said::Corrected)) } else { turn.to_hub() })
        }
        EmailChoice::Invalid => say(Said::Invalid),
        EmailChoice::Suggestion(meant) => say(Said::Suggestion(meant)),
        EmailChoice::TooMany => say(Said::TooMany),
        EmailChoice::Anothers | EmailChoice::Gone => Ok(turn.to_hub()),
    }
}

#[derive(Deserialize)]
pub(crate) struct PasswordFields {
    password: String,
}

/// `POST /authorize/{id}/password`.
pub(crate) async fn choose_password(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, fields }: Form<PasswordFields>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let Some(enrolment) = turn.enrolment().await? else { return Ok(turn.to_hub()) };
    let agency = turn.agency_of(&enrolment)?;
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return Ok(turn.answer().say(&turn.path("password"), &Flash::said(Said::Throttled(seconds))));
    }
    match idp.accounts.choose_password(&enrolment, &agency.name, &fields.password, &turn.visitor()).await? {
        PasswordChoice::Taken | PasswordChoice::Gone => Ok(turn.to_hub()),
        PasswordChoice::Problems(problems) => {
            let said = Said::Problems(problems.into_iter().map(Into::into).collect());
            Ok(turn.answer().say(&turn.path("password"), &Flash::said(said)))
        }
        PasswordChoice::Busy => Err(busy(&turn)),
    }
}

/// `POST /authorize/{id}/resend`.
pub(crate) async fn resend(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, .. }: Form<Nothing>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let Some(enrolment) = turn.enrolment().await? else { return Ok(turn.to_hub()) };
    match idp.accounts.resend(enrolment.id).await? {
        Resend::Sent => Ok(turn.answer().say(&turn.hub(), &Flash::said(Said::Resent))),
        Resend::Wait(_) | Resend::TooMany | Resend::Gone => Ok(turn.to_hub()),
    }
}

#[derive(Deserialize)]
pub(crate) struct LinkFields {
    password: Option<String>,
}

/// `POST /authorize/{id}/link`: attaches the agency to the account that has this address.
pub(crate) async fn link(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, fields }: Form<LinkFields>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let Some(enrolment) = turn.enrolment().await? else { return Ok(turn.to_hub()) };
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return Ok(turn.answer().say(&turn.hub(), &Flash::said(Said::Throttled(seconds))));
    }
    let password = fields.password.as_deref();
    match idp.accounts.attach(enrolment.id, password, browser.session.as_ref(), &turn.visitor()).await? {
        Attach::Done(Some(signed_in)) => Ok(turn.signed_in(&signed_in).await?.see_other(&turn.hub())),
        Attach::Done(None) | Attach::NotNow => Ok(turn.to_hub()),
        Attach::Refused(refused) => {
            Ok(turn.answer().say(&turn.hub(), &Flash::said(super::sign_in::said(&refused))))
        }
    }
}

/// `POST /authorize/{id}/leave`: not now; the move can be taken up again with the old credentials.
pub(crate) async fn leave(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, .. }: Form<Nothing>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    idp.grants.set_enrolment(&turn.interaction, None).await?;
    Ok(turn.to_hub())
}

pub(crate) fn busy(turn: &Turn<'_>) -> Failure {
    Failure::new(page::ProblemKind::Busy, "no room to hash").retry(turn.hub())
}
