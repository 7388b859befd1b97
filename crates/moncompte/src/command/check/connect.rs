//! `check --connect`: tries what the configuration names, without changing anything: the database, the mail server up to AUTH, the sender's names in DNS, and the
//! addresses in agencies' files.

use std::{net::SocketAddr, path::Path, sync::Arc};

use agencies::Portal;
use idp::grant::KeySource;
use kernel::{
    Fault, Snapshot,
    sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement},
};
use lettre::{Address, Message, message::Mailbox};
use oidc::jwt::Key;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};
use url::Url;

use super::sender::{self, Names};
use crate::{
    config::{Config, Prepared},
    outbound::Outbound,
    post::Post,
};

/// Addresses of portals that are tried at a time.
const AT_A_TIME: usize = 16;

/// Something that was tried.
pub(super) struct Trial {
    /// For people, e.g. `database`.
    what: String,
    found: Found,
}

/// The finding of a trial, in one sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// Nothing is wrong.
    Fine(String),
    /// Something should be better, and works.
    Doubtful(String),
    /// Something is wrong.
    Failed(String),
}

impl From<Result<String, String>> for Found {
    fn from(found: Result<String, String>) -> Self {
        found.map_or_else(Self::Failed, Self::Fine)
    }
}

impl Trial {
    pub(super) fn of(what: impl Into<String>, found: impl Into<Found>) -> Self {
        Self { what: what.into(), found: found.into() }
    }

    /// Returns true if something is wrong.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.found, Found::Failed(_))
    }

    /// Returns true if something should be better.
    pub(super) fn is_doubtful(&self) -> bool {
        matches!(self.found, Found::Doubtful(_))
    }

    pub(super) fn to_json(&self) -> Value {
        let (Found::Fine(found) | Found::Doubtful(found) | Found::Failed(found)) = &self.found;
        json!({ "what": self.what, "ok": !self.has_failed(), "warning": self.is_doubtful(), "found": found })
    }
}

impl std::fmt::Display for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.found {
            Found::Fine(found) => write!(f, "{}: {found}", self.what),
            Found::Doubtful(doubt) => write!(f, "{}: WARNING: {doubt}", self.what),
            Found::Failed(wrong) => write!(f, "{}: FAILED: {wrong}", self.what),
        }
    }
}

/// Tries everything; of portals, those of `agency` where one is named. With `mail_to` a mail leaves to that address. DNS is asked at `resolver` where one is named.
pub(super) async fn try_all(
    Prepared { config, post }: &Prepared,
    agency: Option<&str>,
    mail_to: Option<&Address>,
    resolver: Option<SocketAddr>,
) -> Vec<Trial> {
    let mut trials = vec![
        Trial::of("database", database(config).await),
        Trial::of("mail server", mail_server(config, post, mail_to).await),
    ];
    trials.extend(super::staff::staff(config, agency).await);
    trials.extend(sender(config, resolver).await);
    trials.extend(portals(config, agency).await);
    trials
}

/// Looks at version, durability, rights and schema.
async fn database(config: &Config) -> Result<String, String> {
    if let Some(file) = config.database_path().filter(|file| is_missing(file)) {
        return Ok(format!("{} is not there yet; the first start makes it", file.display()));
    }
    let unread = |error: &dyn std::fmt::Display| format!("cannot be read ({error})");
    let is_sqlite = config.database.starts_with("sqlite:");
    if !is_sqlite && kernel::shares_sessions(&config.database).await.map_err(|e| unread(&e))? {
        return Err(
            "a pooler lends one connection of the server to several of a node's, which keep prepared \
                    statements and settings: set pool_mode = session in PgBouncer"
                .into(),
        );
    }
    let snapshot = Snapshot::open(&config.database, config.seal.clone()).await.map_err(|e| unread(&e))?;
    let servers = kernel::each_server(&config.database).map_or(1, |each| each.len());
    let found = if is_sqlite { sqlite(&snapshot).await } else { postgres(&snapshot, servers).await };
    let (engine, weak) = found.map_err(|error| unread(&error))?;
    if let Some(weak) = weak {
        return Err(format!("{engine}: {weak}"));
    }
    match schema(&snapshot, is_sqlite).await.map_err(|error| unread(&error))? {
        Some(latest) => Ok(format!("{engine}, schema {latest}")),
        None => Ok(format!("{engine}, empty; the first start makes the schema")),
    }
}

/// Returns the name of the latest migration; `None` if nothing was ever started on this database.
async fn schema(snapshot: &Snapshot, is_sqlite: bool) -> Result<Option<String>, DbErr> {
    let begun = match is_sqlite {
        true => "SELECT count(*) AS n FROM sqlite_master WHERE name = 'seaql_migrations'",
        false => "SELECT count(to_regclass('seaql_migrations')) AS n",
    };
    if one(snapshot, begun).await?.try_get::<i64>("", "n")? == 0 {
        return Ok(None);
    }
    one(snapshot, "SELECT max(version) AS latest FROM seaql_migrations").await?.try_get("", "latest")
}

fn is_missing(file: &Path) -> bool {
    std::fs::metadata(file).is_err()
}

async fn sqlite(snapshot: &Snapshot) -> Result<(String, Option<String>), Fault> {
    let row = one(snapshot, "SELECT sqlite_version() AS version").await?;
    Ok((format!("SQLite {}", row.try_get::<String>("", "version")?), None))
}

/// Returns the server's version, and what keeps it from being relied on. `servers` are in the address.
async fn postgres(snapshot: &Snapshot, servers: usize) -> Result<(String, Option<String>), Fault> {
    let sql = "SELECT split_part(current_setting('server_version'), ' ', 1) AS version, \
               current_setting('synchronous_commit') AS commits, \
               current_setting('synchronous_standby_names') AS standbys, \
               current_setting('statement_timeout') AS timeout, \
               has_schema_privilege(current_schema(), 'CREATE') AS may_create";
    let row = one(snapshot, sql).await?;
    let text = |column: &str| row.try_get::<String>("", column);
    let mut engine = format!("PostgreSQL {}", text("version")?);
    let off = snapshot.forgetful_settings().await?.join(", ");
    let (replication, standbys) =
        (Replication { servers, commits: text("commits")?, timeout: text("timeout")? }, text("standbys")?);
    let weak = match (&*off, row.try_get("", "may_create")?) {
        ("", Some(true)) => replication.weak(&standbys),
        ("", Some(false) | None) => Some(
            "this user may not make tables in its schema, which the first start and upgrades do: \
             GRANT CREATE ON SCHEMA"
                .into(),
        ),
        _ => Some(format!("{off} off: what people were told is kept may be lost")),
    };
    if servers > 1 {
        let awaited = if standbys.is_empty() { "no standby" } else { &standbys };
        engine += &format!(", one of {servers} servers, commits wait for {awaited}");
    }
    Ok((engine, weak))
}

/// The settings that say whether what was acknowledged survives the death of a server.
struct Replication {
    /// Servers in the address.
    servers: usize,
    /// `synchronous_commit`
    commits: String,
    /// `statement_timeout`
    timeout: String,
}

impl Replication {
    /// Returns what loses acknowledged rows at a failover. An only server has none to lose them to, unless it says itself that it waits for standbys.
    fn weak(&self, standbys: &str) -> Option<String> {
        let lost = "what people were told is kept may be lost at a failover";
        match (self.servers > 1, standbys.is_empty()) {
            (false, true) => None,
            (true, true) => {
                Some(format!("synchronous_standby_names is empty, so no commit waits for a standby: {lost}"))
            }
            // `local` waits for this server's disk alone.
            _ if self.commits == "local" => {
                Some(format!("synchronous_commit is local, so no commit waits for a standby: {lost}"))
            }
            // At its end PostgreSQL acknowledges the commit without the standby.
            _ if self.timeout != "0" => Some(format!(
                "statement_timeout ends the wait of a commit for its standby, set it to 0 for this user: {lost}"
            )),
            _ => None,
        }
    }
}

async fn one(snapshot: &Snapshot, sql: &str) -> Result<QueryResult, DbErr> {
    let connection = snapshot.conn();
    let query = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_one_raw(query).await?.ok_or_else(|| DbErr::RecordNotFound(sql.into()))
}

/// Connects and signs in, or sends a mail.
async fn mail_server(config: &Config, post: &Post, mail_to: Option<&Address>) -> Result<String, String> {
    let Some(to) = mail_to else {
        return match post {
            Post::Smtp(smtp) => smtp.try_connection().await.map(|()| smtp.as_told()).map_err(|e| e.why),
            Post::Folder(_) | Post::DemoMailbox(_) => Ok("mails are written into a folder".into()),
        };
    };
    let from: Mailbox = config.settings.mail.from.parse().map_err(|_| "mail.from is no address")?;
    let message = Message::builder()
        .from(from)
        .to(Mailbox::new(None, to.clone()))
        .subject("moncompte: a test of the mail server")
        .body(
            "This mail was sent by `moncompte check --connect --mail-to`. Nobody has to answer it.\n"
                .to_owned(),
        )
        .map_err(|error| error.to_string())?;
    post.send(message).await.map(|_| "a mail was accepted".to_owned()).map_err(|e| e.why)
}

/// Looks at the sender's names in DNS, where mails leave by a server.
async fn sender(config: &Config, resolver: Option<SocketAddr>) -> Vec<Trial> {
    let mail = &config.settings.mail;
    let domain = |address: &str| address.parse::<Mailbox>().ok().map(|from| from.email.domain().to_owned());
    let links =
        Url::parse(&config.settings.issuer).ok().and_then(|issuer| issuer.host_str().map(str::to_owned));
    let (Some(smtp), Some(from), Some(links)) = (&mail.smtp, domain(&mail.from), links) else {
        return Vec::new();
    };
    let envelope = mail.return_path.as_deref().and_then(domain).unwrap_or_else(|| from.clone());
    let names = Names { from: &from, envelope: &envelope, server: &smtp.host, links: &links };
    sender::look(&names, resolver).await
}

/// Reads the key sets of portals, and calls the addresses that the program or a browser will call.
async fn portals(config: &Config, agency: Option<&str>) -> Vec<Trial> {
    let outbound = match Outbound::of(config) {
        Ok(outbound) => outbound,
        Err(error) => return vec![Trial::of("outbound", Err(format!("{error:#}")))],
    };
    let chosen = config.contents.agencies.iter().filter(|known| agency.is_none_or(|id| known.id == id));
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    let mut running = JoinSet::new();
    for (nth, portal) in chosen.flat_map(|agency| agency.portals.clone()).enumerate() {
        let (outbound, places) = (outbound.clone(), places.clone());
        running.spawn(async move {
            let _place = places.acquire_owned().await;
            (nth, one_portal(&outbound, &portal).await)
        });
    }
    let mut all = running.join_all().await;
    all.sort_by_key(|(nth, _)| *nth);
    all.into_iter().flat_map(|(_, trials)| trials).collect()
}

async fn one_portal(outbound: &Outbound, portal: &Portal) -> Vec<Trial> {
    let client = &portal.client;
    let mut trials = Vec::new();
    if let Some(uri) = &client.jwks_uri {
        let keys = outbound.read(uri).await.and_then(|text| {
            Key::set(&text, client.token_endpoint_auth_signing_alg).map_err(|_| "it is no JWK Set".to_owned())
        });
        let found = keys.and_then(|keys| match keys.len() {
            0 => Err("it has no key that this client may use".to_owned()),
            n => Ok(format!("{n} keys")),
        });
        trials.push(Trial::of(format!("{}: jwks_uri", client.client_id), found));
    }
    let called = [
        ("backchannel_logout_uri", &client.backchannel_logout_uri),
        ("initiate_login_uri", &client.initiate_login_uri),
    ];
    for (key, uri) in called {
        if let Some(uri) = uri {
            let found = outbound.answers(uri).await.map(|status| format!("answers ({status})"));
            trials.push(Trial::of(format!("{}: {key}", client.client_id), found));
        }
    }
    trials
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failover_would_lose_is_told() {
        let weak = |servers, commits: &str, timeout: &str, standbys| {
            Replication { servers, commits: commits.into(), timeout: timeout.into() }.weak(standbys)
        };
        assert_eq!(weak(1, "on", "30s", ""), None);
        assert_eq!(weak(1, "local", "0", ""), None);
        for commits in ["on", "remote_write", "remote_apply"] {
            assert_eq!(weak(2, commits, "0", "two"), None, "{commits}");
        }
        for (found, word) in [
            (weak(2, "on", "0", ""), "synchronous_standby_names"),
            (weak(2, "local", "0", "two"), "synchronous_commit"),
            (weak(1, "local", "0", "two"), "synchronous_commit"),
            (weak(2, "on", "30s", "two"), "statement_timeout"),
        ] {
            assert!(found.as_ref().is_some_and(|why| why.starts_with(word)), "{found:?}");
        }
    }
}
