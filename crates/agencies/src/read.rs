//! Reads an agency from the text of its file, or reports every error in it.

mod choice;
mod portal;
mod staff;

use oidc::{client::Secret, jwt::Key};

use crate::{
    Agency, AgencyFile, CustomTexts, FileError, Life, LocalizedText, Portal, TicketKey,
    file::TicketSection,
    file_error::{line_at, line_of},
    life::end_of,
    look::text_error,
};

/// Reads a secret that a file refers to; the error is one sentence.
pub type SecretSource<'a> = &'a dyn Fn(&str) -> Result<String, String>;

impl Agency {
    /// Reads the text of `agencies/<id>.toml`.
    ///
    /// # Errors
    /// Every error, each with its line, key and reason.
    pub fn read(id: &str, text: &str, secrets: SecretSource<'_>) -> Result<Self, Vec<FileError>> {
        let file: AgencyFile = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| line_at(text, span.start));
            vec![FileError { line, key: key_of(error.message()), reason: error.message().to_owned() }]
        })?;
        let mut reader = Reader { text, problems: Vec::new() };
        let agency = reader.agency(id, file, secrets);
        if reader.problems.is_empty() { Ok(agency) } else { Err(reader.problems) }
    }
}

fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Returns the key that a TOML error quotes in backticks.
fn key_of(message: &str) -> String {
    let is_key = |text: &&str| text.chars().any(char::is_alphanumeric);
    message.split('`').nth(1).filter(is_key).unwrap_or("file").to_owned()
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<FileError>,
}

impl Reader<'_> {
    fn wrong(&mut self, key: &str, nth: usize, reason: impl Into<String>) {
        self.problems.push(FileError {
            line: line_of(self.text, key, nth),
            key: key.into(),
            reason: reason.into(),
        });
    }

    fn agency(&mut self, id: &str, file: AgencyFile, secrets: SecretSource<'_>) -> Agency {
        if id.is_empty()
            || id.len() > 64
            || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            self.wrong(
                "name",
                0,
                "name the file with lower-case letters, digits and '-', e.g. tilleuls.toml",
            );
        }
        if file.name.trim().is_empty() || file.name.chars().any(char::is_control) {
            self.wrong("name", 0, "give the name that people know");
        }
        if !matches!(file.language.as_str(), "fr" | "en") {
            self.wrong("language", 0, "must be \"fr\" or \"en\"");
        }
        let life = Life::read(file.state.as_deref(), file.since.as_deref(), file.until.as_deref());
        let life = life.unwrap_or_else(|wrong| {
            wrong.into_iter().for_each(|(key, reason)| self.wrong(key, 0, reason));
            Life::default()
        });
        for (key, colour) in
            [("look.accent", Some(&file.look.accent)), ("look.second", file.look.second.as_ref())]
        {
            if colour.is_some_and(|colour| !is_colour(colour)) {
                self.wrong(key, 0, "must be a colour such as \"#1f6f54\"");
            }
        }
        self.words(&file.words);
        for (key, value) in
            [("controller.name", &file.controller.name), ("controller.dpo", &file.controller.dpo)]
        {
            if value.trim().is_empty() {
                self.wrong(key, 0, "must not be empty: the notice tells people who answers for their data");
            }
        }
        if file.portal.is_empty() {
            self.wrong("portal", 0, "add a [[portal]] with client_id and redirect_uris");
        }
        let portals: Vec<Portal> = file
            .portal
            .into_iter()
            .enumerate()
            .map(|(nth, section)| self.portal(id, &file.name, nth, section, secrets))
            .collect();
        for (nth, portal) in portals.iter().enumerate() {
            if portals[..nth].iter().any(|p| p.client.client_id == portal.client.client_id) {
                self.wrong("portal.client_id", nth, "is there twice: every portal needs its own");
            }
        }
        for (key, reason) in file.import.problems() {
            self.wrong(&format!("import.{key}"), 0, reason);
        }
        let staff = self.staff(&file.staff);
        let tickets = file.ticket.into_iter().filter_map(|section| self.ticket(section, secrets)).collect();
        Agency {
            id: id.to_owned(),
            name: file.name,
            city: file.city,
            life,
            language: file.language,
            controller: file.controller,
            look: file.look,
            logo: None,
            words: file.words,
            contact: file.contact,
            directory: file.directory,
            import: file.import,
            portals,
            tickets,
            staff,
        }
    }

    fn words(&mut self, words: &CustomTexts) {
        for (place, said) in words.all() {
            let Some(LocalizedText { fr, en }) = said else { continue };
            for (language, text) in [("fr", fr), ("en", en)] {
                if let Some(reason) = text_error(text) {
                    self.wrong(&format!("words.{place}.{language}"), 0, reason);
                }
            }
        }
    }

    /// Returns the end of the day that a `not_after` names.
    fn end(&mut self, key: &str, nth: usize, not_after: Option<&str>) -> Option<i64> {
        let end = not_after.and_then(end_of);
        if not_after.is_some() && end.is_none() {
            self.wrong(key, nth, "must be a day such as \"2027-01-31\"");
        }
        end
    }

    fn ticket(&mut self, section: TicketSection, secrets: SecretSource<'_>) -> Option<TicketKey> {
        let ends_at = self.end("ticket.not_after", 0, section.not_after.as_deref());
        let mark = |text: &str| Secret::hashed(text).mark();
        let key = match (section.secret_file, section.jwk) {
            (Some(path), None) => secrets(&path)
                .and_then(|s| Ok((Key::shared(s.as_bytes()).map_err(|e| e.to_string())?, mark(&s)))),
            (None, Some(jwk)) => Key::from_jwk(&jwk.to_string())
                .map(|key| (key, mark(&jwk.to_string())))
                .map_err(|e| e.to_string()),
            _ => Err("give either secret_file or jwk".into()),
        };
        match key {
            Ok((key, mark)) => Some(TicketKey { key, ends_at, mark }),
            Err(sentence) => {
                self.wrong("ticket", 0, sentence);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use oidc::{
        client::{GrantType, ResponseMode, SubjectType},
        jwt::Alg,
    };

    use super::*;

    const GOOD: &str = r##"
name = "Agence des Tilleuls"
[controller]
name = "Agence des Tilleuls SARL, Nantes"
dpo = "dpo@tilleuls.example"
[look]
accent = "#1f6f54"
[[portal]]
client_id = "tilleuls"
client_secret_file = "tilleuls.secret"
redirect_uris = ["https://espace.tilleuls.example/callback"]
"##;

    fn read(text: &str) -> Result<Agency, Vec<FileError>> {
        Agency::read("tilleuls", text, &|path| match path {
            "tilleuls.secret" => Ok("0123456789abcdef0123456789abcdef".into()),
            _ => Err(format!("{path} cannot be read")),
        })
    }

    #[test]
    fn a_good_file_is_an_agency() {
        let agency = read(GOOD).ok().unwrap();
        assert_eq!(agency.portals[0].client.owner, "tilleuls");
        assert!(agency.portals[0].client.knows_secret("0123456789abcdef0123456789abcdef", 0));
        assert!(!agency.portals[0].allow_unlinked);
    }

    /// SECURITY D11: a file that says nothing asks for little. Discovery lists what such a client may use (OAuth Multiple Response Types §2.1).
    #[test]
    fn a_silent_file_has_the_defaults_of_the_manual() {
        let client = read(GOOD).ok().unwrap().portals[0].client.clone();
        assert_eq!(client.scopes.to_string(), "openid profile email");
        for (claim, allowed) in [
            ("name", true),
            ("email", true),
            ("locale", true),
            ("client_refs", true),
            ("birthdate", false),
            ("gender", false),
            ("phone_number", false),
            ("address", false),
        ] {
            assert_eq!(client.is_allowed(claim), allowed, "{claim}");
        }
        let listed = oidc::discovery::metadata("https://op.example", &[Alg::RS256], &["fr"]);
        let modes: Vec<_> = client.response_modes.iter().map(|mode| mode.as_str()).collect();
        assert_eq!(listed["response_modes_supported"], serde_json::json!(modes));
        let named = GOOD.replace("redirect_uris", "scopes = [\"openid\", \"profile\"]\nredirect_uris");
        assert!(read(&named).ok().unwrap().portals[0].client.is_allowed("birthdate"));
    }

    /// OIDC Registration §2, RFC 8707: what a client may be told and may ask for stands in its file.
    #[test]
    fn every_choice_reaches_the_client() {
        let more = "scopes = [\"openid\", \"email\"]\ngrant_types = [\"authorization_code\"]\nsubject_type = \"public\"\n\
             default_max_age = 3600\nresources = [\"https://api.tilleuls.example/\"]\nuserinfo_signed_response_alg = \"ES256\"\n\
             response_modes = [\"query\", \"form_post\"]\nredirect_uris";
        let client = read(&GOOD.replace("redirect_uris", more)).ok().unwrap().portals[0].client.clone();
        assert_eq!(client.scopes.to_string(), "openid email");
        assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!((client.subject_type, client.default_max_age), (SubjectType::Public, Some(3600)));
        assert_eq!(client.resources, ["https://api.tilleuls.example/"]);
        assert_eq!(client.userinfo_signed_response_alg, Some(Alg::ES256));
        assert_eq!(client.response_modes, [ResponseMode::Query, ResponseMode::FormPost]);
        let keys = "token_endpoint_auth_method = \"private_key_jwt\"\njwks_uri = \"https://x.example/jwks\"\n\
             token_endpoint_auth_signing_alg = \"PS256\"";
        let text = GOOD.replace("client_secret_file = \"tilleuls.secret\"", keys);
        let client = read(&text).ok().unwrap().portals[0].client.clone();
        assert_eq!(client.jwks_uri.as_deref(), Some("https://x.example/jwks"));
        assert_eq!(client.token_endpoint_auth_signing_alg, Some(Alg::PS256));
    }

    #[test]
    fn secrets_and_ticket_keys_are_lists_with_ends() {
        const END: i64 = 1_801_440_000;
        let listed = "client_secrets = [{ file = \"tilleuls.secret\" }, { sha256 = \"HASH\", not_after = \"2027-01-31\" }]";
        let hash = hex::encode(oidc::client::Secret::hash_of("the old secret of the portal"));
        let text = GOOD.replace("client_secret_file = \"tilleuls.secret\"", &listed.replace("HASH", &hash));
        let tickets = "[[ticket]]\nsecret_file = \"tilleuls.secret\"\n\
            [[ticket]]\nsecret_file = \"tilleuls.secret\"\nnot_after = \"2027-01-31\"\n";
        let agency = read(&format!("{text}{tickets}")).unwrap_or_else(|e| panic!("{e:?}"));
        let client = &agency.portals[0].client;
        let known = |now| {
            ["0123456789abcdef0123456789abcdef", "the old secret of the portal"]
                .map(|s| client.knows_secret(s, now))
        };
        assert_eq!((known(END - 1), known(END)), ([true, true], [true, false]));
        let held = |now| agency.tickets.iter().filter(|key| key.holds(now)).count();
        assert_eq!((held(END - 1), held(END)), (2, 1));
        let one = read(&format!("{GOOD}[ticket]\nsecret_file = \"tilleuls.secret\"\n")).ok().unwrap();
        assert_eq!(one.tickets.len(), 1, "the first spelling");
        for (from, to, key) in [
            ("2027-01-31\" }]", "31.1.2027\" }]", "portal.client_secrets.not_after"),
            ("{ file = \"tilleuls.secret\" }", "{}", "portal.client_secrets"),
            ("[[ticket]]", "[[ticket]]\nkey = 1", "ticket"),
        ] {
            let problems = read(&format!("{text}{tickets}").replacen(from, to, 1)).err().unwrap_or_default();
            assert!(
                problems.iter().any(|p| p.key == key || p.reason.contains("unknown field")),
                "{to}: {problems:?}"
            );
        }
    }

    /// OIDC Core §9: a hash checks no signature.
    #[test]
    fn client_secret_jwt_needs_the_secret_itself() {
        let with = |more: &str| GOOD.replace("redirect_uris", &format!("{more}\nredirect_uris"));
        let method = "token_endpoint_auth_method = \"client_secret_jwt\"";
        let agency = read(&with(method)).ok().unwrap();
        let client = &agency.portals[0].client;
        assert_eq!(client.secret_keys(0).len(), 1);
        assert!(read(&with("")).ok().unwrap().portals[0].client.secret_keys(0).is_empty());
        let hash = format!("client_secret_sha256 = [\"{}\"]", "0".repeat(64));
        let text = with(method).replace("client_secret_file = \"tilleuls.secret\"", &hash);
        let problems = read(&text).err().unwrap_or_default();
        assert!(problems.iter().any(|p| p.key == "portal.client_secret_file"), "{problems:?}");
    }

    #[test]
    fn every_mistake_is_told_with_its_line_key_and_mend() {
        // SECURITY #100.
        let table: &[(&str, &str, &str, usize)] = &[
            ("name = \"Agence des Tilleuls\"\n", "nme = \"Agence des Tilleuls\"\n", "nme", 2),
            ("#1f6f54", "green", "look.accent", 7),
            ("[look]", "[look]\nsecond = \"red\"", "look.second", 7),
            ("[look]", "[words.notice]\nfr = \"Bonjour.\"\nen = \"\"\n[look]", "words.notice.en", 8),
            ("[look]", "[words]\nmail = { fr = \"www.x.fr\", en = \"Hi.\" }\n[look]", "words.mail.fr", 7),
            ("[look]", "[words.mail]\nfr = \"Bonjour.\"\n[look]", "en", 6),
            ("[look]", "[words.footer]\nfr = \"\"\nen = \"\"\n[look]", "footer", 6),
            (
                "https://espace.tilleuls.example/callback",
                "http://espace.tilleuls.example/callback",
                "portal.redirect_uris",
                11,
            ),
            (
                "https://espace.tilleuls.example/callback",
                "https://espace.tilleuls.example/*",
                "portal.redirect_uris",
                11,
            ),
            ("https://espace.tilleuls.example/callback", "javascript:alert(1)", "portal.redirect_uris", 11),
            (
                "https://espace.tilleuls.example/callback",
                "https://e.example/cb#f",
                "portal.redirect_uris",
                11,
            ),
            ("tilleuls.secret", "missing.secret", "portal.client_secret_file", 10),
            (
                "redirect_uris",
                "cors_origins = [\"https://*.example\"]\nredirect_uris",
                "portal.cors_origins",
                11,
            ),
            ("dpo = \"dpo@tilleuls.example\"", "dpo = \"\"", "controller.dpo", 5),
            ("redirect_uris", "scopes = [\"email\"]\nredirect_uris", "portal.scopes", 11),
            ("redirect_uris", "scopes = [\"openid\", \"all\"]\nredirect_uris", "portal.scopes", 11),
            ("redirect_uris", "grant_types = [\"password\"]\nredirect_uris", "portal.grant_types", 11),
            ("redirect_uris", "subject_type = \"x\"\nredirect_uris", "portal.subject_type", 11),
            ("redirect_uris", "default_max_age = -1\nredirect_uris", "portal.default_max_age", 11),
            ("redirect_uris", "resources = [\"api\"]\nredirect_uris", "portal.resources", 11),
            ("[look]", "[import]\nmax_bad = 2.0\n[look]", "import.max_bad", 7),
            ("[look]", "[import]\nidentifier_pattern = \"[0-9\"\n[look]", "import.identifier_pattern", 7),
            ("redirect_uris", "jwks_uri = \"https://x.example/jwks\"\nredirect_uris", "portal.jwks_uri", 11),
            (
                "redirect_uris",
                "userinfo_signed_response_alg = \"none\"\nredirect_uris",
                "portal.userinfo_signed_response_alg",
                11,
            ),
            (
                "redirect_uris",
                "token_endpoint_auth_signing_alg = \"RS256\"\nredirect_uris",
                "portal.token_endpoint_auth_signing_alg",
                11,
            ),
        ];
        for (from, to, key, line) in table {
            let problems = read(&GOOD.replace(from, to)).err().unwrap_or_default();
            assert!(
                problems.iter().any(|p| p.key == *key && p.line == Some(*line) && !p.reason.is_empty()),
                "{to}: {problems:?}"
            );
        }
    }
}
