use sea_orm::entity::prelude::*;

use crate::{DeliveryId, LegacyIdentityId, verifier::Kind};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "legacy_identity")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LegacyIdentityId,
    pub agency_id: String,
    pub identifier: String,
    pub identifier_canonical: String,
    pub client_ref: String,
    pub email: Option<String>,
    pub name: Option<String>,
    pub profile: String,
    pub fingerprint: String,
    pub verifier_kind: Kind,
    pub verifier: Option<Vec<u8>>,
    pub recogniser_kind: Kind,
    pub recogniser: Option<Vec<u8>>,
    pub imported_at: i64,
    pub moved_at: Option<i64>,
    /// A keyed hash of the old password's hash; none in rows that a version before m0018 wrote.
    pub secret_fingerprint: Option<String>,
    /// The delivery that brought the row.
    pub delivery_id: Option<DeliveryId>,
    /// The time at which a complete delivery did not have it any more.
    pub left_at: Option<i64>,
    /// The agency's references beside `client_ref`, a JSON list; none for nearly all.
    pub further_refs: Option<String>,
    /// Name and further references of which the terms are written by which staff find it; another one, or none, where they wait for the worker.
    pub terms_of: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("legacy_identity row")
    }
}
