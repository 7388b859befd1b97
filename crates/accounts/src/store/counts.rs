//! Counts for the operator, from indexes: no row of these tables is read for them.

use kernel::{Fault, Read};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::table::{
    account, evidence,
    legacy_identity::{Column, Entity},
    link,
};
use crate::verifier::Kind;

/// Returns the number of identities of each agency.
pub(crate) async fn identities(db: &impl Read) -> Result<Vec<(String, i64)>, Fault> {
    let query = Entity::find().select_only().column(Column::AgencyId).column_as(Column::Id.count(), "count");
    Ok(query.group_by(Column::AgencyId).into_tuple().all(db.connection()).await?)
}

/// Returns the number of identities of each agency that are linked to an account.
pub(crate) async fn links(db: &impl Read) -> Result<Vec<(String, i64)>, Fault> {
    let query = link::Entity::find()
        .select_only()
        .column(link::Column::AgencyId)
        .column_as(link::Column::Id.count(), "count");
    Ok(query.group_by(link::Column::AgencyId).into_tuple().all(db.connection()).await?)
}

/// Returns the numbers of accounts, identities, links and entries in the evidence.
pub(crate) async fn totals(db: &impl Read) -> Result<[u64; 4], Fault> {
    let conn = db.connection();
    Ok([
        account::Entity::find().count(conn).await?,
        Entity::find().count(conn).await?,
        link::Entity::find().count(conn).await?,
        evidence::Entity::find().count(conn).await?,
    ])
}

/// Returns the number of hashes that are encrypted and not wrapped yet.
pub(crate) async fn sealed(db: &impl Read) -> Result<u64, Fault> {
    let of = |column: Column| Entity::find().filter(column.eq(Kind::Sealed)).count(db.connection());
    Ok(of(Column::VerifierKind).await? + of(Column::RecogniserKind).await?)
}
