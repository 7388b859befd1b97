use axum::{
    extract::{RawQuery, Request, State},
    response::Response,
};
use pages::page::{self, ProblemKind};

use crate::{
    Idp, Shared,
    grant::EndSession,
    web::{
        body,
        browser::Browser,
        error::Failure,
        flash::SignedOutFlash,
        foreign::{self, ForeignPost},
        path,
        response::ResponseBuilder,
    },
};

/// `GET /end-session` (OIDC RP-Initiated Logout §2).
pub(crate) async fn get(
    State(idp): State<Shared>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    end(&idp, &browser, &[query.as_deref().unwrap_or_default()], false).await
}

/// `POST /end-session`: the same from a portal's form, which brings no cookies and is redirected to the GET that does, or the person's yes from our own.
pub(crate) async fn post(
    State(idp): State<Shared>,
    browser: Browser,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Failure> {
    let foreign = foreign::foreign_post(&idp, request.method(), request.headers());
    let body = body::read(request.into_body(), &idp).await?;
    // A body that is no text says nothing.
    let body = std::str::from_utf8(&body).unwrap_or_default();
    let raw = [query.as_deref().unwrap_or_default(), body];
    // A portal's form cannot hold our form token, so what holds it is ours (SECURITY #44).
    let csrf = url::form_urlencoded::parse(body.as_bytes())
        .find(|(name, _)| name == "csrf")
        .map(|(_, v)| v.into_owned());
    // A portal's own form may have a field of that name: it says nothing here.
    let csrf = csrf.filter(|_| foreign != Some(ForeignPost::Certainly));
    if csrf.as_ref().is_some_and(|token| !browser.owns(token)) {
        return Err(Failure::new(ProblemKind::ForeignBrowser, "the form token is not this browser's")
            .retry("/sign-out"));
    }
    if let Some(post) = foreign.filter(|_| csrf.is_none())
        && let Some(passed) = foreign::pass_on(&idp, &browser, post, &raw)?
    {
        return Ok(passed);
    }
    end(&idp, &browser, &raw, csrf.is_some()).await
}

/// Answers with the page that ends the session in the clients' frames and goes on; here it has ended.
pub(crate) fn signing_out(
    response: ResponseBuilder<'_>,
    frames: Vec<String>,
    after: Option<String>,
) -> Result<Response, Failure> {
    let next = after.unwrap_or_else(|| path::SIGN_OUT.into());
    let response = response.signed_out().flash(&path::SIGN_OUT, &SignedOutFlash {});
    response.frames(&frames).page(&page::SigningOut { frames, next })
}

async fn end(idp: &Idp, browser: &Browser, raw: &[&str], confirmed: bool) -> Result<Response, Failure> {
    let response = ResponseBuilder::new(idp, browser);
    match idp.grants.end_session(raw, browser.session.as_ref(), confirmed).await? {
        EndSession::Done(after) => {
            // Only what has ended is taken away: another site's request may come without the cookie that is there (SameSite=Lax).
            let response = match browser.session {
                Some(_) => response.signed_out().flash(&path::SIGN_OUT, &SignedOutFlash {}),
                None => response,
            };
            let after = after.unwrap_or_else(|| path::SIGN_OUT.into());
            if !confirmed {
                return Ok(response.see_other(after));
            }
            // From a form of ours (SECURITY D15).
            response.leave_to(&after)
        }
        EndSession::Frames { frames, after } => signing_out(response, frames, after),
        EndSession::Confirm { fields, client_id, .. } => {
            let agencies = idp.agencies.load();
            let portal = client_id.as_deref().and_then(|id| agencies.portal(id));
            let ui_locales: Vec<String> = fields
                .iter()
                .filter(|(name, _)| *name == "ui_locales")
                .flat_map(|(_, value)| value.split(' ').map(str::to_owned))
                .collect();
            let agency = portal.map(|(agency, _)| &**agency);
            let response = response.agency(agency).locale(browser.locale(&ui_locales, agency));
            let page = page::SignOutConfirm {
                client_name: portal.map(|(_, portal)| portal.name.clone()),
                action: oidc::discovery::path::END_SESSION.into(),
                hidden: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            };
            response.page(&page)
        }
    }
}
