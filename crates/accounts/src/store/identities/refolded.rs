//! Canonical identifiers that were stored before typographic signs were folded.

use kernel::{Fault, Read, Tx};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Query},
};

use crate::{
    LegacyIdentityId,
    store::table::legacy_identity::{Column, Entity},
};

/// Returns the identities of an agency whose canonical identifier is not plain ASCII: no other can change by a fold.
pub(crate) async fn beyond_ascii(
    db: &impl Read,
    agency: &str,
) -> Result<Vec<(LegacyIdentityId, String)>, Fault> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::Id, Column::IdentifierCanonical])
        .filter(Column::AgencyId.eq(agency))
        .filter(Expr::cust("octet_length(identifier_canonical) <> length(identifier_canonical)"))
        .into_tuple()
        .all(db.connection())
        .await?)
}

/// Gives an identity another canonical identifier, unless one of its agency has it.
pub(crate) async fn refold(
    tx: &Tx,
    agency: &str,
    id: LegacyIdentityId,
    canonical: &str,
) -> Result<bool, Fault> {
    let other = Alias::new("other");
    let taken = Query::select()
        .expr(Expr::value(1))
        .from_as(Entity, other.clone())
        .and_where(Expr::col((other.clone(), Column::AgencyId)).eq(agency))
        .and_where(Expr::col((other, Column::IdentifierCanonical)).eq(canonical))
        .to_owned();
    let refolded = Entity::update_many()
        .col_expr(Column::IdentifierCanonical, Expr::value(canonical))
        .filter(Column::Id.eq(id))
        .filter(Expr::exists(taken).not())
        .exec(tx.conn())
        .await?;
    Ok(refolded.rows_affected == 1)
}
