//! Signing keys that are replaced at once, or revoked because they were stolen (docs/operate/keys.md).

use accounts::Accounts;
use kernel::{Done, Fault, Resealed, Told, Tx, Unix, reseal_rows};
use oidc::jwt::Alg;
use sea_orm::{
    ActiveValue::Unchanged, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
    sea_query::Expr,
};
use serde_json::json;

use super::{Held, KeyState, Keyring, PURPOSE, algs, insert, signing_key, state};

/// The number of times that a new key is chosen again because another node was quicker.
const TRIES: usize = 3;

/// A key that was revoked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revoked {
    /// Its algorithm.
    pub alg: Alg,
    /// The `kid` of the key that signs from now on, if the revoked one signed.
    pub successor: Option<String>,
}

/// The outcome of a revocation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Revocation {
    /// It is revoked.
    Done(Revoked),
    /// It was revoked before, at this time.
    Already(Unix),
    /// There is no such key.
    Unknown,
}

/// The key that takes over.
enum Successor {
    /// One that is published and waits.
    Waiting(String),
    /// A new one.
    New(Box<signing_key::ActiveModel>),
}

impl Successor {
    fn kid(&self) -> String {
        match self {
            Self::Waiting(kid) => kid.clone(),
            Self::New(row) => row.kid.clone().unwrap(),
        }
    }

    /// Returns false if another node has made a key of this generation, or has begun with the waiting one, since this one was chosen.
    async fn begin(self, tx: &Tx, now: Unix) -> Result<bool, Fault> {
        let rows = match self {
            Self::Waiting(kid) => {
                let update = signing_key::Entity::update_many()
                    .col_expr(signing_key::Column::ActiveFrom, Expr::value(now))
                    .filter(signing_key::Column::Kid.eq(kid))
                    .filter(signing_key::Column::ActiveFrom.gt(now))
                    .filter(signing_key::Column::RevokedAt.is_null());
                update.exec(tx.conn()).await?.rows_affected
            }
            Self::New(row) => insert(*row).exec_without_returning(tx.conn()).await?,
        };
        Ok(rows == 1)
    }
}

impl Keyring {
    /// Makes a new key sign at once, for every algorithm: the one that waits, which portals have seen already, or a new one. Returns the `kid` of each.
    pub(in crate::grant) async fn rotate_now(&self) -> Result<Vec<String>, Fault> {
        self.reload().await?;
        let mut kids = Vec::new();
        for alg in algs(&self.ring.load().keys) {
            kids.push(self.rotate_one_now(alg).await?);
        }
        Ok(kids)
    }

    async fn rotate_one_now(&self, alg: Alg) -> Result<String, Fault> {
        for _ in 0..TRIES {
            let now = self.context.now();
            let successor = self.successor(alg, now).await?;
            let kid = successor.kid();
            let begun = self
                .context
                .db
                .write(async |tx: &Tx| {
                    Ok(if successor.begin(tx, now).await? {
                        Done::Commit(true)
                    } else {
                        Done::RollBack(false)
                    })
                })
                .await?;
            self.reload().await?;
            if begun {
                return Ok(kid);
            }
        }
        Err(others_rotate())
    }

    /// Revokes a key: it is published no longer and verifies nothing. If it signs, another takes over in the same transaction. Recorded in the evidence.
    pub(in crate::grant) async fn revoke(
        &self,
        kid: &str,
        by: &str,
        accounts: &Accounts,
    ) -> Result<Revocation, Fault> {
        for _ in 0..TRIES {
            if let Some(decided) = self.try_revoke(kid, by, accounts).await? {
                return Ok(decided);
            }
        }
        Err(others_rotate())
    }

    /// Returns `None` if another node made the successor's generation meanwhile: then nothing changed.
    async fn try_revoke(
        &self,
        kid: &str,
        by: &str,
        accounts: &Accounts,
    ) -> Result<Option<Revocation>, Fault> {
        self.reload().await?;
        let (ring, now) = (self.ring.load_full(), self.context.now());
        let Some(key) = ring.keys.iter().find(|key| key.info.kid == kid) else {
            return Ok(Some(Revocation::Unknown));
        };
        if let Some(at) = key.info.revoked_at {
            return Ok(Some(Revocation::Already(at)));
        }
        let alg = key.info.alg;
        let was = self.state_of(key, now);
        let successor = match was {
            KeyState::Current => Some(self.successor(alg, now).await?),
            _ => None,
        };
        let done = Revoked { alg, successor: successor.as_ref().map(Successor::kid) };
        let body = json!({ "kid": kid, "alg": alg.as_str(), "by": by, "successor": done.successor });
        let revoked = self
            .context
            .db
            .write_recorded(async |tx: &Tx| {
                if revocation(kid, now).exec(tx.conn()).await?.rows_affected != 1 {
                    return Ok(Done::RollBack(Some(Revocation::Already(now))));
                }
                if let Some(successor) = successor
                    && !successor.begin(tx, now).await?
                {
                    return Ok(Done::RollBack(None));
                }
                accounts.record_command(tx, "signing key revoked", &body).await?;
                Ok(Done::Commit(Some(Revocation::Done(done))))
            })
            .await?;
        self.reload().await?;
        if let Some(Revocation::Done(_)) = revoked {
            tracing::warn!(target: "security", kid, by, "signing key revoked");
        }
        Ok(revoked)
    }

    /// Makes a key for every algorithm that is in use, to sign in place of all that a restored database has: one of those may have been revoked since the
    /// backup, and nothing in it says so.
    pub(in crate::grant) async fn renewed(&self) -> Result<RenewedKeys, Fault> {
        self.reload().await?;
        let (mut rows, now) = (Vec::new(), self.context.now());
        for alg in algs(&self.ring.load().keys) {
            rows.push(self.made(alg, self.next_generation(alg), now).await?);
        }
        Ok(RenewedKeys { rows, now })
    }

    /// Seals the private keys with the newest key.
    pub(in crate::grant) async fn reseal(&self, told: Told<'_>) -> Result<Resealed, Fault> {
        let page = async |last: Option<String>| {
            Ok(signing_key::Entity::find()
                .select_only()
                .columns([signing_key::Column::Kid, signing_key::Column::Sealed])
                .filter(signing_key::Column::Kid.gt(last.unwrap_or_default()))
                .order_by_asc(signing_key::Column::Kid)
                .limit(kernel::RESEAL_PAGE)
                .into_tuple()
                .all(self.context.db.reader())
                .await?)
        };
        let replace = async |tx: &Tx, kid: &String, _: &Vec<u8>, is: &Vec<u8>| {
            let row = signing_key::ActiveModel {
                kid: Unchanged(kid.clone()),
                sealed: sea_orm::ActiveValue::Set(is.clone()),
                ..Default::default()
            };
            signing_key::Entity::update(row).exec(tx.conn()).await?;
            Ok(())
        };
        let renew = |sealed: &Vec<u8>| self.context.reseal(PURPOSE, sealed);
        reseal_rows(&self.context.db, page, renew, replace, told).await
    }

    fn state_of(&self, key: &Held, now: Unix) -> KeyState {
        state(&self.ring.load().keys, key, now, self.settings.key_overlap)
    }

    async fn successor(&self, alg: Alg, now: Unix) -> Result<Successor, Fault> {
        let waits = self.newest(alg).filter(|key| key.info.active_from > now);
        Ok(match waits {
            Some(key) => Successor::Waiting(key.info.kid.clone()),
            None => Successor::New(Box::new(self.made(alg, self.next_generation(alg), now).await?)),
        })
    }
}

/// New signing keys for a restored database.
pub struct RenewedKeys {
    rows: Vec<signing_key::ActiveModel>,
    now: Unix,
}

impl RenewedKeys {
    /// Revokes all keys of the database and lets these sign.
    pub(in crate::grant) async fn take_over(&self, tx: &Tx) -> Result<(), Fault> {
        signing_key::Entity::update_many()
            .col_expr(signing_key::Column::RevokedAt, Expr::value(self.now))
            .filter(signing_key::Column::RevokedAt.is_null())
            .exec(tx.conn())
            .await?;
        for row in &self.rows {
            signing_key::Entity::insert(row.clone()).exec_without_returning(tx.conn()).await?;
        }
        Ok(())
    }
}

fn others_rotate() -> Fault {
    Fault::Unavailable("other nodes replace the signing keys at the same time: try again".into())
}

fn revocation(kid: &str, now: Unix) -> UpdateMany<signing_key::Entity> {
    signing_key::Entity::update_many()
        .col_expr(signing_key::Column::RevokedAt, Expr::value(now))
        .filter(signing_key::Column::Kid.eq(kid))
        .filter(signing_key::Column::RevokedAt.is_null())
}
