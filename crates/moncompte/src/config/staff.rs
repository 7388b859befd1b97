//! The vendor's people at the desk, in `moncompte.toml`. Agencies' own are in their files.

use ::agencies::canonical_address;

use super::{Settings, agencies::is_address, read::MAIN, read::Reader};

impl Reader<'_> {
    pub(super) fn staff(&mut self, settings: &Settings, text: &str) {
        let all: Vec<String> = settings.staff.iter().map(|one| canonical_address(&one.email)).collect();
        for (nth, (email, section)) in all.iter().zip(&settings.staff).enumerate() {
            let mut wrong = |key: &str, reason: String| {
                self.wrong(MAIN, ::agencies::line_of(text, key, nth), key, reason);
            };
            if !is_address(email) {
                wrong("staff.email", format!("\"{email}\" is no address that mail can be sent to"));
            }
            if all[..nth].contains(email) {
                wrong("staff.email", "is there twice: one entry a person, with one role".into());
            }
            if section.name.trim().is_empty() || section.name.contains(['@', '\n']) {
                wrong("staff.name", "give the name by which the evidence knows them, without address".into());
            }
        }
    }
}
