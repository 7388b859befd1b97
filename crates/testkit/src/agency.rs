//! An agency without anything of its own.

use agencies::{Agency, Contact, Controller, CustomTexts, Directory, ImportRules, Life, Look};

/// Returns an agency whose name is its id, without portals.
pub fn agency(id: &str) -> Agency {
    Agency {
        id: id.into(),
        name: id.into(),
        city: None,
        life: Life::default(),
        language: "fr".into(),
        controller: Controller { name: id.into(), dpo: "dpo@exemple.test".into() },
        look: Look { accent: "#1f6f54".into(), ..Look::default() },
        logo: None,
        words: CustomTexts::default(),
        contact: Contact::default(),
        directory: Directory::default(),
        import: ImportRules::default(),
        portals: vec![],
        staff: Vec::new(),
        tickets: vec![],
    }
}
