//! The statements by which staff find an identity on the telephone.

use kernel::{Fault, Read};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

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

/// Returns up to `most` identities whose first reference this is.
pub(crate) async fn by_reference(
    db: &impl Read,
    agency: &str,
    reference: &str,
    most: u64,
) -> Result<Vec<IdentityRow>, Fault> {
    Ok(those_with_reference(agency, reference, most).all(db.connection()).await?)
}

pub(super) fn those_with_reference(agency: &str, reference: &str, most: u64) -> Select<Entity> {
    Entity::find()
        .filter(Column::AgencyId.eq(agency))
        .filter(Column::ClientRef.eq(reference))
        .order_by_asc(Column::Id)
        .limit(most)
}
