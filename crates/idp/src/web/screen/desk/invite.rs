//! The colleagues at an agency who have no account yet, whom a manager invites from the search.

use accounts::{Email, Invitee, StaffStanding};
use axum::response::Response;
use desk::{DeskError, Verb};
use kernel::Fault;
use pages::page::DeskColleague;
use serde::Deserialize;

use super::{AtDesk, DeskForm};
use crate::web::{error::Failure, path};

#[derive(Deserialize)]
pub(crate) struct InviteForm {
    /// Of the colleague, as the file has it.
    email: Option<String>,
}

/// `POST /desk/{seat}/invite`: the page says afterwards who is invited. A second click within a minute does nothing.
pub(crate) async fn post(DeskForm { at, fields }: DeskForm<InviteForm>) -> Result<Response, Failure> {
    let agency = at.seat.agency.clone().filter(|_| at.may(Verb::Invite)).ok_or_else(|| at.not_found())?;
    let meant = agency.staff.iter().find(|one| Some(&one.email) == fields.email.as_ref());
    if let Some((staff, email)) = meant.and_then(|staff| Some((staff, Email::parse(&staff.email)?))) {
        let invitee =
            Invitee { email: &email, name: &staff.name, agency: Some(&agency.id), locale: &agency.language };
        match at.desk().invite(&at.seat.actor, invitee).await {
            Ok(_) => {}
            Err(DeskError::Fault(fault)) => return Err(fault.into()),
            Err(_) => return Err(at.not_found()),
        }
    }
    Ok(at.response().see_other(path::desk(at.seat.key())))
}

/// Returns those of the agency's staff who have no account, for who may invite them; nobody for others.
pub(super) async fn without_account(at: &AtDesk) -> Result<Vec<DeskColleague>, Fault> {
    let Some(agency) = at.seat.agency.as_ref().filter(|_| at.may(Verb::Invite)) else {
        return Ok(Vec::new());
    };
    let mut colleagues = Vec::new();
    for staff in &agency.staff {
        let invited_until = match at.idp().accounts.staff_standing(&staff.email).await? {
            StaffStanding::HasAccount => continue,
            StaffStanding::Invited { until } => Some(until),
            StaffStanding::NotInvited => None,
        };
        let (name, email) = (staff.name.clone(), staff.email.clone());
        colleagues.push(DeskColleague { name, email, invited_until });
    }
    Ok(colleagues)
}
