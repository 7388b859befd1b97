//! The moves of a person, as staff see them.

use kernel::{Fault, Read, Tx, Unix};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    LegacyIdentityId,
    store::{
        EnrolmentRow,
        table::enrolment::{Column, Entity},
    },
};

/// Returns the moves of identities, finished or not, the newest first. Those of an account are those of the identities that are linked to it (SECURITY I10).
pub(crate) async fn of_person(
    db: &impl Read,
    identities: &[LegacyIdentityId],
) -> Result<Vec<EnrolmentRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::LegacyIdentityId.is_in(identities.iter().copied()))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .all(db.connection())
        .await?)
}

/// Returns the living moves that name an address, the newest first.
pub(crate) async fn living_with(
    db: &impl Read,
    canonical: &str,
    now: Unix,
) -> Result<Vec<EnrolmentRow>, Fault> {
    let living = Entity::find()
        .filter(Column::EmailCanonical.eq(canonical))
        .filter(Column::FinishedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .order_by_desc(Column::CreatedAt);
    Ok(living.all(db.connection()).await?)
}

/// Deletes the moves of an identity, those that are finished too.
pub(crate) async fn delete_of(tx: &Tx, identity: LegacyIdentityId) -> Result<(), Fault> {
    Entity::delete_many().filter(Column::LegacyIdentityId.eq(identity)).exec(tx.conn()).await?;
    Ok(())
}
