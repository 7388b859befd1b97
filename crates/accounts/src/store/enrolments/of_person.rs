//! The moves of a person, as staff see them.

use kernel::{Fault, Read, Unix};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    AccountId, LegacyIdentityId,
    store::{
        EnrolmentRow,
        table::enrolment::{Column, Entity},
    },
};

/// Returns the moves of an account and of identities, finished or not, the newest first.
pub(crate) async fn of_person(
    db: &impl Read,
    account: Option<AccountId>,
    identities: &[LegacyIdentityId],
) -> Result<Vec<EnrolmentRow>, Fault> {
    let mut theirs = Condition::any().add(Column::LegacyIdentityId.is_in(identities.iter().copied()));
    if let Some(account) = account {
        theirs = theirs.add(Column::AccountId.eq(account));
    }
    let rows = Entity::find().filter(theirs).order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
    Ok(rows.all(db.connection()).await?)
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
