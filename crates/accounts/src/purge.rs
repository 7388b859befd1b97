use kernel::{Fault, delete_in_batches};
use sea_orm::{ColumnTrait, ExprTrait};

use crate::{
    Accounts, Rules,
    lockout::NOTICE,
    table::{attempt, device, email_change, enrolment, lock_notice, recovery, session, used_ticket},
};

const DAY: i64 = 86_400;
/// An unfinished move is somebody's address that leads nowhere: kept so many days after its end, for the help desk.
const ENROLMENT: i64 = 30 * DAY;
/// Used and dead links, of resets and of new addresses.
const RECOVERY: i64 = 30 * DAY;
/// Ended sessions are a log of sign-ins: CNIL asks for 6 to 12 months (PEOPLE F-21).
const SESSION: i64 = 365 * DAY;
/// A device that was not seen for so long is a stranger again: as long as its cookie lives.
const DEVICE: i64 = 400 * DAY;
/// Counts of wrong passwords without a further try, networks from which an old identifier was right, and locks that nobody ended. Long enough that guessing gains nothing by waiting, and the same for
/// addresses with and without an account, so that neither tells (SECURITY #59, D14).
const COUNT: i64 = 30 * DAY;
const LOCK: i64 = 400 * DAY;

/// What people are told of it in the notice.
impl Rules {
    /// Days after its end for which an unfinished move is kept.
    pub fn unfinished_kept_days(&self) -> u16 {
        u16::try_from(ENROLMENT / DAY).unwrap_or(u16::MAX)
    }

    /// Days after their end for which sign-ins and devices are kept at most.
    pub fn log_kept_days(&self) -> u16 {
        u16::try_from(std::cmp::max(SESSION, DEVICE) / DAY).unwrap_or(u16::MAX)
    }
}

impl Accounts {
    /// Forgets what has no further use, so that tables stay bounded (SECURITY #113). Acceptances and evidence are never forgotten here.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn purge(&self) -> Result<(), Fault> {
        let (db, now) = (&self.context.db, self.context.now());
        let unlocked = attempt::Column::LockedAt.is_null().and(attempt::Column::UpdatedAt.lt(now - COUNT));
        delete_in_batches::<attempt::Entity>(db, unlocked.or(attempt::Column::LockedAt.lt(now - LOCK)))
            .await?;
        delete_in_batches::<used_ticket::Entity>(db, used_ticket::Column::ExpiresAt.lt(now)).await?;
        let left = enrolment::Column::FinishedAt.is_null();
        delete_in_batches::<enrolment::Entity>(
            db,
            left.and(enrolment::Column::ExpiresAt.lt(now - ENROLMENT)),
        )
        .await?;
        delete_in_batches::<email_change::Entity>(db, email_change::Column::ExpiresAt.lt(now - RECOVERY))
            .await?;
        delete_in_batches::<recovery::Entity>(db, recovery::Column::ExpiresAt.lt(now - RECOVERY)).await?;
        let ended = session::Column::EndedAt.lt(now - SESSION);
        delete_in_batches::<session::Entity>(db, ended.or(session::Column::EndsAt.lt(now - SESSION))).await?;
        delete_in_batches::<lock_notice::Entity>(db, lock_notice::Column::ToldAt.lt(now - NOTICE)).await?;
        delete_in_batches::<device::Entity>(db, device::Column::LastSeenAt.lt(now - DEVICE)).await
    }
}
