use kernel::Fault;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use crate::{
    Accounts,
    lockout::NOTICE,
    table::{device, email_change, enrolment, lock_notice, recovery, session, used_ticket},
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

impl Accounts {
    /// Forgets what has no further use, so that tables stay bounded (SECURITY #113). Attempts, acceptances and evidence are never forgotten here.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn purge(&self) -> Result<(), Fault> {
        let now = self.ground.now();
        let db = self.ground.db.writer();
        used_ticket::Entity::delete_many().filter(used_ticket::Column::ExpiresAt.lt(now)).exec(db).await?;
        enrolment::Entity::delete_many()
            .filter(enrolment::Column::FinishedAt.is_null())
            .filter(enrolment::Column::ExpiresAt.lt(now - ENROLMENT))
            .exec(db)
            .await?;
        email_change::Entity::delete_many()
            .filter(email_change::Column::ExpiresAt.lt(now - RECOVERY))
            .exec(db)
            .await?;
        recovery::Entity::delete_many()
            .filter(recovery::Column::ExpiresAt.lt(now - RECOVERY))
            .exec(db)
            .await?;
        session::Entity::delete_many()
            .filter(
                Condition::any()
                    .add(session::Column::EndedAt.lt(now - SESSION))
                    .add(session::Column::EndsAt.lt(now - SESSION)),
            )
            .exec(db)
            .await?;
        lock_notice::Entity::delete_many()
            .filter(lock_notice::Column::ToldAt.lt(now - NOTICE))
            .exec(db)
            .await?;
        device::Entity::delete_many().filter(device::Column::LastSeenAt.lt(now - DEVICE)).exec(db).await?;
        Ok(())
    }
}
