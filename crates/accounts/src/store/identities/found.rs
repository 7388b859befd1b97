//! The statements by which staff find an identity on the telephone.

use kernel::{Fault, Read};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LikeExpr,
};

use crate::{
    LegacyIdentityId,
    store::{
        IdentityRow,
        table::legacy_identity::{Column, Entity},
    },
};

/// Returns identities by their ids.
pub(crate) async fn by_ids(db: &impl Read, ids: &[LegacyIdentityId]) -> Result<Vec<IdentityRow>, Fault> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).order_by_asc(Column::Id);
    Ok(rows.all(db.connection()).await?)
}

/// Returns up to `most` identities that carry a reference of their agency, as the first or a further one.
pub(crate) async fn by_reference(
    db: &impl Read,
    agency: &str,
    reference: &str,
    most: u64,
) -> Result<Vec<IdentityRow>, Fault> {
    // A JSON list of texts.
    let quoted = serde_json::to_string(reference)?;
    let escaped = quoted.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    let further = LikeExpr::new(format!("%{escaped}%")).escape('!');
    let carries =
        Condition::any().add(Column::ClientRef.eq(reference)).add(Column::FurtherRefs.like(further));
    Ok(Entity::find()
        .filter(Column::AgencyId.eq(agency))
        .filter(carries)
        .order_by_asc(Column::Id)
        .limit(most)
        .all(db.connection())
        .await?)
}

/// The number of names that one statement reads.
const PAGE: u64 = 5000;

/// Returns a page of the names of an agency's identities after `last`, in the order of their ids.
pub(crate) async fn names_after(
    db: &impl Read,
    agency: &str,
    last: LegacyIdentityId,
) -> Result<Vec<(LegacyIdentityId, String)>, Fault> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::Id, Column::Name])
        .filter(Column::AgencyId.eq(agency))
        .filter(Column::Name.is_not_null())
        .filter(Column::Id.gt(last))
        .order_by_asc(Column::Id)
        .limit(PAGE)
        .into_tuple()
        .all(db.connection())
        .await?)
}
