use sea_orm::entity::prelude::*;

use crate::{AccountId, SessionId};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub token_hash: String,
    pub account_id: AccountId,
    pub auth_epoch: i32,
    pub persistent: bool,
    pub auth_time: i64,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub ends_at: i64,
    pub ended_at: Option<i64>,
    pub user_agent: String,
    pub ip_short: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::account::Entity",
        from = "Column::AccountId",
        to = "super::account::Column::Id"
    )]
    Account,
}

impl Related<super::account::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Account.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("session row")
    }
}
