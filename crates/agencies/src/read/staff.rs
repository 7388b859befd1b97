//! Reads the people who help at the desk.

use super::Reader;
use crate::{Staff, StaffRole, StaffSection, canonical_address};

/// The maximum length of a name, in characters.
const LONGEST_NAME: usize = 100;

impl Reader<'_> {
    /// Returns the staff of an agency. An address that mail cannot reach is judged by the program, which knows the rules of addresses.
    pub(super) fn staff(&mut self, sections: &[StaffSection]) -> Vec<Staff> {
        let mut all: Vec<Staff> = Vec::new();
        for (nth, StaffSection { email, name, role }) in sections.iter().enumerate() {
            let known = StaffRole::read(role);
            if known.is_none() {
                self.wrong(
                    "staff.role",
                    nth,
                    format!("unknown variant `{role}`, expected `desk` or `manager`"),
                );
            }
            let name = name.trim();
            if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
                self.wrong("staff.name", nth, "give the name by which the evidence knows them, on one line");
            }
            if name.contains('@') {
                self.wrong("staff.name", nth, "must hold no address: the evidence keeps it for years");
            }
            let email = canonical_address(email);
            if all.iter().any(|other| other.email == email) {
                self.wrong("staff.email", nth, "is there twice: one entry a person, with one role");
            }
            let role = known.unwrap_or(StaffRole::Desk);
            all.push(Staff { email, name: name.to_owned(), role });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use crate::{Agencies, Agency, FileError, StaffRole};

    const GOOD: &str = "name = \"A\"\n[controller]\nname = \"A SARL\"\ndpo = \"dpo@a.example\"\n[look]\naccent = \"#1f6f54\"\n\
        [[portal]]\nclient_id = \"a\"\nclient_secret_file = \"x\"\nredirect_uris = [\"https://a.example/callback\"]\n";

    fn read(text: &str) -> Result<Agency, Vec<FileError>> {
        Agency::read("tilleuls", text, &|_| Ok("0123456789abcdef0123456789abcdef".into()))
    }

    #[test]
    fn staff_are_named_with_their_role_and_found_by_their_address() {
        let entry = |email: &str, name: &str, role: &str| {
            format!("[[staff]]\nemail = \"{email}\"\nname = \"{name}\"\nrole = \"{role}\"\n")
        };
        let good = entry(" Lea@Tilleuls.Example ", "Léa Martin", "desk")
            + &entry("hugo@tilleuls.example", "Hugo", "manager");
        let agency = read(&format!("{GOOD}{good}")).unwrap_or_else(|e| panic!("{e:?}"));
        let agencies = Agencies::new(vec![agency]).unwrap_or_else(|e| panic!("{e}"));
        let seat = |email: &str| {
            agencies.seats(email).map(|(at, who)| (at.id.clone(), who.name.clone(), who.role)).next()
        };
        assert_eq!(
            seat("lea@tilleuls.example"),
            Some(("tilleuls".into(), "Léa Martin".into(), StaffRole::Desk))
        );
        let hugo = seat("hugo@tilleuls.example").map(|(.., role)| role);
        assert_eq!((hugo, seat("autre@tilleuls.example")), (Some(StaffRole::Manager), None));
        for (wrong, key, line) in [
            (entry("lea@t.example", "Léa", "dsk"), "staff.role", 14),
            (entry("lea@t.example", " ", "desk"), "staff.name", 13),
            (entry("lea@t.example", "lea@t.example", "desk"), "staff.name", 13),
            (entry("a@t.example", "A", "desk") + &entry("A@T.example", "B", "manager"), "staff.email", 16),
        ] {
            let problems = read(&format!("{GOOD}{wrong}")).err().unwrap_or_default();
            assert!(problems.iter().any(|p| p.key == key && p.line == Some(line)), "{wrong}: {problems:?}");
        }
    }
}
