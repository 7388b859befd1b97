use std::collections::BTreeMap;

use kernel::{Fault, Tx, Unix};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::OnConflict};
use serde::Serialize;

use crate::{
    AcceptanceId, AccountId, Accounts, Visitor, evidence, mail,
    mail::{Mail, MailBody},
    table::acceptance,
};

/// Every version of the terms of use that config holds, oldest first.
#[derive(Clone, Default)]
pub struct TermsLibrary(Vec<TermsVersion>);

/// One version.
#[derive(Clone)]
pub struct TermsVersion {
    /// The folder's name, e.g. `2026-11`.
    pub version: String,
    /// From when it holds.
    pub effective: Unix,
    /// Whether everybody is asked again; a minor edition is not.
    pub consent: bool,
    /// The text by language.
    pub editions: BTreeMap<String, Edition>,
}

/// The text of a version in a language.
#[derive(Clone)]
pub struct Edition {
    /// Its title.
    pub title: String,
    /// Markdown, as in the file.
    pub text: String,
    /// SHA-256 of `text`, hex: what the acceptance records.
    pub sha256: String,
}

impl Edition {
    /// Reckons the hash.
    pub fn new(title: String, text: String) -> Self {
        let sha256 = kernel::sha256(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        Self { title, text, sha256 }
    }
}

impl TermsLibrary {
    /// Puts the versions in order.
    pub fn new(mut versions: Vec<TermsVersion>) -> Self {
        versions.sort_by(|a, b| (a.effective, &a.version).cmp(&(b.effective, &b.version)));
        Self(versions)
    }

    /// The version that holds now: the one that is shown.
    pub fn current(&self, now: Unix) -> Option<&TermsVersion> {
        self.0.iter().rfind(|v| v.effective <= now)
    }

    /// By its name.
    pub fn version(&self, version: &str) -> Option<&TermsVersion> {
        self.0.iter().find(|v| v.version == version)
    }

    /// What somebody who accepted `accepted` has yet to accept: the current version, if one that asks for consent came after all that they accepted.
    pub fn due(&self, accepted: &[String], now: Unix) -> Option<&TermsVersion> {
        let held: Vec<&TermsVersion> = self.0.iter().filter(|v| v.effective <= now).collect();
        let newest_accepted = held.iter().rposition(|v| accepted.contains(&v.version));
        let newest_asking = held.iter().rposition(|v| v.consent)?;
        (newest_accepted < Some(newest_asking)).then(|| held.last().copied()).flatten()
    }
}

/// What the page showed and the person ticked.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The version on the page.
    pub version: String,
    /// Its language.
    pub language: String,
    /// The hash of the text on the page.
    pub sha256: String,
    /// How it was accepted: [`Self::READ`] or [`Self::TICKED`].
    pub method: String,
}

impl Shown {
    /// The page saw the end of the text on the screen, and the box was ticked.
    pub const READ: &str = "read to the end, ticked";
    /// The box was ticked; whether the end was on the screen is not known: no script ran there, or it did not say so.
    pub const TICKED: &str = "ticked";
}

/// What a person is given to keep of an acceptance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The terms' version.
    pub version: String,
    /// The language in which they were shown.
    pub language: String,
    /// SHA-256 of the text shown, hex.
    pub sha256: String,
    /// When.
    pub accepted_at: Unix,
}

impl Shown {
    pub(crate) fn receipt(&self, accepted_at: Unix) -> Receipt {
        let Self { version, language, sha256, .. } = self.clone();
        Receipt { version, language, sha256, accepted_at }
    }
}

/// What its owner sees of an acceptance that they gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acceptance {
    /// Its id.
    pub id: AcceptanceId,
    /// The agency whose portal they came from.
    pub agency_id: Option<String>,
    /// What was accepted, and when.
    pub receipt: Receipt,
    /// Whether the end of the text was seen on the screen first.
    pub read_to_the_end: bool,
}

impl From<acceptance::Model> for Acceptance {
    fn from(row: acceptance::Model) -> Self {
        let acceptance::Model { version, language, sha256, accepted_at, method, .. } = row;
        let receipt = Receipt { version, language, sha256, accepted_at };
        let read_to_the_end = method == Shown::READ;
        Self { id: AcceptanceId(row.id), agency_id: row.agency_id, receipt, read_to_the_end }
    }
}

/// What became of an acceptance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// Recorded.
    Done(Receipt),
    /// What was shown is not what holds now: show it again (SECURITY #90).
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
    /// The version that this account has yet to accept.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn terms_due(&self, account: AccountId) -> Result<Option<TermsVersion>, Fault> {
        let rows = acceptance::Entity::find()
            .filter(acceptance::Column::AccountId.eq(account.0))
            .all(self.context.db.reader())
            .await?;
        let accepted: Vec<String> = rows.into_iter().map(|r| r.version).collect();
        Ok(self.terms.load().due(&accepted, self.context.now()).cloned())
    }

    /// All that this account accepted, the newest first.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn acceptances(&self, account: AccountId) -> Result<Vec<Acceptance>, Fault> {
        let rows = acceptance::Entity::find()
            .filter(acceptance::Column::AccountId.eq(account.0))
            .order_by_desc(acceptance::Column::AcceptedAt)
            .order_by_desc(acceptance::Column::Id)
            .all(self.context.db.reader())
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The text that somebody accepted, to the letter; `None` when config no longer holds it, or holds another under its name.
    pub fn accepted_text(&self, receipt: &Receipt) -> Option<Edition> {
        let terms = self.terms.load();
        let edition = terms.version(&receipt.version)?.editions.get(&receipt.language)?;
        (edition.sha256 == receipt.sha256).then(|| edition.clone())
    }

    /// Whether `shown` is the text that holds now.
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
        let tx = self.context.db.begin_recorded().await?;
        if self.record_acceptance(&tx, account, agency, shown, visitor).await? {
            let body = MailBody::TermsAccepted {
                version: receipt.version.clone(),
                language: receipt.language.clone(),
                sha256: receipt.sha256.clone(),
                accepted_at: receipt.accepted_at,
            };
            let letter =
                Mail { to: person.email, locale: person.locale, agency_id: agency.map(Into::into), body };
            mail::send(&tx, &self.context, &letter, None).await?;
        }
        tx.commit().await?;
        Ok(Accepted::Done(receipt))
    }

    /// One acceptance per account and version, with its evidence, in the transaction of what it allows; `false` when it was there already.
    pub(crate) async fn record_acceptance(
        &self,
        tx: &Tx,
        account: AccountId,
        agency: Option<&str>,
        shown: &Shown,
        visitor: &Visitor,
    ) -> Result<bool, Fault> {
        let now = self.context.now();
        let row = acceptance::ActiveModel {
            id: Set(self.context.id()),
            account_id: Set(account.0),
            agency_id: Set(agency.map(Into::into)),
            version: Set(shown.version.clone()),
            language: Set(shown.language.clone()),
            sha256: Set(shown.sha256.clone()),
            accepted_at: Set(now),
            ip_short: Set(visitor.ip_short()),
            user_agent: Set(visitor.user_agent_short()),
            method: Set(shown.method.clone()),
        };
        let inserted = acceptance::Entity::insert(row)
            .on_conflict(
                OnConflict::columns([acceptance::Column::AccountId, acceptance::Column::Version])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await?;
        if inserted == 0 {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn version(name: &str, effective: Unix, consent: bool) -> TermsVersion {
        TermsVersion { version: name.into(), effective, consent, editions: BTreeMap::new() }
    }

    #[test]
    fn everybody_is_asked_again_for_a_new_version_but_not_for_a_minor_edition() {
        let library = TermsLibrary::new(vec![
            version("3", 300, false),
            version("1", 100, true),
            version("2", 200, true),
        ]);
        let due = |accepted: &[&str], now| {
            let accepted: Vec<String> = accepted.iter().map(|s| (*s).into()).collect();
            library.due(&accepted, now).map(|v| v.version.clone())
        };
        assert_eq!(due(&[], 50), None);
        assert_eq!(due(&[], 150).as_deref(), Some("1"));
        assert_eq!(due(&["1"], 150), None);
        assert_eq!(due(&["1"], 250).as_deref(), Some("2"));
        assert_eq!(due(&["2"], 350), None, "a minor edition");
        assert_eq!(due(&["1"], 350).as_deref(), Some("3"), "what is shown is what holds now");
        assert_eq!(due(&["3"], 350), None);
    }
}
