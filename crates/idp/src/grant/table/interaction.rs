use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "interaction")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub browser_hash: String,
    pub client_id: Option<String>,
    pub agency_id: Option<String>,
    pub request: String,
    pub enrolment_id: Option<Uuid>,
    /// The browser's session at the beginning. A different session later was made by a sign-in for this interaction.
    pub session_before: Option<Uuid>,
    pub created_at: i64,
    pub expires_at: i64,
    pub completed_at: Option<i64>,
    /// The time from which somebody is known to have sent a form in it.
    pub went_on_at: Option<i64>,
    /// The page of the desk to which a visit leads back.
    pub back: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interaction row")
    }
}
