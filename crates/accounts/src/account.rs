//! A person, and the agencies that their account is linked to.

use kernel::{Fault, Unix};

use crate::{
    AccountId, Accounts,
    store::{
        AccountRow, accounts,
        links::{self, LinkOf},
    },
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
    /// Its client references, oldest link first; of one identity in the order of the agency's file.
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
        by_agency(links::of(&self.context.db, id).await?)
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

/// Groups links by agency, oldest first.
fn by_agency(links: Vec<LinkOf>) -> Result<Vec<LinkedAgency>, Fault> {
    let mut agencies: Vec<LinkedAgency> = Vec::new();
    for LinkOf { agency_id, client_ref, further_refs, linked_at } in links {
        let at = agencies.iter().position(|known| known.agency_id == agency_id).unwrap_or_else(|| {
            agencies.push(LinkedAgency { agency_id, client_refs: Vec::new(), since: linked_at });
            agencies.len() - 1
        });
        tell_once(&mut agencies[at].client_refs, client_ref, further_refs.as_deref())?;
    }
    Ok(agencies)
}

/// Adds the references of an identity, unless they are there already: two identifiers may share one. `further` is what [`further_text`] wrote.
pub(crate) fn tell_once(
    refs: &mut Vec<String>,
    client_ref: String,
    further: Option<&str>,
) -> Result<(), Fault> {
    let further: Vec<String> = further.map(serde_json::from_str).transpose()?.unwrap_or_default();
    for reference in [client_ref].into_iter().chain(further) {
        if !refs.contains(&reference) {
            refs.push(reference);
        }
    }
    Ok(())
}

/// Returns an identity's references beside the first, as they are stored: a JSON list, or nothing.
pub(crate) fn further_text(further: &[String]) -> Result<Option<String>, Fault> {
    Ok(if further.is_empty() { None } else { Some(serde_json::to_string(further)?) })
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
        let link = |agency: &str, reference: &str, further: &[String]| LinkOf {
            agency_id: agency.to_owned(),
            client_ref: reference.to_owned(),
            further_refs: further_text(further).ok().flatten(),
            linked_at: 7,
        };
        let links = vec![
            link("a", "R1", &["R3".into(), "R1".into()]),
            link("b", "R1", &[]),
            link("a", "R1", &[]),
            link("a", "R2", &[]),
        ];
        let told = by_agency(links).ok().unwrap();
        assert_eq!(
            (&told[0].client_refs[..], &told[1].client_refs[..]),
            (&["R1".into(), "R3".into(), "R2".into()][..], &["R1".into()][..])
        );
    }
}
