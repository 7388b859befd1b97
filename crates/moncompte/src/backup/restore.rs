//! The restore of a backup into an empty database. Nobody uses it before it has ended what may have been ended since the backup: a node refuses a database whose
//! restore was cut short.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use kernel::{
    Context, Db, Done, Tx, outbox,
    sea_orm::{ConnectionTrait, Statement},
};
use serde::Serialize;
use serde_json::json;

use super::{
    Checked, Refused, postgres,
    write::{POSTGRES, SQLITE},
};
use crate::{
    config::Config,
    wire::{Wired, opened},
};

/// The stored mark of a restore that has not ended.
const RESTORING: &str = "restoring";

/// The numbers of what a restore ended.
#[derive(Debug, Serialize)]
pub(crate) struct Restored {
    #[serde(flatten)]
    pub(crate) people: accounts::Ended,
    /// Grants, with their tokens and codes.
    pub(crate) grants: u64,
    /// Messages that waited.
    pub(crate) messages: u64,
}

/// Restores a checked backup into the database of the configuration, which must be empty, for `by`, an operator.
///
/// # Errors
/// [`Refused`], or a fault of the database: it is empty, or no node starts on it.
pub(crate) async fn restore(
    config: Config,
    backup: &Path,
    checked: &Checked,
    by: &str,
) -> anyhow::Result<Restored> {
    let kind = checked.manifest.database.as_str();
    match (config.database_path(), kind) {
        (Some(target), "sqlite") => {
            // A log that is left of another database would be played into this one.
            let there = ["", "-wal", "-journal"].map(|ending| beside(&target, ending));
            if let Some(file) = there.iter().find(|file| file.exists()) {
                return Err(Refused::NotEmpty(file.display().to_string()).into());
            }
            let part = beside(&target, ".restoring");
            remove_all(&part)?;
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::copy(backup.join(SQLITE), &part).context("the database cannot be copied")?;
            let address = format!("sqlite://{}", part.display());
            let restored = end(config, &address, checked, by).await?;
            // Closed by its last connection, SQLite leaves no log.
            anyhow::ensure!(
                !beside(&part, "-wal").exists(),
                "the restored database was not closed: try again"
            );
            fs::File::open(&part)?.sync_all()?;
            fs::rename(&part, &target)?;
            Ok(restored)
        }
        (None, "postgres") => {
            let address = config.database.clone();
            let schema = empty_schema(&address).await?;
            let mark = format!(
                "INSERT INTO {}.meta (key, value) VALUES ('{RESTORING}', '')",
                postgres::quoted(&schema)
            );
            postgres::load(&address, &backup.join(POSTGRES), &mark).await?;
            end(config, &address, checked, by).await
        }
        _ => Err(Refused::OtherDatabase(kind.to_owned()).into()),
    }
}

/// Ends whatever may have been ended since the backup, and lets nodes use the database: one transaction.
async fn end(config: Config, address: &str, checked: &Checked, by: &str) -> anyhow::Result<Restored> {
    let context = opened(address, &config).await?;
    let wired = Wired::over(context.clone(), config).await?;
    let (accounts, grants) = (&wired.idp.accounts, &wired.idp.grants);
    let (now, made_at) = (context.now(), checked.manifest.made_at);
    let keys = grants.renewed_keys().await?;
    let restored = context
        .db
        .write_recorded(async |tx: &Tx| {
            let restored = Restored {
                people: accounts.end_before_restore(tx).await?,
                grants: grants.end_before_restore(tx, &keys).await?,
                messages: outbox::end_before_restore(tx, now).await?,
            };
            Db::forget_in(tx, RESTORING).await?;
            let body = json!({ "backup_made_at": made_at, "by": by, "ended": &restored });
            accounts.record_command(tx, "database restored", &body).await?;
            Ok(Done::Commit(restored))
        })
        .await?;
    drop(wired);
    context.db.close().await?;
    Ok(restored)
}

/// Returns the schema of an empty PostgreSQL database.
async fn empty_schema(address: &str) -> anyhow::Result<String> {
    let db = Db::connect(address).await.context("the database cannot be opened; is `database` right?")?;
    let sql = "SELECT current_schema()::text AS name, (SELECT count(*) FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace \
               AND relkind IN ('r', 'p', 'v', 'm', 'S')) AS tables";
    let row =
        db.reader().query_one_raw(Statement::from_string(db.reader().get_database_backend(), sql)).await?;
    let row = row.context("the database does not answer")?;
    let (name, tables): (String, i64) = (row.try_get("", "name")?, row.try_get("", "tables")?);
    db.close().await?;
    if tables > 0 {
        return Err(Refused::NotEmpty(format!("a database with {tables} tables")).into());
    }
    Ok(name)
}

fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Removes what a restore that was killed left.
fn remove_all(part: &Path) -> anyhow::Result<()> {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let path = beside(part, ending);
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
        }
    }
    Ok(())
}

/// Refuses a database whose restore was cut short.
///
/// # Errors
/// A sentence.
pub(crate) async fn refuse_half_restored(context: &Context) -> anyhow::Result<()> {
    if context.db.stored(RESTORING).await?.is_some() {
        anyhow::bail!(
            "a restore into this database was cut short: empty it, then run `moncompte restore` again"
        );
    }
    Ok(())
}
