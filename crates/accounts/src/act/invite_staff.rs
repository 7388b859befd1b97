//! The invitation of staff: whom a file names and who has no account gets one by a mailed link, without an identity (SPEC J14, docs/adr/0023).

use kernel::{Done, Fault, Password, Token, Tx, Unix};
use serde_json::json;

use crate::{
    Accounts, Email, Intervention, PasswordProblem, Session, SignedIn, Visitor, context_words, evidence,
    lockout::Counter,
    mail::{self, Mail, MailBody, Whose},
    mailing::SPACE,
    store::{AccountRow, InvitationRow, accounts, staff_invitations},
};

/// The days for which an invitation works.
pub const INVITATION_DAYS: u16 = 7;

/// Somebody whom a file names as staff.
#[derive(Clone, Copy)]
pub struct Invitee<'a> {
    /// Their address.
    pub email: &'a Email,
    /// The name in the file, which the evidence keeps.
    pub name: &'a str,
    /// The agency; `None` for the vendor's staff.
    pub agency: Option<&'a str>,
    /// The language of the mail: `fr` or `en`.
    pub locale: &'a str,
}

/// The outcome of an invitation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Invited {
    /// The mail is queued; the link works until this time. An older one works no longer.
    Done {
        /// Unix seconds.
        until: Unix,
    },
    /// The address has an account: they sign in with it.
    HasAccount,
    /// A mail left a moment ago: wait this number of seconds.
    Wait(i64),
}

/// How far somebody whom a file names has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StaffStanding {
    /// The address has an account.
    HasAccount,
    /// A link was mailed that works until this time.
    Invited {
        /// Unix seconds.
        until: Unix,
    },
    /// Neither.
    NotInvited,
}

/// The page of the link in an invitation.
pub struct InvitationPage {
    /// The address of the account that it makes.
    pub email: String,
    /// The agency; `None` for the vendor's staff.
    pub agency: Option<String>,
    /// Words that the password must not hold.
    pub context: Vec<String>,
}

/// The outcome of the form on that page.
pub enum InvitationTaken {
    /// The account exists, and this browser is signed in.
    Done(Box<SignedIn>),
    /// The password is refused, for these reasons; the link stays valid.
    Problems(Vec<PasswordProblem>),
    /// The link is used, replaced or too old, or the address has an account by now.
    Dead,
    /// Come back in a moment.
    Busy,
}

impl Accounts {
    /// Invites somebody whom a file names, by a mail with a link.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn invite(&self, invitee: Invitee<'_>, intervention: &Intervention) -> Result<Invited, Fault> {
        let (context, now) = (&self.context, self.context.now());
        let canonical = invitee.email.canonical();
        if accounts::by_address(&context.db, canonical).await?.is_some() {
            return Ok(Invited::HasAccount);
        }
        let (token, until) = (context.token(), now + i64::from(INVITATION_DAYS) * 86_400);
        context
            .db
            .write_recorded(async |tx: &Tx| {
                let before = staff_invitations::of(tx, canonical).await?;
                if let Some(before) = before.filter(|before| before.invited_at + SPACE > now) {
                    return Ok(Done::RollBack(Invited::Wait(before.invited_at + SPACE - now)));
                }
                let row = InvitationRow {
                    email_canonical: canonical.to_owned(),
                    id: context.id(),
                    email: invitee.email.shown().to_owned(),
                    agency_id: invitee.agency.unwrap_or_default().to_owned(),
                    token_hash: token.digest().into_string(),
                    invited_at: now,
                    expires_at: until,
                };
                staff_invitations::put(tx, row.clone()).await?;
                let message = Mail {
                    to: row.email,
                    locale: invitee.locale.to_owned(),
                    agency_id: invitee.agency.map(Into::into),
                    body: MailBody::StaffInvited { token: token.text(), days: i64::from(INVITATION_DAYS) },
                };
                mail::send(tx, context, Whose::Invitation(row.id), &message, Some(until)).await?;
                let of = json!({ "invitation": row.id, "staff": invitee.name, "agency": invitee.agency });
                evidence::append(tx, context, "staff invited", None, &intervention.entry(of)).await?;
                Ok(Done::Commit(Invited::Done { until }))
            })
            .await
    }

    /// Returns how far somebody whom a file names has come, by their address in the form for comparison.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn staff_standing(&self, canonical: &str) -> Result<StaffStanding, Fault> {
        let (db, now) = (&self.context.db, self.context.now());
        if accounts::by_address(db, canonical).await?.is_some() {
            return Ok(StaffStanding::HasAccount);
        }
        let invited = staff_invitations::of(db, canonical).await?.filter(|row| row.expires_at > now);
        Ok(invited.map_or(StaffStanding::NotInvited, |row| StaffStanding::Invited { until: row.expires_at }))
    }

    /// Returns the page of an invitation; `None` for a dead link. Changes nothing.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn invitation_page(&self, token: &Token) -> Result<Option<InvitationPage>, Fault> {
        let db = &self.context.db;
        let row = staff_invitations::by_token(db, &token.digest(), self.context.now()).await?;
        let Some(row) = row else { return Ok(None) };
        if accounts::by_address(db, &row.email_canonical).await?.is_some() {
            return Ok(None);
        }
        let context = context_words([row.email.as_str()]);
        let agency = Some(row.agency_id).filter(|agency| !agency.is_empty());
        Ok(Some(InvitationPage { email: row.email, agency, context }))
    }

    /// Makes the account of somebody who was invited, with this password. `name` is the one in the file. The terms are accepted at the first sign-in, as every later
    /// version is.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    #[tracing::instrument(skip_all)]
    pub async fn take_invitation(
        &self,
        token: &Token,
        (name, typed): (&str, &str),
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<InvitationTaken, Fault> {
        let (context, digest) = (&self.context, token.digest());
        let row = staff_invitations::by_token(&context.db, &digest, context.now()).await?;
        let Some(row) = row else { return Ok(InvitationTaken::Dead) };
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(refused) => return Ok(InvitationTaken::Problems(vec![refused.into()])),
        };
        let words = context_words([name, &row.email]);
        let Ok(problems) = self.judge(&password, &words).await else { return Ok(InvitationTaken::Busy) };
        if !problems.is_empty() {
            return Ok(InvitationTaken::Problems(problems));
        }
        let Ok(hash) = self.hash_password(&password).await else { return Ok(InvitationTaken::Busy) };
        let agency = row.agency_id;
        let address = (row.email, row.email_canonical);
        let owner = AccountRow::begun(
            context.id(),
            address,
            Some(name.to_owned()),
            hash,
            &visitor.locale,
            context.now(),
        );
        context
            .db
            .write_recorded(async |tx: &Tx| {
                Counter::of_email(context, &owner.email_canonical, None).clear_all(tx).await?;
                if !staff_invitations::take(tx, &digest, context.now()).await? {
                    return Ok(Done::RollBack(InvitationTaken::Dead));
                }
                // The address may have been moved to meanwhile.
                if !accounts::insert(tx, owner.clone()).await? {
                    return Ok(Done::RollBack(InvitationTaken::Dead));
                }
                let signed_in = self.open_session(tx, &owner, false, visitor, previous).await?;
                let body = json!({ "agency": agency, "staff": name });
                evidence::append(tx, context, "staff account created", Some(owner.id), &body).await?;
                Ok(Done::Commit(InvitationTaken::Done(Box::new(signed_in))))
            })
            .await
    }
}
