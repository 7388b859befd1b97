use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_look")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// An account or an identity.
    pub person: Uuid,
    pub staff: String,
    pub role: String,
    /// Empty for operators and the vendor's staff.
    pub agency: String,
    /// The beginning of the hour, in Unix seconds.
    pub hour: i64,
    pub at: i64,
    /// Names of verbs, separated by spaces.
    pub done: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("staff look row")
    }
}
