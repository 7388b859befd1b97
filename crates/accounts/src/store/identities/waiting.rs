//! Identities that have not moved, for letters.

use kernel::{Fault, Read};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    super::{IdentityRow, table::legacy_identity::Column},
    Entity,
};

/// Returns the next identities of an agency that have neither moved nor left it, by their canonical identifiers, up to `most`.
pub(crate) async fn not_moved(
    db: &impl Read,
    agency: &str,
    after: &str,
    most: u64,
) -> Result<Vec<IdentityRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::AgencyId.eq(agency))
        .filter(Column::IdentifierCanonical.gt(after))
        .filter(Column::MovedAt.is_null())
        .filter(Column::LeftAt.is_null())
        .order_by_asc(Column::IdentifierCanonical)
        .limit(most)
        .all(db.connection())
        .await?)
}

/// Counts the identities of an agency that have moved.
pub(crate) async fn count_moved(db: &impl Read, agency: &str) -> Result<u64, Fault> {
    let moved = Entity::find().filter(Column::AgencyId.eq(agency)).filter(Column::MovedAt.is_not_null());
    Ok(moved.count(db.connection()).await?)
}
