use sea_orm::entity::prelude::*;

use crate::{AccountId, store::EmailChangeId};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "email_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EmailChangeId,
    pub account_id: AccountId,
    pub from_email: String,
    pub from_canonical: String,
    pub to_email: String,
    pub to_canonical: String,
    pub confirm_hash: String,
    pub undo_hash: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub confirmed_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub refused_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("email change row")
    }
}
