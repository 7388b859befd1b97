use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::{Builder, Uuid};

use crate::{Clock, Db, Fault, MAX_AHEAD, MAX_DATABASE_OFFSET, Resealed, Rng, SealKeys, Token, Unix};

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

    /// Takes from the database the key that seals and the root of the MACs; a new database gets both (SECURITY #37, docs/adr/0019).
    ///
    /// # Errors
    /// [`Fault::Broken`] if this node lacks the key with which the database is sealed.
    pub async fn open_keys(&self) -> Result<(), Fault> {
        let lacking =
            || Fault::Broken("this database is sealed with a key that this node does not have".into());
        // In this order: where the root is missing and the key is named, an earlier version began the database.
        let root = self.db.stored(ROOT_KEY).await?;
        let begun_with = self.db.stored(SEAL_KEY).await?;
        if begun_with.as_deref().is_some_and(|named| !self.keys.seal_with(named)) {
            return Err(lacking());
        }
        let root = match root {
            Some(root) => root,
            None => {
                let made = self.keys.make_root(&*self.rng, begun_with.as_deref()).ok_or_else(lacking)?;
                self.db.insert_or_get(ROOT_KEY, &URL_SAFE_NO_PAD.encode(made)).await?
            }
        };
        self.keys.take_root(&read_root(&root)?)?;
        let named = self.db.insert_or_get(SEAL_KEY, &self.keys.fingerprint()).await?;
        if !self.keys.seal_with(&named) {
            return Err(lacking());
        }
        self.db.insert_or_get(SEALS_SINCE, &self.now().to_string()).await?;
        Ok(())
    }

    /// Returns the name of the key that the database is sealed with, and since when.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn sealing_key(&self) -> Result<(String, Unix), Fault> {
        let named = self.db.stored(SEAL_KEY).await?.unwrap_or_else(|| self.keys.fingerprint());
        let since = self.db.stored(SEALS_SINCE).await?.and_then(|since| since.parse().ok());
        Ok((named, since.unwrap_or_else(|| self.now())))
    }

    /// Seals with the newest key from now on, on every node: each takes it when it looks next. Returns false if somebody else replaced the key meanwhile.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn replace_sealing_key(&self) -> Result<bool, Fault> {
        let (from, to) = (self.keys.fingerprint(), self.keys.newest());
        if from != to {
            if !self.db.replace_stored(SEAL_KEY, &from, &to).await? {
                return Ok(false);
            }
            self.db.store(SEALS_SINCE, &self.now().to_string()).await?;
        }
        Ok(self.keys.seal_with(&to))
    }

    /// Seals the root of the MACs with the newest key.
    ///
    /// # Errors
    /// [`Fault`] of the database, or if the root does not open.
    pub async fn reseal_root(&self) -> Result<Resealed, Fault> {
        let Some(stored) = self.db.stored(ROOT_KEY).await? else { return Ok(Resealed::default()) };
        let again = self.keys.reseal_root(&*self.rng, &read_root(&stored)?)?;
        let renewed = u64::from(again.is_some());
        if let Some(again) = again {
            self.db.replace_stored(ROOT_KEY, &stored, &URL_SAFE_NO_PAD.encode(again)).await?;
        }
        Ok(Resealed { seen: 1, renewed })
    }

    /// Seals a box with the newest key; `None` if it is that already.
    ///
    /// # Errors
    /// [`Fault::Broken`] if it does not open.
    pub fn reseal(&self, purpose: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.keys.reseal(&*self.rng, purpose, sealed)
    }
}

/// The stored name of the key that seals.
pub(crate) const SEAL_KEY: &str = "seal_key";
/// The stored time since which it does, in Unix seconds.
const SEALS_SINCE: &str = "seal_key_since";
/// The stored root of the MACs, sealed, in base64url.
pub(crate) const ROOT_KEY: &str = "mac_root";

/// Reads the stored text of the root.
pub(crate) fn read_root(stored: &str) -> Result<Vec<u8>, Fault> {
    let broken = |_| Fault::Broken("the stored root of MACs cannot be read".into());
    URL_SAFE_NO_PAD.decode(stored).map_err(broken)
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
