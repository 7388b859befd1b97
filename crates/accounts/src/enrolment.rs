//! The move under way. It owns nothing: no address, no account, and the old credentials go on working until it ends (SECURITY D9, D10).

use kernel::{Fault, Password, PasswordRefused, Token, Tx, Unix};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, UpdateMany,
    sea_query::Expr,
};

use crate::{
    Accounts, Email, EnrolmentId, NoAddress, PasswordProblem, Visitor, code, context_words,
    lockout::Counter,
    login::{Guarded, secret_of},
    mail,
    mail::{Mail, MailBody},
    mailing::{self, Due},
    table::{enrolment, legacy_identity},
};

/// How far a move is: what its person does next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// Reads why access changes.
    Notice,
    /// Keeps or types the address.
    Email,
    /// Chooses a password.
    Password,
    /// Opens the mailed link.
    Mail,
    /// The address belongs to an account: gives that account's password.
    Link,
    /// Reads and accepts the terms.
    Terms,
    /// Moved.
    Finished,
}

impl Stage {
    const ALL: [Self; 7] =
        [Self::Notice, Self::Email, Self::Password, Self::Mail, Self::Link, Self::Terms, Self::Finished];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Email => "email",
            Self::Password => "password",
            Self::Mail => "mail",
            Self::Link => "link",
            Self::Terms => "terms",
            Self::Finished => "finished",
        }
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|s| s.as_str() == text);
        found.ok_or_else(|| Fault::Broken(format!("an enrolment has the stage {text}")))
    }
}

/// A move under way, as its screens see it.
#[derive(Clone)]
pub struct Enrolment {
    /// Its id.
    pub id: EnrolmentId,
    /// Whose client moves.
    pub agency_id: String,
    /// What comes next.
    pub stage: Stage,
    /// The address chosen so far.
    pub email: Option<String>,
    /// The address that the agency has.
    pub agency_email: Option<String>,
    /// The name that the agency has.
    pub name: Option<String>,
    /// The interaction in which it began.
    pub origin: Option<String>,
    /// When the last confirmation mail was queued.
    pub mailed_at: Option<Unix>,
    /// How many were in its day.
    pub(crate) mails: i32,
    /// The address is confirmed.
    confirmed: bool,
    /// The address was refused by its server, and no mail went out since.
    pub refused: bool,
    /// Until when the code in the newest mail works, if it still does.
    pub(crate) code_until: Option<Unix>,
    pub(crate) chosen_in: Option<String>,
    confirmed_in: Option<String>,
    finished_at: Option<Unix>,
}

impl Enrolment {
    /// Whether this interaction may end the move: the password was chosen in it, or proved in it, on the mailed link or at the sign-in page. Another browser that only
    /// gave the same old credentials may not: it would be signed in to an account whose password it never knew (SECURITY #80).
    pub fn may_end_in(&self, interaction: &str) -> bool {
        [&self.chosen_in, &self.confirmed_in].into_iter().any(|known| known.as_deref() == Some(interaction))
    }

    /// Whether another browser brought the move to its last step: this one, which only gave the same old credentials, changes nothing of it.
    pub fn is_anothers(&self, interaction: &str) -> bool {
        self.confirmed && !self.may_end_in(interaction)
    }
}

impl Enrolment {
    /// Whether the move ended at this moment or later.
    pub(crate) fn ended_since(&self, moment: Unix) -> bool {
        self.finished_at.is_some_and(|at| at >= moment)
    }
}

/// What became of an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EmailChoice {
    /// Taken: on to the stage that the enrolment now has.
    Taken,
    /// No mail can be sent there.
    Invalid,
    /// Probably a slip: ask once.
    Suggestion(String),
    /// Too many different addresses (PEOPLE U-13).
    TooMany,
    /// Another browser brought the move to its last step: [`Accounts::begin_beside`] is this one's way on.
    Anothers,
    /// The enrolment is over.
    Gone,
}

/// What became of a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PasswordChoice {
    /// Taken; the mail is queued.
    Taken,
    /// Not taken, for these reasons.
    Problems(Vec<PasswordProblem>),
    /// Come back in a moment.
    Busy,
    /// The enrolment is over, or has no address yet.
    Gone,
}

/// What became of a wish for another mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resend {
    /// Queued.
    Sent,
    /// Too soon: so many seconds yet.
    Wait(i64),
    /// No more today.
    TooMany,
    /// The enrolment is over.
    Gone,
}

/// When another confirmation mail may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NextMail {
    /// In so many seconds; 0 for now.
    pub wait: i64,
    /// How many are left today.
    pub left: i32,
}

/// What became of a sign-in on a mailed confirmation link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Confirm {
    /// The address is confirmed; this enrolment goes on here.
    Done(EnrolmentId),
    /// Wrong email or password.
    Wrong {
        /// Further attempts.
        remaining: u8,
    },
    /// Too many wrong ones: begin again at the portal with the old credentials.
    Locked,
    /// Used up by a finished move: sign in.
    Already,
    /// No such link, for another address, or too old.
    Dead,
    /// What was typed is no address: nothing is hashed or counted (SECURITY D12).
    NoAddress(NoAddress),
    /// The password is nothing, or blanks: likewise.
    NoPassword,
    /// Too long, or with control characters: likewise.
    Refused,
    /// Come back in a moment.
    Busy,
}

/// Unfinished moves that one identity may have at a time.
const BESIDE: u64 = 3;

impl Accounts {
    /// A living enrolment, or a finished one.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn enrolment(&self, id: EnrolmentId) -> Result<Option<Enrolment>, Fault> {
        let db = self.context.db.reader();
        let found =
            enrolment::Entity::find_by_id(id.0).find_also_related(legacy_identity::Entity).one(db).await?;
        let Some((row, Some(identity))) = found else {
            return Ok(None);
        };
        if row.finished_at.is_none() && (row.expires_at <= self.context.now() || identity.moved_at.is_some())
        {
            return Ok(None);
        }
        let code_until = code::works_until(&row);
        Ok(Some(Enrolment {
            id,
            agency_id: row.agency_id,
            stage: Stage::parse(&row.stage)?,
            email: row.email,
            agency_email: identity.email,
            name: identity.name,
            origin: row.origin,
            mailed_at: row.mailed_at,
            mails: row.mails,
            confirmed: row.confirmed_at.is_some(),
            refused: row.refused_at.is_some(),
            code_until,
            chosen_in: row.chosen_in,
            confirmed_in: row.confirmed_in,
            finished_at: row.finished_at,
        }))
    }

    /// Old credentials were right: the unfinished enrolment of this identity, or a new one.
    pub(crate) async fn begin_or_resume(
        &self,
        identity: &legacy_identity::Model,
        origin: Option<&str>,
        visitor: &Visitor,
    ) -> Result<EnrolmentId, Fault> {
        let now = self.context.now();
        let tx = self.context.db.begin().await?;
        let pending = enrolment::Entity::find()
            .filter(enrolment::Column::LegacyIdentityId.eq(identity.id))
            .filter(enrolment::Column::FinishedAt.is_null())
            .filter(enrolment::Column::ExpiresAt.gt(now))
            .order_by_desc(enrolment::Column::CreatedAt)
            .one(tx.conn())
            .await?;
        let id = if let Some(row) = pending {
            enrolment::Entity::update_many()
                .col_expr(enrolment::Column::Origin, Expr::value(origin))
                .filter(enrolment::Column::Id.eq(row.id))
                // A move at its last step leads back to where its own browser began it.
                .filter(enrolment::Column::ConfirmedAt.is_null())
                .exec(tx.conn())
                .await?;
            // The old credentials were given again: guesses at the new password start anew.
            self.confirm_counter(EnrolmentId(row.id)).clear_all(&tx).await?;
            EnrolmentId(row.id)
        } else {
            self.begin(&tx, identity, Stage::Notice, origin, visitor).await?
        };
        tx.commit().await?;
        Ok(id)
    }

    async fn begin(
        &self,
        tx: &Tx,
        identity: &legacy_identity::Model,
        stage: Stage,
        origin: Option<&str>,
        visitor: &Visitor,
    ) -> Result<EnrolmentId, Fault> {
        let now = self.context.now();
        let id: EnrolmentId = self.context.id();
        let row = enrolment::ActiveModel {
            id: Set(id.0),
            agency_id: Set(identity.agency_id.clone()),
            legacy_identity_id: Set(identity.id),
            stage: Set(stage.as_str().to_owned()),
            origin: Set(origin.map(Into::into)),
            locale: Set(visitor.locale.clone()),
            mails: Set(0),
            addresses: Set(0),
            created_at: Set(now),
            expires_at: Set(now + self.rules.confirm_link),
            email: NotSet,
            email_canonical: NotSet,
            password_hash: NotSet,
            chosen_in: NotSet,
            confirmed_in: NotSet,
            confirm_hash: NotSet,
            code_hash: NotSet,
            code_tries: Set(0),
            code_until: NotSet,
            mailed_at: NotSet,
            finish_mailed_at: NotSet,
            addressed_at: NotSet,
            refused_at: NotSet,
            confirmed_at: NotSet,
            finished_at: NotSet,
            account_id: NotSet,
        };
        enrolment::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        Ok(id)
    }

    /// A move of its own for a browser that gave the same old credentials as another, which has confirmed its address and stands before the terms. That one
    /// is left as it is; whichever ends first moves the identity. `None` when there are too many, or when the other is over.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn begin_beside(
        &self,
        other: EnrolmentId,
        visitor: &Visitor,
    ) -> Result<Option<EnrolmentId>, Fault> {
        let tx = self.context.db.begin().await?;
        let Some(other) = self.living(&tx, other).await? else { return Ok(None) };
        let identity = legacy_identity::Entity::find_by_id(other.legacy_identity_id).one(tx.conn()).await?;
        let Some(identity) = identity.filter(|identity| identity.moved_at.is_none()) else { return Ok(None) };
        let unfinished = enrolment::Entity::find()
            .filter(enrolment::Column::LegacyIdentityId.eq(identity.id))
            .filter(enrolment::Column::FinishedAt.is_null())
            .filter(enrolment::Column::ExpiresAt.gt(self.context.now()))
            .count(tx.conn())
            .await?;
        if unfinished >= BESIDE {
            return Ok(None);
        }
        let origin = visitor.origin.interaction.as_deref();
        // The notice was read in the first one.
        let id = self.begin(&tx, &identity, Stage::Email, origin, visitor).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// Whether somebody else's account has the address whose mail this move waits for (SECURITY D10).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn has_lost_its_address(&self, waiting: &Enrolment) -> Result<bool, Fault> {
        Ok(waiting.stage == Stage::Mail
            && self.owner_of(waiting.email.as_deref().unwrap_or_default()).await?.is_some())
    }

    /// A move that waits for the mail of an address which an account has by now goes on at that account, as it would had the address been chosen now.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn after_its_address(&self, pending: Enrolment) -> Result<Enrolment, Fault> {
        if !self.has_lost_its_address(&pending).await? {
            return Ok(pending);
        }
        let tx = self.context.db.begin().await?;
        enrolment::Entity::update_many()
            .col_expr(enrolment::Column::Stage, Expr::value(Stage::Link.as_str()))
            .col_expr(enrolment::Column::CodeHash, Expr::value(Option::<String>::None))
            .filter(enrolment::Column::Id.eq(pending.id.0))
            .filter(enrolment::Column::Stage.eq(Stage::Mail.as_str()))
            .exec(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(self.enrolment(pending.id).await?.unwrap_or(pending))
    }

    /// The notice was read.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn notice_read(&self, id: EnrolmentId) -> Result<(), Fault> {
        let tx = self.context.db.begin().await?;
        advance(&tx, id, Stage::Notice, Stage::Email).await?;
        tx.commit().await
    }

    /// Keeps or changes the address. `sure`: the person saw the suggestion and means what they typed.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn choose_email(
        &self,
        id: EnrolmentId,
        typed: &str,
        sure: bool,
        visitor: &Visitor,
    ) -> Result<EmailChoice, Fault> {
        let Some(address) = Email::parse(typed) else {
            return Ok(EmailChoice::Invalid);
        };
        if let Some(meant) = address.suggestion().filter(|_| !sure) {
            return Ok(EmailChoice::Suggestion(meant));
        }
        // Before the transaction: one that waits for a second connection can starve them all (SECURITY #117).
        let taken = self.account_row(address.canonical()).await?.is_some();
        let tx = self.context.db.begin().await?;
        let Some(row) = self.living(&tx, id).await?.filter(|r| r.stage != Stage::Notice.as_str()) else {
            return Ok(EmailChoice::Gone);
        };
        let here = &visitor.origin.interaction;
        if row.confirmed_at.is_some() && row.chosen_in != *here && row.confirmed_in != *here {
            return Ok(EmailChoice::Anothers);
        }
        let same = row.email_canonical.as_deref() == Some(address.canonical());
        let now = self.context.now();
        let today = if row.addressed_at.is_some_and(|at| at + 86_400 <= now) { 0 } else { row.addresses };
        if !same && today >= self.rules.addresses_per_enrolment {
            return Ok(EmailChoice::TooMany);
        }
        let stage = match (taken, &row.password_hash) {
            (true, _) => Stage::Link,
            (false, None) => Stage::Password,
            (false, Some(_)) if same && row.confirmed_at.is_some() => Stage::Terms,
            (false, Some(_)) => Stage::Mail,
        };
        let mut update = enrolment::Entity::update_many()
            .col_expr(enrolment::Column::Email, Expr::value(address.shown()))
            .col_expr(enrolment::Column::EmailCanonical, Expr::value(address.canonical()))
            .col_expr(enrolment::Column::Stage, Expr::value(stage.as_str()))
            .filter(enrolment::Column::Id.eq(id.0))
            .filter(enrolment::Column::FinishedAt.is_null());
        // What was judged is what is changed: another tab may have chosen another address since it was read.
        update = match &row.email_canonical {
            Some(judged) => update.filter(enrolment::Column::EmailCanonical.eq(judged)),
            None => update.filter(enrolment::Column::EmailCanonical.is_null()),
        };
        if !same {
            // The proof is bound to the address (PEOPLE U-09): another one is unconfirmed, and the older link is dead.
            update = update
                .col_expr(enrolment::Column::Addresses, Expr::value(today + 1))
                .col_expr(enrolment::Column::AddressedAt, Expr::value(now))
                .col_expr(enrolment::Column::ConfirmedAt, Expr::value(Option::<i64>::None))
                .col_expr(enrolment::Column::RefusedAt, Expr::value(Option::<i64>::None))
                .col_expr(enrolment::Column::ConfirmHash, Expr::value(Option::<String>::None))
                .col_expr(enrolment::Column::CodeHash, Expr::value(Option::<String>::None));
        }
        let Some(chosen) = update.exec_with_returning(tx.conn()).await?.into_iter().next() else {
            // The other tab's choice stands; the page shows it.
            return Ok(EmailChoice::Taken);
        };
        // Refused, and typed again as it was: its owner says that it is right, so it is tried once more, as often as is due in a day.
        let most = self.rules.mails_per_enrolment;
        let again =
            row.refused_at.is_some() && mailing::daily(row.mails, row.mailed_at, most, now) != Due::Tomorrow;
        if stage == Stage::Mail && (!same || again) {
            // No mail has gone to this address: those to others, which are few a day, do not keep it from its own.
            self.mail_confirm(&tx, &chosen, nth_today(&chosen, now)).await?;
        }
        tx.commit().await?;
        Ok(EmailChoice::Taken)
    }

    /// The words that the new password must not hold.
    pub fn enrolment_context(&self, enrolment: &Enrolment, agency_name: &str) -> Vec<String> {
        let email = enrolment.email.as_deref().unwrap_or_default();
        context_words([enrolment.name.as_deref().unwrap_or_default(), email, agency_name])
    }

    /// Takes the password and sends the confirmation mail.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn choose_password(
        &self,
        enrolment: &Enrolment,
        agency_name: &str,
        typed: &str,
        visitor: &Visitor,
    ) -> Result<PasswordChoice, Fault> {
        // At the step of attaching, that account's own password is asked for and no other.
        if !matches!(enrolment.stage, Stage::Password | Stage::Mail) {
            return Ok(PasswordChoice::Gone);
        }
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(refused) => return Ok(PasswordChoice::Problems(vec![refused.into()])),
        };
        let Ok(problems) = self.judge(&password, &self.enrolment_context(enrolment, agency_name)).await
        else {
            return Ok(PasswordChoice::Busy);
        };
        if !problems.is_empty() {
            return Ok(PasswordChoice::Problems(problems));
        }
        let Ok(hash) = self.hasher.hash(secret_of(&password)).await else {
            return Ok(PasswordChoice::Busy);
        };
        let here = visitor.origin.interaction.as_deref();
        let tx = self.context.db.begin().await?;
        let mut update = enrolment::Entity::update_many()
            .col_expr(enrolment::Column::PasswordHash, Expr::value(hash))
            .col_expr(enrolment::Column::Stage, Expr::value(Stage::Mail.as_str()))
            .col_expr(enrolment::Column::Locale, Expr::value(visitor.locale.as_str()))
            .col_expr(enrolment::Column::ChosenIn, Expr::value(here))
            // Whoever proved the password before does not know this one (SECURITY #80).
            .col_expr(enrolment::Column::ConfirmedIn, Expr::value(Option::<String>::None));
        if enrolment.chosen_in.as_deref() != here {
            // It was for the browser that chose the password before.
            update = update.col_expr(enrolment::Column::CodeHash, Expr::value(Option::<String>::None));
        }
        let updated = update
            .filter(enrolment::Column::Id.eq(enrolment.id.0))
            .filter(enrolment::Column::Stage.is_in([Stage::Password.as_str(), Stage::Mail.as_str()]))
            .filter(enrolment::Column::FinishedAt.is_null())
            .filter(enrolment::Column::Email.is_not_null())
            .filter(enrolment::Column::ConfirmedAt.is_null())
            .exec_with_returning(tx.conn())
            .await?;
        let Some(row) = updated.into_iter().next() else {
            return Ok(PasswordChoice::Gone);
        };
        let now = self.context.now();
        // The link in an older mail to this address goes on working: no password sends more mails than are due (SECURITY #73).
        match mailing::daily(row.mails, row.mailed_at, self.rules.mails_per_enrolment, now) {
            Due::Now(nth) => self.mail_confirm(&tx, &row, nth).await?,
            _ if row.confirm_hash.is_none() => self.mail_confirm(&tx, &row, nth_today(&row, now)).await?,
            Due::Wait(_) | Due::Tomorrow => {}
        }
        tx.commit().await?;
        Ok(PasswordChoice::Taken)
    }

    /// When the page may ask for another mail, and how many are left today.
    pub fn next_mail(&self, enrolment: &Enrolment) -> NextMail {
        let (most, now) = (self.rules.mails_per_enrolment, self.context.now());
        match mailing::daily(enrolment.mails, enrolment.mailed_at, most, now) {
            Due::Now(nth) => NextMail { wait: 0, left: most - nth + 1 },
            Due::Wait(wait) => NextMail { wait, left: Ord::max(most - enrolment.mails, 0) },
            Due::Tomorrow => NextMail { wait: 0, left: 0 },
        }
    }

    /// Another confirmation mail, with the same link: whichever copy arrives first works.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn resend(&self, id: EnrolmentId) -> Result<Resend, Fault> {
        let now = self.context.now();
        let tx = self.context.db.begin().await?;
        let waits = |r: &enrolment::Model| [Stage::Mail, Stage::Terms].iter().any(|s| s.as_str() == r.stage);
        let Some(row) = self.living(&tx, id).await?.filter(waits) else {
            return Ok(Resend::Gone);
        };
        let nth = match mailing::daily(row.mails, row.mailed_at, self.rules.mails_per_enrolment, now) {
            Due::Now(nth) => nth,
            Due::Wait(seconds) => return Ok(Resend::Wait(seconds)),
            Due::Tomorrow => return Ok(Resend::TooMany),
        };
        self.mail_confirm(&tx, &row, nth).await?;
        tx.commit().await?;
        Ok(Resend::Sent)
    }

    /// The mail that a request for a forgotten password sends to an unfinished move: as often as a reset link lives, and none of those that the
    /// move's own pages send, so that a stranger uses up nobody's (SECURITY #73).
    pub(crate) async fn mail_finish(&self, row: &enrolment::Model) -> Result<(), Fault> {
        let (now, space) = (self.context.now(), self.rules.reset_link);
        let tx = self.context.db.begin().await?;
        let due = enrolment::Entity::update_many()
            .col_expr(enrolment::Column::FinishMailedAt, Expr::value(now))
            .filter(enrolment::Column::Id.eq(row.id))
            .filter(
                enrolment::Column::FinishMailedAt
                    .is_null()
                    .or(enrolment::Column::FinishMailedAt.lte(now - space)),
            )
            .exec(tx.conn())
            .await?;
        if due.rows_affected == 1 {
            let lives = enrolment::Entity::update_many();
            self.mail_link(&tx, row, lives, None).await?;
        }
        tx.commit().await
    }

    /// The `nth` mail of its day, with a new code.
    async fn mail_confirm(&self, tx: &Tx, row: &enrolment::Model, nth: i32) -> Result<(), Fault> {
        let now = self.context.now();
        let code = self.new_code(row);
        let mut update = enrolment::Entity::update_many()
            .col_expr(enrolment::Column::MailedAt, Expr::value(now))
            .col_expr(enrolment::Column::RefusedAt, Expr::value(Option::<i64>::None))
            .col_expr(enrolment::Column::Mails, Expr::value(nth));
        if let Some((_, hash)) = &code {
            update = code::written(update, hash, now);
        }
        let code = code.map(|(code, _)| code.text());
        self.mail_link(tx, row, update, Some(code)).await
    }

    /// A mail with the link; `code` is `None` where it is to say how to finish the move.
    async fn mail_link(
        &self,
        tx: &Tx,
        row: &enrolment::Model,
        update: UpdateMany<enrolment::Entity>,
        code: Option<Option<String>>,
    ) -> Result<(), Fault> {
        let (Some(email), Some(canonical)) = (&row.email, &row.email_canonical) else {
            return Ok(());
        };
        let token = self.confirm_token(EnrolmentId(row.id), canonical);
        let expires_at = self.context.now() + self.rules.confirm_link;
        let written = update
            .col_expr(enrolment::Column::ConfirmHash, Expr::value(token.digest().into_string()))
            .col_expr(enrolment::Column::ExpiresAt, Expr::value(expires_at))
            .filter(enrolment::Column::Id.eq(row.id))
            // The address may have been corrected since the row was read: its own mail is out then.
            .filter(enrolment::Column::EmailCanonical.eq(canonical))
            .filter(enrolment::Column::FinishedAt.is_null())
            .exec(tx.conn())
            .await?;
        if written.rows_affected != 1 {
            return Ok(());
        }
        let (token, days) = (token.text(), i64::from(self.rules.confirm_days()));
        let body = match code {
            None => MailBody::FinishEnrolment { token, days },
            Some(code) => MailBody::Confirm { token, days, code },
        };
        let letter = Mail {
            to: email.clone(),
            locale: row.locale.clone(),
            agency_id: Some(row.agency_id.clone()),
            body,
        };
        mail::send(tx, &self.context, &letter, Some(expires_at)).await
    }

    /// 256 bits that only this enrolment and this address give, and only with the key outside the database: a second mail carries the same
    /// link, and a corrected address another one.
    fn confirm_token(&self, id: EnrolmentId, canonical: &str) -> Token {
        Token::of_mac(self.context.keys.mac("confirm link", format!("{id}\n{canonical}").as_bytes()))
    }

    /// The enrolment behind a mailed link: its agency and address. Looking changes nothing.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn confirm_page(&self, token: &Token) -> Result<Option<Enrolment>, Fault> {
        match self.by_link(token).await? {
            Some(row) => self.enrolment(EnrolmentId(row.id)).await,
            None => Ok(None),
        }
    }

    async fn by_link(&self, token: &Token) -> Result<Option<enrolment::Model>, Fault> {
        let found = enrolment::Entity::find()
            .filter(enrolment::Column::ConfirmHash.eq(token.digest().as_str()))
            .one(self.context.db.reader())
            .await?;
        // A link proves the address that it was mailed to, whatever stands in the row by now (SECURITY D10, PEOPLE U-09).
        Ok(found.filter(|row| {
            let canonical = row.email_canonical.as_deref().unwrap_or_default();
            self.confirm_token(EnrolmentId(row.id), canonical).digest() == token.digest()
        }))
    }

    /// Signs in on a mailed link with the new email and password: this confirms the address, on any device.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn confirm(&self, token: &Token, typed_email: &str, typed: &str) -> Result<Confirm, Fault> {
        let Some(row) = self.by_link(token).await? else {
            return Ok(Confirm::Dead);
        };
        if row.finished_at.is_some() {
            return Ok(Confirm::Already);
        }
        let id = EnrolmentId(row.id);
        if self.enrolment(id).await?.is_none() {
            return Ok(Confirm::Dead);
        }
        let address = match Email::read(typed_email) {
            Ok(address) => address,
            Err(no_address) => return Ok(Confirm::NoAddress(no_address)),
        };
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(PasswordRefused::Blank) => return Ok(Confirm::NoPassword),
            Err(_) => return Ok(Confirm::Refused),
        };
        let same = row.email_canonical.as_deref() == Some(address.canonical());
        let stored = row.password_hash.as_deref().filter(|_| same);
        let counter = self.confirm_counter(id);
        match self.guard(&counter, stored, secret_of(&password)).await? {
            Guarded::Right { .. } => {}
            Guarded::Wrong { remaining } => return Ok(Confirm::Wrong { remaining }),
            Guarded::Locked { .. } => return Ok(Confirm::Locked),
            Guarded::Busy => return Ok(Confirm::Busy),
        }
        let canonical = row.email_canonical.unwrap_or_default();
        // Another enrolment may have won the address meanwhile (SECURITY D10): then this one attaches to that account.
        let next = if self.account_row(&canonical).await?.is_some() { Stage::Link } else { Stage::Terms };
        let tx = self.context.db.begin().await?;
        // An enrolment's own counter: no account's, and gone with it.
        let _ = counter.clear(&tx).await?;
        let confirmed = enrolment::Entity::update_many()
            .col_expr(enrolment::Column::ConfirmedAt, Expr::value(self.context.now()))
            .col_expr(enrolment::Column::CodeHash, Expr::value(Option::<String>::None))
            .col_expr(enrolment::Column::Stage, Expr::value(next.as_str()))
            .filter(enrolment::Column::Id.eq(id.0))
            .filter(enrolment::Column::ConfirmHash.eq(token.digest().as_str()))
            .filter(enrolment::Column::EmailCanonical.eq(&canonical))
            .filter(enrolment::Column::PasswordHash.eq(row.password_hash))
            .filter(enrolment::Column::FinishedAt.is_null())
            .exec(tx.conn())
            .await?;
        if confirmed.rows_affected != 1 {
            drop(tx);
            // The password was right: that the address changed meanwhile is no failure.
            counter.give_back(&self.context.db).await?;
            return Ok(Confirm::Dead);
        }
        if next == Stage::Terms {
            // The mailbox is proved, and the password: what strangers tried at the sign-in page locks this move no longer.
            Counter::of_email(&self.context, &canonical, None).clear_all(&tx).await?;
        }
        tx.commit().await?;
        Ok(Confirm::Done(id))
    }

    /// The interaction in which the mailed link was followed: it may end the move.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn confirmed_in(&self, id: EnrolmentId, interaction: &str) -> Result<(), Fault> {
        enrolment::Entity::update_many()
            .col_expr(enrolment::Column::ConfirmedIn, Expr::value(interaction))
            .filter(enrolment::Column::Id.eq(id.0))
            .filter(enrolment::Column::FinishedAt.is_null())
            .exec(self.context.db.writer())
            .await?;
        Ok(())
    }

    fn confirm_counter(&self, id: EnrolmentId) -> Counter {
        Counter::of_enrolment(&self.context, &id.to_string())
    }

    async fn living(&self, tx: &Tx, id: EnrolmentId) -> Result<Option<enrolment::Model>, Fault> {
        Ok(enrolment::Entity::find_by_id(id.0)
            .filter(enrolment::Column::FinishedAt.is_null())
            .filter(enrolment::Column::ExpiresAt.gt(self.context.now()))
            .one(tx.conn())
            .await?)
    }
}

/// Which mail of its day one is that is due whatever was sent before.
fn nth_today(row: &enrolment::Model, now: Unix) -> i32 {
    if row.mailed_at.is_some_and(|at| at + 86_400 > now) { row.mails.saturating_add(1) } else { 1 }
}

/// From one stage to the next, if it is still at the first.
pub(crate) async fn advance(tx: &Tx, id: EnrolmentId, from: Stage, to: Stage) -> Result<(), Fault> {
    enrolment::Entity::update_many()
        .col_expr(enrolment::Column::Stage, Expr::value(to.as_str()))
        .filter(enrolment::Column::Id.eq(id.0))
        .filter(enrolment::Column::Stage.eq(from.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}
