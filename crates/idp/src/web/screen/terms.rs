use accounts::{Accepted, Enrolment, Finish, Shown};
use axum::response::Response;
use http::StatusCode;
use oidc::decide::{Next, Step, decide};
use pages::page::{self, ProblemKind};
use serde::Deserialize;

use super::interaction::InteractionContext;
use crate::web::{
    count::{self, MoveStep},
    error::Failure,
    flash::{ConnectedFlash, HubFlash, TermsFlash},
    form::Form,
    path,
};

/// Shows the terms that hold now, to somebody who ends a move or to an account that has yet to accept them.
pub(crate) async fn page(
    context: &InteractionContext,
    enrolment: Option<&Enrolment>,
    flash: Option<TermsFlash>,
) -> Result<Response, Failure> {
    let missing = || Failure::new(ProblemKind::Internal, "config holds no terms that are in force");
    let version = context.idp.accounts.current_terms().ok_or_else(missing)?;
    let edition =
        version.editions.get_key_value(context.locale.tag()).or_else(|| version.editions.iter().next());
    let (language, edition) = edition.ok_or_else(missing)?;
    let email = match (enrolment, &context.browser.session) {
        (Some(enrolment), _) => enrolment.email.clone(),
        (None, Some(session)) => context.idp.accounts.account(session.account).await?.map(|a| a.email),
        (None, None) => None,
    };
    // A move that goes on at the portal of another agency is still that of its own one.
    let agency = match enrolment {
        Some(enrolment) => Some(context.agency_of(enrolment)?),
        None => context.agency.clone(),
    };
    let page = page::Terms {
        email: email.unwrap_or_default(),
        agency_name: agency.map(|a| a.name.clone()).unwrap_or_default(),
        version: version.version.clone(),
        language: language.clone(),
        sha256: edition.sha256.clone(),
        title: edition.title.clone(),
        body_html: pages::markdown(&edition.text),
        enrolling: enrolment.is_some(),
        error: flash.map(Into::into),
        previous_version: previous_version(context, enrolment, &version.version).await?,
    };
    let response = match flash {
        // The new text, and that nothing was accepted (SECURITY #90).
        Some(TermsFlash::Changed) => context.response().status(StatusCode::CONFLICT),
        Some(TermsFlash::NotTicked) | None => context.response(),
    };
    response.page(&page)
}

/// Returns the version that the account accepted last, if it is another one.
async fn previous_version(
    context: &InteractionContext,
    enrolment: Option<&Enrolment>,
    shown: &str,
) -> Result<Option<String>, Failure> {
    // A move has no account yet.
    let Some(session) = context.browser.session.as_ref().filter(|_| enrolment.is_none()) else {
        return Ok(None);
    };
    let given = context.idp.accounts.acceptances(session.account).await?;
    let versions = given.into_iter().map(|given| given.receipt.version);
    Ok(versions.into_iter().find(|version| version != shown))
}

#[derive(Deserialize)]
pub(crate) struct TermsForm {
    version: String,
    language: String,
    sha256: String,
    accept: Option<String>,
    /// `end` once the page's script saw the end of the text on the screen.
    read: Option<String>,
}

/// `POST /authorize/{id}/terms`: the last step of a first move, or a newer version.
pub(crate) async fn post(
    Form { context, fields }: Form<InteractionContext, TermsForm>,
) -> Result<Response, Failure> {
    let (idp, browser) = (&context.idp, &context.browser);
    let again = |flash| Ok(context.response().say(&context.hub(), &HubFlash::Terms(flash)));
    if fields.accept.is_none() {
        return again(TermsFlash::NotTicked);
    }
    let method = if fields.read.as_deref() == Some("end") { Shown::READ } else { Shown::TICKED };
    let shown = Shown {
        version: fields.version,
        language: fields.language,
        sha256: fields.sha256,
        method: method.into(),
    };
    let visitor = context.visitor();
    let session = browser.session.as_ref();
    let enrolment = context.enrolment().await?;
    if let Some(ended) = enrolment.as_ref().filter(|e| e.stage == accounts::Stage::Finished)
        && let Some(answer) = ended_here(&context, ended).await?
    {
        return Ok(answer);
    }
    let Some(enrolment) = enrolment.filter(|e| e.stage == accounts::Stage::Terms) else {
        let Some(session) = session else { return Ok(context.to_hub()) };
        let agency = context.agency.as_ref().map(|a| a.id.as_str());
        return match idp.accounts.accept_terms(session.account, agency, &shown, &visitor).await? {
            Accepted::Done(receipt) => {
                let flash = ConnectedFlash::new(receipt, None);
                Ok(context.response().say(&path::connected(context.id()), &flash))
            }
            Accepted::Changed => again(TermsFlash::Changed),
        };
    };
    match idp.accounts.finish(enrolment.id, &shown, false, session, &visitor).await? {
        Finish::Done(signed_in, receipt) => {
            count::move_step(&enrolment.agency_id, MoveStep::Finished);
            let flash = ConnectedFlash::new(receipt, Some(&enrolment.agency_id));
            Ok(context.signed_in(&signed_in).await?.say(&path::connected(context.id()), &flash))
        }
        Finish::Changed => again(TermsFlash::Changed),
        // Another copy of this form was faster.
        Finish::NotNow => Ok(ended_here(&context, &enrolment).await?.unwrap_or_else(|| context.to_hub())),
    }
}

/// Answers the last step, sent again by the browser that took it, as the first time: the receipt, and the session that it brought.
async fn ended_here(
    context: &InteractionContext,
    enrolment: &Enrolment,
) -> Result<Option<Response>, Failure> {
    let Some((signed_in, receipt)) = context
        .idp
        .accounts
        .finished_again(enrolment.id, context.browser.session.as_ref(), &context.visitor())
        .await?
    else {
        return Ok(None);
    };
    let flash = ConnectedFlash::new(receipt, Some(&enrolment.agency_id));
    Ok(Some(context.response().signed_in(&signed_in).say(&path::connected(context.id()), &flash)))
}

/// `GET /authorize/{id}/refuse`: what it means not to accept (PEOPLE U-51). Nothing changes; where nothing is to be accepted, it leads to what is next.
pub(crate) async fn refuse(context: InteractionContext) -> Result<Response, Failure> {
    let enrolment = context.enrolment().await?;
    let (asked, standing) = context.facts(enrolment.as_ref(), false).await?;
    let enrolling = match decide(&asked, &standing) {
        Next::Enrol(Step::Terms) => true,
        Next::AcceptTerms => false,
        _ => return Ok(context.to_hub()),
    };
    context.response().page(&page::TermsRefused { enrolling })
}

/// `GET /authorize/{id}/connected`: "Vous êtes maintenant connecté", with the receipt.
pub(crate) async fn connected(context: InteractionContext) -> Result<Response, Failure> {
    let (idp, browser) = (&context.idp, &context.browser);
    let Some(session) = &browser.session else { return Ok(context.to_hub()) };
    let flash = browser.flash(idp, &path::connected(context.id()));
    let response = context.response();
    let response = if flash.is_some() { response.keep_flash() } else { response };
    let person = idp.accounts.account(session.account).await?;
    let moved = flash.as_ref().and_then(|flash| flash.moved.as_deref());
    // The portal of another agency than that of the move may not know this account.
    let opens = context.agency.as_ref().filter(|agency| moved.is_none_or(|moved| *moved == *agency.id));
    let page = page::Connected {
        email: person.map(|p| p.email).unwrap_or_default(),
        agency_name: opens.map(|agency| agency.name.clone()),
        moved: moved.and_then(|id| idp.agencies.load().agency(id).map(|agency| agency.name.clone())),
        receipt: flash.map(ConnectedFlash::receipt),
        continue_url: context.hub().into(),
    };
    response.page(&page)
}
