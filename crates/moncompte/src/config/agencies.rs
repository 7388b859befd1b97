//! Loads the agencies, a file each. An error in one leaves that agency out, and the others are served (SECURITY D20).

use std::path::{Component, Path};

use accounts::{Email, OldSite};
use agencies::{Agencies, Agency, AgencyFile, Contested, Logo, Look};
use pages::ColourError;

use super::{LeftOut, Mistake, read::Reader};

impl Reader<'_> {
    /// Checks the contrast of an agency's colours. Invalid colours are reported when its file is read.
    fn colours(&mut self, look: &Look, file: &str, text: &str) {
        let errors = pages::colour_errors(&look.accent, look.second.as_deref()).into_iter();
        for (colour, error) in errors.filter(|(_, error)| !matches!(error, ColourError::NotAColour(_))) {
            let key = format!("look.{colour}");
            self.wrong(file, agencies::line_of(text, &key, 0), &key, error.to_string());
        }
    }

    fn with_logo(&mut self, mut agency: Agency, file: &str, text: &str) -> Agency {
        if let Some(name) = &agency.look.logo {
            match self.picture(&agency.id, name) {
                Ok(logo) => agency.logo = Some(logo),
                Err(reason) => self.wrong(file, agencies::line_of(text, "look.logo", 0), "look.logo", reason),
            }
        }
        agency
    }

    fn picture(&self, owner: &str, name: &str) -> Result<Logo, String> {
        let path = Path::new(name);
        // Files that an agency names are published, so they must be inside the configuration folder.
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(
                "must be a file in the folder of the configuration, such as \"logos/exemple.svg\"".into()
            );
        }
        let read = self.source.bytes(owner, name, false);
        let bytes = read.map_err(|e| format!("{name} cannot be read ({e})"))?;
        Logo::read(bytes).map_err(|reason| format!("{name} {reason}"))
    }

    /// Returns the agencies that can be served; the others go to `left_out`.
    pub(super) fn agencies(&mut self) -> Agencies {
        let (mut all, mut clients, mut torn) = (Vec::new(), Vec::new(), Vec::new());
        for name in self.names("agencies") {
            let Some((id, ending)) = name.rsplit_once('.') else { continue };
            if !ending.eq_ignore_ascii_case("toml") {
                continue;
            }
            let (before, file) = (self.mistakes.len(), format!("agencies/{name}"));
            if ending != "toml" {
                self.wrong(
                    &file,
                    None,
                    "file",
                    format!("is not read: name it {id}.toml, in lower-case letters"),
                );
            }
            let text = self.text(id, &file);
            let agency = text.as_deref().and_then(|text| self.agency(id, &file, text));
            let mistakes = self.mistakes.split_off(before);
            match agency {
                Some(agency) if mistakes.is_empty() => all.push(agency),
                _ => {
                    match text.and_then(|text| text.parse::<toml::Table>().ok()) {
                        Some(table) => {
                            clients.extend(clients_of(&table).map(|client| (client, id.to_owned())))
                        }
                        None => torn.extend(self.clients_on_lines(id, &file)),
                    }
                    let what = "agency left out: there is a mistake in its file";
                    self.left_out.push(LeftOut { agency: id.to_owned(), what, mistakes });
                }
            }
        }
        let (mut agencies, contested) = Agencies::apart(all, clients);
        agencies.withhold(torn);
        contested.iter().for_each(|contested| self.contested(contested));
        agencies
    }

    fn agency(&mut self, id: &str, file: &str, text: &str) -> Option<Agency> {
        match Agency::read(id, text, &|path| self.secret_of(id, path)) {
            Ok(agency) => {
                self.colours(&agency.look, file, text);
                for (key, reason) in OldSite::of(&agency).err().unwrap_or_default() {
                    self.wrong(file, agencies::line_of(text, &key, 0), &key, reason);
                }
                for (nth, staff) in agency.staff.iter().enumerate().filter(|(_, one)| !is_address(&one.email))
                {
                    let reason = format!("\"{}\" is no address that mail can be sent to", staff.email);
                    self.wrong(file, agencies::line_of(text, "staff.email", nth), "staff.email", reason);
                }
                Some(self.with_logo(agency, file, text))
            }
            Err(problems) => {
                if let Ok(other) = toml::from_str::<AgencyFile>(text) {
                    self.colours(&other.look, file, text);
                }
                for problem in problems {
                    self.wrong(file, problem.line, &problem.key, problem.reason);
                }
                None
            }
        }
    }

    /// Reports a client to each of the agencies that name it.
    fn contested(&mut self, Contested { client_id, agencies }: &Contested) {
        for agency in agencies {
            let others: Vec<String> = agencies
                .iter()
                .filter(|other| *other != agency)
                .map(|other| format!("agencies/{other}.toml"))
                .collect();
            let file = format!("agencies/{agency}.toml");
            let text = self.text_quietly(agency, &file);
            let reason = format!(
                "the client \"{client_id}\" is also in {}: name it otherwise; until then it is served for none of them",
                others.join(", ")
            );
            let line = text.lines().position(|line| client_on(line) == Some(&**client_id));
            let mistake = Mistake { file, line: line.map(|n| n + 1), key: "portal.client_id".into(), reason };
            match self.left_out.iter_mut().find(|left_out| left_out.agency == *agency) {
                Some(known) => known.mistakes.push(mistake),
                None => self.left_out.push(LeftOut {
                    agency: agency.clone(),
                    what: "client of an agency left out: another agency names it too",
                    mistakes: vec![mistake],
                }),
            }
        }
    }

    /// Returns the client ids on the lines of a file that is no TOML, or not in UTF-8.
    fn clients_on_lines(&self, owner: &str, file: &str) -> Vec<String> {
        let bytes = self.source.bytes(owner, file, false).unwrap_or_default();
        // Of UTF-16 nothing but the zeros goes.
        let text = String::from_utf8_lossy(&bytes).replace('\0', "");
        text.lines().filter_map(client_on).map(str::to_owned).collect()
    }

    fn text_quietly(&self, owner: &str, file: &str) -> String {
        let read = self.source.bytes(owner, file, false).unwrap_or_default();
        String::from_utf8(read).unwrap_or_default()
    }
}

/// Returns true for an address as an account may have it, in the form for comparison.
pub(super) fn is_address(canonical: &str) -> bool {
    Email::parse(canonical).is_some_and(|email| email.canonical() == canonical)
}

/// Returns the client ids named by an unusable file.
fn clients_of(table: &toml::Table) -> impl Iterator<Item = String> {
    let portals = table.get("portal").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    portals.into_iter().filter_map(|portal| Some(portal.get("client_id")?.as_str()?.to_owned()))
}

/// Returns the client id that a line of a file names.
fn client_on(line: &str) -> Option<&str> {
    let (_, value) = line.split_once('=').filter(|(key, _)| key.trim() == "client_id")?;
    value.trim().strip_prefix(['"', '\''])?.split(['"', '\'']).next()
}
