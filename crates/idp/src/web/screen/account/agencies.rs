use axum::{extract::State, response::Response};
use pages::page::{AccountAgencies, AgencyCard};

use super::{Member, sign_in_first};
use crate::{
    Shared,
    web::{answer::logo_url, browser::Browser, error::Failure},
};

/// `GET /account/agencies`: what is attached, and the way to each portal.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let known = idp.agencies.load();
    let linked = idp.accounts.linked_agencies(member.person.id).await?;
    let card = |link: accounts::LinkedAgency| {
        let agency = known.agency(&link.agency_id)?;
        Some(AgencyCard {
            name: agency.name.clone(),
            city: agency.city.clone(),
            accent: agency.look.accent.clone(),
            logo_url: logo_url(agency),
            client_refs: link.client_refs,
            since: link.since,
            url: agency.entrance(&idp.issuer),
        })
    };
    let page = AccountAgencies { agencies: linked.into_iter().filter_map(card).collect() };
    member.answer().page(&member.setting(), &page)
}
