//! The authorization endpoint's face: from a portal's request to an interaction in this browser.

use accounts::{LegacyProof, Ticket};
use axum::{
    extract::{RawQuery, Request, State},
    response::Response,
};
use oidc::{
    decide::{Next, Outcome, Standing, decide},
    respond,
};
use pages::page::ProblemKind;

use super::turn::{self, Known, Turn};
use crate::{
    Idp, Shared,
    grant::{Ask, Asking, Completed},
    web::{
        answer::{Answer, Setting},
        arrivals, body,
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
        foreign, path,
    },
};

/// `GET /authorize` (OIDC Core §3.1.2.1).
pub(crate) async fn get(
    State(idp): State<Shared>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    arrive(&idp, &browser, &[query.as_deref().unwrap_or_default()]).await
}

/// `POST /authorize`: the same parameters in a form, from another site by its nature.
pub(crate) async fn post(
    State(idp): State<Shared>,
    browser: Browser,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Failure> {
    let foreign = foreign::foreign_post(&idp, request.method(), request.headers());
    let body = body::read(request.into_body(), &idp).await?;
    let body = std::str::from_utf8(&body).map_err(|_| Failure::new(ProblemKind::BadRequest, "not UTF-8"))?;
    // From another site our cookies do not come along (SameSite=Lax). The same request as a GET brings them, so single sign-on holds and this
    // browser's other tabs keep their cookie.
    let raw = [query.as_deref().unwrap_or_default(), body];
    if let Some(post) = foreign
        && let Some(passed) = foreign::pass_on(&idp, &browser, post, &raw)?
    {
        return Ok(passed);
    }
    arrive(&idp, &browser, &raw).await
}

async fn arrive(idp: &Idp, browser: &Browser, raw: &[&str]) -> Result<Response, Failure> {
    let asking = match idp.grants.ask(raw).await? {
        Ask::Good(asking) => asking,
        Ask::Refused(refusal) => return Err(Failure::new(kind(idp, raw, &refusal), refusal.to_string())),
        Ask::Answer(response) => return at_once(idp, browser, None, response),
    };
    if let Some(response) = answer(idp, browser, &asking).await? {
        return at_once(idp, browser, Some(&asking), response);
    }
    // From here on it writes a row; whatever was answered so far wrote none for a stranger.
    arrivals::take(idp, browser)?;
    let session = browser.session.as_ref().map(|s| s.id);
    let id = idp.grants.keep(*asking, &browser.token, session).await?;
    let turn = Turn::load(idp, browser, id).await?;
    let begun = || turn.answer().began_at(id, turn.agency.as_deref());
    match redeem_ticket(&turn).await? {
        Some((page, flash)) => Ok(begun().flash(&page, &flash).enter(id, &page)),
        None => Ok(begun().enter(id, &path::hub(id))),
    }
}

/// The client's answer, where no page is needed for it: a code for somebody who is signed in, or the error that `prompt=none` asks for in place of a
/// page (OIDC Core §3.1.2.1). Nothing of such a request is stored.
async fn answer(idp: &Idp, browser: &Browser, asking: &Asking) -> Result<Option<respond::Response>, Failure> {
    let Asking { request, agency, portal } = asking;
    let asked = oidc::decide::Asked::by(request);
    // A ticket is verified and used up before anything is decided. Silence asks for nothing that only a page can go on with.
    if request.migration_ticket.is_some() && !asked.silently {
        return Ok(None);
    }
    let standing = |known| Standing {
        now: idp.context.now(),
        enrolment: None,
        session: browser
            .session
            .as_ref()
            .map(|session| turn::signed_in(idp, session, Some(portal), false, known)),
        unlinked_allowed: false,
    };
    let mut next = decide(&asked, &standing(Known::DONE));
    if let (Next::Return(Outcome::Code), Some(session)) = (&next, &browser.session) {
        next = decide(&asked, &standing(Known::of(idp, session, Some(&**agency)).await?));
    }
    match (next, &browser.session) {
        (Next::Return(Outcome::Error(error)), _) => Ok(Some(idp.grants.refuse(request, &error))),
        (Next::Return(Outcome::Code), Some(session)) => match idp.grants.answer(request, session).await? {
            Completed::Answer(response) => Ok(Some(response)),
            // The session ended while this was decided.
            Completed::Over | Completed::Home => {
                let nobody = oidc::Error::new(oidc::Code::LoginRequired, "nobody is signed in");
                Ok(asked.silently.then(|| idp.grants.refuse(request, &nobody)))
            }
        },
        _ => Ok(None),
    }
}

/// To the client, by the redirect that answers its own.
fn at_once(
    idp: &Idp,
    browser: &Browser,
    asking: Option<&Asking>,
    response: respond::Response,
) -> Result<Response, Failure> {
    let agency = asking.map(|asking| &*asking.agency);
    let setting = Setting { locale: browser.locale(&[], agency), agency, base: String::new() };
    Answer::without_cookies(idp, browser).back_at_once(&setting, response)
}

/// Whom there is to answer is not settled: a page of ours.
fn kind(idp: &Idp, raw: &[&str], refusal: &oidc::Refusal) -> ProblemKind {
    match refusal {
        // The agency is one of ours, and its file is being mended (SECURITY D20).
        oidc::Refusal::UnknownClient if idp.grants.withholds(raw) => ProblemKind::Unavailable,
        oidc::Refusal::UnknownClient | oidc::Refusal::NoClient => ProblemKind::UnknownClient,
        oidc::Refusal::UnknownRedirect | oidc::Refusal::NoRedirect => ProblemKind::BadRedirect,
        _ => ProblemKind::BadRequest,
    }
}

/// A portal that has just checked the old credentials hands the person over with a ticket (SPEC J2). A ticket that does not hold loses nothing:
/// the person is told and may type the old credentials here.
async fn redeem_ticket(turn: &Turn<'_>) -> Result<Option<(String, Flash)>, Failure> {
    let request = turn.interaction.request.as_ref();
    let (Some(jwt), Some(agency)) = (request.and_then(|r| r.migration_ticket.as_deref()), &turn.agency)
    else {
        return Ok(None);
    };
    let idp = turn.idp;
    let invalid = || Some((turn.hub(), Flash::said(Said::TicketInvalid)));
    let Some(key) = &agency.ticket else {
        tracing::warn!(agency = agency.id, "a migration ticket, but the agency's file names no ticket key");
        return Ok(invalid());
    };
    let client_id = request.map(|r| r.client_id.as_str()).unwrap_or_default();
    let issuers = [client_id, agency.id.as_str()];
    let ticket = match oidc::ticket::verify(
        jwt,
        std::slice::from_ref(&key.0),
        &issuers,
        &idp.issuer,
        idp.context.now(),
    ) {
        Ok(ticket) => ticket,
        Err(refused) => {
            tracing::warn!(agency = agency.id, %refused, "a migration ticket is refused");
            return Ok(invalid());
        }
    };
    let ticket = Ticket {
        jti: ticket.jti,
        expires_at: ticket.expires_at,
        identifier: ticket.identifier,
        client_ref: ticket.client_ref,
        email: ticket.email,
        name: ticket.name,
    };
    let origin = turn.id().to_string();
    let visitor = turn.visitor();
    match idp.accounts.prove_by_ticket(agency, &ticket, Some(&origin), &visitor).await? {
        LegacyProof::Enrolment(enrolment) => {
            idp.grants.set_enrolment(&turn.interaction, Some(enrolment)).await?;
            Ok(None)
        }
        LegacyProof::Moved { account, .. }
            if turn.browser.session.as_ref().is_some_and(|s| s.account == account) =>
        {
            Ok(None)
        }
        LegacyProof::Moved { hint, .. } => {
            Ok(Some((turn.path("legacy"), Flash::said(Said::Moved(hint)).typed(&ticket.identifier))))
        }
        LegacyProof::Busy => Err(Failure::new(ProblemKind::Busy, "no room to hash").retry(turn.hub())),
        _ => Ok(invalid()),
    }
}
