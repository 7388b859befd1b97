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

    async fn begin(self, tx: &Tx, now: Unix) -> Result<(), Fault> {
        match self {
            Self::Waiting(kid) => {
                let update = signing_key::Entity::update_many()
                    .col_expr(signing_key::Column::ActiveFrom, Expr::value(now))
                    .filter(signing_key::Column::Kid.eq(kid))
                    .filter(signing_key::Column::ActiveFrom.gt(now));
                update.exec(tx.conn()).await?;
            }
            Self::New(row) => {
                insert(*row).exec_without_returning(tx.conn()).await?;
            }
        }
        Ok(())
    }
}

impl Keyring {
    /// Makes a new key sign at once, for every algorithm: the one that waits, which portals have seen already, or a new one. Returns the `kid` of each.
    pub(in crate::grant) async fn rotate_now(&self) -> Result<Vec<String>, Fault> {
        self.reload().await?;
        let (mut kids, now) = (Vec::new(), self.context.now());
        for alg in algs(&self.ring.load().keys) {
            let successor = self.successor(alg, now).await?;
            kids.push(successor.kid());
            self.context
                .db
                .write(async |tx: &Tx| {
                    successor.begin(tx, now).await?;
                    Ok(Done::Commit(()))
                })
                .await?;
        }
        self.reload().await?;
        Ok(kids)
    }

    /// Revokes a key: it is published no longer and verifies nothing. If it signs, another takes over in the same transaction. Recorded in the evidence.
    pub(in crate::grant) async fn revoke(
        &self,
        kid: &str,
        by: &str,
        accounts: &Accounts,
    ) -> Result<Revocation, Fault> {
        self.reload().await?;
        let (ring, now) = (self.ring.load_full(), self.context.now());
        let Some(key) = ring.keys.iter().find(|key| key.info.kid == kid) else {
            return Ok(Revocation::Unknown);
        };
        if let Some(at) = key.info.revoked_at {
            return Ok(Revocation::Already(at));
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
                    return Ok(Done::RollBack(false));
                }
                if let Some(successor) = successor {
                    successor.begin(tx, now).await?;
                }
                accounts.record_command(tx, "signing key revoked", &body).await?;
                Ok(Done::Commit(true))
            })
            .await?;
        self.reload().await?;
        tracing::warn!(target: "security", kid, by, "signing key revoked");
        Ok(if revoked { Revocation::Done(done) } else { Revocation::Already(now) })
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

fn revocation(kid: &str, now: Unix) -> UpdateMany<signing_key::Entity> {
    signing_key::Entity::update_many()
        .col_expr(signing_key::Column::RevokedAt, Expr::value(now))
        .filter(signing_key::Column::Kid.eq(kid))
        .filter(signing_key::Column::RevokedAt.is_null())
}
