use accounts::{Accepted, Enrolment, Finish, Shown};
use axum::{
    extract::{Path, State},
    response::Response,
};
use pages::page::{self, ProblemKind};
use serde::Deserialize;

use super::turn::Turn;
use crate::{
    InteractionId, Shared,
    web::{
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
        form::Form,
    },
};

/// The terms that hold now, for somebody who ends a move or for an account that has yet to accept them.
pub(crate) async fn page(
    turn: &Turn<'_>,
    enrolment: Option<&Enrolment>,
    flash: &Flash,
) -> Result<Response, Failure> {
    let missing = || Failure::new(ProblemKind::Internal, "config holds no terms that are in force");
    let version = turn.idp.accounts.current_terms().ok_or_else(missing)?;
    let edition =
        version.editions.get_key_value(turn.locale.tag()).or_else(|| version.editions.iter().next());
    let (language, edition) = edition.ok_or_else(missing)?;
    let email = match (enrolment, &turn.browser.session) {
        (Some(enrolment), _) => enrolment.email.clone(),
        (None, Some(session)) => turn.idp.accounts.account(session.account).await?.map(|a| a.email),
        (None, None) => None,
    };
    let page = page::Terms {
        email: email.unwrap_or_default(),
        agency_name: turn.agency.as_ref().map(|a| a.name.clone()).unwrap_or_default(),
        version: version.version.clone(),
        language: language.clone(),
        sha256: edition.sha256.clone(),
        title: edition.title.clone(),
        body_html: pages::markdown(&edition.text),
        enrolling: enrolment.is_some(),
        error: flash.terms_error(),
        previous_version: previous_version(turn, enrolment, &version.version).await?,
    };
    turn.answer().page(&turn.setting(), &page)
}

/// The version that the account accepted last, where it is another one.
async fn previous_version(
    turn: &Turn<'_>,
    enrolment: Option<&Enrolment>,
    shown: &str,
) -> Result<Option<String>, Failure> {
    // A move has no account yet.
    let Some(session) = turn.browser.session.as_ref().filter(|_| enrolment.is_none()) else {
        return Ok(None);
    };
    let given = turn.idp.accounts.acceptances(session.account).await?;
    let versions = given.into_iter().map(|given| given.receipt.version);
    Ok(versions.into_iter().find(|version| version != shown))
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    version: String,
    language: String,
    sha256: String,
    accept: Option<String>,
    /// `end` once the page's script saw the end of the text on the screen.
    read: Option<String>,
}

/// `POST /authorize/{id}/terms`: the last step of a first move, or a newer version.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    if fields.accept.is_none() {
        return Ok(turn.answer().say(&turn.hub(), &Flash::said(Said::NotTicked)));
    }
    let method = if fields.read.as_deref() == Some("end") { Shown::READ } else { Shown::TICKED };
    let shown = Shown {
        version: fields.version,
        language: fields.language,
        sha256: fields.sha256,
        method: method.into(),
    };
    let changed = || Ok(turn.answer().say(&turn.hub(), &Flash::said(Said::Changed)));
    let visitor = turn.visitor();
    let session = browser.session.as_ref();
    let enrolment = turn.enrolment().await?;
    if let Some(ended) = enrolment.as_ref().filter(|e| e.stage == accounts::Stage::Finished)
        && let Some(answer) = ended_here(&turn, ended.id).await?
    {
        return Ok(answer);
    }
    let Some(enrolment) = enrolment.filter(|e| e.stage == accounts::Stage::Terms) else {
        let Some(session) = session else { return Ok(turn.to_hub()) };
        let agency = turn.agency.as_ref().map(|a| a.id.as_str());
        return match idp.accounts.accept_terms(session.account, agency, &shown, &visitor).await? {
            Accepted::Done(receipt) => {
                Ok(turn.answer().say(&turn.path("connected"), &Flash::said(Said::receipt(receipt, false))))
            }
            Accepted::Changed => changed(),
        };
    };
    match idp.accounts.finish(enrolment.id, &shown, false, session, &visitor).await? {
        Finish::Done(signed_in, receipt) => {
            let flash = Flash::said(Said::receipt(receipt, true));
            Ok(turn.signed_in(&signed_in).await?.say(&turn.path("connected"), &flash))
        }
        Finish::Changed => changed(),
        // Another copy of this form was faster.
        Finish::NotNow => Ok(ended_here(&turn, enrolment.id).await?.unwrap_or_else(|| turn.to_hub())),
    }
}

/// The last step, sent again by the browser that took it: what the first answer said, and the session that it brought.
async fn ended_here(turn: &Turn<'_>, enrolment: accounts::EnrolmentId) -> Result<Option<Response>, Failure> {
    let Some((signed_in, receipt)) =
        turn.idp.accounts.finished_again(enrolment, turn.browser.session.as_ref(), &turn.visitor()).await?
    else {
        return Ok(None);
    };
    let flash = Flash::said(Said::receipt(receipt, true));
    Ok(Some(turn.answer().signed_in(&signed_in).say(&turn.path("connected"), &flash)))
}

/// `GET /authorize/{id}/refuse`: what it means not to accept (PEOPLE U-51). Nothing changes.
pub(crate) async fn refuse(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    browser: Browser,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let enrolling = turn.enrolment().await?.is_some_and(|e| e.stage != accounts::Stage::Finished);
    turn.answer().page(&turn.setting(), &page::TermsRefused { enrolling })
}

/// `GET /authorize/{id}/connected`: "Vous êtes maintenant connecté", with the receipt.
pub(crate) async fn connected(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    browser: Browser,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let Some(session) = &browser.session else { return Ok(turn.to_hub()) };
    let (receipt, moved) = match browser.flash(&idp).said {
        Some(Said::Receipt { version, sha256, accepted_at, moved }) => {
            (Some(page::Receipt { version, sha256, accepted_at }), moved)
        }
        _ => (None, false),
    };
    let person = idp.accounts.account(session.account).await?;
    let page = page::Connected {
        email: person.map(|p| p.email).unwrap_or_default(),
        agency_name: turn.agency.as_ref().map(|a| a.name.clone()),
        moved,
        receipt,
        continue_url: turn.hub(),
    };
    turn.answer().page(&turn.setting(), &page)
}
