//! What an agency is told of an account (SECURITY D11): name and email are the account's; everything else is a link's, from the row that this very agency
//! imported, and goes to no other agency.

use std::collections::HashMap;

use kernel::{Batcher, Context, Fault, Unix};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QueryResult,
    QuerySelect, RelationTrait,
};
use serde_json::{Map, Value};

use crate::{
    Account, AccountId, Accounts,
    account::tell_once,
    table::{account, legacy_identity, link},
};

/// What one agency knows of a person by their links with it.
#[derive(Clone, PartialEq, Debug)]
pub struct AtAgency {
    /// Its own references, oldest link first.
    pub client_refs: Vec<String>,
    /// OIDC standard claims beyond email and name (OIDC Core §5.1).
    pub profile: Map<String, Value>,
    /// When anything that it is told last changed.
    pub updated_at: Unix,
}

impl Accounts {
    /// A person, unless disabled, with what this agency knows of them, which is nothing where they are not linked there; one query.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn account_at(
        &self,
        id: AccountId,
        agency_id: &str,
    ) -> Result<Option<(Account, Option<AtAgency>)>, Fault> {
        let Some((told, links)) = self.people.get(id).await? else { return Ok(None) };
        let own: Vec<Link> = links.into_iter().filter(|link| link.agency_id == agency_id).collect();
        let at = at_agency(&told, &own)?;
        Ok(Some((told.account, at)))
    }
}

/// A link, and the imported row behind it.
#[derive(Clone)]
pub(crate) struct Link {
    agency_id: String,
    client_ref: String,
    linked_at: Unix,
    /// A JSON object.
    profile: String,
    imported_at: Unix,
}

/// An account as it is stored, so far as portals are told of it.
#[derive(Clone)]
pub(crate) struct Told {
    account: Account,
    changed_at: Option<Unix>,
    /// Its owner chose the name.
    named: bool,
    /// Its owner chose the language.
    spoken: bool,
}

/// Claims in which an agency's file says otherwise what its owner's own name says.
const NAME_PARTS: [&str; 3] = ["given_name", "family_name", "middle_name"];

/// The rule, over the links with one agency, oldest first: the oldest wins claim by claim, later ones fill gaps. An address is one claim: parts of two
/// addresses would make a third. What the owner chose on their own page silences what the agency's file says of the same thing.
fn at_agency(told: &Told, links: &[Link]) -> Result<Option<AtAgency>, Fault> {
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
    if told.named {
        profile.retain(|claim, _| !NAME_PARTS.contains(&claim.as_str()));
    }
    if told.spoken {
        profile.insert("locale".into(), told.account.locale.clone().into());
    }
    let times = links.iter().map(|link| link.linked_at.max(link.imported_at)).chain(told.changed_at);
    let updated_at = times.max().unwrap_or_default();
    let mut client_refs = Vec::new();
    links.iter().for_each(|link| tell_once(&mut client_refs, link.client_ref.clone()));
    Ok(Some(AtAgency { client_refs, profile, updated_at }))
}

/// Accounts that are not disabled, with their links, oldest first.
pub(crate) type People = Batcher<AccountId, (Told, Vec<Link>)>;

/// One row: the account, and one of its links.
struct Row(AccountId, Told, Option<Link>);

/// Read by the places of its columns: to look for each by its name costs more than all the rest of it.
impl FromQueryResult for Row {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        let id = AccountId(row.try_get_by_index(0)?);
        let account = Account {
            id,
            email: row.try_get_by_index(1)?,
            name: row.try_get_by_index(2)?,
            locale: row.try_get_by_index(3)?,
            auth_epoch: row.try_get_by_index(4)?,
        };
        let told = Told {
            account,
            changed_at: row.try_get_by_index(5)?,
            named: row.try_get_by_index::<Option<Unix>>(6)?.is_some(),
            spoken: row.try_get_by_index::<Option<Unix>>(7)?.is_some(),
        };
        let Some(agency_id) = row.try_get_by_index(8)? else { return Ok(Self(id, told, None)) };
        let link = Link {
            agency_id,
            client_ref: row.try_get_by_index(9)?,
            linked_at: row.try_get_by_index(10)?,
            profile: row.try_get_by_index(11)?,
            imported_at: row.try_get_by_index(12)?,
        };
        Ok(Self(id, told, Some(link)))
    }
}

/// Portals ask for people all the time: those who ask at once are answered by one statement.
pub(crate) fn people(context: &Context) -> People {
    let db = context.db.clone();
    Batcher::new(1, move |ids: Vec<AccountId>| {
        let db = db.clone();
        async move {
            let rows: Vec<Row> = account::Entity::find()
                .select_only()
                .columns([
                    account::Column::Id,
                    account::Column::Email,
                    account::Column::Name,
                    account::Column::Locale,
                    account::Column::AuthEpoch,
                    account::Column::ChangedAt,
                    account::Column::NamedAt,
                    account::Column::SpokenAt,
                ])
                .columns([link::Column::AgencyId, link::Column::ClientRef, link::Column::LinkedAt])
                .columns([legacy_identity::Column::Profile, legacy_identity::Column::ImportedAt])
                .left_join(link::Entity)
                .join(JoinType::LeftJoin, link::Relation::LegacyIdentity.def())
                .filter(account::Column::Id.is_in(ids.into_iter().map(|id| id.0)))
                .filter(account::Column::DisabledAt.is_null())
                .order_by_asc(link::Column::Id)
                .into_model()
                .all(db.reader())
                .await?;
            let mut people = HashMap::new();
            for Row(id, told, link) in rows {
                let (_, links) = people.entry(id).or_insert_with(|| (told, Vec::new()));
                links.extend(link);
            }
            Ok(people)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(named: bool, spoken: bool) -> Told {
        let account = Account {
            id: AccountId(uuid::Uuid::nil()),
            email: "m@x.fr".into(),
            name: Some("Marie".into()),
            locale: "en".into(),
            auth_epoch: 0,
        };
        Told { account, changed_at: Some(5), named, spoken }
    }

    fn link(client_ref: &str, profile: &Value, (linked_at, imported_at): (Unix, Unix)) -> Link {
        let (agency_id, client_ref) = ("a".into(), client_ref.into());
        Link { agency_id, client_ref, linked_at, profile: profile.to_string(), imported_at }
    }

    /// Two identities of one agency at one account.
    #[test]
    fn the_oldest_link_wins_and_a_later_one_fills_gaps() {
        let first = json!({ "nickname": "Mimi", "phone_number": "", "address": { "postal_code": "56000" } });
        let second = json!({ "nickname": "M.", "phone_number": "+33 2", "address": { "locality": "Auray" } });
        let links =
            [link("R1", &first, (7, 3)), link("R2", &second, (8, 2)), link("R1", &json!({}), (9, 12))];
        let at = at_agency(&told(false, false), &links).ok().flatten().unwrap();
        assert_eq!(at.client_refs, ["R1", "R2"]);
        let merged =
            json!({ "nickname": "Mimi", "phone_number": "+33 2", "address": { "postal_code": "56000" } });
        assert_eq!(Value::Object(at.profile), merged);
        assert_eq!(at.updated_at, 12, "the newest import of this agency");
        assert_eq!(at_agency(&told(false, false), &[]).ok().flatten(), None);
    }

    #[test]
    fn what_the_owner_chose_is_not_contradicted() {
        let imported = json!({ "given_name": "Marie", "family_name": "D", "middle_name": "C", "locale": "fr-FR", "gender": "f" });
        let links = [link("R1", &imported, (1, 1))];
        let of = |named, spoken| {
            Value::Object(at_agency(&told(named, spoken), &links).ok().flatten().unwrap().profile)
        };
        assert_eq!(of(false, false), imported);
        assert_eq!(of(true, false), json!({ "locale": "fr-FR", "gender": "f" }));
        assert_eq!(of(true, true), json!({ "locale": "en", "gender": "f" }));
    }
}
