use axum::response::Response;
use pages::page::{AccountAgencies, AgencyCard};

use super::Member;
use crate::web::{closed::closed, error::Failure, look::logo_url};

/// `GET /account/agencies`: what is attached, and the way to each portal.
pub(crate) async fn get(member: Member) -> Result<Response, Failure> {
    let idp = &member.idp;
    let known = idp.agencies.load();
    let linked = idp.accounts.linked_agencies(member.person.id).await?;
    let (links, now) = (linked.len(), idp.context.now());
    let card = |link: accounts::LinkedAgency| {
        let agency = known.agency(&link.agency_id)?;
        let closed = closed(agency, now);
        Some(AgencyCard {
            name: agency.name.clone(),
            city: agency.city.clone(),
            accent: agency.look.accent.clone(),
            logo_url: logo_url(agency),
            client_refs: link.client_refs,
            since: link.since,
            url: agency.entrance(&idp.issuer).filter(|_| closed.is_none()),
            closed,
        })
    };
    let agencies: Vec<AgencyCard> = linked.into_iter().filter_map(card).collect();
    let page = AccountAgencies { away: agencies.len() < links, agencies };
    member.response().page(&page)
}
