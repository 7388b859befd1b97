//! Kinds of old hashes of which one was right at a sign-in, by agency.

use std::collections::BTreeSet;

use kernel::{Fault, Read, Tx, Unix};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::OnConflict};

use super::table::proven_hash::{ActiveModel, Column, Entity};

/// Returns the kinds of an agency that were proven.
pub(crate) async fn of(db: &impl Read, agency: &str) -> Result<BTreeSet<String>, Fault> {
    let kinds: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Kind)
        .filter(Column::AgencyId.eq(agency))
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(kinds.into_iter().collect())
}

/// Notes that a hash of a kind was right, unless one was before.
pub(crate) async fn note(tx: &Tx, agency: &str, kind: &str, now: Unix) -> Result<(), Fault> {
    let row =
        ActiveModel { agency_id: Set(agency.to_owned()), kind: Set(kind.to_owned()), proven_at: Set(now) };
    Entity::insert(row)
        .on_conflict(OnConflict::columns([Column::AgencyId, Column::Kind]).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
