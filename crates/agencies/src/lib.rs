//! Agencies: a portal (an OIDC client), a look, a contact and the rules of a directory. An agency is one file; this crate parses its text and never reads files.

mod agency;
mod contact;
mod directory;
mod file;
mod file_error;
mod import;
mod life;
mod logo;
mod look;
mod portal;
mod read;
mod staff;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use agency::Agency;
pub use contact::{Contact, Controller};
pub use directory::Directory;
pub use file::{AgencyFile, PortalSection, SecretSection, TicketSection};
pub use file_error::{FileError, line_of};
pub use import::{DateForm, ImportRules, Names, Pattern};
pub use life::{Life, Standing};
pub use logo::Logo;
pub use look::{CustomTexts, LocalizedText, Look};
pub use portal::{Portal, TicketKey};
pub use read::SecretSource;
pub use staff::{Staff, StaffRole, StaffSection, canonical_address};

/// All agencies, by id and by client. Replaced as a whole when the configuration changes.
#[derive(Clone, Default)]
pub struct Agencies {
    agencies: BTreeMap<String, Arc<Agency>>,
    owners: BTreeMap<String, String>,
    /// Known clients that are not served now.
    withheld: BTreeSet<String>,
    /// The agencies whose staff have an address, by the address.
    seats: BTreeMap<String, Vec<String>>,
}

/// A client id that the files of several agencies name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contested {
    /// Its `client_id`.
    pub client_id: String,
    /// The agencies, without duplicates, ordered by id.
    pub agencies: Vec<String>,
}

impl Agencies {
    /// Builds the set.
    ///
    /// # Errors
    /// Two agencies name the same client.
    pub fn new(all: Vec<Agency>) -> Result<Self, FileError> {
        let mut out = Self::default();
        for agency in all {
            for portal in &agency.portals {
                let client_id = portal.client.client_id.clone();
                if let Some(other) = out.owners.insert(client_id.clone(), agency.id.clone()) {
                    let key = "portal.client_id";
                    let reason = format!(
                        "the client \"{client_id}\" is also in the file of \"{other}\": name it otherwise"
                    );
                    return Err(FileError { line: None, key: key.into(), reason });
                }
            }
            out.add(agency);
        }
        Ok(out)
    }

    /// Builds the set of all that can be served: an error in one agency's file affects no other (SECURITY D20). `left_out` holds the clients of unusable
    /// files, each with the id of its agency. A client that several agencies name is served for none of them, since nothing tells which of them owns it; their
    /// other clients are served.
    pub fn apart(all: Vec<Agency>, left_out: Vec<(String, String)>) -> (Self, Vec<Contested>) {
        let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let of_files = all.iter().flat_map(|agency| {
            agency.portals.iter().map(|portal| (portal.client.client_id.clone(), agency.id.clone()))
        });
        for (client_id, agency) in of_files.chain(left_out.iter().cloned()) {
            named.entry(client_id).or_default().insert(agency);
        }
        let mut out =
            Self { withheld: left_out.into_iter().map(|(client, _)| client).collect(), ..Self::default() };
        let mut contested = Vec::new();
        for (client_id, agencies) in named.into_iter().filter(|(_, agencies)| agencies.len() > 1) {
            out.withheld.insert(client_id.clone());
            contested.push(Contested { client_id, agencies: agencies.into_iter().collect() });
        }
        for mut agency in all {
            agency.portals.retain(|portal| !out.withheld.contains(&portal.client.client_id));
            for portal in &agency.portals {
                out.owners.insert(portal.client.client_id.clone(), agency.id.clone());
            }
            out.add(agency);
        }
        (out, contested)
    }

    fn add(&mut self, agency: Agency) {
        for staff in &agency.staff {
            self.seats.entry(staff.email.clone()).or_default().push(agency.id.clone());
        }
        self.agencies.insert(agency.id.clone(), Arc::new(agency));
    }

    /// Returns the agencies whose staff have an address, in the form for comparison, ordered by id; each with their entry.
    pub fn seats<'a>(&'a self, email: &'a str) -> impl Iterator<Item = (&'a Arc<Agency>, &'a Staff)> {
        let agencies = self.seats.get(email).into_iter().flatten().filter_map(|id| self.agencies.get(id));
        agencies.filter_map(move |agency| {
            agency.staff.iter().find(|staff| staff.email == email).map(|staff| (agency, staff))
        })
    }

    /// Adds clients of files that cannot be parsed. One that another agency's file names stays that agency's: what is torn proves nothing.
    pub fn withhold(&mut self, clients: impl IntoIterator<Item = String>) {
        let unowned = clients.into_iter().filter(|client| !self.owners.contains_key(client));
        self.withheld.extend(unowned);
    }

    /// Returns true if the client is known but not served now, because of an error in its agency's file.
    pub fn withholds(&self, client_id: &str) -> bool {
        self.withheld.contains(client_id)
    }

    /// Finds an agency by its id.
    pub fn agency(&self, id: &str) -> Option<&Arc<Agency>> {
        self.agencies.get(id)
    }

    /// Finds a client and its agency.
    pub fn portal(&self, client_id: &str) -> Option<(&Arc<Agency>, &Portal)> {
        let agency = self.agencies.get(self.owners.get(client_id)?)?;
        Some((agency, agency.portals.iter().find(|p| p.client.client_id == client_id)?))
    }

    /// Returns true if a client's scripts run at this origin.
    pub fn lists_origin(&self, origin: &str) -> bool {
        self.iter()
            .flat_map(|agency| &agency.portals)
            .any(|portal| portal.client.cors_origins.iter().any(|o| o == origin))
    }

    /// Returns all agencies, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Agency>> {
        self.agencies.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agency(id: &str, clients: &[&str]) -> Agency {
        let portals: String = clients
            .iter()
            .map(|client| {
                format!(
                    "[[portal]]\nclient_id = \"{client}\"\nclient_secret_file = \"x\"\n\
                     redirect_uris = [\"https://{id}.example/callback\"]\n"
                )
            })
            .collect();
        let text = format!(
            "name = \"{id}\"\n[controller]\nname = \"{id}\"\ndpo = \"dpo@x.example\"\n[look]\naccent = \"#1f6f54\"\n{portals}"
        );
        Agency::read(id, &text, &|_| Ok("0123456789abcdef0123456789abcdef".into())).ok().unwrap()
    }

    /// SECURITY D20.
    #[test]
    fn a_client_of_several_agencies_is_nobodys_and_all_else_is_served() {
        let all = vec![agency("a", &["a1", "shared"]), agency("b", &["shared"]), agency("c", &["c1", "d1"])];
        let left_out = vec![("d1".to_owned(), "d".to_owned()), ("d2".to_owned(), "d".to_owned())];
        let (served, contested) = Agencies::apart(all, left_out);
        let told: Vec<_> = contested.iter().map(|c| (&*c.client_id, c.agencies.join(" "))).collect();
        assert_eq!(told, [("d1", "c d".to_owned()), ("shared", "a b".to_owned())]);
        let owner = |client: &str| served.portal(client).map(|(agency, _)| agency.id.clone());
        let owners = ["a1", "shared", "c1", "d1", "d2", "nobody"].map(owner);
        assert_eq!(owners, [Some("a".to_owned()), None, Some("c".to_owned()), None, None, None]);
        assert_eq!(
            ["a1", "shared", "d1", "d2", "nobody"].map(|c| served.withholds(c)),
            [false, true, true, true, false]
        );
        let mut served = served.clone();
        served.withhold(["a1".to_owned(), "torn".to_owned()]);
        assert_eq!(["a1", "torn", "nobody"].map(|c| served.withholds(c)), [false, true, false]);
        assert_eq!(owner("a1").as_deref(), Some("a"));
        assert!(served.agency("b").is_some_and(|b| b.portals.is_empty()) && served.agency("d").is_none());
    }
}
