//! The rows of one identifier: which of them is taken, what the others add to it, and which contradict it. Decided before any of them is judged, for the row
//! with the readable hash may come last.

use legacy::row::BadRow;

/// The most references of one identity. An agency with more has put another column in the place of the identifier.
const MOST_REFERENCES: usize = 20;

/// The values of a row, as fingerprints, by which rows of one identifier are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parts(pub(super) [u64; 5]);

/// The names of [`Parts`].
const PARTS: [&str; 5] = ["reference", "address", "name", "profile", "hash"];
const REFERENCE: usize = 0;
const HASH: usize = 4;

impl Parts {
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let pairs = self.0.iter().zip(other.0).zip(PARTS);
        pairs.filter(|((one, other), _)| *one != other).map(|(_, name)| name).collect()
    }
}

/// A row of an identifier that comes more than once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Member {
    pub(super) line: u64,
    pub(super) parts: Parts,
    /// It has a hash that can be checked.
    pub(super) has_hash: bool,
    /// The agency's reference; `None` where the row has none of its own.
    pub(super) reference: Option<String>,
}

/// The fate of a row of such an identifier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It is the identity, with these references beside its own.
    Taken(Vec<String>),
    /// The same as the row that is taken, to the letter.
    Double,
    /// Its reference goes to the identity; in all else the row that is taken is right. The reason names the differences.
    Household(String, Vec<&'static str>),
    /// It cannot be of the same person.
    Contradictory(BadRow),
}

/// The rows of one identifier, in the order of the file.
#[derive(Default)]
pub(super) struct Group {
    members: Vec<Member>,
    /// The place of the row that is taken.
    taken: usize,
    /// The references beside its own.
    further: Vec<String>,
}

impl Group {
    pub(super) fn add(&mut self, member: Member) {
        self.members.push(member);
    }

    /// Chooses the row that is taken, when all are added.
    pub(super) fn settle(&mut self) {
        // The first with a hash that can be checked: another one would leave the person without a password.
        self.taken = self.members.iter().position(|member| member.has_hash).unwrap_or(0);
        self.further = self.members.get(self.taken).map_or_else(Vec::new, |taken| self.references(taken));
    }

    /// Returns what becomes of the row on a line; `None` for one that was never added.
    pub(super) fn fate(&self, line: u64) -> Option<Fate> {
        let own = &self.members[self.members.binary_search_by_key(&line, |member| member.line).ok()?];
        let (taken, further) = (self.members.get(self.taken)?, &self.further);
        if own.line == taken.line {
            return Some(Fate::Taken(further.clone()));
        }
        let differences = taken.parts.differences(&own.parts);
        if differences.is_empty() {
            return Some(Fate::Double);
        }
        let (at, listed) = (taken.line, differences.join(", "));
        let known =
            |reference: &String| taken.reference.as_ref() == Some(reference) || further.contains(reference);
        if !of_one_household(taken, own) {
            let reason = format!("the same identifier as on line {at}, with another {listed}");
            return Some(Fate::Contradictory(BadRow { line, reason }));
        }
        if !own.reference.as_ref().is_none_or(known) {
            let reason = format!("more than {MOST_REFERENCES} references of the identifier on line {at}");
            return Some(Fate::Contradictory(BadRow { line, reason }));
        }
        let reason = match own.parts.0[HASH] == taken.parts.0[HASH] {
            true => format!("the same identifier and hash as on line {at}, with another {listed}"),
            false => format!(
                "the same identifier as on line {at}, without a hash that can be read, with another {listed}"
            ),
        };
        Some(Fate::Household(reason, differences))
    }

    /// Returns the references beside that of the row that is taken.
    fn references(&self, taken: &Member) -> Vec<String> {
        let mut further: Vec<String> = Vec::new();
        for member in self.members.iter().filter(|member| of_one_household(taken, member)) {
            let Some(reference) = &member.reference else { continue };
            if taken.reference.as_ref() != Some(reference) && !further.contains(reference) {
                further.push(reference.clone());
            }
            if further.len() + 1 == MOST_REFERENCES {
                break;
            }
        }
        further
    }
}

/// True if whoever knows the password of the row that is taken may see what is the other's. A row with a hash of its own is somebody else's; one without any
/// proves nothing, and may not bring another reference.
fn of_one_household(taken: &Member, other: &Member) -> bool {
    taken.parts.0[HASH] == other.parts.0[HASH]
        || !other.has_hash && taken.parts.0[REFERENCE] == other.parts.0[REFERENCE]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(line: u64, reference: u64, name: u64, hash: u64) -> Member {
        let own = (reference > 0).then(|| format!("R{reference}"));
        Member { line, parts: Parts([reference, 0, name, 0, hash]), has_hash: hash > 0, reference: own }
    }

    fn fates(members: &[Member]) -> Vec<Fate> {
        let mut group = Group::default();
        members.iter().for_each(|member| group.add(member.clone()));
        group.settle();
        members.iter().map(|member| group.fate(member.line).unwrap()).collect()
    }

    #[test]
    fn one_password_opens_all_references_of_its_identifier_and_another_one_none() {
        let fates = fates(&[
            member(2, 1, 1, 7),
            member(3, 2, 2, 7),
            member(4, 2, 2, 7),
            member(5, 3, 1, 8),
            member(6, 4, 1, 0),
            member(7, 1, 1, 0),
            member(8, 1, 1, 7),
        ]);
        assert_eq!(fates[0], Fate::Taken(vec!["R2".into()]));
        for at in [1, 2] {
            let Fate::Household(reason, differences) = &fates[at] else { panic!("{:?}", fates[at]) };
            assert_eq!(reason, "the same identifier and hash as on line 2, with another reference, name");
            assert_eq!(differences, &["reference", "name"]);
        }
        let reasons: Vec<_> = [3, 4]
            .map(|at| match &fates[at] {
                Fate::Contradictory(bad) => bad.reason.clone(),
                other => panic!("{other:?}"),
            })
            .into();
        assert_eq!(
            reasons,
            [
                "the same identifier as on line 2, with another reference, hash",
                "the same identifier as on line 2, with another reference, hash",
            ]
        );
        assert!(matches!(&fates[5], Fate::Household(reason, _) if reason.contains("without a hash")));
        assert_eq!(fates[6], Fate::Double);
    }

    #[test]
    fn the_first_row_with_a_hash_that_can_be_read_is_taken() {
        let fates = fates(&[member(2, 1, 1, 0), member(3, 1, 2, 7), member(4, 1, 2, 7)]);
        assert_eq!(
            fates[0],
            Fate::Household(
                "the same identifier as on line 3, without a hash that can be read, with another name, hash"
                    .into(),
                vec!["name", "hash"]
            )
        );
        assert_eq!((&fates[1], &fates[2]), (&Fate::Taken(vec![]), &Fate::Double));
    }

    #[test]
    fn references_of_one_identifier_are_bounded() {
        let members: Vec<_> = (1..=30).map(|n| member(n, n, 1, 7)).collect();
        let fates = fates(&members);
        let Fate::Taken(further) = &fates[0] else { panic!("{:?}", fates[0]) };
        assert_eq!(further.len(), MOST_REFERENCES - 1);
        let bad = fates.iter().filter(|fate| matches!(fate, Fate::Contradictory(_))).count();
        assert_eq!(bad, 30 - MOST_REFERENCES);
    }
}
