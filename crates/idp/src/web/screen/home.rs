//! The provider's own front page: no portal asked (SPEC J1, PEOPLE U-45).

use axum::{extract::State, response::Response};
use pages::page;

use crate::{
    Idp, Shared,
    web::{browser::Browser, closed::closed, error::Failure, limits, path, response::ResponseBuilder},
};

/// `GET /`: a person's agencies, one click to each; sign-in first.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let person = match &browser.session {
        Some(session) if idp.accounts.terms_due(session.account).await?.is_none() => {
            idp.accounts.account(session.account).await?
        }
        _ => None,
    };
    let Some(person) = person else {
        return sign_in(&idp, &browser).await;
    };
    let agencies = idp.agencies.load();
    let linked = idp.accounts.linked_agencies(person.id).await?;
    let now = idp.context.now();
    let shown: Vec<page::HomeAgency> = (linked.iter())
        .filter_map(|link| agencies.agency(&link.agency_id))
        .map(|agency| {
            let closed = closed(agency, now);
            let url = agency.entrance(&idp.issuer).filter(|_| closed.is_none());
            page::HomeAgency { name: agency.name.clone(), url, city: agency.city.clone(), closed }
        })
        .collect();
    let page = page::Home {
        desk: !super::desk::seats(&idp, &person).is_empty(),
        name: person.name,
        email: person.email,
        away: shown.len() < linked.len(),
        agencies: shown,
        notice: browser.flash(&idp, &path::HOME).map(Into::into),
    };
    ResponseBuilder::new(&idp, &browser).page(&page)
}

/// Begins an interaction of the kind *home*, whose hub asks the person to sign in.
pub(crate) async fn sign_in(idp: &Idp, browser: &Browser) -> Result<Response, Failure> {
    limits::arrival(idp, browser)?;
    let id = idp.grants.start_home(&browser.token, None).await?;
    Ok(ResponseBuilder::new(idp, browser).enter(id, path::hub(id)))
}

/// `GET /attach`: another agency's old identifiers.
pub(crate) async fn attach(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    at_home(&idp, &browser, "legacy").await
}

/// `GET /forgot`, from a page outside an interaction.
pub(crate) async fn forgot(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    at_home(&idp, &browser, "forgot").await
}

async fn at_home(idp: &Idp, browser: &Browser, page: &str) -> Result<Response, Failure> {
    limits::arrival(idp, browser)?;
    let id = idp.grants.start_home(&browser.token, None).await?;
    Ok(ResponseBuilder::new(idp, browser).enter(id, path::of(id, page)))
}
