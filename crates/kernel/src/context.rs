use std::sync::Arc;

use uuid::{Builder, Uuid};

use crate::{Clock, Db, Fault, MAX_AHEAD, MAX_DATABASE_OFFSET, Rng, SealKeys, Token, Unix};

/// What every slice stands on: database, time, randomness and the keys that seal. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// The keys that live outside the database.
    pub keys: Arc<SealKeys>,
}

impl Context {
    /// Now, in seconds.
    pub fn now(&self) -> Unix {
        self.clock.now()
    }

    /// Compares this machine's clock with the database's. Where they agree it tells the other nodes, and this one after a restart, how late it is, and goes on
    /// from the latest that any of them saw (SECURITY D13, I19). A machine whose clock is far from the database's shares nothing.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn share_time(&self) -> Result<(), Fault> {
        let asked = self.clock.machine_millis();
        let theirs = self.db.database_time().await?;
        if let Some(theirs) = theirs {
            self.clock.observe_database(theirs, ahead(asked, self.clock.machine_millis(), theirs));
            if !self.clock.is_trusted() {
                return Ok(());
            }
        }
        let bounded = |most: i64| theirs.map_or(i64::MAX, |theirs| theirs.saturating_add(most));
        let late = self.clock.now_millis().min(bounded(MAX_DATABASE_OFFSET));
        self.clock.observe(self.db.advance_time(late, bounded(MAX_AHEAD)).await?);
        Ok(())
    }

    /// A new id, ordered by time.
    pub fn id<T: From<Uuid>>(&self) -> T {
        let mut bytes = [0; 10];
        self.rng.fill(&mut bytes);
        let millis = u64::try_from(self.clock.now_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().into()
    }

    /// A new 256-bit token.
    pub fn token(&self) -> Token {
        Token::generate(&*self.rng)
    }

    /// Seals for `purpose`.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        self.keys.seal(&*self.rng, purpose, plain)
    }

    /// Makes sure that this node seals with the key that the database knows (SECURITY #37).
    ///
    /// # Errors
    /// [`Fault::Broken`] when another key sealed what is in there.
    pub async fn check_key(&self) -> Result<(), Fault> {
        let ours = self.keys.fingerprint();
        let theirs = self.db.insert_or_get("seal_key", &ours).await?;
        if ours == theirs {
            return Ok(());
        }
        Err(Fault::Broken("the secret key is not the one that this database was sealed with".into()))
    }
}

/// By how many milliseconds the machine's clock is ahead of the database's, which said `theirs` at some moment between `asked` and `answered`: how long the
/// answer took is no difference between clocks.
fn ahead(asked: i64, answered: i64, theirs: i64) -> i64 {
    (asked - theirs).max(0) + (answered - theirs).min(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_answer_is_no_difference_between_clocks() {
        assert_eq!([1000, 5000, 9000].map(|theirs| ahead(1000, 9000, theirs)), [0, 0, 0]);
        assert_eq!(ahead(1000, 9000, 400), 600);
        assert_eq!(ahead(1000, 9000, 9700), -700);
    }
}
