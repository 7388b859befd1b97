//! The agency's records of its clients, and its old identifiers: two JSON files, read once.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Error;
use crate::config::{Secret, Source};

/// Client records by client reference.
pub type Clients = HashMap<String, ClientRecord>;

/// The portal's own old logins by identifier.
pub type LegacyLogins = HashMap<String, LegacyLogin>;

/// One client of the agency. Every field may be missing; unknown ones are ignored: it is the agency's export, not ours.
#[derive(Clone, Default, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct ClientRecord {
    /// The client's name, as on letters.
    pub name: Option<String>,
    /// `copropriétaire`, `bailleur` or `locataire`.
    pub kind: Option<String>,
    /// Lots or dwellings.
    pub properties: Vec<Property>,
    /// Balance in euro cents; negative is owed by the client.
    pub balance_cents: Option<i64>,
    /// Calls for payment, newest first.
    pub calls: Vec<Call>,
    /// Documents that the agency published for this client.
    pub documents: Vec<Document>,
    /// Messages of the agency, newest first.
    pub messages: Vec<Message>,
    /// The next general meeting, if one is called.
    pub next_meeting: Option<Meeting>,
}

/// A lot or a dwelling.
#[derive(Clone, Default, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct Property {
    /// Building, staircase, lot.
    pub label: Option<String>,
    /// Postal address.
    pub address: Option<String>,
}

/// A call for payment.
#[derive(Clone, Default, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct Call {
    /// The purpose.
    pub label: Option<String>,
    /// Due day, `YYYY-MM-DD`.
    pub due: Option<String>,
    /// Amount in euro cents.
    pub amount_cents: Option<i64>,
    /// True if it was paid; unknown if missing.
    pub paid: Option<bool>,
}

/// A document.
#[derive(Clone, Default, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct Document {
    /// Its title.
    pub title: Option<String>,
    /// Its day, `YYYY-MM-DD`.
    pub date: Option<String>,
}

/// A message from the agency.
#[derive(Clone, Default, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct Message {
    /// The author.
    pub from: Option<String>,
    /// Its day, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Its text.
    pub text: Option<String>,
}

/// A general meeting.
#[derive(Clone, Default, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct Meeting {
    /// The name of the meeting.
    pub label: Option<String>,
    /// Its day, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Its hour, as written.
    pub time: Option<String>,
    /// The place.
    pub place: Option<String>,
}

/// An old login of this portal: a salted SHA-256, or clear text, as such portals kept them.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct LegacyLogin {
    /// Hex of SHA-256 over salt and password.
    pub password_sha256: Option<Secret>,
    /// The text put before the password.
    pub salt: Option<String>,
    /// The password in clear, if there is no hash.
    pub password: Option<Secret>,
    /// The agency's reference of this client.
    pub client_ref: Option<String>,
    /// The email address the agency has for this client.
    pub email: Option<String>,
    /// The client's name.
    pub name: Option<String>,
}

impl LegacyLogin {
    /// Returns true if this is the password. An entry without a password accepts none.
    pub(crate) fn fits(&self, password: &str) -> bool {
        let salt = self.salt.as_deref().unwrap_or_default();
        let given = digest(salt, password);
        let kept = match (&self.password_sha256, &self.password) {
            (Some(hash), _) => hex::decode(hash.expose()).unwrap_or_default(),
            (None, Some(clear)) => digest(salt, clear.expose()).to_vec(),
            (None, None) => Vec::new(),
        };
        kept.ct_eq(&given).into()
    }
}

fn digest(salt: &str, password: &str) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(password).finalize().into()
}

/// Returns the inline value, or the content of the file.
pub(crate) fn load<T: DeserializeOwned + Clone>(source: &Source<T>) -> Result<T, Error> {
    match source {
        Source::Data(data) => Ok(data.clone()),
        Source::File(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|source| Error::File { path: path.clone(), source })?;
            serde_json::from_str(&text).map_err(|source| Error::Json { path: path.clone(), source })
        }
    }
}
