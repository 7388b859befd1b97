use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    pub grant_id: Uuid,
    pub created_at: i64,
    pub expires_at: i64,
    pub family_ends_at: i64,
    pub used_at: Option<i64>,
    /// The hash of the token that it replaced; `None` if an older node wrote it, or a code gave it.
    pub parent: Option<String>,
    /// The token itself, for a moment, sealed so that only a holder of its parent can get it.
    pub sealed: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::token_grant::Entity",
        from = "Column::GrantId",
        to = "super::token_grant::Column::Id"
    )]
    Grant,
}

impl Related<super::token_grant::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Grant.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refresh token row")
    }
}
