//! Those whom an agency writes letters to, page by page, and their activation codes (SPEC J15).

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Done, Fault, Tx};
use serde_json::{Map, Value};

use crate::{
    Accounts, ActivationCode, Intervention, IssuedCode, LegacyIdentityId,
    store::{IdentityRow, activation_codes, identities},
};

/// The number of people of a page.
const PAGE: u64 = 100;

/// The choice among those who have not moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recipients {
    /// All of them. A code that was issued before no longer works.
    All,
    /// Those without a code that works.
    WithoutCode,
}

/// A person who has not moved.
pub struct Addressee {
    /// The identity.
    pub id: LegacyIdentityId,
    /// The agency.
    pub agency: String,
    /// The identifier, as in the agency's file.
    pub identifier: String,
    /// The agency's reference.
    pub client_ref: String,
    /// The name in the agency's file.
    pub name: Option<String>,
    /// `locale` of the agency's file; empty if it has none.
    pub locale: String,
    /// The postal address of the agency's file.
    pub address: PostalAddress,
}

/// An address as an agency's file has it. A part that it lacks is empty.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct PostalAddress {
    /// Street, of several lines.
    pub street: String,
    /// Postcode.
    pub postal_code: String,
    /// Town.
    pub locality: String,
    /// Country.
    pub country: String,
}

/// A page of people.
pub struct Addressees {
    /// The people, in the order of their identifiers.
    pub people: Vec<Addressee>,
    /// The place from which the next page is read; `None` after the last one.
    pub next: Option<String>,
}

impl Accounts {
    /// Returns the next people of an agency who have not moved and whom it counts among its clients. `after`: where the page before ended, empty for the first.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn addressees(
        &self,
        agency: &str,
        recipients: Recipients,
        after: &str,
    ) -> Result<Addressees, Fault> {
        let db = &self.context.db;
        let rows = identities::not_moved(db, agency, after, PAGE).await?;
        let full = u64::try_from(rows.len()).unwrap_or_default() == PAGE;
        let next = rows.last().filter(|_| full).map(|row| row.identifier_canonical.clone());
        let with_code: BTreeSet<LegacyIdentityId> = match recipients {
            Recipients::All => BTreeSet::new(),
            Recipients::WithoutCode => {
                let ids: Vec<LegacyIdentityId> = rows.iter().map(|row| row.id).collect();
                activation_codes::working(db, &ids, self.context.now()).await?.into_iter().collect()
            }
        };
        let people = rows.into_iter().filter(|row| !with_code.contains(&row.id)).map(addressee).collect();
        Ok(Addressees { people, next })
    }

    /// Returns how many people of an agency have moved.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn moved_of(&self, agency: &str) -> Result<u64, Fault> {
        identities::count_moved(&self.context.db, agency).await
    }

    /// Issues a code to each of these people, in place of the one before, in one transaction. Who moved or left meanwhile gets none.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nobody got one.
    #[tracing::instrument(skip_all)]
    pub async fn issue_codes(
        &self,
        ids: &[LegacyIdentityId],
        intervention: &Intervention,
    ) -> Result<BTreeMap<LegacyIdentityId, IssuedCode>, Fault> {
        let context = &self.context;
        context
            .db
            .write_recorded(async |tx: &Tx| {
                let mut issued = BTreeMap::new();
                for row in identities::by_ids(tx, ids).await? {
                    if row.moved_at.is_some() || row.left_at.is_some() {
                        continue;
                    }
                    let code = ActivationCode::generate(context.rng.as_ref());
                    let until = self.put_code(tx, &row, &code, intervention).await?;
                    issued.insert(row.id, IssuedCode { code, until });
                }
                Ok(Done::Commit(issued))
            })
            .await
    }

    /// Returns an identity that has not moved as letters address it.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn addressee(&self, id: LegacyIdentityId) -> Result<Option<Addressee>, Fault> {
        Ok(identities::by_id(&self.context.db, id).await?.map(addressee))
    }
}

fn addressee(row: IdentityRow) -> Addressee {
    let profile: Map<String, Value> = serde_json::from_str(&row.profile).unwrap_or_default();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let part = |name: &str| text(profile.get("address").and_then(|address| address.get(name)));
    Addressee {
        locale: text(profile.get("locale")),
        address: PostalAddress {
            street: part("street_address"),
            postal_code: part("postal_code"),
            locality: part("locality"),
            country: part("country"),
        },
        id: row.id,
        agency: row.agency_id,
        identifier: row.identifier,
        client_ref: row.client_ref,
        name: row.name,
    }
}
