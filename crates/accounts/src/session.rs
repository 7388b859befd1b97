use std::collections::HashSet;

use kernel::{Fault, Token, Tx, Unix};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, Query, SimpleExpr},
};
use uuid::Uuid;

use crate::{
    AccountId, Accounts, Device, Replaced, SessionId, SessionsEnded, Visitor,
    lockout::Counter,
    table::{account, device, session},
};

/// How long a session lives, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionPolicy {
    /// Idle, when not kept.
    pub idle: i64,
    /// Idle, when kept: it slides.
    pub kept_idle: i64,
    /// At most, when kept.
    pub kept_most: i64,
    /// At most, when not kept: a browser that is never closed.
    pub most: i64,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { idle: 8 * 3600, kept_idle: 30 * 86400, kept_most: 90 * 86400, most: 7 * 86400 }
    }
}

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id; not what opens it.
    pub id: SessionId,
    /// Whose it is, for life (SECURITY I17).
    pub account: AccountId,
    /// When the password was last given in it.
    pub auth_time: Unix,
    /// Whether it outlives the browser.
    pub persistent: bool,
    /// When it ends at the latest.
    pub ends_at: Unix,
    /// The account's epoch: compared at every use of what the session gave.
    pub auth_epoch: i32,
    /// The language that its owner chose; `None` for a session that was made just now.
    pub locale: Option<String>,
}

/// A living session as its owner sees it in their list: what it is, and never where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its id.
    pub id: SessionId,
    /// The browser.
    pub device: Device,
    /// When it was signed in.
    pub since: Unix,
    /// When it was last used, to within five minutes.
    pub last_seen: Unix,
    /// Whether it outlives the browser.
    pub kept: bool,
}

/// What a browser gets when it is signed in.
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// For the session cookie.
    pub token: Token,
    /// For the device cookie.
    pub device: Token,
}

/// A reading moves `last_seen_at` only when it is older than this: no write per request.
const SEEN_GRAIN: i64 = 300;

impl SessionPolicy {
    /// Whether a session lives: the rule.
    pub fn lives(&self, persistent: bool, last_seen: Unix, ends_at: Unix, now: Unix) -> bool {
        let idle = if persistent { self.kept_idle } else { self.idle };
        now < ends_at && now - last_seen < idle
    }
}

impl Accounts {
    /// The living session that this cookie opens.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nobody is signed in.
    pub async fn session(&self, token: &Token) -> Result<Option<Session>, Fault> {
        let db = &self.context.db;
        let found = session::Entity::find()
            .filter(session::Column::TokenHash.eq(token.digest().as_str()))
            .filter(session::Column::EndedAt.is_null())
            .find_also_related(account::Entity)
            .one(db.reader())
            .await?;
        let now = self.context.now();
        let Some((row, Some(owner))) =
            found.filter(|(r, _)| self.rules.sessions.lives(r.persistent, r.last_seen_at, r.ends_at, now))
        else {
            return Ok(None);
        };
        if owner.auth_epoch != row.auth_epoch || owner.disabled_at.is_some() {
            return Ok(None);
        }
        if now - row.last_seen_at > SEEN_GRAIN {
            session::Entity::update_many()
                .col_expr(session::Column::LastSeenAt, Expr::value(now))
                .filter(session::Column::Id.eq(row.id))
                .exec(db.writer())
                .await?;
        }
        Ok(Some(Session { locale: Some(owner.locale), ..row.into() }))
    }

    /// Opens a session in the transaction of what allows it. `replaces` ends with it: one browser, one session. Its portals go over to the new one, or
    /// end where it is another person's (SECURITY #47); the letter says so to the provider, which may die before it does that by itself.
    pub(crate) async fn open_session(
        &self,
        tx: &Tx,
        owner: AccountId,
        auth_epoch: i32,
        keep: bool,
        visitor: &Visitor,
        replaces: Option<&Session>,
    ) -> Result<SignedIn, Fault> {
        let token = self.context.token();
        self.open_session_as(tx, token, owner, auth_epoch, keep, visitor, replaces).await
    }

    /// The same by a token that nobody had before.
    #[allow(clippy::too_many_arguments, reason = "what a session is made of")]
    pub(crate) async fn open_session_as(
        &self,
        tx: &Tx,
        token: Token,
        owner: AccountId,
        auth_epoch: i32,
        keep: bool,
        visitor: &Visitor,
        replaces: Option<&Session>,
    ) -> Result<SignedIn, Fault> {
        if let Some(old) = replaces {
            end(tx, old.id, self.context.now()).await?;
        }
        let signed_in = self.begin_session_as(tx, token, owner, auth_epoch, keep, visitor).await?;
        let Some(old) = replaces else { return Ok(signed_in) };
        let (accounts, replaced) = if old.account == owner {
            (vec![], Some(Replaced { old: old.id, new: signed_in.session.id }))
        } else {
            (vec![old.account], None)
        };
        self.tell_portals(tx, &SessionsEnded { accounts, replaced }).await?;
        Ok(signed_in)
    }

    /// Begins a session: always a new row and a new token (SECURITY #40).
    pub(crate) async fn begin_session(
        &self,
        tx: &Tx,
        owner: AccountId,
        auth_epoch: i32,
        keep: bool,
        visitor: &Visitor,
    ) -> Result<SignedIn, Fault> {
        let token = self.context.token();
        self.begin_session_as(tx, token, owner, auth_epoch, keep, visitor).await
    }

    async fn begin_session_as(
        &self,
        tx: &Tx,
        token: Token,
        owner: AccountId,
        auth_epoch: i32,
        keep: bool,
        visitor: &Visitor,
    ) -> Result<SignedIn, Fault> {
        let now = self.context.now();
        let policy = self.rules.sessions;
        let row = session::Model {
            id: self.context.id(),
            token_hash: token.digest().into_string(),
            account_id: owner.0,
            auth_epoch,
            persistent: keep,
            auth_time: now,
            created_at: now,
            last_seen_at: now,
            ends_at: now + if keep { policy.kept_most } else { policy.most },
            ended_at: None,
            user_agent: visitor.user_agent_short(),
            ip_short: visitor.ip_short(),
        };
        session::Entity::insert(session::ActiveModel::from(row.clone()).reset_all())
            .exec_without_returning(tx.conn())
            .await?;
        let device = self.remember_device(tx, (owner, auth_epoch), visitor).await?;
        Ok(SignedIn { session: row.into(), token, device })
    }

    /// Whether the session has not ended, and will not before this transaction has: what is given in it is given to somebody who is signed in.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn hold_session(&self, tx: &Tx, id: SessionId) -> Result<bool, Fault> {
        // An update, not a look: it waits for a sign-out that is under way, and a later one waits for it.
        let held = session::Entity::update_many()
            .col_expr(session::Column::LastSeenAt, Expr::col(session::Column::LastSeenAt))
            .filter(session::Column::Id.eq(id.0))
            .filter(session::Column::EndedAt.is_null())
            .exec(tx.conn())
            .await?;
        Ok(held.rows_affected == 1)
    }

    /// The living sessions of an account, the one that was used last first.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn open_sessions(&self, owner: AccountId) -> Result<Vec<OpenSession>, Fault> {
        let db = self.context.db.reader();
        let epoch = Expr::col((session::Entity, session::Column::AuthEpoch));
        let rows = session::Entity::find()
            .inner_join(account::Entity)
            .filter(session::Column::AccountId.eq(owner.0))
            .filter(session::Column::EndedAt.is_null())
            .filter(epoch.eq(Expr::col((account::Entity, account::Column::AuthEpoch))))
            .filter(account::Column::DisabledAt.is_null())
            .order_by_desc(session::Column::LastSeenAt)
            .order_by_desc(session::Column::Id)
            .all(db)
            .await?;
        let now = self.context.now();
        let lives =
            |r: &session::Model| self.rules.sessions.lives(r.persistent, r.last_seen_at, r.ends_at, now);
        let open = |r: session::Model| OpenSession {
            id: SessionId(r.id),
            device: Device::of(&r.user_agent),
            since: r.created_at,
            last_seen: r.last_seen_at,
            kept: r.persistent,
        };
        Ok(rows.into_iter().filter(lives).map(open).collect())
    }

    /// Ends a session at the word of its owner: `false` when it is not theirs, or has ended.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn end_own_session(&self, tx: &Tx, owner: AccountId, id: SessionId) -> Result<bool, Fault> {
        let ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(self.context.now()))
            .filter(session::Column::Id.eq(id.0))
            .filter(session::Column::AccountId.eq(owner.0))
            .filter(session::Column::EndedAt.is_null())
            .exec(tx.conn())
            .await?;
        Ok(ended.rows_affected == 1)
    }

    /// Those of these sessions that were over before this moment, or are no longer known.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn sessions_over(&self, sessions: &[SessionId], before: Unix) -> Result<Vec<SessionId>, Fault> {
        let going_on: HashSet<Uuid> = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .filter(session::Column::Id.is_in(sessions.iter().map(|id| id.0)))
            .filter(session::Column::EndedAt.is_null().or(session::Column::EndedAt.gte(before)))
            .filter(session::Column::EndsAt.gte(before))
            .into_tuple()
            .all(self.context.db.reader())
            .await?
            .into_iter()
            .collect();
        Ok(sessions.iter().copied().filter(|id| !going_on.contains(&id.0)).collect())
    }

    /// Whether a session has neither been ended nor come to its end by time.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn session_lives(&self, id: SessionId) -> Result<bool, Fault> {
        let row = session::Entity::find_by_id(id.0)
            .filter(session::Column::EndedAt.is_null())
            .one(self.context.db.reader())
            .await?;
        let (policy, now) = (self.rules.sessions, self.context.now());
        Ok(row.is_some_and(|row| policy.lives(row.persistent, row.last_seen_at, row.ends_at, now)))
    }

    /// Forgets every browser of an account but this one, and what was counted in them.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn forget_other_devices(&self, owner: AccountId, visitor: &Visitor) -> Result<(), Fault> {
        let Some(row) = self.owner_row(owner).await? else { return Ok(()) };
        let known = self.known_device(owner, visitor).await?;
        // One that nobody holds, where this browser has none.
        let here = visitor.device.clone().unwrap_or_else(|| self.context.token());
        let tx = self.context.db.begin().await?;
        Counter::of_email(&self.context, &row.email_canonical, None)
            .forget_devices(&tx, known.as_deref())
            .await?;
        forget_devices(&tx, owner, &here).await?;
        tx.commit().await
    }

    /// Ends one session.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn end_session(&self, tx: &Tx, id: SessionId) -> Result<(), Fault> {
        end(tx, id, self.context.now()).await
    }

    /// The id of the device behind this cookie, if the account's owner signed in there before.
    pub(crate) async fn known_device(
        &self,
        owner: AccountId,
        visitor: &Visitor,
    ) -> Result<Option<String>, Fault> {
        let Some(token) = &visitor.device else {
            return Ok(None);
        };
        let row = device::Entity::find()
            .filter(device::Column::TokenHash.eq(token.digest().as_str()))
            .filter(device::Column::AccountId.eq(owner.0))
            .one(self.context.db.reader())
            .await?;
        Ok(row.map(|r| r.id.to_string()))
    }

    /// Remembers the browser as one of the owner's. A sign-in with a password that was changed meanwhile makes none known: that change has forgotten
    /// all but its own (SECURITY #76).
    async fn remember_device(
        &self,
        tx: &Tx,
        (owner, auth_epoch): (AccountId, i32),
        visitor: &Visitor,
    ) -> Result<Token, Fault> {
        let now = self.context.now();
        let token = visitor.device.clone().unwrap_or_else(|| self.context.token());
        let seen = device::Entity::update_many()
            .col_expr(device::Column::LastSeenAt, Expr::value(now))
            .filter(device::Column::TokenHash.eq(token.digest().as_str()))
            .filter(device::Column::AccountId.eq(owner.0))
            .exec(tx.conn())
            .await?;
        if seen.rows_affected == 0 {
            let id: Uuid = self.context.id();
            let row: [SimpleExpr; 6] = [
                id.into(),
                token.digest().into_string().into(),
                owner.0.into(),
                now.into(),
                now.into(),
                visitor.user_agent_short().into(),
            ];
            let unchanged = Query::select()
                .exprs(row)
                .from(account::Entity)
                .and_where(account::Column::Id.eq(owner.0))
                .and_where(account::Column::AuthEpoch.eq(auth_epoch))
                .take();
            let insert = Query::insert()
                .into_table(device::Entity)
                .columns([
                    device::Column::Id,
                    device::Column::TokenHash,
                    device::Column::AccountId,
                    device::Column::CreatedAt,
                    device::Column::LastSeenAt,
                    device::Column::UserAgent,
                ])
                .select_from(unchanged)
                .map_err(|error| Fault::Broken(error.to_string()))?
                .take();
            tx.conn().execute(&insert).await?;
        }
        Ok(token)
    }
}

/// Forgets every browser of an account but the one that holds `here`: a sign-in in the others is told as one in a new browser, and counts with all
/// strangers' (SECURITY D2, #76).
pub(crate) async fn forget_devices(tx: &Tx, owner: AccountId, here: &Token) -> Result<(), Fault> {
    device::Entity::delete_many()
        .filter(device::Column::AccountId.eq(owner.0))
        .filter(device::Column::TokenHash.ne(here.digest().as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

pub(crate) async fn end(tx: &Tx, id: SessionId, now: Unix) -> Result<(), Fault> {
    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now))
        .filter(session::Column::Id.eq(id.0))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Ends all sessions of an account; its refresh tokens die with the epoch.
pub(crate) async fn end_all(tx: &Tx, owner: AccountId, now: Unix) -> Result<(), Fault> {
    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now))
        .filter(session::Column::AccountId.eq(owner.0))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

impl From<session::Model> for Session {
    fn from(row: session::Model) -> Self {
        Self {
            id: SessionId(row.id),
            account: AccountId(row.account_id),
            auth_time: row.auth_time,
            persistent: row.persistent,
            ends_at: row.ends_at,
            auth_epoch: row.auth_epoch,
            locale: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_idle_or_old() {
        let policy = SessionPolicy::default();
        let hour = 3600;
        let day = 24 * hour;
        assert!(policy.lives(false, 0, 7 * day, 8 * hour - 1));
        assert!(!policy.lives(false, 0, 7 * day, 8 * hour));
        assert!(policy.lives(true, 0, 90 * day, 30 * day - 1));
        assert!(!policy.lives(true, 0, 90 * day, 30 * day));
        assert!(policy.lives(true, 89 * day, 90 * day, 90 * day - 1));
        assert!(!policy.lives(true, 89 * day, 90 * day, 90 * day));
    }
}
