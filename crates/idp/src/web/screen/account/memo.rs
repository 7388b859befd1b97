use agencies::Agency;
use axum::response::Response;
use pages::page::{Memo, MemoAgency};

use super::Member;
use crate::web::{error::Failure, look::contact};

/// `GET /account/memo`: how to sign in again, on a sheet to print.
pub(crate) async fn get(member: Member) -> Result<Response, Failure> {
    let idp = &member.idp;
    let known = idp.agencies.load();
    let linked = idp.accounts.linked_agencies(member.person.id).await?;
    let entry = |agency: &Agency| MemoAgency {
        name: agency.name.clone(),
        site: site(agency),
        contact: contact(agency),
    };
    let rules = idp.accounts.rules();
    let page = Memo {
        email: member.person.email.clone(),
        agencies: linked.iter().filter_map(|link| known.agency(&link.agency_id)).map(|a| entry(a)).collect(),
        lock_failures: rules.lock.limit,
        reset_minutes: rules.reset_minutes(),
    };
    member.response().page(&page)
}

/// Returns the home of an agency's portal as people type it.
fn site(agency: &Agency) -> Option<String> {
    let home = agency.portals.first()?.home.as_deref()?;
    let bare = home.split_once("://").map_or(home, |(_, rest)| rest);
    Some(bare.trim_end_matches('/').to_owned())
}
