use kernel::{Fault, Gather, Ground, Unix};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Map, Value};

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
        Ok(by_agency(rows))
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
        let found = self.people.get(id).await?.filter(|(row, _)| row.disabled_at.is_none());
        let Some((row, links)) = found else { return Ok(None) };
        Ok(Some((row.try_into()?, refs_at(by_agency(links), agency_id))))
    }

    /// The agency's own references for this account; empty when it is not linked there.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn client_refs(&self, id: AccountId, agency_id: &str) -> Result<Vec<String>, Fault> {
        Ok(refs_at(self.linked_agencies(id).await?, agency_id))
    }
}

/// Accounts with their links, oldest link first.
pub(crate) type People = Gather<AccountId, (account::Model, Vec<link::Model>)>;

/// Portals ask for people all the time: those who ask at once are answered by one statement.
pub(crate) fn people(ground: &Ground) -> People {
    let db = ground.db.clone();
    Gather::new(1, move |ids: Vec<AccountId>| {
        let db = db.clone();
        async move {
            let rows = account::Entity::find()
                .filter(account::Column::Id.is_in(ids.into_iter().map(|id| id.0)))
                .find_with_related(link::Entity)
                .order_by_asc(link::Column::Id)
                .all(db.reader())
                .await?;
            Ok(rows.into_iter().map(|(row, links)| (AccountId(row.id), (row, links))).collect())
        }
    })
}

/// Oldest link first.
fn by_agency(links: Vec<link::Model>) -> Vec<LinkedAgency> {
    let mut agencies: Vec<LinkedAgency> = Vec::new();
    for row in links {
        match agencies.iter_mut().find(|a| a.agency_id == row.agency_id) {
            // Several identifiers may carry one reference: it is told once.
            Some(known) if known.client_refs.contains(&row.client_ref) => {}
            Some(known) => known.client_refs.push(row.client_ref),
            None => agencies.push(LinkedAgency {
                agency_id: row.agency_id,
                client_refs: vec![row.client_ref],
                since: row.linked_at,
            }),
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
        Ok(Self {
            id: AccountId(row.id),
            email: row.email,
            name: row.name,
            profile: serde_json::from_str(&row.profile)?,
            locale: row.locale,
            auth_epoch: row.auth_epoch,
            updated_at: row.changed_at.unwrap_or(0).max(row.password_changed_at).max(row.created_at),
        })
    }
}
