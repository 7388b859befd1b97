use sea_orm::entity::prelude::*;

use crate::{DeliveryId, delivery::DeliveryState};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub agency_id: String,
    pub state: DeliveryState,
    pub complete: bool,
    pub file: String,
    pub sha256: String,
    pub base: String,
    pub report: String,
    pub forced: String,
    pub sketch: Vec<u8>,
    pub planned_at: i64,
    pub planned_by: String,
    pub applied_at: Option<i64>,
    pub applied_by: Option<String>,
    pub undone_at: Option<i64>,
    pub undone_by: Option<String>,
    pub changed_at: i64,
    /// Its place in the order in which the agency's deliveries were applied, from 1: several may be applied in one second.
    pub place: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("delivery row")
    }
}
