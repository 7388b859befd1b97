use axum::response::Response;
use pages::page::{AccountLooks, DeskRole, LookRow};

use super::Member;
use crate::web::{error::Failure, flash::desk_verb};

/// `GET /account/looks`: who looked at the person, for which agency, and what was done (SPEC J14). The names of those who looked stay with their agency.
pub(crate) async fn get(member: Member) -> Result<Response, Failure> {
    let idp = &member.idp;
    let agencies = idp.agencies.load();
    let row = |look: accounts::StaffLook| LookRow {
        at: look.at,
        role: role(&look.role),
        agency: look.agency.and_then(|id| agencies.agency(&id).map(|agency| agency.name.clone())),
        done: look.done.iter().filter_map(|name| desk_verb(name)).collect(),
    };
    let looks = idp.accounts.looks_at(member.person.id).await?;
    member.response().page(&AccountLooks { looks: looks.into_iter().map(row).collect() })
}

/// Returns the capacity that the evidence names; `None` for one of a later version.
fn role(name: &str) -> Option<DeskRole> {
    Some(match name {
        "desk" => DeskRole::Desk,
        "manager" => DeskRole::Manager,
        "support" => DeskRole::Support,
        "campaign" => DeskRole::Campaign,
        "operator" => DeskRole::Operator,
        _ => return None,
    })
}
