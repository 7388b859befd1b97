//! A letter, of what the configuration and the database say.

use accounts::{Addressee, IssuedCode};
use agencies::Agency;
use kernel::Unix;
use letters::{Address, Day, Face, Language, Letter, Postal};
use url::form_urlencoded;
use zeroize::Zeroizing;

/// The agency as its letters show it.
pub(super) fn face(agency: &Agency) -> Face {
    let contact = agency.contact.clone();
    Face {
        agency: agency.name.clone(),
        city: agency.city.clone(),
        address: contact.address,
        phone: contact.phone,
        hours: contact.hours,
        email: contact.email,
        website: contact.website,
        accent: accent(&agency.look.accent),
    }
}

/// Reads `#1a6b8c`, and darkens it until it can be read on white.
fn accent(text: &str) -> [f32; 3] {
    let part = |at: usize| text.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    let (Some(red), Some(green), Some(blue)) = (part(1), part(3), part(5)) else { return [0.0; 3] };
    let mut parts = [red, green, blue].map(|part| f32::from(part) / 255.0);
    while 0.3 * parts[0] + 0.6 * parts[1] + 0.1 * parts[2] > 0.4 {
        parts = parts.map(|part| part * 0.9);
    }
    parts
}

/// Returns the lines of the window, if a letter reaches this person.
pub(super) fn postal(person: &Addressee) -> Option<Postal> {
    let address = &person.address;
    let address = Address {
        street: &address.street,
        postal_code: &address.postal_code,
        locality: &address.locality,
        country: &address.country,
    };
    Postal::of(person.name.as_deref().unwrap_or_default(), &address)
}

/// The day of a moment in Paris.
fn paris_day(unix: Unix) -> Day {
    let there = unix + pages::paris_offset(unix).unwrap_or_default();
    let date =
        time::OffsetDateTime::from_unix_timestamp(there).unwrap_or(time::OffsetDateTime::UNIX_EPOCH).date();
    Day { year: date.year(), month: date.month().into(), day: date.day() }
}

/// The content of the letter to one person.
pub(super) struct Written {
    pub(super) person: Addressee,
    pub(super) to: Option<Postal>,
    pub(super) code: Zeroizing<String>,
    pub(super) short_address: String,
    pub(super) link: Zeroizing<String>,
    pub(super) until: Unix,
    now: Unix,
}

impl Written {
    pub(super) fn new(
        issuer: &str,
        agency: &Agency,
        person: Addressee,
        to: Option<Postal>,
        issued: &IssuedCode,
        now: Unix,
    ) -> Self {
        let code = issued.code.text();
        let host = issuer.split_once("://").map_or(issuer, |(_, host)| host);
        let fields = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("agency", &*agency.id), ("identifier", &person.identifier), ("code", &code)])
            .finish();
        Self {
            short_address: format!("{host}/activate?agency={}", agency.id),
            link: Zeroizing::new(format!("{issuer}/activate?{fields}")),
            until: issued.until,
            person,
            to,
            code,
            now,
        }
    }

    pub(super) fn language(&self) -> Language {
        Language::of(&self.person.locale)
    }

    pub(super) fn letter(&self) -> Letter<'_> {
        Letter {
            language: self.language(),
            name: self.person.name.as_deref(),
            to: self.to.clone(),
            reference: &self.person.client_ref,
            identifier: &self.person.identifier,
            code: &self.code,
            short_address: &self.short_address,
            link: &self.link,
            date: paris_day(self.now),
            until: paris_day(self.until),
        }
    }
}
