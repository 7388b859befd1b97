use kernel::{Fault, Unix};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    AccountId, Accounts,
    table::{account, link},
};

/// One person.
#[derive(Clone)]
pub struct Account {
    /// Its id, never reused.
    pub id: AccountId,
    /// The verified address, as typed.
    pub email: String,
    /// What to call them.
    pub name: Option<String>,
    /// `fr` or `en`.
    pub locale: String,
    /// Raised whenever everything older must die: sessions, refresh tokens, codes (SECURITY I9).
    pub auth_epoch: i32,
}

/// An agency that a person's account is linked to, with the agency's own references for them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkedAgency {
    /// The agency.
    pub agency_id: String,
    /// Its client references, oldest link first.
    pub client_refs: Vec<String>,
    /// When the first of them was attached.
    pub since: Unix,
}

impl Accounts {
    /// A person, unless disabled.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, Fault> {
        let row = account::Entity::find_by_id(id.0).one(self.context.db.reader()).await?;
        Ok(row.filter(|r| r.disabled_at.is_none()).map(Account::from))
    }

    pub(crate) async fn account_row(&self, canonical: &str) -> Result<Option<account::Model>, Fault> {
        Ok(account::Entity::find()
            .filter(account::Column::EmailCanonical.eq(canonical))
            .one(self.context.db.reader())
            .await?)
    }

    /// The agencies of an account, in the order in which they were attached; one query.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn linked_agencies(&self, id: AccountId) -> Result<Vec<LinkedAgency>, Fault> {
        let rows = link::Entity::find()
            .filter(link::Column::AccountId.eq(id.0))
            .order_by_asc(link::Column::Id)
            .all(self.context.db.reader())
            .await?;
        Ok(by_agency(rows.into_iter().map(|row| (row.agency_id, row.client_ref, row.linked_at)).collect()))
    }

    /// The agency's own references for this account; empty when it is not linked there.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn client_refs(&self, id: AccountId, agency_id: &str) -> Result<Vec<String>, Fault> {
        let linked = self.linked_agencies(id).await?;
        Ok(linked.into_iter().find(|a| a.agency_id == agency_id).map(|a| a.client_refs).unwrap_or_default())
    }
}

/// Agency, reference, and when it was attached.
type Link = (String, String, Unix);

/// Oldest link first.
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

/// Several identifiers may carry one reference: it is told once.
pub(crate) fn tell_once(refs: &mut Vec<String>, client_ref: String) {
    if !refs.contains(&client_ref) {
        refs.push(client_ref);
    }
}

impl From<account::Model> for Account {
    fn from(row: account::Model) -> Self {
        let account::Model { id, email, name, locale, auth_epoch, .. } = row;
        Self { id: AccountId(id), email, name, locale, auth_epoch }
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
