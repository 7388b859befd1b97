//! The provider's own front door: no portal asked (SPEC J1, PEOPLE U-45).

use axum::{extract::State, response::Response};
use pages::page;

use crate::{
    Idp, Shared,
    web::{
        answer::{Answer, Setting},
        arrivals,
        browser::Browser,
        error::Failure,
        path,
    },
};

/// `GET /`: a person's agencies, one click to each; sign-in first.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let answer = Answer::new(&idp, &browser);
    let person = match &browser.session {
        Some(session) if idp.accounts.terms_due(session.account).await?.is_none() => {
            idp.accounts.account(session.account).await?
        }
        _ => None,
    };
    let Some(person) = person else {
        arrivals::take(&idp, &browser)?;
        let id = idp.grants.start_home(&browser.token, None).await?;
        return Ok(answer.enter(id, &path::hub(id)));
    };
    let agencies = idp.agencies.load();
    let linked = idp.accounts.linked_agencies(person.id).await?;
    let shown = linked.iter().filter_map(|link| {
        let agency = agencies.agency(&link.agency_id)?;
        let url = agency.entrance(&idp.issuer)?;
        Some(page::HomeAgency { name: agency.name.clone(), url, city: agency.city.clone() })
    });
    let page = page::Home {
        name: person.name,
        email: person.email,
        agencies: shown.collect(),
        notice: browser.flash(&idp).home_notice(),
    };
    let setting = Setting { locale: browser.locale(&[], None), agency: None, base: String::new() };
    answer.page(&setting, &page)
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
    arrivals::take(idp, browser)?;
    let id = idp.grants.start_home(&browser.token, None).await?;
    Ok(Answer::new(idp, browser).enter(id, &path::of(id, page)))
}
