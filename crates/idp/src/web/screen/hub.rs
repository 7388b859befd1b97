//! The hub: one question, one `match`.

use accounts::{Enrolment, Stage};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use oidc::decide::{Next, Outcome, Step, Why, decide};
use pages::page;

use super::{enrol, interaction::InteractionContext, lost, terms};
use crate::{
    InteractionId, Shared,
    grant::Completed,
    web::{
        browser::Browser,
        error::Failure,
        flash::{HubFlash, MailFlash, NewPasswordFlash, PasswordError, TermsFlash},
    },
};

/// `GET /authorize/{id}`.
pub(crate) async fn get(context: InteractionContext) -> Result<Response, Failure> {
    let (idp, browser) = (&context.idp, &context.browser);
    let flash = browser.flash(idp, &context.hub());
    if context.interaction.completed
        && let Some(answer) = context.over(flash.as_ref())
    {
        return answer;
    }
    let enrolment = match context.enrolment().await? {
        Some(enrolment) => Some(idp.accounts.after_its_address(enrolment).await?),
        None => None,
    };
    let unlinked = matches!(flash, Some(HubFlash::Unlinked));
    let (asked, standing) = context.facts(enrolment.as_ref(), unlinked).await?;
    match (decide(&asked, &standing), &enrolment) {
        (Next::SignIn(why), _) => sign_in_page(&context, flash, why, enrolment.as_ref()),
        (Next::Enrol(Step::Notice), Some(enrolment)) => enrol::notice_page(&context, enrolment),
        (Next::Enrol(Step::Email), Some(enrolment)) => enrol::email_page(&context, enrolment, None).await,
        (Next::Enrol(Step::Password), Some(enrolment)) => {
            enrol::password_page(&context, enrolment, throttled(flash).as_ref())
        }
        (Next::Enrol(Step::Mail), Some(enrolment)) => enrol::mail_page(&context, enrolment, mail(flash)),
        (Next::Enrol(Step::Link), Some(enrolment)) => {
            enrol::link_page(&context, enrolment, refused(flash)).await
        }
        (Next::Enrol(Step::Terms), enrolment) => {
            terms::page(&context, enrolment.as_ref(), terms_flash(flash)).await
        }
        (Next::AcceptTerms, _) => terms::page(&context, None, terms_flash(flash)).await,
        (Next::NotLinked, _) => not_linked(&context).await,
        (Next::Return(Outcome::Code), _) => {
            let Some(session) = &browser.session else { return Ok(context.to_hub()) };
            if context.is_forgotten()
                && let Some(answer) = context.over(flash.as_ref())
            {
                return answer;
            }
            let completed = idp.grants.complete(&context.interaction, session).await?;
            back(&context, flash.as_ref(), completed)
        }
        (Next::Return(Outcome::Error(error)), _) => {
            let completed = idp.grants.end_with(&context.interaction, &error).await?;
            back(&context, flash.as_ref(), completed)
        }
        (Next::Return(Outcome::Home), _) => context.to_entrance(),
        (Next::Enrol(_), None) => Ok(context.to_hub()),
    }
}

fn refused(flash: Option<HubFlash>) -> Option<PasswordError> {
    match flash? {
        HubFlash::Refused { error, .. } => Some(error),
        _ => None,
    }
}

fn throttled(flash: Option<HubFlash>) -> Option<NewPasswordFlash> {
    match refused(flash)? {
        PasswordError::Throttled { seconds } => Some(NewPasswordFlash::Throttled(seconds)),
        _ => None,
    }
}

fn mail(flash: Option<HubFlash>) -> Option<MailFlash> {
    match flash? {
        HubFlash::Mail(flash) => Some(flash),
        _ => None,
    }
}

fn terms_flash(flash: Option<HubFlash>) -> Option<TermsFlash> {
    match flash? {
        HubFlash::Terms(flash) => Some(flash),
        _ => None,
    }
}

fn back(
    context: &InteractionContext,
    flash: Option<&HubFlash>,
    completed: Completed,
) -> Result<Response, Failure> {
    match completed {
        Completed::Answer(response) => context.response().back(response),
        // Another tab, or a second click, was first; or the session ended meanwhile.
        Completed::Over => context.over(flash).unwrap_or_else(|| context.to_entrance()),
        Completed::Home => context.to_entrance(),
    }
}

/// Redirects a reloaded or bookmarked form address to the hub.
pub(crate) async fn again(context: InteractionContext) -> Response {
    context.to_hub()
}

/// `GET /authorize/{id}/status`: whether the waiting page may go on (PEOPLE U-37), or has to say that the address was refused. With `?told` it says so already.
pub(crate) async fn status(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    RawQuery(query): RawQuery,
    browser: Browser,
) -> Result<Response, Failure> {
    let told = query.as_deref() == Some("told");
    // What waits has begun a move: it is stored.
    let waiting = match idp.grants.find(id, &browser.token).await? {
        Some(interaction) => {
            let context = InteractionContext::new(&idp, browser, interaction)?;
            match context.enrolment().await? {
                Some(e) if context.step(&e) == Some(Step::Mail) && (told || !e.refused) => {
                    !idp.accounts.has_lost_its_address(&e).await?
                }
                _ => false,
            }
        }
        None if idp.grants.left_of(id).await?.is_some_and(|left| left.alive) => {
            return Err(lost::lost(&idp, &browser, id).await?);
        }
        // The interaction is gone: the page goes on, and reads why.
        None => false,
    };
    Ok(Json(serde_json::json!({ "next": !waiting })).into_response())
}

fn sign_in_page(
    context: &InteractionContext,
    flash: Option<HubFlash>,
    why: Why,
    enrolment: Option<&Enrolment>,
) -> Result<Response, Failure> {
    let (error, typed, keep, notice) = match flash {
        Some(HubFlash::Refused { error, email, keep }) => (Some(error), email, keep, None),
        Some(HubFlash::SignIn(notice)) => (None, String::new(), false, Some(notice.into())),
        _ => (None, String::new(), false, None),
    };
    let finished = enrolment.filter(|e| e.stage == Stage::Finished);
    let hint = context.interaction.request.as_ref().and_then(|r| r.login_hint.clone());
    // An interaction that only gave the same old credentials does not show whose account it became (SECURITY #78, B11).
    let own = finished.filter(|e| e.may_end_in(&context.id().to_string()));
    let email = match typed.as_str() {
        "" => own.and_then(|e| e.email.clone()).or(hint).unwrap_or_default(),
        _ => typed,
    };
    let notice = notice.or(match why {
        // The move was ended in another browser: this one has only to sign in.
        _ if finished.is_some() => Some(page::SignInNotice::AccountReady),
        Why::Again | Why::TooLongAgo | Why::Stronger => Some(page::SignInNotice::ConfirmAgain),
        Why::Nobody | Why::Choose | Why::SomebodyElse => None,
    });
    let page = page::SignIn {
        email,
        keep_days: context.idp.accounts.rules().sessions.kept_days(),
        keep,
        notice,
        error: error.map(Into::into),
    };
    context.response().busy_if(error == Some(PasswordError::Busy)).page(&page)
}

async fn not_linked(context: &InteractionContext) -> Result<Response, Failure> {
    let Some(session) = &context.browser.session else { return Ok(context.to_hub()) };
    let person = context.idp.accounts.account(session.account).await?;
    let page = page::NotLinked {
        email: person.map(|p| p.email).unwrap_or_default(),
        agency_name: context.agency.as_ref().map(|a| a.name.clone()).unwrap_or_default(),
        may_continue: context.portal.as_ref().is_some_and(|p| p.allow_unlinked),
    };
    context.response().page(&page)
}
