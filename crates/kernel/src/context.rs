use std::sync::Arc;

use uuid::{Builder, Uuid};

use crate::{Clock, Db, Fault, MAX_AHEAD, MAX_DATABASE_OFFSET, Rng, SealKeys, Token, Unix};

/// The resources that every slice uses: database, time, randomness and the sealing keys. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// The sealing keys, which live outside the database.
    pub keys: Arc<SealKeys>,
}

impl Context {
    /// Returns the current time in seconds.
    pub fn now(&self) -> Unix {
        self.clock.now()
    }

    /// Compares this machine's clock with the database's. If they agree, stores the current time for the other nodes and for this one after a restart, and
    /// continues from the latest time that any node has stored (SECURITY D13, I19). A node whose clock is far from the database's shares nothing.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn share_time(&self) -> Result<(), Fault> {
        let sent = self.clock.machine_millis();
        let database = self.db.database_time().await?;
        if let Some(database) = database {
            self.clock.observe_database(database, offset(sent, self.clock.machine_millis(), database));
            if !self.clock.is_trusted() {
                return Ok(());
            }
        }
        let bounded = |max: i64| database.map_or(i64::MAX, |database| database.saturating_add(max));
        let now = self.clock.now_millis().min(bounded(MAX_DATABASE_OFFSET));
        self.clock.observe(self.db.advance_time(now, bounded(MAX_AHEAD)).await?);
        Ok(())
    }

    /// Returns a new id, ordered by time.
    pub fn id<T: From<Uuid>>(&self) -> T {
        let mut bytes = [0; 10];
        self.rng.fill(&mut bytes);
        let millis = u64::try_from(self.clock.now_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().into()
    }

    /// Returns a new 256-bit token.
    pub fn token(&self) -> Token {
        Token::generate(&*self.rng)
    }

    /// Seals `plain` for `purpose`.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        self.keys.seal(&*self.rng, purpose, plain)
    }

    /// Checks that this node seals with the key that the database knows (SECURITY #37).
    ///
    /// # Errors
    /// [`Fault::Broken`] if the database was sealed with another key.
    pub async fn check_key(&self) -> Result<(), Fault> {
        let own = self.keys.fingerprint();
        let stored = self.db.insert_or_get("seal_key", &own).await?;
        if own == stored {
            return Ok(());
        }
        Err(Fault::Broken("the secret key is not the one that this database was sealed with".into()))
    }
}

/// Returns by how many milliseconds the machine's clock is ahead of the database's. The database read `database` at some moment between `sent` and
/// `answered`, so the time that the answer took does not count as an offset.
fn offset(sent: i64, answered: i64, database: i64) -> i64 {
    (sent - database).max(0) + (answered - database).min(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_answer_is_no_difference_between_clocks() {
        assert_eq!([1000, 5000, 9000].map(|database| offset(1000, 9000, database)), [0, 0, 0]);
        assert_eq!(offset(1000, 9000, 400), 600);
        assert_eq!(offset(1000, 9000, 9700), -700);
    }
}
