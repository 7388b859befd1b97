//! Activation codes: one for an identity, the newest.

use kernel::{Digest, Fault, Read, Tx, Unix};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::table::activation_code::{ActiveModel, Column, Entity};
use crate::{LegacyIdentityId, store::CodeRow};

/// Stores the code of an identity, in place of the one before.
pub(crate) async fn put(
    tx: &Tx,
    identity: LegacyIdentityId,
    hash: &Digest,
    issued_at: Unix,
    expires_at: Unix,
) -> Result<(), Fault> {
    let row = CodeRow {
        legacy_identity_id: identity,
        hash: hash.as_str().to_owned(),
        issued_at,
        expires_at,
        used_at: None,
    };
    let replaced = OnConflict::column(Column::LegacyIdentityId)
        .update_columns([Column::Hash, Column::IssuedAt, Column::ExpiresAt, Column::UsedAt])
        .to_owned();
    Entity::insert(ActiveModel::from(row).reset_all())
        .on_conflict(replaced)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Returns the code of the identity if this is its hash, and it still works.
pub(crate) async fn right(
    db: &impl Read,
    identity: LegacyIdentityId,
    hash: &Digest,
    now: Unix,
) -> Result<Option<CodeRow>, Fault> {
    Ok(Entity::find_by_id(identity)
        .filter(Column::Hash.eq(hash.as_str()))
        .filter(Column::ExpiresAt.gt(now))
        .one(db.connection())
        .await?)
}

/// Returns those of these identities that have a code that still works.
pub(crate) async fn working(
    db: &impl Read,
    identities: &[LegacyIdentityId],
    now: Unix,
) -> Result<Vec<LegacyIdentityId>, Fault> {
    let works = Column::ExpiresAt.gt(now);
    Ok(Entity::find()
        .select_only()
        .column(Column::LegacyIdentityId)
        .filter(Column::LegacyIdentityId.is_in(identities.iter().copied()))
        .filter(works)
        .into_tuple()
        .all(db.connection())
        .await?)
}

/// Notes that the code was right; returns true for the first time.
pub(crate) async fn note_use(tx: &Tx, identity: LegacyIdentityId, now: Unix) -> Result<bool, Fault> {
    let noted = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::LegacyIdentityId.eq(identity))
        .filter(Column::UsedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(noted.rows_affected == 1)
}
