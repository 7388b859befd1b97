//! The authorization endpoint's face: from a portal's request to an interaction in this browser.

use accounts::legacy::{LegacyProof, Ticket};
use axum::{
    extract::{RawQuery, Request, State},
    response::Response,
};
use pages::page::ProblemKind;

use super::turn::Turn;
use crate::{
    Idp, Shared,
    grant::Start,
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
    if let Some(post) = foreign {
        let passed = foreign::pass_on(&idp, &browser, post, &raw, |fields| {
            let uri = foreign::field(fields, "redirect_uri")?;
            let agencies = idp.agencies.load();
            let (_, portal) = agencies.portal(foreign::field(fields, "client_id")?)?;
            portal.client.redirects_to(uri).then(|| uri.to_owned())
        });
        if let Some(passed) = passed? {
            return Ok(passed);
        }
    }
    arrive(&idp, &browser, &raw).await
}

async fn arrive(idp: &Idp, browser: &Browser, raw: &[&str]) -> Result<Response, Failure> {
    if let Some(answer) = arrivals::too_often(idp, browser, raw)? {
        return Ok(answer);
    }
    match idp.grants.start(raw, &browser.token, browser.session.as_ref().map(|s| s.id)).await? {
        Start::Refused(refusal) => Err(Failure::new(kind(idp, raw, &refusal), refusal.to_string())),
        Start::Answer(response) => {
            let setting = Setting { locale: browser.locale(&[], None), agency: None, base: String::new() };
            Answer::new(idp, browser).back(&setting, response)
        }
        Start::Interaction(id) => {
            let turn = Turn::load(idp, browser, id).await?;
            match redeem_ticket(&turn).await? {
                Some((page, flash)) => Ok(turn.answer().flash(&page, &flash).enter(id, &page)),
                None => Ok(Answer::new(idp, browser).enter(id, &path::hub(id))),
            }
        }
    }
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
        idp.ground.now(),
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
