//! The acceptance of terms by an account.

use kernel::{Done, Fault, Tx, Unix};
use serde::Serialize;

use crate::{
    Acceptance, AccountId, Accounts, Edition, Receipt, Shown, TermsLibrary, TermsVersion, Visitor, evidence,
    mail::{self, Mail, MailBody, Whose},
    store::{AcceptanceRow, acceptances},
};

/// The outcome of an acceptance.
#[derive(Clone, PartialEq, Eq)]
pub enum Accepted {
    /// Recorded.
    Done(Receipt),
    /// Other terms are in force now: show them (SECURITY #90).
    Changed,
}

#[derive(Serialize)]
struct Proof<'a> {
    agency: Option<&'a str>,
    version: &'a str,
    language: &'a str,
    sha256: &'a str,
    accepted_at: Unix,
    ip: &'a str,
    user_agent: &'a str,
    method: &'a str,
}

impl Accounts {
    /// Returns the version that this account has yet to accept.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn terms_due(&self, account: AccountId) -> Result<Option<TermsVersion>, Fault> {
        let rows = acceptances::of(&self.context.db, account).await?;
        let accepted: Vec<String> = rows.into_iter().map(|row| row.version).collect();
        Ok(self.terms.load().due(&accepted, self.context.now()).cloned())
    }

    /// Counts the accounts that these terms ask at a time: they accepted none of the versions that will do. 0 if the terms ask nobody.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn count_asked(&self, terms: &TermsLibrary, now: Unix) -> Result<u64, Fault> {
        let Some(versions) = terms.sufficient(now) else { return Ok(0) };
        acceptances::count_without(&self.context.db, &versions).await
    }

    /// Returns all that this account accepted, the newest first.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn acceptances(&self, account: AccountId) -> Result<Vec<Acceptance>, Fault> {
        let rows = acceptances::of(&self.context.db, account).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Returns the exact text that was accepted; `None` if the configuration no longer holds it, or holds another text under its version.
    pub fn accepted_text(&self, receipt: &Receipt) -> Option<Edition> {
        let terms = self.terms.load();
        let edition = terms.version(&receipt.version)?.editions.get(&receipt.language)?;
        (edition.sha256 == receipt.sha256).then(|| edition.clone())
    }

    /// Returns true if `shown` is the text in force.
    pub(crate) fn is_current(&self, shown: &Shown) -> bool {
        let terms = self.terms.load();
        let edition = terms
            .current(self.context.now())
            .filter(|v| v.version == shown.version)
            .and_then(|v| v.editions.get(&shown.language));
        edition.is_some_and(|e| e.sha256 == shown.sha256)
    }

    /// Records that an existing account accepts what was shown, and sends the receipt.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn accept_terms(
        &self,
        account: AccountId,
        agency: Option<&str>,
        shown: &Shown,
        visitor: &Visitor,
    ) -> Result<Accepted, Fault> {
        if !self.is_current(shown) {
            return Ok(Accepted::Changed);
        }
        let receipt = shown.receipt(self.context.now());
        let Some(person) = self.account(account).await? else {
            return Ok(Accepted::Changed);
        };
        self.context
            .db
            .write_recorded(async |tx: &Tx| {
                if self.record_acceptance(tx, account, agency, shown, visitor).await? {
                    let body = MailBody::TermsAccepted {
                        version: receipt.version.clone(),
                        language: receipt.language.clone(),
                        sha256: receipt.sha256.clone(),
                        accepted_at: receipt.accepted_at,
                    };
                    let (to, locale) = (person.email.clone(), person.locale.clone());
                    let message = Mail { to, locale, agency_id: agency.map(Into::into), body };
                    mail::send(tx, &self.context, Whose::Account(account), &message, None).await?;
                }
                Ok(Done::Commit(()))
            })
            .await?;
        Ok(Accepted::Done(receipt))
    }

    /// Records an acceptance, one per account and version, with its evidence, in the caller's transaction; returns false if it exists already.
    pub(crate) async fn record_acceptance(
        &self,
        tx: &Tx,
        account: AccountId,
        agency: Option<&str>,
        shown: &Shown,
        visitor: &Visitor,
    ) -> Result<bool, Fault> {
        let now = self.context.now();
        let row = AcceptanceRow {
            id: self.context.id(),
            account_id: account,
            agency_id: agency.map(Into::into),
            version: shown.version.clone(),
            language: shown.language.clone(),
            sha256: shown.sha256.clone(),
            accepted_at: now,
            ip_short: visitor.ip_short(),
            user_agent: visitor.user_agent_short(),
            method: shown.method.clone(),
        };
        if !acceptances::insert(tx, row).await? {
            return Ok(false);
        }
        let proof = Proof {
            agency,
            version: &shown.version,
            language: &shown.language,
            sha256: &shown.sha256,
            accepted_at: now,
            ip: &visitor.ip_short(),
            user_agent: &visitor.user_agent_short(),
            method: &shown.method,
        };
        evidence::append(tx, &self.context, "terms accepted", Some(account), &proof).await?;
        Ok(true)
    }
}
