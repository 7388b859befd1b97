use crate::{
    Contact, Controller, CustomTexts, Directory, ImportRules, Life, Logo, Look, Portal, Staff, TicketKey,
};

/// An organisation with a portal, a contact, a look and a directory, as its file says.
#[derive(Clone)]
pub struct Agency {
    /// The name of its file: stable for ever, it keys identities and links.
    pub id: String,
    /// The name that people know.
    pub name: String,
    /// The city of its office.
    pub city: Option<String>,
    /// Its states over time.
    pub life: Life,
    /// The language of its pages unless a person or portal asks for another: `fr` or `en`.
    pub language: String,
    /// The controller of its data.
    pub controller: Controller,
    /// Colours and logo.
    pub look: Look,
    /// The image that `look.logo` names, set by the program, which may read files.
    pub logo: Option<Logo>,
    /// Its custom texts.
    pub words: CustomTexts,
    /// Phone, mail, hours.
    pub contact: Contact,
    /// The rules of its identifiers.
    pub directory: Directory,
    /// The guards of its deliveries.
    pub import: ImportRules,
    /// Its clients; the first one is its portal.
    pub portals: Vec<Portal>,
    /// The keys that verify its portal's migration tickets: two while one is being replaced.
    pub tickets: Vec<TicketKey>,
    /// Its people who help at the desk.
    pub staff: Vec<Staff>,
}

impl Agency {
    /// Returns the address for a person who starts at the provider: the portal's sign-in, or its home.
    pub fn entrance(&self, issuer: &str) -> Option<String> {
        let portal = self.portals.first()?;
        portal.sign_in_anew(issuer).or_else(|| portal.home.clone())
    }
}
