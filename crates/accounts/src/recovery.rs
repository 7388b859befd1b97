//! Forgotten and locked: both end in a mailed, single-use link. What a stranger can ask for is only queued; the worker looks whether there is an
//! account, so the answer and its time never tell (SECURITY #59, #60, #73).

use kernel::{Context, Fault, Password, Token, Tx, Unix, is_unique_violation, outbox::Leased};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
    sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    AccountId, Accounts, Email, PasswordProblem, Session, SignedIn, Visitor, context_words, evidence,
    lockout::Counter,
    login::{Guarded, secret_of},
    mail,
    mail::{Mail, MailBody},
    mailing::{self, Resets},
    renew::{Change, Renewed},
    table::{account, enrolment, recovery},
};

/// Where a mailed link leads on: the interaction in which it was asked for, and whose look it wore.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// An interaction's id; only its own browser can go on with it.
    pub interaction: Option<String>,
    /// The agency.
    pub agency_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Asked {
    subject: String,
    locale: String,
    origin: Origin,
    locked: bool,
    /// Whether the owner is to be written to: of locks that follow each other closely, of the first.
    #[serde(default = "always")]
    mail: bool,
    /// From where the lock came, as the evidence keeps it.
    #[serde(default)]
    ip: String,
}

/// Letters of an older node name no other.
fn always() -> bool {
    true
}

/// Characters of an address that a letter holds: what is longer is no address.
const LONGEST_SUBJECT: usize = 254;

impl Asked {
    fn by(subject: &str, visitor: &Visitor) -> Self {
        Self {
            subject: subject.chars().take(LONGEST_SUBJECT).collect(),
            locale: visitor.locale.clone(),
            origin: visitor.origin.clone(),
            locked: false,
            mail: true,
            ip: String::new(),
        }
    }
}

/// What a living reset link shows.
pub struct ResetPage {
    /// Whose password it sets.
    pub email: String,
    /// Words that the new password must not hold.
    pub context: Vec<String>,
    /// Where it was asked for.
    pub origin: Origin,
}

/// What became of a new password.
pub enum Reset {
    /// Set. Every other session and refresh token is dead, the lock is off, the owner is told, this browser is signed in.
    Done(Box<SignedIn>, Origin),
    /// Not taken, for these reasons; the link still lives.
    Problems(Vec<PasswordProblem>),
    /// The link set a password a moment ago, and this is that password: this browser is signed in by it. Nothing else changed.
    Again(Box<SignedIn>, Origin),
    /// The link set a password a moment ago.
    Used(Origin),
    /// The link is used, older than a newer one, or too old.
    Dead,
    /// Come back in a moment.
    Busy,
}

/// Seconds in which the page of a used link may be sent again by a browser that did not wait for the answer: a double click, a line that broke.
const AGAIN: i64 = 30;

impl Accounts {
    /// "Mot de passe oublié": only queues. The answer is the same for every address.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn forgot(&self, typed_email: &str, visitor: &Visitor) -> Result<(), Fault> {
        // What is no address asks for nothing (SECURITY D12).
        let Some(address) = Email::parse(typed_email) else { return Ok(()) };
        let subject = address.canonical().to_owned();
        let tx = self.context.db.begin().await?;
        let asked = Asked::by(&subject, visitor);
        enqueue(&tx, &self.context, &asked).await?;
        tx.commit().await
    }

    /// The worker's half: looks who is meant and queues the mail. Letters of the kind `recovery`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn recover(&self, letter: &Leased) -> Result<(), Fault> {
        let asked: Asked = letter.payload(&self.context)?;
        let row = self.account_row(&asked.subject).await?;
        if asked.locked {
            if let Some(row) = &row {
                self.record_lock(AccountId(row.id), &asked).await?;
            }
            if !asked.mail {
                return Ok(());
            }
        }
        match row {
            Some(row) if row.disabled_at.is_none() => self.mail_reset(&row, &asked).await,
            Some(_) => Ok(()),
            None if asked.locked => Ok(()),
            None => self.mail_unfinished(&asked).await,
        }
    }

    /// Once for each lock, and once more if the worker dies before the letter is done.
    async fn record_lock(&self, owner: AccountId, asked: &Asked) -> Result<(), Fault> {
        let tx = self.context.db.begin_recorded().await?;
        let body = serde_json::json!({ "ip": asked.ip });
        evidence::append(&tx, &self.context, "account locked", Some(owner), &body).await?;
        tx.commit().await
    }

    async fn mail_reset(&self, row: &account::Model, asked: &Asked) -> Result<(), Fault> {
        let tx = self.context.db.begin().await?;
        let Some(link) = self.link_to_mail(&tx, row, asked).await? else {
            return tx.commit().await;
        };
        let now = self.context.now();
        let (token, expires_at) = (self.reset_token(&link).text(), link.expires_at);
        // What is left of its life: a mail that comes late must not promise more.
        let minutes = Ord::max((expires_at - now) / 60, 1);
        let body = if asked.locked {
            MailBody::AccountLocked { token, minutes }
        } else {
            MailBody::ResetPassword { token, minutes }
        };
        let letter = Mail {
            to: row.email.clone(),
            locale: row.locale.clone(),
            agency_id: asked.origin.agency_id.clone(),
            body,
        };
        mail::send(&tx, &self.context, &letter, Some(expires_at)).await?;
        tx.commit().await
    }

    /// The link that a mail is due with: the one that works, once more, or a new one. Where none works a mail is always due, so that nobody's requests
    /// keep it from its owner; the one that works lies in the owner's mailbox already (SECURITY #57, #73, D12).
    async fn link_to_mail(
        &self,
        tx: &Tx,
        row: &account::Model,
        asked: &Asked,
    ) -> Result<Option<recovery::Model>, Fault> {
        let now = self.context.now();
        let works = recovery::Entity::find()
            .filter(recovery::Column::AccountId.eq(row.id))
            .filter(recovery::Column::UsedAt.is_null())
            .filter(recovery::Column::SupersededAt.is_null())
            .filter(recovery::Column::ExpiresAt.gt(now))
            .one(tx.conn())
            .await?;
        match works {
            Some(link) if self.reset_token(&link).digest().as_str() == link.token_hash => {
                self.link_again(tx, link, asked).await
            }
            // One that an older version made cannot be made again: a new one takes its place.
            other => self.new_link(tx, AccountId(row.id), other.map(|link| link.id), asked).await.map(Some),
        }
    }

    async fn link_again(
        &self,
        tx: &Tx,
        link: recovery::Model,
        asked: &Asked,
    ) -> Result<Option<recovery::Model>, Fault> {
        let now = self.context.now();
        let due = if asked.locked {
            // A lock has a limit of its own; wishes for a reset must not silence it.
            true
        } else {
            let recent: Vec<(i32, Option<Unix>, Unix)> = recovery::Entity::find()
                .select_only()
                .columns([recovery::Column::Mails, recovery::Column::MailedAt, recovery::Column::CreatedAt])
                .filter(recovery::Column::AccountId.eq(link.account_id))
                .filter(recovery::Column::CreatedAt.gt(now - 3600 - self.rules.reset_link))
                .into_tuple()
                .all(tx.conn())
                .await?;
            let in_hour = recent
                .iter()
                .filter(|(_, last, made)| mailing::within_hour(last.unwrap_or(*made), now))
                .map(|(mails, ..)| i64::from(*mails))
                .sum();
            let last = link.mailed_at.unwrap_or(link.created_at);
            Resets { with_link: link.mails, last, in_hour }.again(self.rules.resets_per_hour, now)
        };
        // It leads back to where it was asked for last.
        let mut update = recovery::Entity::update_many()
            .col_expr(recovery::Column::AgencyId, Expr::value(asked.origin.agency_id.as_deref()))
            .col_expr(recovery::Column::Origin, Expr::value(asked.origin.interaction.as_deref()));
        if due {
            update = update
                .col_expr(recovery::Column::MailedAt, Expr::value(now))
                .col_expr(recovery::Column::Mails, Expr::value(link.mails.saturating_add(1)));
        }
        let kept = update
            .filter(recovery::Column::Id.eq(link.id))
            .filter(recovery::Column::UsedAt.is_null())
            .filter(recovery::Column::SupersededAt.is_null())
            // Another worker sends it at this moment.
            .filter(recovery::Column::Mails.eq(link.mails))
            .exec(tx.conn())
            .await?;
        Ok((due && kept.rows_affected == 1).then_some(link))
    }

    /// A link where none works. `replaces`: one that works and has to go. What another worker makes at this moment stays: the insert runs into it.
    async fn new_link(
        &self,
        tx: &Tx,
        owner: AccountId,
        replaces: Option<Uuid>,
        asked: &Asked,
    ) -> Result<recovery::Model, Fault> {
        let now = self.context.now();
        let past = recovery::Column::ExpiresAt.lte(now);
        unused(owner)
            .col_expr(recovery::Column::SupersededAt, Expr::value(now))
            .filter(replaces.into_iter().fold(past, |past, id| past.or(recovery::Column::Id.eq(id))))
            .exec(tx.conn())
            .await?;
        let mut link = recovery::Model {
            id: self.context.id(),
            token_hash: String::new(),
            account_id: owner.0,
            agency_id: asked.origin.agency_id.clone(),
            origin: asked.origin.interaction.clone(),
            created_at: now,
            mailed_at: Some(now),
            mails: 1,
            expires_at: now + self.rules.reset_link,
            used_at: None,
            superseded_at: None,
        };
        link.token_hash = self.reset_token(&link).digest().into_string();
        let row = recovery::ActiveModel::from(link.clone()).reset_all();
        if let Err(error) = recovery::Entity::insert(row).exec_without_returning(tx.conn()).await {
            // The index allows one living link: another worker makes one at this moment (SECURITY I7). The letter comes again.
            return Err(if is_unique_violation(&error) {
                Fault::Unavailable("another reset link of the same account is under way".into())
            } else {
                error.into()
            });
        }
        Ok(link)
    }

    /// 256 bits that only this row gives, and only with the key outside the database: a second mail carries the same link.
    fn reset_token(&self, link: &recovery::Model) -> Token {
        let bound = format!("{}\n{}", link.id, link.account_id);
        Token::of_mac(self.context.keys.mac("reset link", bound.as_bytes()))
    }

    /// An address with an unfinished enrolment only: the mail explains how to finish it (SPEC J6).
    async fn mail_unfinished(&self, asked: &Asked) -> Result<(), Fault> {
        let now = self.context.now();
        let pending = enrolment::Entity::find()
            .filter(enrolment::Column::EmailCanonical.eq(&asked.subject))
            .filter(enrolment::Column::FinishedAt.is_null())
            .filter(enrolment::Column::ConfirmHash.is_not_null())
            .filter(enrolment::Column::ExpiresAt.gt(now))
            // Of several, a confirmed one, whose owner has this mailbox; else that which was written to least recently, so that a stranger's newer one
            // keeps the mail from nobody.
            .order_by_desc(Expr::col(enrolment::Column::ConfirmedAt).is_not_null())
            .order_by_asc(Expr::cust("coalesce(finish_mailed_at, 0)"))
            .order_by_desc(enrolment::Column::CreatedAt)
            .one(self.context.db.reader())
            .await?;
        let Some(row) = pending else { return Ok(()) };
        self.mail_finish(&row).await
    }

    /// What the reset page shows; `None` for a dead link. Looking changes nothing (SECURITY #70).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn reset_page(&self, token: &Token) -> Result<Option<ResetPage>, Fault> {
        let Some((link, owner)) = self.living_link(token).await? else {
            return Ok(None);
        };
        Ok(Some(ResetPage {
            context: context_words([owner.name.as_deref().unwrap_or_default(), &owner.email]),
            email: owner.email,
            origin: Origin { interaction: link.origin, agency_id: link.agency_id },
        }))
    }

    async fn living_link(&self, token: &Token) -> Result<Option<(recovery::Model, account::Model)>, Fault> {
        let link = recovery::Entity::find()
            .filter(recovery::Column::TokenHash.eq(token.digest().as_str()))
            .filter(recovery::Column::UsedAt.is_null())
            .filter(recovery::Column::SupersededAt.is_null())
            .filter(recovery::Column::ExpiresAt.gt(self.context.now()))
            .one(self.context.db.reader())
            .await?;
        let Some(link) = link else { return Ok(None) };
        let owner = account::Entity::find_by_id(link.account_id).one(self.context.db.reader()).await?;
        Ok(owner.filter(|o| o.disabled_at.is_none()).map(|owner| (link, owner)))
    }

    /// Sets a new password by a mailed link: the only statement that changes a password without the old one, and it hangs on the
    /// link's use (SECURITY I7, I8, #67).
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    pub async fn reset(
        &self,
        token: &Token,
        typed: &str,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Reset, Fault> {
        let Some((link, owner)) = self.living_link(token).await? else {
            return self.used_or_dead(token, typed, previous, visitor).await;
        };
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(refused) => return Ok(Reset::Problems(vec![refused.into()])),
        };
        let context = context_words([owner.name.as_deref().unwrap_or_default(), &owner.email]);
        let Ok(problems) = self.judge(&password, &context).await else { return Ok(Reset::Busy) };
        if !problems.is_empty() {
            return Ok(Reset::Problems(problems));
        }
        let Ok(hash) = self.hasher.hash(secret_of(&password)).await else {
            return Ok(Reset::Busy);
        };
        let change = Change::Reset { link: &link, hash };
        match self.renew(&owner, &change, previous, visitor).await? {
            Renewed::Done(signed_in) => {
                let origin = Origin { interaction: link.origin, agency_id: link.agency_id };
                Ok(Reset::Done(signed_in, origin))
            }
            // The address stays: nobody else can have it.
            Renewed::Stale | Renewed::Taken => self.used_or_dead(token, typed, previous, visitor).await,
        }
    }

    /// The page, sent again by a browser that got no answer to it. Nobody is signed in by a used link (SECURITY I8): the password that came with it, which
    /// is the account's now, signs in. Attempts are counted for the link alone, so that many at once do not lock the account (SECURITY B10).
    async fn used_or_dead(
        &self,
        token: &Token,
        typed: &str,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Reset, Fault> {
        let used = recovery::Entity::find()
            .filter(recovery::Column::TokenHash.eq(token.digest().as_str()))
            .filter(recovery::Column::UsedAt.gt(self.context.now() - AGAIN))
            .one(self.context.db.reader())
            .await?;
        let Some(link) = used else { return Ok(Reset::Dead) };
        let owner = account::Entity::find_by_id(link.account_id).one(self.context.db.reader()).await?;
        let origin = Origin { interaction: link.origin, agency_id: link.agency_id };
        let (Some(owner), Ok(password)) = (owner.filter(|o| o.disabled_at.is_none()), Password::new(typed))
        else {
            return Ok(Reset::Used(origin));
        };
        let counter = Counter::of_link(&self.context, &link.id.to_string());
        let stored = Some(owner.password_hash.as_str());
        let Guarded::Right { .. } = self.guard(&counter, stored, secret_of(&password)).await? else {
            return Ok(Reset::Used(origin));
        };
        let tx = self.context.db.begin().await?;
        // A link's own counter: no account's, and the evidence tells of the reset.
        let _ = counter.clear(&tx).await?;
        let id = AccountId(owner.id);
        let signed_in = self.open_session(&tx, id, owner.auth_epoch, false, visitor, previous).await?;
        tx.commit().await?;
        Ok(Reset::Again(Box::new(signed_in), origin))
    }
}

/// Uses the link up, by one conditional statement; `false` where it was used, superseded or is too old.
pub(crate) async fn spend(tx: &Tx, link: &recovery::Model, now: Unix) -> Result<bool, Fault> {
    let used = recovery::Entity::update_many()
        .col_expr(recovery::Column::UsedAt, Expr::value(now))
        .filter(recovery::Column::Id.eq(link.id))
        .filter(recovery::Column::UsedAt.is_null())
        .filter(recovery::Column::SupersededAt.is_null())
        .filter(recovery::Column::ExpiresAt.gt(now))
        .exec(tx.conn())
        .await?;
    Ok(used.rows_affected == 1)
}

/// Older links die: newest one only (SECURITY #69).
pub(crate) async fn supersede(tx: &Tx, owner: AccountId, now: Unix) -> Result<(), Fault> {
    unused(owner).col_expr(recovery::Column::SupersededAt, Expr::value(now)).exec(tx.conn()).await?;
    Ok(())
}

/// The links of an account that were neither used nor superseded.
fn unused(owner: AccountId) -> UpdateMany<recovery::Entity> {
    recovery::Entity::update_many()
        .filter(recovery::Column::AccountId.eq(owner.0))
        .filter(recovery::Column::UsedAt.is_null())
        .filter(recovery::Column::SupersededAt.is_null())
}

pub(crate) async fn tell_of_lock(
    tx: &Tx,
    context: &Context,
    subject: &str,
    mail: bool,
    visitor: &Visitor,
) -> Result<(), Fault> {
    let asked = Asked { locked: true, mail, ip: visitor.ip_short(), ..Asked::by(subject, visitor) };
    enqueue(tx, context, &asked).await
}

async fn enqueue(tx: &Tx, context: &Context, asked: &Asked) -> Result<(), Fault> {
    kernel::outbox::enqueue(tx, context, "recovery", asked, Some(context.now() + 3600)).await?;
    Ok(())
}
