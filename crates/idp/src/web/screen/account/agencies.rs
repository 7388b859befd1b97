use axum::response::Response;
use pages::page::{AccountAgencies, AgencyCard};

use super::Member;
use crate::web::{error::Failure, look::logo_url};

/// `GET /account/agencies`: what is attached, and the way to each portal.
pub(crate) async fn get(member: Member) -> Result<Response, Failure> {
    let idp = &member.idp;
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
    let attached = linked.len();
    let agencies: Vec<_> = linked.into_iter().filter_map(card).collect();
    let page = AccountAgencies { unavailable: agencies.len() < attached, agencies };
    member.response().page(&page)
}
