//! Agencies: a portal (an OIDC client), a look, a contact and the rules of a directory. An agency is one file; this crate reads its text, never the file.

mod agency;
mod contact;
mod directory;
mod file;
mod logo;
mod look;
mod portal;
mod problem;
mod read;

use std::{collections::BTreeMap, sync::Arc};

pub use agency::Agency;
pub use contact::{Contact, Controller};
pub use directory::Directory;
pub use file::{AgencyFile, PortalSection, TicketSection};
pub use logo::Logo;
pub use look::{Look, Said, Words};
pub use portal::{Portal, TicketKey};
pub use problem::Problem;
pub use read::SecretSource;

/// All agencies, found by id and by client. Replaced whole when config changes, never altered.
#[derive(Clone, Default)]
pub struct Agencies {
    agencies: BTreeMap<String, Arc<Agency>>,
    owners: BTreeMap<String, String>,
}

impl Agencies {
    /// Puts them together.
    ///
    /// # Errors
    /// Two agencies that name the same client.
    pub fn new(all: Vec<Agency>) -> Result<Self, Problem> {
        let mut out = Self::default();
        for agency in all {
            for portal in &agency.portals {
                let client_id = portal.client.client_id.clone();
                if let Some(other) = out.owners.insert(client_id.clone(), agency.id.clone()) {
                    let key = "portal.client_id";
                    let mend = format!(
                        "the client \"{client_id}\" is also in the file of \"{other}\": name it otherwise"
                    );
                    return Err(Problem { line: None, key: key.into(), mend });
                }
            }
            out.agencies.insert(agency.id.clone(), Arc::new(agency));
        }
        Ok(out)
    }

    /// By its id.
    pub fn agency(&self, id: &str) -> Option<&Arc<Agency>> {
        self.agencies.get(id)
    }

    /// The client and its agency.
    pub fn portal(&self, client_id: &str) -> Option<(&Arc<Agency>, &Portal)> {
        let agency = self.agencies.get(self.owners.get(client_id)?)?;
        Some((agency, agency.portals.iter().find(|p| p.client.client_id == client_id)?))
    }

    /// Whether some client's scripts run at this origin.
    pub fn lists_origin(&self, origin: &str) -> bool {
        self.iter()
            .flat_map(|agency| &agency.portals)
            .any(|portal| portal.client.cors_origins.iter().any(|o| o == origin))
    }

    /// All, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Agency>> {
        self.agencies.values()
    }
}
