//! The deletion of rows that have no further use.

use kernel::Fault;

use crate::{Accounts, Rules, UNDO_DAYS, lockout::NOTICE, store::purge};

const DAY: i64 = 86_400;
/// Unfinished moves hold personal data without a use: kept for this time after their end, for the help desk.
const ENROLMENT: i64 = 30 * DAY;
/// Used and dead links, of resets and of new addresses.
const RECOVERY: i64 = 30 * DAY;
/// Ended sessions are a log of sign-ins: CNIL asks for 6 to 12 months (PEOPLE F-21).
const SESSION: i64 = 365 * DAY;
/// A plan that nobody applied.
const PLAN: i64 = 30 * DAY;
/// Devices after their last use: the lifetime of their cookie.
const DEVICE: i64 = 400 * DAY;
/// Counts of wrong passwords after the last try, networks from which an old identifier was right, and locks. Long enough that guessing gains nothing by
/// waiting; the same for addresses with and without an account, so that it reveals none (SECURITY #59, D14).
const COUNT: i64 = 30 * DAY;
const LOCK: i64 = 400 * DAY;
/// Looks of staff, which their person may read; forms that were sent, which nobody sends after a day.
const LOOK: i64 = 365 * DAY;
const FORM: i64 = 2 * DAY;

impl Rules {
    /// The number of days after its end for which an unfinished move is kept.
    pub fn unfinished_kept_days(&self) -> u16 {
        u16::try_from(ENROLMENT / DAY).unwrap_or(u16::MAX)
    }

    /// The number of days after their end for which sign-ins and devices are kept at most.
    pub fn log_kept_days(&self) -> u16 {
        u16::try_from(std::cmp::max(SESSION, DEVICE) / DAY).unwrap_or(u16::MAX)
    }
}

impl Accounts {
    /// Deletes rows without further use, so that tables stay bounded (SECURITY #113). Acceptances and evidence are never deleted here.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn purge(&self) -> Result<(), Fault> {
        let (db, now) = (&self.context.db, self.context.now());
        purge::attempts(db, now - COUNT, now - LOCK).await?;
        purge::tickets(db, now).await?;
        purge::activation_codes(db, now).await?;
        purge::staff_invitations(db, now).await?;
        purge::enrolments(db, now - ENROLMENT).await?;
        purge::email_changes(db, now - RECOVERY).await?;
        purge::reset_links(db, now - RECOVERY).await?;
        purge::sessions(db, now - SESSION).await?;
        purge::lock_notices(db, now - NOTICE).await?;
        purge::deliveries(db, now - PLAN, now - UNDO_DAYS * DAY).await?;
        purge::looks(db, now - LOOK).await?;
        purge::used_forms(db, now - FORM).await?;
        purge::devices(db, now - DEVICE).await
    }
}
