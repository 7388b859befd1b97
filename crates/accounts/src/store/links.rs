//! Links between accounts and identities, and what an agency is told by them.

mod delivered;

use std::collections::HashMap;

use kernel::{Fault, Read, Tx, Unix};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QueryResult, QuerySelect, RelationTrait,
};

pub(crate) use delivered::{by_identities, due, end, rename, restore, set_ends, set_ref};

use super::{
    LinkRow,
    table::{
        account, legacy_identity,
        link::{ActiveModel, Column, Entity, Relation},
    },
};
use crate::{Account, AccountId, LegacyIdentityId};

/// Returns the links of an account that have not ended, in the order in which they were made.
pub(crate) async fn of(db: &impl Read, account: AccountId) -> Result<Vec<LinkRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::AccountId.eq(account))
        .filter(Column::EndedAt.is_null())
        .order_by_asc(Column::Id)
        .all(db.connection())
        .await?)
}

/// Returns the account that an identity is linked to.
pub(crate) async fn account_of(
    db: &impl Read,
    identity: LegacyIdentityId,
) -> Result<Option<AccountId>, Fault> {
    let row = Entity::find().filter(Column::LegacyIdentityId.eq(identity)).one(db.connection()).await?;
    Ok(row.map(|row| row.account_id))
}

/// Stores a link.
pub(crate) async fn insert(tx: &Tx, row: LinkRow) -> Result<(), Fault> {
    Entity::insert(ActiveModel::from(row).reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// A link, and the imported row behind it.
#[derive(Clone)]
pub(crate) struct LinkedIdentity {
    pub(crate) agency_id: String,
    pub(crate) client_ref: String,
    pub(crate) linked_at: Unix,
    /// A JSON object.
    pub(crate) profile: String,
    pub(crate) imported_at: Unix,
}

/// An account as it is stored, as far as portals are told of it.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) account: Account,
    pub(crate) changed_at: Option<Unix>,
    /// The owner chose the name.
    pub(crate) named: bool,
    /// The owner chose the language.
    pub(crate) spoken: bool,
}

/// An account with one of its links.
struct Row(AccountId, Person, Option<LinkedIdentity>);

/// Reads a row by the places of its columns: to look for each by its name costs more than all the rest of it.
impl FromQueryResult for Row {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        let id = row.try_get_by_index(0)?;
        let account = Account {
            id,
            email: row.try_get_by_index(1)?,
            name: row.try_get_by_index(2)?,
            locale: row.try_get_by_index(3)?,
            auth_epoch: row.try_get_by_index(4)?,
        };
        let person = Person {
            account,
            changed_at: row.try_get_by_index(5)?,
            named: row.try_get_by_index::<Option<Unix>>(6)?.is_some(),
            spoken: row.try_get_by_index::<Option<Unix>>(7)?.is_some(),
        };
        let Some(agency_id) = row.try_get_by_index(8)? else { return Ok(Self(id, person, None)) };
        // It ended: the agency is told what it is told of a person without a link.
        if row.try_get_by_index::<Option<Unix>>(13)?.is_some() {
            return Ok(Self(id, person, None));
        }
        let link = LinkedIdentity {
            agency_id,
            client_ref: row.try_get_by_index(9)?,
            linked_at: row.try_get_by_index(10)?,
            profile: row.try_get_by_index(11)?,
            imported_at: row.try_get_by_index(12)?,
        };
        Ok(Self(id, person, Some(link)))
    }
}

/// Returns those of these accounts that are not disabled, with their links, oldest first.
pub(crate) async fn people(
    db: &impl Read,
    accounts: Vec<AccountId>,
) -> Result<HashMap<AccountId, (Person, Vec<LinkedIdentity>)>, Fault> {
    let rows: Vec<Row> = account::Entity::find()
        .select_only()
        .columns([
            account::Column::Id,
            account::Column::Email,
            account::Column::Name,
            account::Column::Locale,
            account::Column::AuthEpoch,
            account::Column::ChangedAt,
            account::Column::NamedAt,
            account::Column::SpokenAt,
        ])
        .columns([Column::AgencyId, Column::ClientRef, Column::LinkedAt])
        .columns([legacy_identity::Column::Profile, legacy_identity::Column::ImportedAt])
        .column(Column::EndedAt)
        .left_join(Entity)
        .join(JoinType::LeftJoin, Relation::LegacyIdentity.def())
        .filter(account::Column::Id.is_in(accounts))
        .filter(account::Column::DisabledAt.is_null())
        .order_by_asc(Column::Id)
        .into_model()
        .all(db.connection())
        .await?;
    let mut people = HashMap::new();
    for Row(id, person, link) in rows {
        let (_, links) = people.entry(id).or_insert_with(|| (person, Vec::new()));
        links.extend(link);
    }
    Ok(people)
}
