//! The deletion of rows that have no further use.

use kernel::{Db, Fault, Unix, delete_in_batches};
use sea_orm::{ColumnTrait, ExprTrait, sea_query::Query};

use crate::DeliveryState;

use super::table::{
    activation_code, attempt, delivery, delivery_change, device, email_change, enrolment, lock_notice,
    recovery, session, staff_invitation, staff_look, used_form, used_ticket,
};

/// Deletes counts of wrong passwords: unlocked ones last used before `unlocked`, others locked before `locked`.
pub(crate) async fn attempts(db: &Db, unlocked: Unix, locked: Unix) -> Result<(), Fault> {
    let idle = attempt::Column::LockedAt.is_null().and(attempt::Column::UpdatedAt.lt(unlocked));
    delete_in_batches::<attempt::Entity>(db, idle.or(attempt::Column::LockedAt.lt(locked))).await
}

/// Deletes permissions to tell of a lock that were taken before a moment.
pub(crate) async fn lock_notices(db: &Db, before: Unix) -> Result<(), Fault> {
    delete_in_batches::<lock_notice::Entity>(db, lock_notice::Column::ToldAt.lt(before)).await
}

/// Deletes used tickets that ended before a moment.
pub(crate) async fn tickets(db: &Db, before: Unix) -> Result<(), Fault> {
    delete_in_batches::<used_ticket::Entity>(db, used_ticket::Column::ExpiresAt.lt(before)).await
}

/// Deletes activation codes that ended before a moment.
pub(crate) async fn activation_codes(db: &Db, before: Unix) -> Result<(), Fault> {
    delete_in_batches::<activation_code::Entity>(db, activation_code::Column::ExpiresAt.lt(before)).await
}

/// Deletes invitations of staff that ended before a moment.
pub(crate) async fn staff_invitations(db: &Db, before: Unix) -> Result<(), Fault> {
    delete_in_batches::<staff_invitation::Entity>(db, staff_invitation::Column::ExpiresAt.lt(before)).await
}

/// Deletes unfinished moves that ended before a moment.
pub(crate) async fn enrolments(db: &Db, before: Unix) -> Result<(), Fault> {
    let unfinished = enrolment::Column::FinishedAt.is_null();
    delete_in_batches::<enrolment::Entity>(db, unfinished.and(enrolment::Column::ExpiresAt.lt(before))).await
}

/// Deletes wishes for another address that ended before a moment.
pub(crate) async fn email_changes(db: &Db, before: Unix) -> Result<(), Fault> {
    delete_in_batches::<email_change::Entity>(db, email_change::Column::ExpiresAt.lt(before)).await
}

/// Deletes reset links that ended before a moment.
pub(crate) async fn reset_links(db: &Db, before: Unix) -> Result<(), Fault> {
    delete_in_batches::<recovery::Entity>(db, recovery::Column::ExpiresAt.lt(before)).await
}

/// Deletes sessions that ended before a moment.
pub(crate) async fn sessions(db: &Db, before: Unix) -> Result<(), Fault> {
    let ended = session::Column::EndedAt.lt(before);
    delete_in_batches::<session::Entity>(db, ended.or(session::Column::EndsAt.lt(before))).await
}

/// Deletes plans that were made before `planned` and never applied, and rows as they were before deliveries that were applied before `applied`.
pub(crate) async fn deliveries(db: &Db, planned: Unix, applied: Unix) -> Result<(), Fault> {
    let plan = delivery::Column::State.eq(DeliveryState::Planned);
    delete_in_batches::<delivery::Entity>(db, plan.and(delivery::Column::PlannedAt.lt(planned))).await?;
    let mut late = Query::select();
    late.column(delivery::Column::Id)
        .from(delivery::Entity)
        .and_where(delivery::Column::State.eq(DeliveryState::Applied))
        .and_where(delivery::Column::AppliedAt.lt(applied));
    delete_in_batches::<delivery_change::Entity>(db, delivery_change::Column::DeliveryId.in_subquery(late))
        .await
}

/// Deletes looks of staff before a moment.
pub(crate) async fn looks(db: &Db, before: Unix) -> Result<(), Fault> {
    delete_in_batches::<staff_look::Entity>(db, staff_look::Column::At.lt(before)).await
}

/// Deletes forms of the desk that were sent before a moment.
pub(crate) async fn used_forms(db: &Db, before: Unix) -> Result<(), Fault> {
    delete_in_batches::<used_form::Entity>(db, used_form::Column::At.lt(before)).await
}

/// Deletes browsers that were last seen before a moment.
pub(crate) async fn devices(db: &Db, before: Unix) -> Result<(), Fault> {
    delete_in_batches::<device::Entity>(db, device::Column::LastSeenAt.lt(before)).await
}
