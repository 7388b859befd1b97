//! Forgotten and locked: both end in a mailed, single-use link. What a stranger can ask for is only queued; the worker looks whether there is an
//! account, so the answer and its time never tell (SECURITY #59, #60, #73).

use kernel::{Fault, Ground, Password, Token, Tx, Unix, is_unique_violation, outbox::Leased};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Accounts, PasswordProblem, Session, SignedIn, Visitor, context_words, evidence,
    login::secret_of,
    mail,
    mail::{Mail, MailBody},
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
        let subject = crate::email::attempt_subject(typed_email);
        let tx = self.ground.db.begin().await?;
        let asked = Asked::by(&subject, visitor);
        enqueue(&tx, &self.ground, &asked).await?;
        tx.commit().await
    }

    /// The worker's half: looks who is meant and queues the mail. Letters of the kind `recovery`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn recover(&self, letter: &Leased) -> Result<(), Fault> {
        let asked: Asked = letter.payload(&self.ground)?;
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
        let tx = self.ground.db.begin_recorded().await?;
        let body = serde_json::json!({ "ip": asked.ip });
        evidence::append(&tx, &self.ground, "account locked", Some(owner), &body).await?;
        tx.commit().await
    }

    async fn mail_reset(&self, row: &account::Model, asked: &Asked) -> Result<(), Fault> {
        let now = self.ground.now();
        let owner = AccountId(row.id);
        let tx = self.ground.db.begin().await?;
        // Before the count: what another worker commits after this, the insert below runs into; what it committed before, is counted.
        supersede(&tx, owner, now).await?;
        let recent = recovery::Entity::find()
            .filter(recovery::Column::AccountId.eq(row.id))
            .filter(recovery::Column::CreatedAt.gt(now - 3600))
            .count(tx.conn())
            .await?;
        // A lock has a limit of its own; wishes for a reset must not silence it.
        if recent >= self.rules.resets_per_hour && !asked.locked {
            return Ok(());
        }
        let token = self.ground.token();
        let expires_at = now + self.rules.reset_link;
        let link = recovery::ActiveModel {
            id: Set(self.ground.id()),
            token_hash: Set(token.digest().into_string()),
            account_id: Set(row.id),
            agency_id: Set(asked.origin.agency_id.clone()),
            origin: Set(asked.origin.interaction.clone()),
            created_at: Set(now),
            expires_at: Set(expires_at),
            used_at: NotSet,
            superseded_at: NotSet,
        };
        if let Err(error) = recovery::Entity::insert(link).exec_without_returning(tx.conn()).await {
            // The index allows one living link: another worker makes one at this moment (SECURITY I7). The letter comes again.
            return Err(if is_unique_violation(&error) {
                Fault::Unavailable("another reset link of the same account is under way".into())
            } else {
                error.into()
            });
        }
        let (token, minutes) = (token.text(), i64::from(self.rules.reset_minutes()));
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
        mail::send(&tx, &self.ground, &letter, Some(expires_at)).await?;
        tx.commit().await
    }

    /// An address with an unfinished enrolment only: the mail explains how to finish it (SPEC J6).
    async fn mail_unfinished(&self, asked: &Asked) -> Result<(), Fault> {
        let now = self.ground.now();
        let pending = enrolment::Entity::find()
            .filter(enrolment::Column::EmailCanonical.eq(&asked.subject))
            .filter(enrolment::Column::FinishedAt.is_null())
            .filter(enrolment::Column::ConfirmHash.is_not_null())
            .filter(enrolment::Column::ExpiresAt.gt(now))
            .order_by_desc(enrolment::Column::CreatedAt)
            .one(self.ground.db.reader())
            .await?;
        let Some(row) = pending else { return Ok(()) };
        self.mail_finish(row).await
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
            .filter(recovery::Column::ExpiresAt.gt(self.ground.now()))
            .one(self.ground.db.reader())
            .await?;
        let Some(link) = link else { return Ok(None) };
        let owner = account::Entity::find_by_id(link.account_id).one(self.ground.db.reader()).await?;
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
            return self.used_or_dead(token).await;
        };
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(refused) => return Ok(Reset::Problems(vec![refused.into()])),
        };
        let context = context_words([owner.name.as_deref().unwrap_or_default(), &owner.email]);
        let problems = self.rules.password.judge(&password, &context);
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
            Renewed::Stale | Renewed::Taken => self.used_or_dead(token).await,
        }
    }

    /// The page, sent again by a browser that got no answer to it: it reads that its password is set. Nobody is signed in by a used link, nor is the
    /// password that came with it looked at: many at once would lock the account (SECURITY B10).
    async fn used_or_dead(&self, token: &Token) -> Result<Reset, Fault> {
        let used = recovery::Entity::find()
            .filter(recovery::Column::TokenHash.eq(token.digest().as_str()))
            .filter(recovery::Column::UsedAt.gt(self.ground.now() - AGAIN))
            .one(self.ground.db.reader())
            .await?;
        let origin = |link: recovery::Model| Origin { interaction: link.origin, agency_id: link.agency_id };
        Ok(used.map_or(Reset::Dead, |link| Reset::Used(origin(link))))
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
    recovery::Entity::update_many()
        .col_expr(recovery::Column::SupersededAt, Expr::value(now))
        .filter(recovery::Column::AccountId.eq(owner.0))
        .filter(recovery::Column::UsedAt.is_null())
        .filter(recovery::Column::SupersededAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

pub(crate) async fn tell_of_lock(
    tx: &Tx,
    ground: &Ground,
    subject: &str,
    mail: bool,
    visitor: &Visitor,
) -> Result<(), Fault> {
    let asked = Asked { locked: true, mail, ip: visitor.ip_short(), ..Asked::by(subject, visitor) };
    enqueue(tx, ground, &asked).await
}

async fn enqueue(tx: &Tx, ground: &Ground, asked: &Asked) -> Result<(), Fault> {
    kernel::outbox::enqueue(tx, ground, "recovery", asked, Some(ground.now() + 3600)).await?;
    Ok(())
}
