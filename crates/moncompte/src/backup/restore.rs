//! The restore of a backup into an empty database. Nobody uses it before it has ended what may have been ended since the backup: every command refuses a database
//! whose restore was cut short, from the first byte on.

use std::{
    fs::{self, File},
    io,
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
/// The ending of the file in which a SQLite database is restored, before it takes its name.
const PART: &str = ".restoring";
/// The table that stands alone in a PostgreSQL schema until the rows of the backup are there.
const UNFILLED: &str = "moncompte_restoring";

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
/// [`Refused`], or a fault of the database: no node starts on it.
pub(crate) async fn restore(
    config: Config,
    backup: &Path,
    checked: &Checked,
    by: &str,
) -> anyhow::Result<Restored> {
    let kind = checked.manifest.database.as_str();
    match (config.database_path(), kind) {
        (Some(target), "sqlite") => {
            refuse_existing(&target)?;
            let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            let part = beside(&target, PART);
            let mut file = taken(&part, &target)?;
            io::copy(&mut File::open(backup.join(SQLITE))?, &mut file)
                .context("the database cannot be copied")?;
            let address = format!("sqlite://{}", part.display());
            let restored = end(config, &address, checked, by).await?;
            // Closed by its last connection, SQLite leaves no log.
            anyhow::ensure!(
                !beside(&part, "-wal").exists(),
                "the restored database was not closed: try again"
            );
            file.sync_all()?;
            fs::rename(&part, &target)?;
            File::open(folder)?.sync_all()?;
            Ok(restored)
        }
        (None, "postgres") => {
            let address = config.database.clone();
            let schema = postgres::quoted(&marked_schema(&address).await?);
            let mark = format!(
                "INSERT INTO {schema}.meta (key, value) VALUES ('{RESTORING}', ''); DROP TABLE {schema}.{UNFILLED}"
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

/// Marks an empty PostgreSQL database as one that is being restored, also one whose restore was cut short before its rows were there. Returns its schema.
async fn marked_schema(address: &str) -> anyhow::Result<String> {
    let db = Db::connect(address).await.context("the database cannot be opened; is `database` right?")?;
    let sql = "SELECT current_schema()::text AS name, (SELECT count(*) FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace \
               AND relkind IN ('r', 'p', 'v', 'm', 'S') AND relname <> 'moncompte_restoring') AS tables";
    let row =
        db.reader().query_one_raw(Statement::from_string(db.reader().get_database_backend(), sql)).await?;
    let row = row.context("the database does not answer")?;
    let (name, tables): (String, i64) = (row.try_get("", "name")?, row.try_get("", "tables")?);
    if tables > 0 {
        return Err(Refused::NotEmpty(format!("a database with {tables} tables")).into());
    }
    let mark = format!("CREATE TABLE IF NOT EXISTS {}.{UNFILLED} ()", postgres::quoted(&name));
    db.writer().execute_unprepared(&mark).await.context("no table can be made in the database")?;
    db.close().await?;
    Ok(name)
}

fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn refuse_existing(target: &Path) -> Result<(), Refused> {
    // A log that is left of another database would be played into this one.
    let there = ["", "-wal", "-journal"].map(|ending| beside(target, ending));
    match there.iter().find(|file| file.exists()) {
        Some(file) => Err(Refused::NotEmpty(file.display().to_string())),
        None => Ok(()),
    }
}

/// Makes the file of a restore empty, also one that a killed restore left, and holds it against another restore until it is dropped.
fn taken(part: &Path, target: &Path) -> anyhow::Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(part)?;
    if file.try_lock().is_err() {
        return Err(Refused::Busy(part.to_owned()).into());
    }
    // The other restore may have ended just now: then this is its database.
    refuse_existing(target)?;
    for ending in ["-wal", "-shm", "-journal"] {
        let path = beside(part, ending);
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
        }
    }
    file.set_len(0)?;
    Ok(file)
}

/// Refuses a SQLite database that a restore was to make and did not: opened, it would be a new one, in which nobody is known.
///
/// # Errors
/// [`Refused::Unrestored`].
pub(crate) fn refuse_unrestored(target: &Path) -> Result<(), Refused> {
    let part = beside(target, PART);
    if part.exists() && !target.exists() { Err(Refused::Unrestored(part)) } else { Ok(()) }
}

/// Refuses a PostgreSQL database into which a restore has not brought its rows.
///
/// # Errors
/// [`Refused::Unfilled`], or a fault of the database.
pub(crate) async fn refuse_unfilled(db: &Db) -> anyhow::Result<()> {
    let sql =
        "SELECT to_regclass(quote_ident(current_schema()) || '.moncompte_restoring') IS NOT NULL AS unfilled";
    let row = db.reader().query_one_raw(Statement::from_string(db.reader().get_database_backend(), sql));
    let unfilled = row.await?.context("the database does not answer")?.try_get("", "unfilled")?;
    if unfilled { Err(Refused::Unfilled.into()) } else { Ok(()) }
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
