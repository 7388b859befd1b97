//! Sign-out, and the end of sessions at portals.

use std::collections::BTreeSet;

use accounts::{AccountId, Replaced, Session, SessionId, SessionsEnded, Visitor};
use agencies::Portal;
use kernel::{
    Done, Fault, Tx,
    outbox::{self, Leased},
};
use oidc::{
    Params, claims, jwt,
    logout::{self, Decision, Hint, Hinted},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, sea_query::Expr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Grants,
    table::{client_session, token_grant},
};

/// The outbox kind of logout tokens to post.
pub const BACKCHANNEL_LOGOUT: &str = "backchannel_logout";
/// The lifetime of a logout token in seconds; it is signed when it is sent (OIDC Back-Channel Logout §2.4).
const LOGOUT_TOKEN_LIFE: i64 = 120;

/// The outcome of a request to sign out.
pub enum EndSession {
    /// Signed out, or nobody was signed in: continue to the client's address, or show our own page.
    Done(Option<String>),
    /// Signed out here; the page loads `frames`, in which clients end their own sessions in the browser, then continues as after `Done`.
    Frames {
        /// The addresses of the session's clients that have one (OIDC Front-Channel Logout §3).
        frames: Vec<String>,
        /// The client's address, or our own page.
        after: Option<String>,
    },
    /// Ask the person.
    Confirm {
        /// The fields that the form posts back; then `confirmed` is true.
        fields: Vec<(&'static str, String)>,
        /// The address after the confirmation, if not our own page.
        after: Option<String>,
        /// The client that sent them, if known.
        client_id: Option<String>,
    },
}

/// A call that the worker makes: a POST of the form field `logout_token`, no redirects followed (SECURITY #48).
pub struct LogoutCall {
    /// The client's address.
    pub uri: String,
    /// The token, signed for this call.
    pub logout_token: String,
}

#[derive(Serialize, Deserialize)]
struct Message {
    client_id: String,
    sub: String,
    sid: String,
    /// The `jti`, the same for every retry.
    jti: Uuid,
}

const FIELDS: [&str; 5] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];

impl Grants {
    /// Handles RP-initiated logout (OIDC RP-Initiated Logout §2). `session` is this browser's, `confirmed` is true after the person confirmed. Only this
    /// browser's session ends, whatever the hint says: the holder of an old ID token need not be its person (SECURITY #44).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn end_session(
        &self,
        raw: &[&str],
        session: Option<&Session>,
        confirmed: bool,
    ) -> Result<EndSession, Fault> {
        let (params, left_out) = Params::read(raw);
        if left_out {
            tracing::info!(target: "security", "a sign-out has parameters that cannot be read, or that come twice");
        }
        let hint = match params.get("id_token_hint") {
            None => None,
            Some(token) => Some(self.read_logout_hint(token).await?),
        };
        let known = hint.as_ref().and_then(Option::as_ref);
        let client = known.and_then(|h| self.client(&h.client_id)).map(|(_, portal)| portal.client);
        let sid_here = match (session, known) {
            (Some(session), Some(hint)) => self.sid_of(session.id, &hint.client_id).await?,
            _ => None,
        };
        let asked = logout::LogoutRequest {
            hint: match &hint {
                None => Hinted::Nothing,
                Some(None) => Hinted::Foreign,
                Some(Some(hint)) => Hinted::Ours(hint),
            },
            params: &params,
            client: client.as_deref(),
            sid_here: sid_here.as_deref(),
            signed_in: session.is_some(),
        };
        if let Some(anomaly) = logout::anomaly(&asked) {
            let client = known.map(|hint| hint.client_id.as_str()).unwrap_or_default();
            tracing::warn!(target: "security", client, slip = %anomaly, "a sign-out is not as its client registered it");
        }
        match (logout::decide(&asked), session) {
            (Decision::Confirm(after), _) if !confirmed => {
                let fields = FIELDS.iter().filter_map(|name| params.get(name).map(|v| (*name, v.to_owned())));
                let client_id = client.map(|c| c.client_id.clone());
                Ok(EndSession::Confirm { fields: fields.collect(), after, client_id })
            }
            (Decision::End(after) | Decision::Confirm(after), Some(session)) => {
                let frames = self.sign_out(session.id).await?;
                Ok(if frames.is_empty() {
                    EndSession::Done(after)
                } else {
                    EndSession::Frames { frames, after }
                })
            }
            (Decision::End(after) | Decision::Confirm(after) | Decision::Already(after), _) => {
                Ok(EndSession::Done(after))
            }
        }
    }

    async fn read_logout_hint(&self, token: &str) -> Result<Option<Hint>, Fault> {
        let Some(claims) = self.own_id_token(token).await? else { return Ok(None) };
        let sid = jwt::text(&claims, "sid").map(str::to_owned);
        let client_id = jwt::text(&claims, "azp").map(str::to_owned);
        // An ID token of ours has its client as its only audience (OIDC Core §3.1.3.7).
        let client_id = client_id.filter(|id| jwt::audience(&claims).is_ok_and(|aud| aud == [id.as_str()]));
        Ok(client_id.zip(sid).map(|(client_id, sid)| Hint { client_id, sid }))
    }

    async fn sid_of(&self, session: SessionId, client_id: &str) -> Result<Option<String>, Fault> {
        let key = (session.0, client_id.to_owned());
        let row = client_session::Entity::find_by_id(key).one(self.context.db.reader()).await?;
        Ok(row.filter(|r| r.ended_at.is_none()).map(|r| r.sid))
    }

    /// Ends the clients' parts of ended sessions: the worker's half of every change and sign-in that ended some, for messages of the kind
    /// [`accounts::SESSIONS_ENDED`] (SPEC J6). Later sessions are not touched, however late or often the message comes.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn sessions_ended(&self, message: &Leased) -> Result<(), Fault> {
        let SessionsEnded { accounts, replaced } = self.accounts.sessions_ended(message)?;
        if let Some(Replaced { old, new }) = replaced {
            self.go_over(old, new).await?;
            // If the new session has ended too, portals that were moved to it later were not told.
            for over in self.accounts.sessions_over(&[new], self.context.now() + 1).await? {
                self.sign_out(over).await?;
            }
        }
        for account in accounts {
            self.end_what_is_over(account).await?;
        }
        Ok(())
    }

    /// Ends the clients' parts of all ended sessions of this account.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub(super) async fn end_what_is_over(&self, account: AccountId) -> Result<(), Fault> {
        let rows = client_session::Entity::find()
            .filter(client_session::Column::AccountId.eq(account.0))
            .filter(client_session::Column::EndedAt.is_null())
            .all(self.context.db.reader())
            .await?;
        let sessions: BTreeSet<Uuid> = rows.into_iter().map(|row| row.session_id).collect();
        let sessions: Vec<SessionId> = sessions.into_iter().map(SessionId).collect();
        for session in self.accounts.sessions_over(&sessions, self.context.now() + 1).await? {
            self.sign_out(session).await?;
        }
        Ok(())
    }

    /// Ends a session everywhere, in one transaction: the session, its clients' tokens without `offline_access`, and a logout token for
    /// each client that takes one (SPEC J10). Returns the addresses to load in frames, one for each client that has
    /// one (OIDC Front-Channel Logout §3); callers in another browser drop them.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn sign_out(&self, session: SessionId) -> Result<Vec<String>, Fault> {
        self.context
            .db
            .write(async |tx| {
                self.accounts.end_session(tx, session).await?;
                Ok(Done::Commit(self.end_at_clients(tx, session, false).await?))
            })
            .await
    }

    /// Ends one of a person's sessions from another browser of theirs, like a sign-out there, but with `offline_access` too, because that
    /// device may be lost. Returns false if the session is not theirs, or has ended.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn end_elsewhere(&self, account: AccountId, session: SessionId) -> Result<bool, Fault> {
        self.context
            .db
            .write(async |tx| {
                if !self.accounts.end_own_session(tx, account, session).await? {
                    return Ok(Done::RollBack(false));
                }
                self.end_at_clients(tx, session, true).await?;
                Ok(Done::Commit(true))
            })
            .await
    }

    /// Ends all sessions of a person but one, and forgets all browsers but this one; returns the number of ended sessions.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn end_all_elsewhere(
        &self,
        account: AccountId,
        keep: SessionId,
        visitor: &Visitor,
    ) -> Result<usize, Fault> {
        self.accounts.forget_other_devices(account, visitor).await?;
        let mut ended = 0;
        for session in self.accounts.open_sessions(account).await? {
            if session.id != keep && self.end_elsewhere(account, session.id).await? {
                ended += 1;
            }
        }
        // Clients' parts in sessions that had expired.
        self.end_what_is_over(account).await?;
        Ok(ended)
    }

    /// Ends the sessions of an account above the maximum, those that were used least recently first (SECURITY #50), at their portals too.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn end_oldest(&self, account: AccountId, keep: SessionId) -> Result<(), Fault> {
        let most = self.accounts.rules().sessions_per_account;
        let open = self.accounts.open_sessions(account).await?;
        let others = open.into_iter().filter(|session| session.id != keep);
        for session in others.skip(most.saturating_sub(1)) {
            self.sign_out(session.id).await?;
        }
        Ok(())
    }

    /// Ends the clients' parts of a session; returns the addresses to load in frames.
    async fn end_at_clients(
        &self,
        tx: &Tx,
        session: SessionId,
        offline_too: bool,
    ) -> Result<Vec<String>, Fault> {
        let now = self.context.now();
        let ended = client_session::Entity::update_many()
            .col_expr(client_session::Column::EndedAt, Expr::value(now))
            .filter(client_session::Column::SessionId.eq(session.0))
            .filter(client_session::Column::EndedAt.is_null())
            .exec_with_returning(tx.conn())
            .await?;
        let mut frames = Vec::new();
        for row in ended {
            frames.extend(self.tell_client(tx, row).await?);
        }
        let mut revoke = token_grant::Entity::update_many()
            .col_expr(token_grant::Column::RevokedAt, Expr::value(now))
            .col_expr(token_grant::Column::RevokedWhy, Expr::value("signed_out"))
            .filter(token_grant::Column::SessionId.eq(session.0))
            .filter(token_grant::Column::RevokedAt.is_null());
        if !offline_too {
            revoke = revoke.filter(token_grant::Column::Scope.not_like("%offline_access%"));
        }
        revoke.exec(tx.conn()).await?;
        Ok(frames)
    }

    /// Queues the logout token for a client whose part in a session ended; returns the address that the browser would have to load.
    pub(super) async fn tell_client(
        &self,
        tx: &Tx,
        row: client_session::Model,
    ) -> Result<Option<String>, Fault> {
        let Some((_, Portal { client, .. })) = self.client(&row.client_id) else { return Ok(None) };
        let frame = client
            .frontchannel_logout_uri
            .as_ref()
            .map(|uri| logout::front_channel(uri, &self.settings.issuer, &row.sid));
        if client.backchannel_logout_uri.is_some() {
            let message =
                Message { client_id: row.client_id, sub: row.sub, sid: row.sid, jti: self.context.id() };
            // The destination in clear, so that the messages of a portal that hangs can be skipped (FINDING S19).
            let client_id = message.client_id.clone();
            let ties = outbox::Ties { destination: Some(&client_id), ..outbox::Ties::default() };
            outbox::enqueue_tied(tx, &self.context, BACKCHANNEL_LOGOUT, &message, None, ties).await?;
        }
        Ok(frame)
    }

    /// Moves the clients' parts of `old` to `new`, which replaced it in this browser after a sign-in or a change, so that one sign-out still
    /// reaches all portals; another person's portals are signed out (SECURITY #47). A message of the kind [`accounts::SESSIONS_ENDED`] has the same effect:
    /// this call is for the browser, which may come back before the worker reads the message.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn session_replaced(&self, old: &Session, new: &Session) -> Result<(), Fault> {
        if old.id == new.id {
            return Ok(());
        }
        if old.account != new.account {
            self.sign_out(old.id).await?;
            return Ok(());
        }
        self.go_over(old.id, new.id).await
    }

    /// Moves the clients' parts of `old` to `new`. A client that is part of `new` already keeps its `sid` there.
    async fn go_over(&self, old: SessionId, new: SessionId) -> Result<(), Fault> {
        let there = client_session::Entity::find()
            .select_only()
            .column(client_session::Column::ClientId)
            .filter(client_session::Column::SessionId.eq(new.0))
            .into_query();
        let parts = client_session::Entity::update_many()
            .col_expr(client_session::Column::SessionId, Expr::value(new.0))
            .filter(client_session::Column::SessionId.eq(old.0))
            .filter(client_session::Column::EndedAt.is_null())
            .filter(client_session::Column::ClientId.not_in_subquery(there));
        let grants = token_grant::Entity::update_many()
            .col_expr(token_grant::Column::SessionId, Expr::value(new.0))
            .filter(token_grant::Column::SessionId.eq(old.0));
        self.context
            .db
            .write(async |tx| {
                parts.exec(tx.conn()).await?;
                grants.exec(tx.conn()).await?;
                Ok(Done::Commit(()))
            })
            .await
    }

    /// Returns the request that the worker posts for a message of the kind [`BACKCHANNEL_LOGOUT`]; `None` if the client is gone or takes none any more.
    ///
    /// # Errors
    /// [`Fault`] if the message does not open or there is no key.
    pub async fn logout_call(&self, message: &Leased) -> Result<Option<LogoutCall>, Fault> {
        let message: Message = message.payload(&self.context)?;
        let Some((_, portal)) = self.client(&message.client_id) else { return Ok(None) };
        let Some(uri) = portal.client.backchannel_logout_uri.clone() else { return Ok(None) };
        let facts = claims::Grant {
            issuer: &self.settings.issuer,
            client_id: &message.client_id,
            sub: &message.sub,
            sid: &message.sid,
            auth_time: 0,
            acr: None,
        };
        let token =
            claims::logout_token(&facts, &message.jti.to_string(), (self.context.now(), LOGOUT_TOKEN_LIFE));
        let alg = portal.client.id_token_signed_response_alg;
        let logout_token = self.keys.sign(alg, claims::LOGOUT_TOKEN, &token).await?;
        Ok(Some(LogoutCall { uri, logout_token }))
    }
}
