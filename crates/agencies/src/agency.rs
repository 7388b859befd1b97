use crate::{Contact, Controller, Directory, Logo, Look, Portal, TicketKey, Words};

/// An organisation with a portal, a contact, a look and a directory, as its file says.
#[derive(Clone)]
pub struct Agency {
    /// The name of its file: stable for ever, it keys identities and links.
    pub id: String,
    /// As people know it.
    pub name: String,
    /// Where it is.
    pub city: Option<String>,
    /// `fr` or `en`, where nobody asks for one.
    pub language: String,
    /// Who answers for the data.
    pub controller: Controller,
    /// Colours and logo.
    pub look: Look,
    /// The picture that `look.logo` names, once somebody who may read files has put it here.
    pub logo: Option<Logo>,
    /// What it says in its own words.
    pub words: Words,
    /// Phone, mail, hours.
    pub contact: Contact,
    /// The rules of its identifiers.
    pub directory: Directory,
    /// Its clients; the first one is its portal.
    pub portals: Vec<Portal>,
    /// How its portal's migration tickets are checked.
    pub ticket: Option<TicketKey>,
}

impl Agency {
    /// Where a person who starts at the provider is sent: the portal's sign-in, or its home.
    pub fn entrance(&self, issuer: &str) -> Option<String> {
        let portal = self.portals.first()?;
        portal.sign_in_anew(issuer).or_else(|| portal.home.clone())
    }
}
