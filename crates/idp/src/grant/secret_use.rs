//! The last use of each secret of a client and of each ticket key, so that an operator sees when an old one may go.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use kernel::{Db, Fault, Unix};
use sea_orm::{
    ActiveModelTrait, EntityTrait, ExprTrait, IntoActiveModel,
    sea_query::{Expr, OnConflict},
};

use super::{Grants, table::secret_use};

/// The seconds for which a use is not written again.
const DAY: Unix = 86_400;
/// The kind of a client's secret.
pub const CLIENT_SECRET: &str = "client secret";
/// The kind of a key that verifies migration tickets.
pub const TICKET_KEY: &str = "ticket key";

/// The last known use of a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretUse {
    /// [`CLIENT_SECRET`] or [`TICKET_KEY`].
    pub kind: String,
    /// The client or the agency.
    pub owner: String,
    /// The first digits of its SHA-256, which tell one from another.
    pub mark: String,
    /// A time within a day of the last use.
    pub used_at: Unix,
}

/// Kind, owner and mark.
type Key = (&'static str, String, String);

/// The uses that this node has seen: when each was noted, and whether that is written.
#[derive(Default)]
pub(super) struct SecretUses(Mutex<BTreeMap<Key, (Unix, bool)>>);

impl Grants {
    /// Notes that a secret was right. The worker writes it.
    pub fn secret_was_used(&self, kind: &'static str, owner: &str, mark: String) {
        let now = self.context.now();
        let mut seen = self.secret_uses.0.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = seen.entry((kind, owner.to_owned(), mark)).or_insert((i64::MIN, false));
        if now - DAY >= noted.0 {
            *noted = (now, false);
        }
    }

    /// Writes the uses since the last call, at most one a day for each secret.
    ///
    /// # Errors
    /// [`Fault`] of the database: the next call writes them.
    pub async fn write_secret_uses(&self) -> Result<(), Fault> {
        let waiting: Vec<_> = {
            let seen = self.secret_uses.0.lock().unwrap_or_else(PoisonError::into_inner);
            seen.iter()
                .filter(|(_, (_, written))| !written)
                .map(|(key, (at, _))| (key.clone(), *at))
                .collect()
        };
        for ((kind, owner, mark), used_at) in waiting {
            let row =
                secret_use::Model { kind: kind.into(), owner: owner.clone(), mark: mark.clone(), used_at };
            let stored = (secret_use::Entity, secret_use::Column::UsedAt);
            let later = Expr::col(stored).lt(used_at);
            secret_use::Entity::insert(row.into_active_model().reset_all())
                .on_conflict(
                    OnConflict::columns([
                        secret_use::Column::Kind,
                        secret_use::Column::Owner,
                        secret_use::Column::Mark,
                    ])
                    .update_column(secret_use::Column::UsedAt)
                    .action_and_where(later)
                    .to_owned(),
                )
                .exec_without_returning(self.context.db.writer())
                .await?;
            let mut seen = self.secret_uses.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(noted) = seen.get_mut(&(kind, owner, mark)) {
                noted.1 = noted.0 == used_at;
            }
        }
        Ok(())
    }
}

/// Returns the last use of every secret that was ever used.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn secret_uses(db: &Db) -> Result<Vec<SecretUse>, Fault> {
    let rows = secret_use::Entity::find().all(db.reader()).await?;
    let read = |secret_use::Model { kind, owner, mark, used_at }| SecretUse { kind, owner, mark, used_at };
    Ok(rows.into_iter().map(read).collect())
}
