//! Invitations of staff: one for an address, the newest.

use kernel::{Digest, Fault, Read, Tx, Unix};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};

use super::{
    InvitationRow,
    table::staff_invitation::{ActiveModel, Column, Entity},
};

/// Returns the invitation to an address, living or not.
pub(crate) async fn of(db: &impl Read, canonical: &str) -> Result<Option<InvitationRow>, Fault> {
    Ok(Entity::find_by_id(canonical).one(db.connection()).await?)
}

/// Stores an invitation, in place of the one before.
pub(crate) async fn put(tx: &Tx, row: InvitationRow) -> Result<(), Fault> {
    let replaced = OnConflict::column(Column::EmailCanonical)
        .update_columns([
            Column::Id,
            Column::Email,
            Column::AgencyId,
            Column::TokenHash,
            Column::InvitedAt,
            Column::ExpiresAt,
        ])
        .to_owned();
    Entity::insert(ActiveModel::from(row).reset_all())
        .on_conflict(replaced)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Returns the invitation with this token, if it works.
pub(crate) async fn by_token(
    db: &impl Read,
    token: &Digest,
    now: Unix,
) -> Result<Option<InvitationRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::TokenHash.eq(token.as_str()))
        .filter(Column::ExpiresAt.gt(now))
        .one(db.connection())
        .await?)
}

/// Uses an invitation up by one conditional statement; `false` where it was used, replaced or is too old.
pub(crate) async fn take(tx: &Tx, token: &Digest, now: Unix) -> Result<bool, Fault> {
    let taken = Entity::delete_many()
        .filter(Column::TokenHash.eq(token.as_str()))
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx.conn())
        .await?;
    Ok(taken.rows_affected == 1)
}
