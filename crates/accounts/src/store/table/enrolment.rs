use sea_orm::entity::prelude::*;

use crate::{AccountId, EnrolmentId, LegacyIdentityId, Stage};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrolment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EnrolmentId,
    pub agency_id: String,
    pub legacy_identity_id: LegacyIdentityId,
    pub stage: Stage,
    pub origin: Option<String>,
    pub email: Option<String>,
    pub email_canonical: Option<String>,
    pub password_hash: Option<String>,
    pub chosen_in: Option<String>,
    pub confirmed_in: Option<String>,
    pub locale: String,
    pub confirm_hash: Option<String>,
    pub code_hash: Option<String>,
    pub code_tries: i32,
    pub code_until: Option<i64>,
    pub mailed_at: Option<i64>,
    pub refused_at: Option<i64>,
    pub mails: i32,
    pub finish_mailed_at: Option<i64>,
    pub addresses: i32,
    pub addressed_at: Option<i64>,
    pub confirmed_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub account_id: Option<AccountId>,
    pub created_at: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::legacy_identity::Entity",
        from = "Column::LegacyIdentityId",
        to = "super::legacy_identity::Column::Id"
    )]
    LegacyIdentity,
}

impl Related<super::legacy_identity::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LegacyIdentity.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("enrolment row")
    }
}
