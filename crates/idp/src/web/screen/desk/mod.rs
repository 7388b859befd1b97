//! The desk (SPEC J14): pages for staff whom an agency's file names, or the main file for the vendor's, signed in by their own account with a password typed within
//! the last hour. To everybody else there is no such page.

pub(crate) mod act;
pub(crate) mod invite;
pub(crate) mod person;
pub(crate) mod search;

use std::sync::Arc;

use accounts::{Account, AccountId, Email, LegacyIdentityId, Session, Target};
use agencies::{Agency, StaffRole, Standing};
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    response::Response,
};
use desk::{Actor, Desk, DeskError, Role, VendorRole, Verb};
use http::request::Parts;
use kernel::Unix;
use pages::page::{self, DeskAgency, DeskRole, ProblemKind};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    Idp, Shared,
    grant::DESK_PASSWORD,
    web::{browser::Browser, error::Failure, form::read_own_fields, limits, path, response::ResponseBuilder},
};

/// The name in addresses for all agencies: no agency's, for those have no underscore.
const ALL: &str = "_all";

/// An agency for which somebody acts, or all of them.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) actor: Actor,
    /// The agency; `None` for all.
    pub(crate) agency: Option<Arc<Agency>>,
}

impl Seat {
    /// Returns the name in addresses.
    pub(crate) fn key(&self) -> &str {
        self.agency.as_ref().map_or(ALL, |agency| &agency.id)
    }
}

/// Returns the agencies for which the owner of an account may act, by what is served now, ordered by id, and all of them last.
pub(crate) fn seats(idp: &Idp, person: &Account) -> Vec<Seat> {
    let Some(email) = Email::parse(&person.email) else { return Vec::new() };
    let (agencies, now, email) = (idp.agencies.load(), idp.context.now(), email.canonical());
    let vendor = idp.staff.iter().find(|one| one.email == email);
    if vendor.is_none() && agencies.seats(email).next().is_none() {
        return Vec::new();
    }
    // Two of a name are told apart in the evidence.
    let name = |name: &str| format!("{name} ({})", person.id);
    let of_vendor = |agency: Option<&Arc<Agency>>| {
        vendor.map(|vendor| Seat {
            actor: Actor::Vendor { name: name(&vendor.name), role: vendor.role },
            agency: agency.cloned(),
        })
    };
    let own = |agency: &Arc<Agency>| {
        let staff = agency.staff.iter().find(|staff| staff.email == email)?;
        let role = match staff.role {
            StaffRole::Desk => Role::Desk,
            StaffRole::Manager => Role::Manager,
        };
        let actor = Actor::Agency { name: name(&staff.name), agency: agency.id.clone(), role };
        Some(Seat { actor, agency: Some(agency.clone()) })
    };
    let open = agencies.iter().filter(|agency| agency.life.at(now) != Standing::Left);
    let mut all: Vec<Seat> =
        open.filter_map(|agency| own(agency).or_else(|| of_vendor(Some(agency)))).collect();
    if vendor.is_some_and(|vendor| vendor.role == VendorRole::Support) {
        all.extend(of_vendor(None));
    }
    all
}

/// Returns the name of somebody in the file of an agency, or in the vendor's, by what is served now; `None` where it does not name them.
pub(crate) fn staff_name(idp: &Idp, email: &str, agency: Option<&str>) -> Option<String> {
    let email = Email::parse(email)?;
    let Some(agency) = agency else {
        let vendor = idp.staff.iter().find(|one| one.email == email.canonical());
        return vendor.map(|one| one.name.clone());
    };
    let agencies = idp.agencies.load();
    let open =
        agencies.agency(agency).filter(|agency| agency.life.at(idp.context.now()) != Standing::Left)?;
    open.staff.iter().find(|staff| staff.email == email.canonical()).map(|staff| staff.name.clone())
}

/// Somebody with a seat at the desk.
pub(crate) struct Clerk {
    pub(crate) idp: Shared,
    pub(crate) browser: Browser,
    pub(crate) account: AccountId,
    /// At least one.
    pub(crate) seats: Vec<Seat>,
}

/// The failure for everybody else, which is that of an address that names nothing.
pub(crate) fn not_found(browser: &Browser) -> Failure {
    Failure::new(ProblemKind::NotFound, browser.path.chars().take(200).collect::<String>()).retry("/")
}

impl Clerk {
    async fn of(browser: Browser, idp: &Shared) -> Result<Self, Response> {
        let Some(session) = browser.session.clone() else { return Err(not_found(&browser).into()) };
        let person = idp.accounts.account(session.account).await.map_err(Failure::from)?;
        let seats = person.map(|person| seats(idp, &person)).unwrap_or_default();
        if seats.is_empty() {
            return Err(not_found(&browser).into());
        }
        // Whoever was invited has accepted no terms yet.
        let terms_due = idp.accounts.terms_due(session.account).await.map_err(Failure::from)?.is_some();
        if terms_due || !is_recent(&session, idp.context.now()) {
            return Err(type_again(idp, &browser, &session).await?);
        }
        Ok(Self { idp: idp.clone(), browser, account: session.account, seats })
    }

    pub(crate) fn response(&self) -> ResponseBuilder<'_> {
        ResponseBuilder::new(&self.idp, &self.browser)
    }
}

fn is_recent(session: &Session, now: Unix) -> bool {
    now.saturating_sub(session.auth_time) <= DESK_PASSWORD
}

/// Asks for the password, or for the terms that are due, and leads back here; after a form to its page, where it is filled in anew.
async fn type_again(idp: &Shared, browser: &Browser, session: &Session) -> Result<Response, Failure> {
    limits::arrival(idp, browser)?;
    let id = idp.grants.start_desk(&browser.token, session.id, back(&browser.path)).await?;
    Ok(ResponseBuilder::new(idp, browser).enter(id, path::hub(id)))
}

/// Returns the page at or above an address of the desk.
fn back(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').skip(1).take(4).collect();
    match parts[..] {
        ["desk", seat, "person", person] => format!("/desk/{seat}/person/{person}"),
        ["desk", seat, ..] => format!("/desk/{seat}"),
        _ => "/desk".to_owned(),
    }
}

impl FromRequestParts<Shared> for Clerk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, idp: &Shared) -> Result<Self, Response> {
        let browser = Browser::from_request_parts(parts, idp).await?;
        Self::of(browser, idp).await
    }
}

/// Somebody at the seat that the address names.
pub(crate) struct AtDesk {
    pub(crate) clerk: Clerk,
    pub(crate) seat: Seat,
    /// The id of the person whom the address names.
    person: Option<Uuid>,
}

impl AtDesk {
    async fn of(browser: Browser, idp: &Shared) -> Result<Self, Response> {
        let clerk = Clerk::of(browser, idp).await?;
        let parts: Vec<&str> = clerk.browser.path.split('/').skip(2).collect();
        let seat = parts.first().and_then(|key| clerk.seats.iter().find(|seat| seat.key() == *key)).cloned();
        let person = parts.get(2).map(|id| id.parse::<Uuid>());
        match (seat, person) {
            (Some(seat), None) => Ok(Self { clerk, seat, person: None }),
            (Some(seat), Some(Ok(person))) => Ok(Self { clerk, seat, person: Some(person) }),
            _ => Err(not_found(&clerk.browser).into()),
        }
    }

    pub(crate) fn idp(&self) -> &Idp {
        &self.clerk.idp
    }

    pub(crate) fn desk(&self) -> Desk {
        Desk::over(self.clerk.idp.accounts.clone())
    }

    pub(crate) fn response(&self) -> ResponseBuilder<'_> {
        self.clerk.response().agency(self.seat.agency.as_deref())
    }

    pub(crate) fn not_found(&self) -> Failure {
        not_found(&self.clerk.browser)
    }

    /// Returns the seat as pages show it.
    pub(crate) fn shown(&self) -> page::Seat {
        page::Seat {
            url: path::desk(self.seat.key()).into(),
            agency: self.seat.agency.as_ref().map(|agency| agency.name.clone()),
            role: match &self.seat.actor {
                Actor::Agency { role: Role::Manager, .. } => DeskRole::Manager,
                Actor::Agency { .. } => DeskRole::Desk,
                Actor::Vendor { role: VendorRole::Campaign, .. } => DeskRole::Campaign,
                Actor::Vendor { .. } => DeskRole::Support,
                Actor::Operator { .. } => DeskRole::Operator,
            },
            several: self.clerk.seats.len() > 1,
        }
    }

    /// Returns the person whom the address names, and the id by which it does.
    ///
    /// # Errors
    /// The page of an address that names nothing, for a person who is none of this seat's too; the page that asks to wait, for who looks at one after the other.
    pub(crate) async fn target(&self) -> Result<(Target, Uuid), Failure> {
        let (desk, actor) = (self.desk(), &self.seat.actor);
        let id = self.person.ok_or_else(|| self.not_found())?;
        let of_account = match self.seat.agency {
            None => {
                let found = desk.find(actor, &accounts::Search::Account(AccountId(id))).await;
                found.map_err(|error| self.failure(error))?.first().map(|found| found.target)
            }
            Some(_) => None,
        };
        let target = match of_account {
            Some(target) => target,
            None => desk.person_of(actor, LegacyIdentityId(id)).await.map_err(|error| self.failure(error))?,
        };
        if desk.has_looked_too_often(actor, target).await.map_err(|error| self.failure(error))? {
            return Err(Failure::new(ProblemKind::TooOften, "too many people looked at").wait(600));
        }
        Ok((target, id))
    }

    /// Returns the page for an error that no page of the desk shows.
    pub(crate) fn failure(&self, error: DeskError) -> Failure {
        match error {
            DeskError::Fault(fault) => fault.into(),
            _ => self.not_found(),
        }
    }

    /// Returns true if the actor may do this for somebody.
    pub(crate) fn may(&self, verb: Verb) -> bool {
        self.seat.actor.reach(verb) != desk::Reach::Nobody
    }
}

impl FromRequestParts<Shared> for AtDesk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, idp: &Shared) -> Result<Self, Response> {
        let browser = Browser::from_request_parts(parts, idp).await?;
        Self::of(browser, idp).await
    }
}

/// A form of the desk. Whoever has no seat reads of no form: only then is it found to come from this browser.
pub(crate) struct DeskForm<T> {
    pub(crate) at: AtDesk,
    pub(crate) fields: T,
}

impl<T: DeserializeOwned + Send> FromRequest<Shared> for DeskForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, idp: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let browser = Browser::from_request_parts(&mut parts, idp).await?;
        let at = AtDesk::of(browser, idp).await?;
        let fields = read_own_fields(&parts.headers, body, &at.clerk.browser, idp).await?;
        Ok(Self { at, fields })
    }
}

/// `GET /desk`: the choice of an agency, or the only one at once.
pub(crate) async fn get(clerk: Clerk) -> Result<Response, Failure> {
    if let [only] = &clerk.seats[..] {
        return Ok(clerk.response().see_other(path::desk(only.key())));
    }
    let agency = |agency: &Arc<Agency>| DeskAgency {
        name: agency.name.clone(),
        city: agency.city.clone(),
        url: path::desk(&agency.id).into(),
    };
    let mut agencies: Vec<DeskAgency> =
        clerk.seats.iter().filter_map(|seat| seat.agency.as_ref()).map(agency).collect();
    agencies.sort_by(|a, b| a.name.cmp(&b.name));
    let anywhere = clerk.seats.iter().find(|seat| seat.agency.is_none());
    let page = page::Desk { agencies, anywhere: anywhere.map(|seat| path::desk(seat.key()).into()) };
    clerk.response().page(&page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_the_page_above_a_form() {
        for (from, to) in [
            ("/desk", "/desk"),
            ("/desk/rivage", "/desk/rivage"),
            ("/desk/rivage/search", "/desk/rivage"),
            ("/desk/rivage/person/1", "/desk/rivage/person/1"),
            ("/desk/rivage/person/1/unlock", "/desk/rivage/person/1"),
        ] {
            assert_eq!(back(from), to);
        }
    }
}
