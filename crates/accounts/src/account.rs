//! A person, and the agencies that their account is linked to.

use kernel::{Fault, Unix};

use crate::{
    AccountId, Accounts,
    store::{AccountRow, accounts, links},
};

/// A person.
#[derive(Clone)]
pub struct Account {
    /// The id, never reused.
    pub id: AccountId,
    /// The verified address, as typed.
    pub email: String,
    /// The name to call them by.
    pub name: Option<String>,
    /// `fr` or `en`.
    pub locale: String,
    /// The epoch, raised to end everything older: sessions, refresh tokens, codes (SECURITY I9).
    pub auth_epoch: i32,
}

/// An agency that a person's account is linked to, with the agency's own references for them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkedAgency {
    /// The agency.
    pub agency_id: String,
    /// Its client references, oldest link first.
    pub client_refs: Vec<String>,
    /// The time at which the first of them was attached.
    pub since: Unix,
}

impl Accounts {
    /// Returns a person, unless disabled.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, Fault> {
        Ok(accounts::enabled(&self.context.db, id).await?.map(Account::from))
    }

    /// Returns the agencies of an account, in the order in which they were attached; one query.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn linked_agencies(&self, id: AccountId) -> Result<Vec<LinkedAgency>, Fault> {
        let rows = links::of(&self.context.db, id).await?;
        Ok(by_agency(rows.into_iter().map(|row| (row.agency_id, row.client_ref, row.linked_at)).collect()))
    }

    /// Returns the agency's own references for this account; empty when it is not linked there.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn client_refs(&self, id: AccountId, agency_id: &str) -> Result<Vec<String>, Fault> {
        let linked = self.linked_agencies(id).await?;
        Ok(linked.into_iter().find(|a| a.agency_id == agency_id).map(|a| a.client_refs).unwrap_or_default())
    }
}

/// An agency, a reference, and the time at which it was attached.
type Link = (String, String, Unix);

/// Groups links by agency, oldest first.
fn by_agency(links: Vec<Link>) -> Vec<LinkedAgency> {
    let mut agencies: Vec<LinkedAgency> = Vec::new();
    for (agency_id, client_ref, since) in links {
        match agencies.iter_mut().find(|a| a.agency_id == agency_id) {
            Some(known) => tell_once(&mut known.client_refs, client_ref),
            None => agencies.push(LinkedAgency { agency_id, client_refs: vec![client_ref], since }),
        }
    }
    agencies
}

/// Adds a reference, unless it is there already: two identifiers may share one.
pub(crate) fn tell_once(refs: &mut Vec<String>, client_ref: String) {
    if !refs.contains(&client_ref) {
        refs.push(client_ref);
    }
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        let AccountRow { id, email, name, locale, auth_epoch, .. } = row;
        Self { id, email, name, locale, auth_epoch }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_that_several_identifiers_carry_is_told_once() {
        let link = |agency: &str, reference: &str| (agency.to_owned(), reference.to_owned(), 7);
        let links = vec![link("a", "R1"), link("b", "R1"), link("a", "R1"), link("a", "R2")];
        let told = by_agency(links);
        assert_eq!(
            (&told[0].client_refs[..], &told[1].client_refs[..]),
            (&["R1".into(), "R2".into()][..], &["R1".into()][..])
        );
    }
}
