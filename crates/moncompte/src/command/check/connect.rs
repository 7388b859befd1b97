//! `check --connect`: tries what the configuration names, without changing anything: the database, the mail server up to AUTH, and the addresses in agencies' files.

use std::{path::Path, sync::Arc};

use agencies::Portal;
use idp::grant::KeySource;
use kernel::{
    Snapshot,
    sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement},
};
use lettre::{Address, Message, message::Mailbox};
use oidc::jwt::Key;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};

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
    /// The finding, or the fault, in one sentence.
    found: Result<String, String>,
}

impl Trial {
    fn of(what: impl Into<String>, found: Result<String, String>) -> Self {
        Self { what: what.into(), found }
    }

    /// Returns true if something is wrong.
    pub(super) fn has_failed(&self) -> bool {
        self.found.is_err()
    }

    pub(super) fn to_json(&self) -> Value {
        match &self.found {
            Ok(found) => json!({ "what": self.what, "ok": true, "found": found }),
            Err(wrong) => json!({ "what": self.what, "ok": false, "found": wrong }),
        }
    }
}

impl std::fmt::Display for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.found {
            Ok(found) => write!(f, "{}: {found}", self.what),
            Err(wrong) => write!(f, "{}: FAILED: {wrong}", self.what),
        }
    }
}

/// Tries everything; of portals, those of `agency` where one is named. With `mail_to` a mail leaves to that address.
pub(super) async fn try_all(
    Prepared { config, post }: &Prepared,
    agency: Option<&str>,
    mail_to: Option<&Address>,
) -> Vec<Trial> {
    let mut trials = vec![
        Trial::of("database", database(config).await),
        Trial::of("mail server", mail_server(config, post, mail_to).await),
    ];
    trials.extend(portals(config, agency).await);
    trials
}

/// Looks at version, durability, rights and schema.
async fn database(config: &Config) -> Result<String, String> {
    if let Some(file) = config.database_path().filter(|file| is_missing(file)) {
        return Ok(format!("{} is not there yet; the first start makes it", file.display()));
    }
    let unread = |error: &dyn std::fmt::Display| format!("cannot be read ({error})");
    let snapshot = Snapshot::open(&config.database, config.seal.clone()).await.map_err(|e| unread(&e))?;
    let is_sqlite = config.database.starts_with("sqlite:");
    let (engine, weak) = if is_sqlite { sqlite(&snapshot).await } else { postgres(&snapshot).await }
        .map_err(|error| unread(&error))?;
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

async fn sqlite(snapshot: &Snapshot) -> Result<(String, Option<String>), DbErr> {
    let row = one(snapshot, "SELECT sqlite_version() AS version").await?;
    Ok((format!("SQLite {}", row.try_get::<String>("", "version")?), None))
}

/// Returns the server's version, and what keeps it from being relied on.
async fn postgres(snapshot: &Snapshot) -> Result<(String, Option<String>), DbErr> {
    let sql = "SELECT split_part(current_setting('server_version'), ' ', 1) AS version, \
               (SELECT string_agg(name, ', ') FROM pg_settings \
                WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off') AS off, \
               has_schema_privilege(current_schema(), 'CREATE') AS may_create";
    let row = one(snapshot, sql).await?;
    let engine = format!("PostgreSQL {}", row.try_get::<String>("", "version")?);
    let off: Option<String> = row.try_get("", "off")?;
    let weak = match (off, row.try_get("", "may_create")?) {
        (Some(off), _) => Some(format!("{off} off: what people were told is kept may be lost")),
        (None, Some(true)) => None,
        (None, Some(false) | None) => Some(
            "this user may not make tables in its schema, which the first start and upgrades do: \
             GRANT CREATE ON SCHEMA"
                .into(),
        ),
    };
    Ok((engine, weak))
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
