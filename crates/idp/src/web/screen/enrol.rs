//! The steps of the move (SPEC J2, J3).

use accounts::{Attach, EmailChoice, Enrolment, PasswordChoice, Resend, Stage};
use axum::response::Response;
use pages::page;
use serde::Deserialize;

use super::{interaction::InteractionContext, mail_code, sign_in::password_error};
use crate::{
    Idp,
    web::{
        count::{self, MoveStep},
        error::Failure,
        flash::{
            self, EmailFlash, EmailRefused, HubFlash, MailFlash, Missing, NewPasswordFlash, PasswordError,
            Problems,
        },
        form::{EmptyForm, Form, TypedPassword},
        limits, path,
    },
};

pub(crate) fn notice_page(context: &InteractionContext, enrolment: &Enrolment) -> Result<Response, Failure> {
    let agency = context.agency_of(enrolment)?;
    let rules = context.idp.accounts.rules();
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
    context.response().page(&page)
}

pub(crate) async fn email_page(
    context: &InteractionContext,
    enrolment: &Enrolment,
    flash: Option<EmailFlash>,
) -> Result<Response, Failure> {
    // A person who is signed in here most likely means this account, whatever address the agency has (SPEC J3).
    let own = match &context.browser.session {
        Some(session) => context.idp.accounts.account(session.account).await?.map(|account| account.email),
        None => None,
    };
    let known =
        enrolment.email.clone().or(own).or_else(|| enrolment.agency_email.clone()).unwrap_or_default();
    let (typed, error) = match flash {
        Some(EmailFlash { error, email }) => (email, Some(error.into())),
        None => (String::new(), None),
    };
    let email = if typed.is_empty() { known } else { typed };
    let proposed = enrolment.agency_email.as_ref() == Some(&email);
    context.response().page(&page::Email { email, proposed, error })
}

pub(crate) fn password_page(
    context: &InteractionContext,
    enrolment: &Enrolment,
    flash: Option<&NewPasswordFlash>,
) -> Result<Response, Failure> {
    let agency = context.agency_of(enrolment)?;
    let min_length = min_length(&context.idp);
    let (errors, waits) = NewPasswordFlash::shown(flash, min_length);
    let page = page::Password {
        email: enrolment.email.clone().unwrap_or_default(),
        min_length,
        forbidden_words: context.idp.accounts.enrolment_context(enrolment, &agency.name),
        errors,
        waits,
    };
    context.response().page(&page)
}

/// The time for which "we have just written" is true, in seconds.
const JUST_NOW: i64 = 600;

pub(crate) fn mail_page(
    context: &InteractionContext,
    enrolment: &Enrolment,
    flash: Option<MailFlash>,
) -> Result<Response, Failure> {
    let rules = context.idp.accounts.rules();
    let next = context.idp.accounts.next_mail(enrolment);
    let since = context.idp.context.now() - enrolment.mailed_at.unwrap_or(0);
    let email = enrolment.email.clone().unwrap_or_default();
    let page = page::LookAtYourMail {
        provider: pages::Provider::of(&email),
        email,
        // A message that does not arrive brings no code.
        code: mail_code::offered(context, enrolment) && !enrolment.refused,
        just_sent: since < JUST_NOW,
        resend_in: u32::try_from(next.wait).unwrap_or(0),
        resends_left: u32::try_from(next.left).unwrap_or(0),
        notice: flash.map(Into::into),
        refused: enrolment.refused,
        status_url: status_url(context, enrolment),
        days: rules.confirm_days(),
    };
    context.response().page(&page)
}

/// Returns the address that a waiting page asks: a page that says already that the address was refused does not wait for that.
pub(crate) fn status_url(context: &InteractionContext, enrolment: &Enrolment) -> String {
    let told = if enrolment.refused { "?told" } else { "" };
    path::of(context.id(), "status") + told
}

pub(crate) async fn link_page(
    context: &InteractionContext,
    enrolment: &Enrolment,
    error: Option<PasswordError>,
) -> Result<Response, Failure> {
    let email = enrolment.email.clone().unwrap_or_default();
    let owner = context.idp.accounts.owner_of(&email).await?;
    let freely = context.idp.accounts.may_attach_freely(context.browser.session.as_ref(), owner);
    let page = page::LinkAccount {
        email,
        agency_name: context.agency_of(enrolment)?.name.clone(),
        needs_password: !freely,
        error: error.map(Into::into),
    };
    context.response().busy_if(error == Some(PasswordError::Busy)).page(&page)
}

pub(crate) fn min_length(idp: &Idp) -> u16 {
    u16::try_from(idp.accounts.rules().password.min_length).unwrap_or(12)
}

/// `GET /authorize/{id}/notice`: shows the step again; the hub where that is no longer possible.
pub(crate) async fn notice(context: InteractionContext) -> Result<Response, Failure> {
    match context.enrolment().await? {
        Some(enrolment) if enrolment.stage != Stage::Finished => notice_page(&context, &enrolment),
        _ => Ok(context.to_hub()),
    }
}

/// `GET /authorize/{id}/email`: shows the step again, with what was typed.
pub(crate) async fn email(context: InteractionContext) -> Result<Response, Failure> {
    match context.enrolment().await? {
        Some(enrolment) if !matches!(enrolment.stage, Stage::Notice | Stage::Finished) => {
            let flash = context.browser.flash(&context.idp, &path::email(context.id()));
            email_page(&context, &enrolment, flash).await
        }
        _ => Ok(context.to_hub()),
    }
}

/// `GET /authorize/{id}/password`: shows the step again.
pub(crate) async fn password(context: InteractionContext) -> Result<Response, Failure> {
    match context.enrolment().await? {
        Some(enrolment) if matches!(enrolment.stage, Stage::Password | Stage::Mail) => {
            let flash = context.browser.flash(&context.idp, &path::password(context.id()));
            password_page(&context, &enrolment, flash.as_ref())
        }
        _ => Ok(context.to_hub()),
    }
}

/// `POST /authorize/{id}/notice`.
pub(crate) async fn notice_read(
    Form { context, .. }: Form<InteractionContext, EmptyForm>,
) -> Result<Response, Failure> {
    if let Some(enrolment) = context.enrolment().await? {
        context.idp.accounts.notice_read(enrolment.id).await?;
    }
    Ok(context.to_hub())
}

#[derive(Deserialize)]
pub(crate) struct EmailForm {
    email: String,
    sure: Option<String>,
}

/// `POST /authorize/{id}/email`.
pub(crate) async fn choose_email(
    Form { context, fields }: Form<InteractionContext, EmailForm>,
) -> Result<Response, Failure> {
    let idp = &context.idp;
    let Some(enrolment) = context.enrolment().await? else { return Ok(context.to_hub()) };
    let refuse = |error| {
        let flash = EmailFlash { error, email: flash::typed(&fields.email) };
        Ok(context.response().say(&path::email(context.id()), &flash))
    };
    let (sure, visitor) = (fields.sure.is_some(), context.visitor());
    let mut id = enrolment.id;
    if enrolment.is_anothers(&context.id().to_string()) && accounts::Email::parse(&fields.email).is_some() {
        // Another browser stands before the terms with this move: it keeps it, and this one has a move of its own.
        let Some(own) = idp.accounts.begin_beside(id, &visitor).await? else {
            return refuse(EmailRefused::TooMany);
        };
        idp.grants.set_enrolment(&context.interaction, Some(own)).await?;
        id = own;
    }
    match idp.accounts.choose_email(id, &fields.email, sure, &visitor).await? {
        EmailChoice::Taken => {
            count::move_step(&enrolment.agency_id, MoveStep::Email);
            let corrected =
                enrolment.stage == Stage::Mail && enrolment.email.as_deref() != Some(fields.email.trim());
            let flash = HubFlash::Mail(MailFlash::Corrected);
            Ok(if corrected { context.response().say(&context.hub(), &flash) } else { context.to_hub() })
        }
        EmailChoice::Invalid => refuse(EmailRefused::Invalid),
        EmailChoice::Suggestion(meant) => refuse(EmailRefused::Suggestion(meant)),
        EmailChoice::TooMany => refuse(EmailRefused::TooMany),
        EmailChoice::Anothers | EmailChoice::Gone => Ok(context.to_hub()),
    }
}

#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    password: TypedPassword,
}

/// `POST /authorize/{id}/password`.
pub(crate) async fn choose_password(
    Form { context, fields }: Form<InteractionContext, PasswordForm>,
) -> Result<Response, Failure> {
    let idp = &context.idp;
    let Some(enrolment) = context.enrolment().await? else { return Ok(context.to_hub()) };
    let agency = context.agency_of(&enrolment)?;
    let refuse = |flash| Ok(context.response().say(&path::password(context.id()), &flash));
    if let Err(seconds) = limits::attempt(idp, &context.browser) {
        return refuse(NewPasswordFlash::Throttled(seconds));
    }
    let visitor = context.visitor();
    let chosen = idp.accounts.choose_password(&enrolment, &agency.name, &fields.password, &visitor).await?;
    if chosen == PasswordChoice::Taken {
        count::move_step(&agency.id, MoveStep::Password);
    }
    match chosen {
        PasswordChoice::Taken | PasswordChoice::Gone => Ok(context.to_hub()),
        PasswordChoice::Problems(problems) => refuse(NewPasswordFlash::Problems(Problems::new(problems))),
        PasswordChoice::Busy => {
            let failure = Failure::new(page::ProblemKind::Busy, "no room to hash");
            Err(failure.retry(context.hub()))
        }
    }
}

/// `POST /authorize/{id}/resend`.
pub(crate) async fn resend(
    Form { context, .. }: Form<InteractionContext, EmptyForm>,
) -> Result<Response, Failure> {
    let Some(enrolment) = context.enrolment().await? else { return Ok(context.to_hub()) };
    match context.idp.accounts.resend(enrolment.id).await? {
        Resend::Sent => Ok(context.response().say(&context.hub(), &HubFlash::Mail(MailFlash::Resent))),
        Resend::Wait(_) | Resend::TooMany | Resend::Gone => Ok(context.to_hub()),
    }
}

#[derive(Deserialize)]
pub(crate) struct LinkForm {
    password: Option<TypedPassword>,
}

/// `POST /authorize/{id}/link`: attaches the agency to the account that has this address.
pub(crate) async fn link(
    Form { context, fields }: Form<InteractionContext, LinkForm>,
) -> Result<Response, Failure> {
    let (idp, browser) = (&context.idp, &context.browser);
    let Some(enrolment) = context.enrolment().await? else { return Ok(context.to_hub()) };
    let refuse = |error| {
        let flash = HubFlash::Refused { error, email: String::new(), keep: false };
        Ok(context.response().say(&context.hub(), &flash))
    };
    if let Some(missing) = Missing::of_password(fields.password.as_deref()) {
        return refuse(PasswordError::Missing(missing));
    }
    if let Err(seconds) = limits::attempt(idp, browser) {
        return refuse(PasswordError::Throttled { seconds });
    }
    let password = fields.password.as_deref();
    let session = browser.session.as_ref();
    let attached = idp.accounts.attach(enrolment.id, password, session, &context.visitor()).await?;
    if matches!(attached, Attach::Done(_)) {
        count::move_step(&enrolment.agency_id, MoveStep::Linked);
    }
    match attached {
        Attach::Done(Some(signed_in)) => Ok(context.signed_in(&signed_in).await?.see_other(context.hub())),
        Attach::Done(None) | Attach::NotNow => Ok(context.to_hub()),
        Attach::Refused(refused) => refuse(password_error(&refused)),
    }
}

/// `POST /authorize/{id}/leave`: not now; the move can be taken up again with the old credentials.
pub(crate) async fn leave(
    Form { context, .. }: Form<InteractionContext, EmptyForm>,
) -> Result<Response, Failure> {
    context.idp.grants.set_enrolment(&context.interaction, None).await?;
    Ok(context.to_hub())
}
