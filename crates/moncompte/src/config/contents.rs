//! The part of a configuration that is served and changes while nodes run: agencies and terms (docs/adr/0018).

use std::collections::{BTreeMap, BTreeSet};

use ::agencies::Agencies;
use accounts::TermsLibrary;
use generations::Files;
use kernel::Unix;

use super::{LeftOut, Mistake, Mistakes, read::Reader};

/// The seconds before the end of a secret in which it is told.
const SOON: Unix = 30 * 86_400;

/// Agencies and terms, with the files that they were read from.
pub(crate) struct Contents {
    pub(crate) agencies: Agencies,
    pub(crate) terms: TermsLibrary,
    /// The agencies left out for mistakes in their files: the others are served (SECURITY D20).
    pub(crate) left_out: Vec<LeftOut>,
    /// The mistakes in what all agencies stand on: with one of them nothing can be served.
    pub(crate) mistakes: Vec<Mistake>,
    pub(crate) files: Files,
}

impl Contents {
    /// Returns contents without anything.
    pub(crate) fn none() -> Self {
        Self {
            agencies: Agencies::default(),
            terms: TermsLibrary::default(),
            left_out: Vec::new(),
            mistakes: Vec::new(),
            files: Files::new(),
        }
    }

    /// Reads the files of a generation.
    pub(crate) fn of(files: &Files, now: Unix) -> Self {
        let mut reader = Reader::stored(files);
        let contents = reader.contents(now);
        Self { files: files.clone(), ..contents }
    }

    /// Returns the agencies with mistakes.
    pub(crate) fn bad(&self) -> BTreeSet<String> {
        self.left_out.iter().map(|left_out| left_out.agency.clone()).collect()
    }

    /// Returns what is allowed and probably not meant: secrets that end soon, and one secret in the hands of two agencies.
    pub(super) fn warnings(&self, now: Unix) -> Vec<String> {
        let (mut told, mut owners) = (Vec::new(), BTreeMap::new());
        for agency in self.agencies.iter() {
            let mut ends = |what: String, ends_at: Option<Unix>| match ends_at {
                Some(end) if end <= now => told.push(format!("{what} has ended: remove it")),
                Some(end) if end <= now + SOON => {
                    told.push(format!("{what} ends on {}", crate::change::plan::day(end - 1)));
                }
                _ => {}
            };
            agency.tickets.iter().for_each(|key| ends(format!("a ticket key of {}", agency.id), key.ends_at));
            for client in agency.portals.iter().map(|portal| &portal.client) {
                for secret in &client.secrets {
                    ends(format!("a secret of {} ({})", client.client_id, agency.id), secret.ends_at);
                    owners.entry(secret.hash).or_insert_with(BTreeSet::new).insert(agency.id.as_str());
                }
            }
        }
        for shared in owners.into_values().filter(|owners| owners.len() > 1) {
            let names = shared.into_iter().collect::<Vec<_>>().join(" and ");
            told.push(format!(
                "the agencies {names} have the same client secret: each can speak for the other's portal"
            ));
        }
        told
    }

    /// Returns every mistake.
    pub(crate) fn all_mistakes(&self) -> Vec<Mistake> {
        let of_agencies = self.left_out.iter().flat_map(|left_out| &left_out.mistakes);
        self.mistakes.iter().chain(of_agencies).cloned().collect()
    }

    /// Returns the contents, if all that agencies share is right.
    ///
    /// # Errors
    /// [`Mistakes`]: all of them, including those of agencies.
    pub(crate) fn shared_is_right(self) -> Result<Self, Mistakes> {
        if self.mistakes.is_empty() { Ok(self) } else { Err(Mistakes(self.all_mistakes())) }
    }

    /// Returns these contents with each bad agency as `accepted` has it; one that `accepted` does not know stays left out. Says which agencies those are.
    pub(crate) fn with_bad_as_accepted(self, accepted: &Files, now: Unix) -> (Self, BTreeSet<String>) {
        let (mut contents, mut kept) = (self, BTreeSet::new());
        // An older file may name a client that another agency has meanwhile: then that one is bad as well.
        while !contents.bad().is_subset(&kept) {
            kept.extend(contents.bad());
            let mut files = contents.files;
            for agency in &kept {
                let of_agency = |owner: &str| owner == agency;
                if accepted.keys().any(|(owner, _)| of_agency(owner)) {
                    files.retain(|(owner, _), _| !of_agency(owner));
                    let held = accepted.iter().filter(|((owner, _), _)| of_agency(owner));
                    files.extend(held.map(|(key, file)| (key.clone(), file.clone())));
                }
            }
            contents = Self::of(&files, now);
        }
        (contents, kept)
    }
}
