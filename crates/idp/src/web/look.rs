//! The agency as pages and mails show it.

use agencies::{Agency, Standing};
use kernel::Unix;

/// Returns an agency's name, colours, contact and words for its pages and mails at a time.
pub fn look(agency: &Agency, now: Unix) -> pages::Theme {
    let words = &agency.words;
    let said = |said: &Option<agencies::LocalizedText>| {
        said.clone().map(|agencies::LocalizedText { fr, en }| pages::LocalizedText { fr, en })
    };
    pages::Theme {
        agency_id: agency.id.clone(),
        agency_name: agency.name.clone(),
        accent: agency.look.accent.clone(),
        second: agency.look.second.clone(),
        logo_url: logo_url(agency),
        contact: contact(agency),
        words: pages::CustomTexts {
            sign_in: said(&words.sign_in),
            notice: said(&words.notice),
            contact: said(&words.contact),
            mail: said(&words.mail),
        },
        rehearsal: agency.life.at(now) == Standing::Rehearsal,
    }
}

/// Returns the ways to reach an agency.
pub(crate) fn contact(agency: &Agency) -> pages::Contact {
    let agencies::Contact { phone, email, hours, website, address } = agency.contact.clone();
    pages::Contact { phone, email, hours, website, address }
}

/// Returns the address at which an agency's logo is served.
pub(crate) fn logo_url(agency: &Agency) -> Option<String> {
    agency.logo.as_ref().map(|logo| format!("/look/{}.{}", agency.id, logo.extension))
}
