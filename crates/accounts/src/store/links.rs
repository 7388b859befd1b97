//! Links between accounts and identities, and what an agency is told by them.

mod delivered;
mod taken;

use kernel::{Fault, Read, Tx, Unix};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
};

pub(crate) use delivered::{by_identities, due, end, rename, restore, set_ends, set_ref};
pub(crate) use taken::{by_id, delete, give};

use super::{
    LinkRow,
    table::{
        account, legacy_identity,
        link::{ActiveModel, Column, Entity, Relation},
    },
};
use crate::{Account, AccountId, LegacyIdentityId};

/// A link, as far as it names an agency and its references.
#[derive(FromQueryResult)]
pub(crate) struct LinkOf {
    pub(crate) agency_id: String,
    pub(crate) client_ref: String,
    /// The identity's references beside that one.
    pub(crate) further_refs: Option<String>,
    pub(crate) linked_at: Unix,
}

/// Returns the links of an account that have not ended, in the order in which they were made.
pub(crate) async fn of(db: &impl Read, account: AccountId) -> Result<Vec<LinkOf>, Fault> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::AgencyId, Column::ClientRef, Column::LinkedAt])
        .column(legacy_identity::Column::FurtherRefs)
        .join(JoinType::LeftJoin, Relation::LegacyIdentity.def())
        .filter(Column::AccountId.eq(account))
        .filter(Column::EndedAt.is_null())
        .order_by_asc(Column::Id)
        .into_model()
        .all(db.connection())
        .await?)
}

/// Returns the links of an account, ended or not, in the order in which they were made.
pub(crate) async fn all_of(db: &impl Read, account: AccountId) -> Result<Vec<LinkRow>, Fault> {
    let rows = Entity::find().filter(Column::AccountId.eq(account)).order_by_asc(Column::Id);
    Ok(rows.all(db.connection()).await?)
}

/// Returns the link of an identity, ended or not.
pub(crate) async fn of_identity(
    db: &impl Read,
    identity: LegacyIdentityId,
) -> Result<Option<LinkRow>, Fault> {
    Ok(Entity::find().filter(Column::LegacyIdentityId.eq(identity)).one(db.connection()).await?)
}

/// Returns the account that an identity is linked to.
pub(crate) async fn account_of(
    db: &impl Read,
    identity: LegacyIdentityId,
) -> Result<Option<AccountId>, Fault> {
    Ok(of_identity(db, identity).await?.map(|row| row.account_id))
}

/// Stores a link.
pub(crate) async fn insert(tx: &Tx, row: LinkRow) -> Result<(), Fault> {
    Entity::insert(ActiveModel::from(row).reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// A link, and the imported row behind it.
pub(crate) struct LinkedIdentity {
    pub(crate) agency_id: String,
    pub(crate) client_ref: String,
    /// The identity's references beside that one.
    pub(crate) further_refs: Option<String>,
    pub(crate) linked_at: Unix,
    /// A JSON object.
    pub(crate) profile: String,
    pub(crate) imported_at: Unix,
}

/// An account as it is stored, as far as portals are told of it.
pub(crate) struct Person {
    pub(crate) account: Account,
    pub(crate) changed_at: Option<Unix>,
    /// The owner chose the name.
    pub(crate) named: bool,
    /// The owner chose the language.
    pub(crate) spoken: bool,
}

/// An account with one of its links: columns of three tables, by their names.
#[derive(FromQueryResult)]
struct Row {
    id: AccountId,
    email: String,
    name: Option<String>,
    locale: String,
    auth_epoch: i32,
    changed_at: Option<Unix>,
    named_at: Option<Unix>,
    spoken_at: Option<Unix>,
    agency_id: Option<String>,
    client_ref: Option<String>,
    further_refs: Option<String>,
    linked_at: Option<Unix>,
    ended_at: Option<Unix>,
    profile: Option<String>,
    imported_at: Option<Unix>,
}

impl Row {
    /// Returns the link; `None` for an account without one, and for a link that ended: the agency is told what it is told of a person without a link.
    fn link(&mut self) -> Option<LinkedIdentity> {
        if self.ended_at.is_some() {
            return None;
        }
        Some(LinkedIdentity {
            agency_id: self.agency_id.take()?,
            client_ref: self.client_ref.take()?,
            further_refs: self.further_refs.take(),
            linked_at: self.linked_at?,
            profile: self.profile.take()?,
            imported_at: self.imported_at?,
        })
    }
}

impl From<Row> for Person {
    fn from(row: Row) -> Self {
        let Row { id, email, name, locale, auth_epoch, changed_at, named_at, spoken_at, .. } = row;
        Self {
            account: Account { id, email, name, locale, auth_epoch },
            changed_at,
            named: named_at.is_some(),
            spoken: spoken_at.is_some(),
        }
    }
}

/// Returns an account that is not disabled, with its links, oldest first: one statement.
pub(crate) async fn person(
    db: &impl Read,
    id: AccountId,
) -> Result<Option<(Person, Vec<LinkedIdentity>)>, Fault> {
    let mut rows: Vec<Row> = account::Entity::find()
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
        .columns([Column::AgencyId, Column::ClientRef, Column::LinkedAt, Column::EndedAt])
        .columns([
            legacy_identity::Column::FurtherRefs,
            legacy_identity::Column::Profile,
            legacy_identity::Column::ImportedAt,
        ])
        .left_join(Entity)
        .join(JoinType::LeftJoin, Relation::LegacyIdentity.def())
        .filter(account::Column::Id.eq(id))
        .filter(account::Column::DisabledAt.is_null())
        .order_by_asc(Column::Id)
        .into_model()
        .all(db.connection())
        .await?;
    let links = rows.iter_mut().filter_map(Row::link).collect();
    Ok(rows.into_iter().next().map(|row| (row.into(), links)))
}
