//! The disclosure of an account to an agency (SECURITY D11): name and email of the account, and everything else from the rows that this agency itself imported,
//! which go to no other agency.

use kernel::{Fault, Unix};
use serde_json::{Map, Value};

use crate::{
    Account, AccountId, Accounts,
    account::tell_once,
    store::links::{self, LinkedIdentity, Person},
};

/// The knowledge of one agency about a person, by their links with it.
#[derive(Clone, PartialEq, Debug)]
pub struct AtAgency {
    /// The agency's own references, oldest link first.
    pub client_refs: Vec<String>,
    /// OIDC standard claims beyond email and name (OIDC Core §5.1).
    pub profile: Map<String, Value>,
    /// The time of the last change of anything that the agency is told.
    pub updated_at: Unix,
}

impl Accounts {
    /// Returns a person, unless disabled, with the data of this agency, `None` without a link to it; one query.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn account_at(
        &self,
        id: AccountId,
        agency_id: &str,
    ) -> Result<Option<(Account, Option<AtAgency>)>, Fault> {
        let Some((person, links)) = links::person(&self.context.db, id).await? else { return Ok(None) };
        let own: Vec<LinkedIdentity> = links.into_iter().filter(|link| link.agency_id == agency_id).collect();
        let at = at_agency(&person, &own)?;
        Ok(Some((person.account, at)))
    }
}

/// Claims of an agency's file that are parts of a name, dropped once the owner has chosen a name.
const NAME_PARTS: [&str; 3] = ["given_name", "family_name", "middle_name"];

/// Merges the links with one agency, oldest first: the oldest wins claim by claim, later ones fill gaps. An address is one claim: parts of two
/// addresses would make a third. The owner's own choices replace the agency's claims about the same thing.
fn at_agency(person: &Person, links: &[LinkedIdentity]) -> Result<Option<AtAgency>, Fault> {
    if links.is_empty() {
        return Ok(None);
    }
    let mut profile = Map::new();
    for link in links {
        let imported: Map<String, Value> = serde_json::from_str(&link.profile)?;
        for (claim, value) in imported {
            if !value.is_null() && value != "" {
                profile.entry(claim).or_insert(value);
            }
        }
    }
    if person.named {
        profile.retain(|claim, _| !NAME_PARTS.contains(&claim.as_str()));
    }
    if person.spoken {
        profile.insert("locale".into(), person.account.locale.clone().into());
    }
    let times = links.iter().map(|link| link.linked_at.max(link.imported_at)).chain(person.changed_at);
    let updated_at = times.max().unwrap_or_default();
    let mut client_refs = Vec::new();
    for link in links {
        tell_once(&mut client_refs, link.client_ref.clone(), link.further_refs.as_deref())?;
    }
    Ok(Some(AtAgency { client_refs, profile, updated_at }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(named: bool, spoken: bool) -> Person {
        let account = Account {
            id: AccountId(uuid::Uuid::nil()),
            email: "m@x.fr".into(),
            name: Some("Marie".into()),
            locale: "en".into(),
            auth_epoch: 0,
        };
        Person { account, changed_at: Some(5), named, spoken }
    }

    fn link(client_ref: &str, profile: &Value, (linked_at, imported_at): (Unix, Unix)) -> LinkedIdentity {
        let (agency_id, client_ref) = ("a".into(), client_ref.into());
        let profile = profile.to_string();
        LinkedIdentity { agency_id, client_ref, further_refs: None, linked_at, profile, imported_at }
    }

    /// Two identities of one agency at one account.
    #[test]
    fn the_oldest_link_wins_and_a_later_one_fills_gaps() {
        let first = json!({ "nickname": "Mimi", "phone_number": "", "address": { "postal_code": "56000" } });
        let second = json!({ "nickname": "M.", "phone_number": "+33 2", "address": { "locality": "Auray" } });
        let links =
            [link("R1", &first, (7, 3)), link("R2", &second, (8, 2)), link("R1", &json!({}), (9, 12))];
        let at = at_agency(&person(false, false), &links).ok().flatten().unwrap();
        assert_eq!(at.client_refs, ["R1", "R2"]);
        let merged =
            json!({ "nickname": "Mimi", "phone_number": "+33 2", "address": { "postal_code": "56000" } });
        assert_eq!(Value::Object(at.profile), merged);
        assert_eq!(at.updated_at, 12, "the newest import of this agency");
        assert_eq!(at_agency(&person(false, false), &[]).ok().flatten(), None);
    }

    #[test]
    fn what_the_owner_chose_is_not_contradicted() {
        let imported = json!({ "given_name": "Marie", "family_name": "D", "middle_name": "C", "locale": "fr-FR", "gender": "f" });
        let links = [link("R1", &imported, (1, 1))];
        let of = |named, spoken| {
            Value::Object(at_agency(&person(named, spoken), &links).ok().flatten().unwrap().profile)
        };
        assert_eq!(of(false, false), imported);
        assert_eq!(of(true, false), json!({ "locale": "fr-FR", "gender": "f" }));
        assert_eq!(of(true, true), json!({ "locale": "en", "gender": "f" }));
    }
}
