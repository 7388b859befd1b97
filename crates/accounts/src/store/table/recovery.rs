use sea_orm::entity::prelude::*;

use crate::{AccountId, store::ResetLinkId};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ResetLinkId,
    pub token_hash: String,
    pub account_id: AccountId,
    pub agency_id: Option<String>,
    pub origin: Option<String>,
    pub created_at: i64,
    pub mailed_at: Option<i64>,
    pub mails: i32,
    pub expires_at: i64,
    pub used_at: Option<i64>,
    pub superseded_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("recovery row")
    }
}
