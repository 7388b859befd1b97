//! The state of the protocol: interactions, codes, grants, refresh tokens, signing keys, and the sessions that each client knows.
//!
//! [`Grants`] is the whole of it. The rules are in [`oidc`]; here they meet the database. A single use is one conditional
//! statement, whose row count is the permission to go on.

mod ask;
mod authorize;
mod caller;
mod client_keys;
mod error;
mod exchange;
mod going_on;
mod guesses;
mod interactions;
mod introspect;
mod invariants;
mod issue;
mod keys;
mod link_ended;
mod logout;
mod refresh;
mod restore;
mod secret_use;
mod signer;
mod table;
mod userinfo;

use std::sync::Arc;

use accounts::{AccountId, Accounts, SessionId};
use agencies::{Agencies, Agency, Portal};
use arc_swap::ArcSwap;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{Context, Done, Fault, Resealed, SealKeys, Told, Unix, delete_in_batches, typed_id};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use serde_json::json;
use uuid::Uuid;

pub use ask::{Ask, Asking};
pub use authorize::{Completed, Start};
pub use caller::Call;
pub use client_keys::KeySource;
pub use error::EndpointError;
pub(crate) use interactions::DESK_PASSWORD;
pub use interactions::{Interaction, Left};
pub use invariants::INVARIANTS;
pub use keys::{KeyInfo, KeyState, RenewedKeys, Revocation, Revoked};
pub use logout::{BACKCHANNEL_LOGOUT, EndSession, LogoutCall};
use secret_use::SecretUses;
pub use secret_use::{CLIENT_SECRET, SecretUse, TICKET_KEY, secret_uses};
pub use userinfo::Userinfo;

use client_keys::{ClientKeys, NoSource};
use going_on::GoingOn;
use guesses::Guesses;
use keys::Keyring;
use table::{client_session, code, interaction, refresh_token, token_grant, used_assertion};

typed_id! {
    /// An authorization request on its way through the screens.
    InteractionId
}
typed_id! {
    /// The grant of an account to a client at one sign-in; every token belongs to one.
    GrantId
}

/// The configuration of tokens. Times are seconds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The issuer, byte for byte, without a slash at its end.
    pub issuer: String,
    /// The lifetime of an interaction.
    pub interaction_life: i64,
    /// The lifetime of an authorization code (SECURITY D6).
    pub code_life: i64,
    /// The lifetime of an access token.
    pub access_life: i64,
    /// The lifetime of an ID token.
    pub id_token_life: i64,
    /// The lifetime of an unused refresh token.
    pub refresh_idle: i64,
    /// The lifetime of a family of refresh tokens, used or not (SECURITY #24).
    pub refresh_most: i64,
    /// The age at which a signing key is replaced.
    pub key_age: i64,
    /// The time for which a key is published before it signs, and after it has signed (SECURITY #36).
    pub key_overlap: i64,
    /// The number of wrong secrets of one client that one network may send in a minute (SECURITY #26).
    pub client_failures: u32,
}

impl Settings {
    /// Returns the defaults of SPEC "Rules and numbers".
    pub fn new(issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            interaction_life: 86_400,
            code_life: 60,
            access_life: 600,
            id_token_life: 600,
            refresh_idle: 30 * 86_400,
            refresh_most: 180 * 86_400,
            key_age: 90 * 86_400,
            key_overlap: 86_400,
            client_failures: 60,
        }
    }
}

/// The state of the protocol. Cheap to clone.
#[derive(Clone)]
pub struct Grants {
    context: Context,
    accounts: Accounts,
    agencies: Arc<ArcSwap<Agencies>>,
    settings: Arc<Settings>,
    keys: Arc<Keyring>,
    client_keys: Arc<ClientKeys>,
    guesses: Arc<Guesses>,
    going_on: Arc<GoingOn>,
    secret_uses: Arc<SecretUses>,
    salt: Arc<[u8; 32]>,
}

/// The number of seconds after which an interaction without a form is deleted: an hour, and the ten minutes within which each node writes down which
/// interactions had one.
const LEFT: i64 = 3600 + 600;
/// The number of sessions that one step of a purge reads.
const STEP: u64 = 500;
const SALT: &str = "pairwise salt";
/// The key of the stored salt.
const SALT_KEY: &str = "pairwise_salt";

impl Grants {
    /// Opens it: creates the first signing keys and the salt of pairwise subjects if the database has none.
    ///
    /// # Errors
    /// [`Fault`] of the database, or a stored key that does not open.
    pub async fn open(
        context: Context,
        accounts: Accounts,
        agencies: Arc<ArcSwap<Agencies>>,
        settings: Settings,
    ) -> Result<Self, Fault> {
        let salt = pairwise_salt(&context).await?;
        let settings = Arc::new(settings);
        let keys = Arc::new(Keyring::open(context.clone(), settings.clone()).await?);
        let client_keys = Arc::new(ClientKeys::new(Arc::new(NoSource)));
        let guesses = Arc::new(Guesses::new(settings.client_failures));
        let (salt, going_on) = (Arc::new(salt), Arc::default());
        let grants = Self {
            context,
            accounts,
            agencies,
            settings,
            keys,
            client_keys,
            guesses,
            going_on,
            secret_uses: Arc::default(),
            salt,
        };
        grants.ensure_keys().await?;
        Ok(grants)
    }

    /// Reads the keys of clients with a `jwks_uri` from `source`. Without a source, such a client cannot authenticate.
    #[must_use]
    pub fn reading_keys_from(self, source: Arc<dyn KeySource>) -> Self {
        Self { client_keys: Arc::new(ClientKeys::new(source)), ..self }
    }

    /// Returns the same state with other agencies and people's terms.
    pub(crate) fn with(&self, accounts: Accounts, agencies: Arc<ArcSwap<Agencies>>) -> Self {
        Self { accounts, agencies, ..self.clone() }
    }

    /// Returns the configuration.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Creates the keys that today's clients need, and replaces old ones. Called at the start, after a change of the configuration, and by
    /// the worker.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn ensure_keys(&self) -> Result<(), Fault> {
        let mut wanted = vec![oidc::jwt::Alg::RS256];
        for agency in self.agencies.load().iter() {
            for portal in &agency.portals {
                wanted.push(portal.client.id_token_signed_response_alg);
                wanted.extend(portal.client.userinfo_signed_response_alg);
            }
        }
        wanted.dedup();
        for alg in wanted {
            self.keys.ensure(alg).await?;
        }
        Ok(())
    }

    /// Replaces the signing keys. The new ones are published now and sign after the overlap (SPEC J12).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn rotate_keys(&self) -> Result<(), Fault> {
        self.keys.rotate_all().await
    }

    /// Makes a new key sign at once, for every algorithm; returns the `kid` of each. Portals meet a key that they may not have read yet.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn rotate_keys_now(&self) -> Result<Vec<String>, Fault> {
        self.keys.rotate_now().await
    }

    /// Revokes a signing key for `by`, an operator: it leaves the key set, and what it signed is no longer verified here. Recorded in the evidence.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    #[tracing::instrument(skip_all)]
    pub async fn revoke_key(&self, kid: &str, by: &str) -> Result<Revocation, Fault> {
        self.keys.revoke(kid, by, &self.accounts).await
    }

    /// Reads the signing keys again, so that this node follows what another did.
    ///
    /// # Errors
    /// [`Fault`] of the database; what was read before stays.
    pub async fn reload_keys(&self) -> Result<(), Fault> {
        self.keys.reload().await
    }

    /// Seals the signing keys and the salt of pairwise subjects with the newest key.
    ///
    /// # Errors
    /// [`Fault`] of the database, or a value that does not open.
    pub async fn reseal(&self, told: Told<'_>) -> Result<Resealed, Fault> {
        let mut done = self.keys.reseal(told).await?;
        if let Some(stored) = self.context.db.stored(SALT_KEY).await? {
            let again = self.context.reseal(SALT, &decode_salt(&stored)?)?;
            done += Resealed { seen: 1, renewed: u64::from(again.is_some()) };
            if let Some(again) = again {
                self.context.db.replace_stored(SALT_KEY, &stored, &URL_SAFE_NO_PAD.encode(again)).await?;
            }
        }
        Ok(done)
    }

    /// Returns all signing keys with their states.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn keys(&self) -> Result<Vec<KeyInfo>, Fault> {
        self.keys.list().await
    }

    /// Returns the JSON Web Key Set (RFC 7517 §5) with next, current and retired keys, as JSON.
    pub async fn jwks(&self) -> Arc<str> {
        self.keys.published().await
    }

    /// Returns the metadata document (OIDC Discovery §3), as JSON.
    pub async fn metadata(&self) -> Arc<str> {
        self.keys.metadata().await
    }

    /// Returns the account's `sub` for this client.
    pub fn subject(&self, client: &oidc::client::Client, account: accounts::AccountId) -> String {
        oidc::claims::subject(client, &account.to_string(), &self.salt)
    }

    /// Deletes rows that ended more than a day ago: interactions, codes, refresh tokens, grants, assertions, and clients' parts in sessions; and, after an
    /// hour, interactions without a form.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn purge(&self) -> Result<(), Fault> {
        let (db, before) = (&self.context.db, self.context.now() - 86_400);
        self.guesses.tidy(self.context.now());
        self.tell_going_on().await?;
        let left = Condition::all()
            .add(interaction::Column::CreatedAt.lt(self.context.now() - LEFT))
            .add(interaction::Column::WentOnAt.is_null())
            .add(interaction::Column::EnrolmentId.is_null())
            .add(interaction::Column::CompletedAt.is_null());
        delete_in_batches::<interaction::Entity>(db, left).await?;
        delete_in_batches::<interaction::Entity>(db, interaction::Column::ExpiresAt.lt(before)).await?;
        delete_in_batches::<code::Entity>(db, code::Column::ExpiresAt.lt(before)).await?;
        // A rotated token is kept until its family ends, so that its reuse is noticed for as long as its children live.
        delete_in_batches::<refresh_token::Entity>(db, refresh_token::Column::FamilyEndsAt.lt(before))
            .await?;
        self.forget_children().await?;
        delete_in_batches::<used_assertion::Entity>(db, used_assertion::Column::ExpiresAt.lt(before)).await?;
        // No token of a grant outlives the longest family, which begins when the code is redeemed.
        let oldest = before - self.settings.refresh_most - self.settings.code_life;
        delete_in_batches::<token_grant::Entity>(db, token_grant::Column::CreatedAt.lt(oldest)).await?;
        delete_in_batches::<client_session::Entity>(db, client_session::Column::EndedAt.lt(before)).await?;
        self.purge_expired(before).await
    }

    /// Deletes clients' parts in expired sessions, step by step, so that no statement holds the database for long.
    async fn purge_expired(&self, before: Unix) -> Result<(), Fault> {
        let mut last = Uuid::nil();
        loop {
            let step: Vec<Uuid> = client_session::Entity::find()
                .select_only()
                .column(client_session::Column::SessionId)
                .distinct()
                .filter(client_session::Column::SessionId.gt(last))
                .filter(client_session::Column::FirstAt.lt(before))
                .order_by_asc(client_session::Column::SessionId)
                .limit(STEP)
                .into_tuple()
                .all(self.context.db.reader())
                .await?;
            let Some(end) = step.last() else { return Ok(()) };
            last = *end;
            let sessions: Vec<SessionId> = step.into_iter().map(SessionId).collect();
            let over = self.accounts.sessions_over(&sessions, before).await?;
            client_session::Entity::delete_many()
                .filter(client_session::Column::SessionId.is_in(over.into_iter().map(|id| id.0)))
                .exec(self.context.db.writer())
                .await?;
        }
    }

    fn client(&self, client_id: &str) -> Option<(Arc<Agency>, Portal)> {
        let agencies = self.agencies.load();
        agencies.portal(client_id).map(|(agency, portal)| (agency.clone(), portal.clone()))
    }

    /// Ends a grant with all its tokens, because its client revokes it (SECURITY D5).
    async fn give_back(&self, grant: &token_grant::Model) -> Result<(), Fault> {
        self.revocation(grant, "client_revoked").exec(self.context.db.writer()).await?;
        tracing::info!(target: "security", grant = %grant.id, "grant given back");
        Ok(())
    }

    /// Ends a grant because its code or token was used twice: the holder of the other copy may be a thief (SECURITY I2, I4). Records it in the evidence,
    /// once (SECURITY I21).
    async fn reused(&self, grant: &token_grant::Model, what: &'static str) -> Result<(), Fault> {
        let revocation = self.revocation(grant, what);
        let body = json!({ "client": grant.client_id, "because": what });
        self.context
            .db
            .write_recorded(async |tx| {
                if revocation.exec(tx.conn()).await?.rows_affected == 1 {
                    self.accounts.record(tx, "grant revoked", AccountId(grant.account_id), &body).await?;
                }
                Ok(Done::Commit(()))
            })
            .await?;
        tracing::warn!(target: "security", grant = %grant.id, event = what, "grant revoked");
        Ok(())
    }

    fn revocation(&self, grant: &token_grant::Model, why: &str) -> sea_orm::UpdateMany<token_grant::Entity> {
        token_grant::Entity::update_many()
            .col_expr(token_grant::Column::RevokedAt, Expr::value(self.context.now()))
            .col_expr(token_grant::Column::RevokedWhy, Expr::value(why))
            .filter(token_grant::Column::Id.eq(grant.id))
            .filter(token_grant::Column::RevokedAt.is_null())
    }
}

/// Returns the stored salt; creates it once. It never changes, because `sub` must not (SECURITY I11).
async fn pairwise_salt(context: &Context) -> Result<[u8; 32], Fault> {
    let mut fresh = [0; 32];
    context.rng.fill(&mut fresh);
    let sealed = URL_SAFE_NO_PAD.encode(context.seal(SALT, &fresh));
    open_salt(&context.keys, &context.db.insert_or_get(SALT_KEY, &sealed).await?)
}

fn open_salt(keys: &SealKeys, stored: &str) -> Result<[u8; 32], Fault> {
    keys.open(SALT, &decode_salt(stored)?)?.as_slice().try_into().map_err(|_| broken_salt())
}

fn decode_salt(stored: &str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(stored).map_err(|_| broken_salt())
}

fn broken_salt() -> Fault {
    Fault::Broken("the stored salt of pairwise subjects cannot be read".into())
}
