//! Checks what `serve` needs beyond its configuration, before it opens the database or a port. `check` makes the same checks.

use std::{
    fs,
    io::{self, Read},
    net::{IpAddr, TcpListener, ToSocketAddrs},
    path::{Path, PathBuf},
};

use lettre::transport::smtp::client::Certificate;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};

use super::{
    Config, Mistakes, Overlay, Settings,
    network::host_and_port,
    read::{MAIN, Reader},
    regular,
};
use crate::{outbound::Outbound, post::Post, wire::sqlite_file};

/// A configuration with which `serve` can start, and the mail transport.
pub(crate) struct Prepared {
    pub(crate) config: Config,
    pub(crate) post: Post,
}

impl Prepared {
    /// Reads the folder and every file that it names, and checks that the system provides what it asks for. Nothing is written. Mistakes in what is served,
    /// agencies and terms, are in the configuration's contents.
    ///
    /// # Errors
    /// [`Mistakes`], all of them at once.
    pub(crate) fn read(folder: &Path, overlay: &Overlay) -> Result<Self, Mistakes> {
        let mut reader = Reader::of(folder).over(overlay);
        let Some(config) = reader.read() else { return reader.finish(None) };
        let text = fs::read_to_string(folder.join(MAIN)).unwrap_or_default();
        reader.addresses(&config.settings, &text);
        reader.storage(&config, &text);
        reader.authorities(&config, &text);
        if let Some(Err(error)) = config.audit().map(|place| place.check()) {
            reader.at(&text, "telemetry.audit", &format!("{error:#}"));
        }
        let mut prepared = None;
        if reader.mistakes.is_empty() {
            match Post::new(&config) {
                Ok(post) => prepared = Some(post),
                Err(error) => reader.at(&text, "mail", &format!("{error:#}")),
            }
        }
        let of_contents = config.contents.all_mistakes();
        let read = reader.finish(prepared.map(|post| Self { config, post }));
        read.map_err(|mistakes| mistakes.and(of_contents))
    }

    /// Creates the folders that the program writes to.
    ///
    /// # Errors
    /// The system's error, in one sentence.
    pub(crate) fn make_folders(&self) -> anyhow::Result<()> {
        use anyhow::Context;
        if let Some(folder) = &self.config.settings.mail.folder {
            let folder = self.config.path(folder);
            fs::create_dir_all(&folder)
                .with_context(|| format!("mail.folder {} cannot be made", folder.display()))?;
        }
        Ok(())
    }
}

impl Reader<'_> {
    /// Checks that both addresses belong to this machine. Their ports may be in use, by the running provider.
    fn addresses(&mut self, s: &Settings, text: &str) {
        for (key, address) in [("listen", &s.listen), ("ops_listen", &s.ops_listen)] {
            let ips: Vec<IpAddr> = match address.to_socket_addrs() {
                Ok(found) => found.map(|found| found.ip()).collect(),
                // Told already.
                Err(_) if host_and_port(address).is_none() => continue,
                Err(error) => {
                    self.at(text, key, &format!("{address} cannot be resolved ({error})"));
                    continue;
                }
            };
            let tried: Vec<io::Result<TcpListener>> =
                ips.iter().map(|ip| TcpListener::bind((*ip, 0))).collect();
            if !tried.iter().any(Result::is_ok) {
                self.at(
                    text,
                    key,
                    &format!("{address} cannot be listened on: is it an address of this machine?"),
                );
            }
        }
    }

    /// Checks that this user can write where the program writes.
    fn storage(&mut self, config: &Config, text: &str) {
        if let Some(folder) = &config.settings.mail.folder
            && let Err(reason) = can_be_written(&config.path(folder))
        {
            self.at(text, "mail.folder", &reason);
        }
        let key = if config.settings.database.is_some() { "database" } else { "database_file" };
        if let Some(file) = config.database_path() {
            let folder =
                file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let judged = can_be_written(folder)
                .map_err(|reason| {
                    format!(
                        "{reason}; is `database` right, and may this user write there? If not, choose another in `database`"
                    )
                })
                .and_then(|()| is_database(&file));
            if let Err(reason) = judged {
                self.at(text, key, &reason);
            }
            return;
        }
        // What follows the servers is the same for each.
        let servers = kernel::each_server(&config.database).unwrap_or_default();
        let address = servers.first().and_then(|server| url::Url::parse(server).ok());
        let named = address.iter().flat_map(url::Url::query_pairs);
        for (name, file) in named.filter(|(name, _)| ["sslrootcert", "sslcert", "sslkey"].contains(&&**name))
        {
            let read = if name == "sslkey" {
                readable(Path::new(&*file)).map(drop)
            } else {
                certificates(Path::new(&*file)).map(drop)
            };
            if let Err(reason) = read {
                self.at(text, key, &format!("{name}: {reason}"));
            }
        }
    }

    /// Reads the certificate authorities for mail and for calls to portals.
    fn authorities(&mut self, config: &Config, text: &str) {
        if let Some(smtp) = &config.settings.mail.smtp {
            if ServerName::try_from(smtp.host.as_str()).is_err() {
                self.at(
                    text,
                    "mail.smtp.host",
                    "must be the name in the server's certificate, such as \"smtp.exemple.fr\"",
                );
            }
            if let Some(file) = &smtp.password_file {
                match self.secret(file) {
                    Ok(password) if password.is_empty() => {
                        self.at(text, "mail.smtp.password_file", "is empty")
                    }
                    Ok(_) => {}
                    Err(reason) => self.at(text, "mail.smtp.password_file", &reason),
                }
            }
            if let Some(file) = &smtp.ca_file {
                let read = certificates(&config.path(file));
                let read = read.and_then(|pem| Certificate::from_pem(&pem).map_err(|e| e.to_string()));
                if let Err(reason) = read {
                    self.at(text, "mail.smtp.ca_file", &reason);
                }
            }
        }
        let pem = config.settings.outbound.extra_ca.as_ref().map(|file| certificates(&config.path(file)));
        let made = pem.transpose().and_then(|pem| {
            Outbound::new(config.settings.outbound.allow.clone(), pem.as_deref())
                .map_err(|e| format!("{e:#}"))
        });
        if let Err(reason) = made {
            self.at(text, "outbound.extra_ca", &reason);
        }
    }
}

impl Config {
    /// Returns the file of a SQLite database.
    pub(crate) fn database_path(&self) -> Option<PathBuf> {
        sqlite_file(&self.database).map(Path::to_owned)
    }
}

fn readable(path: &Path) -> Result<Vec<u8>, String> {
    regular(path).and_then(fs::read).map_err(|error| format!("{} cannot be read ({error})", path.display()))
}

/// Returns the content of a certificate file, if it holds one.
fn certificates(path: &Path) -> Result<Vec<u8>, String> {
    let pem = readable(path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let any = all.is_ok_and(|all| !all.is_empty());
    if any { Ok(pem) } else { Err(format!("{} holds no certificate: it must be PEM", path.display())) }
}

/// Checks that files can be created in a folder, or the folder itself if it does not exist, by means of an unnamed file that leaves nothing behind.
fn can_be_written(folder: &Path) -> Result<(), String> {
    let mut there = folder;
    while fs::metadata(there).is_err() {
        there = match there.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
    }
    let cannot = |error: &dyn std::fmt::Display| {
        let made = if there == folder { "be written to by this user" } else { "be made" };
        format!("the folder {} cannot {made} ({error})", folder.display())
    };
    if !fs::metadata(there).is_ok_and(|found| found.is_dir()) {
        return Err(cannot(&format_args!("{} is no folder", there.display())));
    }
    tempfile::tempfile_in(there).map(drop).map_err(|error| cannot(&error))
}

/// Checks that a file is a database that this user may write, or does not exist yet.
fn is_database(file: &Path) -> Result<(), String> {
    let mut opened = match fs::OpenOptions::new().read(true).write(true).open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(format!(
                "{} cannot be opened ({error}); is `database` right, and may this user write there?",
                file.display()
            ));
        }
    };
    let mut head = Vec::new();
    let read = opened.by_ref().take(16).read_to_end(&mut head);
    match read {
        Ok(_) if head.is_empty() || head == b"SQLite format 3\0" => Ok(()),
        _ => Err(format!("{} is no SQLite database", file.display())),
    }
}
