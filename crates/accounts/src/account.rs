use std::collections::HashMap;

use kernel::{Fault, Gather, Ground, Unix};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    AccountId, Accounts,
    table::{account, link},
};

/// One person.
#[derive(Clone)]
pub struct Account {
    /// Its id, never reused.
    pub id: AccountId,
    /// The verified address, as typed.
    pub email: String,
    /// What to call them.
    pub name: Option<String>,
    /// OIDC standard claims beyond email and name (OIDC Core §5.1).
    pub profile: Map<String, Value>,
    /// `fr` or `en`.
    pub locale: String,
    /// Raised whenever everything older must die: sessions, refresh tokens, codes (SECURITY I9).
    pub auth_epoch: i32,
    /// When it was made or last changed.
    pub updated_at: Unix,
}

/// An agency that a person's account is linked to, with the agency's own references for them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkedAgency {
    /// The agency.
    pub agency_id: String,
    /// Its client references, oldest link first.
    pub client_refs: Vec<String>,
    /// When the first of them was attached.
    pub since: Unix,
}

impl Accounts {
    /// A person, unless disabled.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, Fault> {
        let row = account::Entity::find_by_id(id.0).one(self.ground.db.reader()).await?;
        row.filter(|r| r.disabled_at.is_none()).map(Account::try_from).transpose()
    }

    pub(crate) async fn account_row(&self, canonical: &str) -> Result<Option<account::Model>, Fault> {
        Ok(account::Entity::find()
            .filter(account::Column::EmailCanonical.eq(canonical))
            .one(self.ground.db.reader())
            .await?)
    }

    /// The agencies of an account, in the order in which they were attached; one query.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn linked_agencies(&self, id: AccountId) -> Result<Vec<LinkedAgency>, Fault> {
        let rows = link::Entity::find()
            .filter(link::Column::AccountId.eq(id.0))
            .order_by_asc(link::Column::Id)
            .all(self.ground.db.reader())
            .await?;
        Ok(by_agency(rows.into_iter().map(|row| (row.agency_id, row.client_ref, row.linked_at)).collect()))
    }

    /// A person, unless disabled, with the agency's own references for them, which are none where they are not linked there; one query.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn account_at(
        &self,
        id: AccountId,
        agency_id: &str,
    ) -> Result<Option<(Account, Vec<String>)>, Fault> {
        let Some((row, links)) = self.people.get(id).await? else { return Ok(None) };
        Ok(Some((row.account()?, refs_at(by_agency(links), agency_id))))
    }

    /// The agency's own references for this account; empty when it is not linked there.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn client_refs(&self, id: AccountId, agency_id: &str) -> Result<Vec<String>, Fault> {
        Ok(refs_at(self.linked_agencies(id).await?, agency_id))
    }
}

/// Agency, reference, and when it was attached.
type Link = (String, String, Unix);

/// Accounts that are not disabled, with their links, oldest first.
pub(crate) type People = Gather<AccountId, (Told, Vec<Link>)>;

/// What is told of an account, as it is stored.
#[derive(Clone)]
pub(crate) struct Told {
    id: AccountId,
    email: String,
    name: Option<String>,
    profile: String,
    locale: String,
    auth_epoch: i32,
    times: [Unix; 3],
}

impl Told {
    fn account(self) -> Result<Account, Fault> {
        let Self { id, email, name, profile, locale, auth_epoch, times: [a, b, c] } = self;
        let profile = serde_json::from_str(&profile)?;
        Ok(Account { id, email, name, profile, locale, auth_epoch, updated_at: a.max(b).max(c) })
    }
}

/// One row of it: the account, and one of its links. Read by the places of its columns: to look for each by its name costs more than all the rest of it.
type Row = (
    Uuid,
    String,
    Option<String>,
    String,
    String,
    i32,
    Unix,
    Unix,
    Option<Unix>,
    Option<String>,
    Option<String>,
    Option<Unix>,
);

/// Portals ask for people all the time: those who ask at once are answered by one statement.
pub(crate) fn people(ground: &Ground) -> People {
    let db = ground.db.clone();
    Gather::new(1, move |ids: Vec<AccountId>| {
        let db = db.clone();
        async move {
            let rows: Vec<Row> = account::Entity::find()
                .select_only()
                .columns([
                    account::Column::Id,
                    account::Column::Email,
                    account::Column::Name,
                    account::Column::Profile,
                    account::Column::Locale,
                    account::Column::AuthEpoch,
                    account::Column::CreatedAt,
                    account::Column::PasswordChangedAt,
                    account::Column::ChangedAt,
                ])
                .columns([link::Column::AgencyId, link::Column::ClientRef, link::Column::LinkedAt])
                .left_join(link::Entity)
                .filter(account::Column::Id.is_in(ids.into_iter().map(|id| id.0)))
                .filter(account::Column::DisabledAt.is_null())
                .order_by_asc(link::Column::Id)
                .into_tuple()
                .all(db.reader())
                .await?;
            let mut people = HashMap::new();
            for row in rows {
                let (
                    id,
                    email,
                    name,
                    profile,
                    locale,
                    auth_epoch,
                    made,
                    password,
                    changed,
                    agency,
                    client_ref,
                    since,
                ) = row;
                let id = AccountId(id);
                let times = [made, password, changed.unwrap_or(0)];
                let told = || Told { id, email, name, profile, locale, auth_epoch, times };
                let (_, links) = people.entry(id).or_insert_with(|| (told(), Vec::new()));
                if let (Some(agency), Some(client_ref), Some(since)) = (agency, client_ref, since) {
                    links.push((agency, client_ref, since));
                }
            }
            Ok(people)
        }
    })
}

/// Oldest link first.
fn by_agency(links: Vec<Link>) -> Vec<LinkedAgency> {
    let mut agencies: Vec<LinkedAgency> = Vec::new();
    for (agency_id, client_ref, since) in links {
        match agencies.iter_mut().find(|a| a.agency_id == agency_id) {
            // Several identifiers may carry one reference: it is told once.
            Some(known) if known.client_refs.contains(&client_ref) => {}
            Some(known) => known.client_refs.push(client_ref),
            None => agencies.push(LinkedAgency { agency_id, client_refs: vec![client_ref], since }),
        }
    }
    agencies
}

fn refs_at(agencies: Vec<LinkedAgency>, agency_id: &str) -> Vec<String> {
    agencies.into_iter().find(|a| a.agency_id == agency_id).map(|a| a.client_refs).unwrap_or_default()
}

impl TryFrom<account::Model> for Account {
    type Error = Fault;

    fn try_from(row: account::Model) -> Result<Self, Fault> {
        let account::Model { id, email, name, profile, locale, auth_epoch, .. } = row;
        let times = [row.created_at, row.password_changed_at, row.changed_at.unwrap_or(0)];
        Told { id: AccountId(id), email, name, profile, locale, auth_epoch, times }.account()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_that_several_identifiers_carry_is_told_once() {
        let link = |agency: &str, reference: &str| (agency.to_owned(), reference.to_owned(), 7);
        let links = vec![link("a", "R1"), link("b", "R1"), link("a", "R1"), link("a", "R2")];
        assert_eq!(refs_at(by_agency(links.clone()), "a"), ["R1", "R2"]);
        assert_eq!(refs_at(by_agency(links.clone()), "b"), ["R1"]);
        assert!(refs_at(by_agency(links), "c").is_empty());
    }
}
