use sea_orm::entity::prelude::*;

use crate::store::InvitationId;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub email_canonical: String,
    pub id: InvitationId,
    pub email: String,
    /// Empty for the vendor's staff.
    pub agency_id: String,
    pub token_hash: String,
    pub invited_at: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("staff invitation row")
    }
}
