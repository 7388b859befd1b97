//! The authorization endpoint: from a portal's request to an interaction in this browser.

use accounts::{LegacyProof, Ticket};
use agencies::Agency;
use axum::{
    extract::{RawQuery, Request, State},
    response::Response,
};
use oidc::{
    decide::{Facts, Next, Outcome, decide},
    respond,
};
use pages::page::ProblemKind;

use super::interaction::{self, AccountState, InteractionContext};
use crate::{
    Idp, Shared,
    grant::{Ask, Asking, Completed, TICKET_KEY},
    web::{
        body,
        browser::Browser,
        closed,
        count::{self, MoveStep},
        error::Failure,
        flash::{self, HubFlash, LegacyFlash, LegacyRefused, SignInFlash},
        foreign, limits, path,
        response::ResponseBuilder,
    },
};

/// `GET /authorize` (OIDC Core §3.1.2.1).
pub(crate) async fn get(
    State(idp): State<Shared>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    arrive(&idp, browser, &[query.as_deref().unwrap_or_default()]).await
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
    // A form from another site comes without our cookies (SameSite=Lax). The same request as a GET brings them, so single sign-on holds and this
    // browser's other tabs keep their cookie.
    let raw = [query.as_deref().unwrap_or_default(), body];
    if let Some(post) = foreign
        && let Some(passed) = foreign::pass_on(&idp, &browser, post, &raw)?
    {
        return Ok(passed);
    }
    arrive(&idp, browser, &raw).await
}

async fn arrive(idp: &Shared, browser: Browser, raw: &[&str]) -> Result<Response, Failure> {
    let asking = match idp.grants.ask(raw).await? {
        Ask::Good(asking) => asking,
        Ask::Refused(refusal) => return Err(Failure::new(kind(idp, raw, &refusal), refusal.to_string())),
        Ask::Answer(response) => return at_once(idp, &browser, None, response),
    };
    if let Err(closed) = closed::open(&asking.agency, idp.context.now()) {
        // A portal that asks in silence gets an answer that it can go on with.
        if !oidc::decide::SignInRequest::by(&asking.request).silently {
            return Err(closed);
        }
        let away = oidc::Error::new(oidc::Code::TemporarilyUnavailable, "the agency is closed");
        return at_once(idp, &browser, Some(&asking), idp.grants.refuse(&asking.request, &away));
    }
    if let Some(response) = answer(idp, &browser, &asking).await? {
        return at_once(idp, &browser, Some(&asking), response);
    }
    // From here on a row may be written; whatever was answered so far wrote none for a stranger.
    limits::arrival(idp, &browser)?;
    let session = browser.session.as_ref().map(|s| s.id);
    let interaction = idp.grants.begin(*asking, &browser.token, session);
    let sealed = idp.grants.seal(&interaction);
    let context = InteractionContext::new(idp, browser, interaction)?;
    let id = context.id();
    let response = || context.response().began_at(id, context.agency.as_deref());
    if let Some(sealed) = sealed {
        return Ok(response().carry(&context.hub(), sealed).enter(id, context.hub()));
    }
    context.store().await?;
    let begun = response;
    Ok(match redeem_ticket(&context).await? {
        Redeemed::Hub => begun().enter(id, context.hub()),
        Redeemed::Invalid => {
            let flash = HubFlash::SignIn(SignInFlash::TicketInvalid);
            begun().flash(&context.hub(), &flash).enter(id, context.hub())
        }
        Redeemed::Moved(flash) => {
            let page = path::legacy(id);
            begun().flash(&page, &flash).enter(id, page)
        }
    })
}

/// Returns the client's answer, if no page is needed for it: a code for somebody who is signed in, or the error that `prompt=none` asks for in place of a
/// page (OIDC Core §3.1.2.1). Nothing of such a request is stored.
async fn answer(idp: &Idp, browser: &Browser, asking: &Asking) -> Result<Option<respond::Response>, Failure> {
    let Asking { request, agency, portal } = asking;
    let asked = oidc::decide::SignInRequest::by(request);
    // A ticket is verified and used up before anything is decided. Silence asks for nothing that only a page can go on with.
    if request.migration_ticket.is_some() && !asked.silently {
        return Ok(None);
    }
    let standing = |state| Facts {
        now: idp.context.now(),
        enrolment: None,
        session: browser
            .session
            .as_ref()
            .map(|session| interaction::signed_in(idp, session, Some(portal), false, state)),
        unlinked_allowed: false,
    };
    let mut next = decide(&asked, &standing(AccountState::DONE));
    if let (Next::Return(Outcome::Code), Some(session)) = (&next, &browser.session) {
        next = decide(&asked, &standing(AccountState::load(idp, session, Some(&**agency)).await?));
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

/// Answers the client by the redirect that answers its own.
fn at_once(
    idp: &Idp,
    browser: &Browser,
    asking: Option<&Asking>,
    response: respond::Response,
) -> Result<Response, Failure> {
    let agency = asking.map(|asking| &*asking.agency);
    ResponseBuilder::without_cookies(idp, browser).agency(agency).back_at_once(response)
}

/// Returns the page of a request whose client is not known to be answered.
fn kind(idp: &Idp, raw: &[&str], refusal: &oidc::Refusal) -> ProblemKind {
    match refusal {
        // The agency is one of ours, and its file is being mended (SECURITY D20).
        oidc::Refusal::UnknownClient if idp.grants.withholds(raw) => ProblemKind::Unavailable,
        oidc::Refusal::UnknownClient | oidc::Refusal::NoClient => ProblemKind::UnknownClient,
        oidc::Refusal::UnknownRedirect | oidc::Refusal::NoRedirect => ProblemKind::BadRedirect,
        _ => ProblemKind::BadRequest,
    }
}

/// The outcome of a request's ticket.
enum Redeemed {
    /// There was none, or it did its work: the hub goes on.
    Hub,
    Invalid,
    /// The identity has an account already, or has left its agency.
    Moved(LegacyFlash),
}

/// Redeems the ticket by which a portal that has just checked the old credentials hands the person over (SPEC J2). A ticket that does not hold loses
/// nothing: the person is told and may type the old credentials here.
async fn redeem_ticket(context: &InteractionContext) -> Result<Redeemed, Failure> {
    let request = context.interaction.request.as_ref();
    let (Some(request), Some(agency)) = (request, &context.agency) else { return Ok(Redeemed::Hub) };
    let Some(jwt) = &request.migration_ticket else { return Ok(Redeemed::Hub) };
    let idp = &context.idp;
    let Some(ticket) = verified(idp, agency, &request.client_id, jwt) else { return Ok(Redeemed::Invalid) };
    let (origin, visitor) = (context.id().to_string(), context.visitor());
    match idp.accounts.prove_by_ticket(agency, &ticket, Some(&origin), &visitor).await? {
        LegacyProof::Enrolment(enrolment) => {
            count::move_step(&agency.id, MoveStep::Begun);
            idp.grants.set_enrolment(&context.interaction, Some(enrolment)).await?;
            Ok(Redeemed::Hub)
        }
        LegacyProof::Moved { account, .. }
            if context.browser.session.as_ref().is_some_and(|s| s.account == account) =>
        {
            Ok(Redeemed::Hub)
        }
        LegacyProof::Moved { hint, .. } => Ok(Redeemed::Moved(LegacyFlash {
            error: Some(LegacyRefused::Moved { hint }),
            identifier: flash::typed(&ticket.identifier),
            code: None,
        })),
        LegacyProof::Closed => Ok(Redeemed::Moved(LegacyFlash {
            error: Some(LegacyRefused::Closed),
            identifier: flash::typed(&ticket.identifier),
            code: None,
        })),
        LegacyProof::Left => Ok(Redeemed::Moved(LegacyFlash {
            error: Some(LegacyRefused::Left),
            identifier: flash::typed(&ticket.identifier),
            code: None,
        })),
        LegacyProof::Busy => Err(Failure::new(ProblemKind::Busy, "no room to hash").retry(context.hub())),
        _ => Ok(Redeemed::Invalid),
    }
}

/// Returns the ticket, if the agency signed it for this provider. A refusal is logged.
fn verified(idp: &Idp, agency: &Agency, client_id: &str, jwt: &str) -> Option<Ticket> {
    if agency.tickets.is_empty() {
        tracing::warn!(agency = agency.id, "a migration ticket, but the agency's file names no ticket key");
        return None;
    }
    let (now, issuers) = (idp.context.now(), [client_id, agency.id.as_str()]);
    let mut refused = None;
    for key in agency.tickets.iter().filter(|key| key.holds(now)) {
        match oidc::ticket::verify(jwt, std::slice::from_ref(&key.key), &issuers, &idp.issuer, now) {
            Ok(ticket) => {
                idp.grants.secret_was_used(TICKET_KEY, &agency.id, key.mark.clone());
                return Some(Ticket {
                    jti: ticket.jti,
                    expires_at: ticket.expires_at,
                    identifier: ticket.identifier,
                    client_ref: ticket.client_ref,
                    email: ticket.email,
                    name: ticket.name,
                });
            }
            Err(why) => refused = Some(why),
        }
    }
    let refused = refused.map_or_else(|| "every ticket key has ended".to_owned(), |why| why.to_string());
    tracing::warn!(agency = agency.id, %refused, "a migration ticket is refused");
    None
}
