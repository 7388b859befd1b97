use sea_orm::entity::prelude::*;

use crate::{AcceptanceId, AccountId};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "acceptance")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AcceptanceId,
    pub account_id: AccountId,
    pub agency_id: Option<String>,
    pub version: String,
    pub language: String,
    pub sha256: String,
    pub accepted_at: i64,
    pub ip_short: String,
    pub user_agent: String,
    pub method: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("acceptance row")
    }
}
