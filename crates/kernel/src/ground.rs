use std::sync::Arc;

use uuid::{Builder, Uuid};

use crate::{Chance, Clock, Db, Fault, SealKeys, Token, Unix};

/// What every slice stands on: database, time, chance and the keys that seal. Cheap to clone.
#[derive(Clone)]
pub struct Ground {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
    /// The keys that live outside the database.
    pub keys: Arc<SealKeys>,
}

impl Ground {
    /// Now, in seconds.
    pub fn now(&self) -> Unix {
        self.clock.now()
    }

    /// Tells the other nodes, and this one after a restart, how late it is, and goes on from the latest that any of them saw (SECURITY I19).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn share_time(&self) -> Result<(), Fault> {
        self.clock.saw(self.db.see_time(self.clock.now_millis()).await?);
        Ok(())
    }

    /// A new id, ordered by time.
    pub fn id<T: From<Uuid>>(&self) -> T {
        let mut bytes = [0; 10];
        self.chance.fill(&mut bytes);
        let millis = u64::try_from(self.clock.now_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().into()
    }

    /// A new 256-bit token.
    pub fn token(&self) -> Token {
        Token::generate(&*self.chance)
    }

    /// Seals for `purpose`.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        self.keys.seal(&*self.chance, purpose, plain)
    }

    /// Makes sure that this node seals with the key that the database knows (SECURITY #37).
    ///
    /// # Errors
    /// [`Fault::Broken`] when another key sealed what is in there.
    pub async fn check_key(&self) -> Result<(), Fault> {
        let ours = self.keys.fingerprint();
        let theirs = self.db.settle("seal_key", &ours).await?;
        if ours == theirs {
            return Ok(());
        }
        Err(Fault::Broken("the secret key is not the one that this database was sealed with".into()))
    }
}
