//! The settings that differ from node to node, laid over the `moncompte.toml` that nodes share.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Deserialize;

use super::{Settings, regular};

/// Settings of one node.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Overlay {
    /// The address to listen on, in place of that in the file.
    #[arg(long, env = "MONCOMPTE_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
    /// The address for health and metrics, in place of that in the file.
    #[arg(long, env = "MONCOMPTE_OPS_LISTEN", value_name = "ADDRESS")]
    ops_listen: Option<String>,
    /// A file with keys of moncompte.toml that this node has of its own; relative to the folder.
    #[arg(long, env = "MONCOMPTE_OVERLAY", value_name = "FILE")]
    overlay: Option<PathBuf>,
}

/// The reason why settings are not read.
pub(super) enum Unread {
    /// The file that nodes share.
    Main(Box<toml::de::Error>),
    /// The overlay, and a sentence.
    Overlay(String, String),
}

impl Overlay {
    /// Reads the settings: the text of `moncompte.toml`, over it the keys of the overlay, over them the addresses.
    pub(super) fn apply(&self, folder: &Path, text: &str) -> Result<Settings, Unread> {
        let main = |error| Unread::Main(Box::new(error));
        let mut settings: Settings = match &self.overlay {
            None => toml::from_str(text).map_err(main)?,
            Some(file) => {
                let wrong = |reason: String| Unread::Overlay(file.display().to_string(), reason);
                let own = regular(&folder.join(file)).and_then(fs::read_to_string);
                let own = own.map_err(|error| wrong(format!("cannot be read ({error})")))?;
                let own: toml::Table =
                    own.parse().map_err(|e: toml::de::Error| wrong(e.message().to_owned()))?;
                let mut whole: toml::Table = text.parse().map_err(main)?;
                lay_over(&mut whole, own);
                Settings::deserialize(whole).map_err(|error| wrong(error.message().to_owned()))?
            }
        };
        if let Some(listen) = &self.listen {
            settings.listen.clone_from(listen);
        }
        if let Some(listen) = &self.ops_listen {
            settings.ops_listen.clone_from(listen);
        }
        Ok(settings)
    }
}

fn lay_over(whole: &mut toml::Table, own: toml::Table) {
    for (key, value) in own {
        match (whole.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
            (_, value) => drop(whole.insert(key, value)),
        }
    }
}

/// Returns each key of a file with its value, as `mail.smtp.host`.
pub(super) fn keys_of(text: &str) -> BTreeMap<String, String> {
    fn add(to: &mut BTreeMap<String, String>, at: &str, value: &toml::Value) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                    add(to, &at, value);
                }
            }
            other => drop(to.insert(at.to_owned(), other.to_string())),
        }
    }
    let mut keys = BTreeMap::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        add(&mut keys, "", &toml::Value::Table(table));
    }
    keys
}
