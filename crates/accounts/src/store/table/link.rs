use sea_orm::entity::prelude::*;

use crate::{AccountId, LegacyIdentityId, store::LinkId};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LinkId,
    pub account_id: AccountId,
    pub agency_id: String,
    pub legacy_identity_id: LegacyIdentityId,
    pub client_ref: String,
    pub linked_at: i64,
    /// The time at which the link ends, for a person whom a complete delivery did not have any more.
    pub ends_at: Option<i64>,
    /// The time at which it ended: the portal is told nothing of the person since.
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::account::Entity",
        from = "Column::AccountId",
        to = "super::account::Column::Id"
    )]
    Account,
    #[sea_orm(
        belongs_to = "super::legacy_identity::Entity",
        from = "Column::LegacyIdentityId",
        to = "super::legacy_identity::Column::Id"
    )]
    LegacyIdentity,
}

impl Related<super::account::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Account.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("link row")
    }
}
