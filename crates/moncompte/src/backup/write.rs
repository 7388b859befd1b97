//! The writing of a backup, beside nodes that run: into a folder of another name, which is renamed when everything in it is on the disk.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use kernel::{
    Clock, Db, Snapshot, SystemClock,
    sea_orm::{ConnectionTrait, Statement},
};
use time::{OffsetDateTime, macros::format_description};
use toml::de::DeTable;

use super::{
    Manifest, Refused,
    manifest::{Entry, FORMAT, NAME, PART},
    postgres,
};
use crate::config::Config;

/// The files of the database in a backup.
pub(super) const SQLITE: &str = "database.sqlite";
pub(super) const POSTGRES: &str = "database.sql";
/// The text in place of the address of a database server, which `check` refuses.
const LEFT_OUT: &str = "\"no backup holds the address of a database server\"";

/// Writes a backup to `to`, or into it under a name of its own if it is a folder already. Returns the backup's place.
///
/// # Errors
/// [`Refused`], or the system's error: then there is no backup of that name.
pub(crate) async fn write(config: Config, to: &Path) -> anyhow::Result<(PathBuf, Manifest)> {
    let made_at = SystemClock.now();
    let is_folder = to.is_dir() && !to.join(NAME).exists();
    let target = if is_folder { to.join(format!("moncompte-{}", stamp(made_at)?)) } else { to.to_owned() };
    if target.exists() {
        return Err(Refused::NotEmpty(target.display().to_string()).into());
    }
    let mut part = target.clone().into_os_string();
    part.push(format!(".{PART}"));
    let part = PathBuf::from(part);
    if part.exists() {
        // Of a command that was killed.
        fs::remove_dir_all(&part).with_context(|| format!("{} cannot be removed", part.display()))?;
    }
    DirBuilder::new()
        .mode(0o700)
        .create(&part)
        .with_context(|| format!("the folder {} cannot be made", part.display()))?;
    let written = fill(&config, &part, made_at).await;
    let manifest = match written {
        Ok(manifest) => manifest,
        Err(error) => {
            let _ = fs::remove_dir_all(&part);
            return Err(error);
        }
    };
    fs::rename(&part, &target)?;
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()?;
    Ok((target, manifest))
}

fn stamp(now: i64) -> anyhow::Result<String> {
    let format = format_description!("[year]-[month]-[day]T[hour][minute][second]Z");
    Ok(OffsetDateTime::from_unix_timestamp(now)?.format(&format)?)
}

async fn fill(config: &Config, part: &Path, made_at: i64) -> anyhow::Result<Manifest> {
    let why =
        "the database cannot be read; is `database` right, and was this version of moncompte started on it?";
    let snapshot = Snapshot::open(&config.database, config.seal.clone()).await.context(why)?;
    sealing_key(&snapshot).await?;
    let schema = migrations::applied(snapshot.conn()).await.context(why)?;
    let is_sqlite = config.database.starts_with("sqlite:");
    // The key is the one after the copy: it may be replaced meanwhile, and the manifest names the other one too.
    let (counts, file, key) = if is_sqlite {
        drop(snapshot);
        let file = part.join(SQLITE);
        let db = Db::connect(&config.database).await.context(why)?;
        let copy = format!("VACUUM INTO '{}'", file.display().to_string().replace('\'', "''"));
        db.without_timeout().execute_unprepared(&copy).await?;
        db.close().await?;
        let copied = Snapshot::open(&format!("sqlite://{}", file.display()), config.seal.clone()).await?;
        (accounts::totals(&copied).await?, SQLITE, sealing_key(&copied).await?)
    } else {
        let counts = accounts::totals(&snapshot).await.context(why)?;
        let schema = current_schema(&snapshot).await.context(why)?;
        drop(snapshot);
        postgres::dump(&config.database, &schema, &part.join(POSTGRES)).await?;
        let after = Snapshot::open(&config.database, config.seal.clone()).await.context(why)?;
        (counts, POSTGRES, sealing_key(&after).await?)
    };
    let mut files = vec![file.to_owned()];
    files.extend(configuration(config, part)?);
    let mut manifest = Manifest {
        format: FORMAT,
        made_at,
        version: env!("CARGO_PKG_VERSION").into(),
        database: if is_sqlite { "sqlite" } else { "postgres" }.into(),
        schema,
        key,
        keys: config.seal.fingerprints(),
        counts,
        files: Default::default(),
    };
    for file in files {
        let path = part.join(&file);
        File::open(&path)?.sync_all()?;
        manifest.files.insert(file, Entry::of(&path)?);
    }
    let text = manifest.text(&config.seal)?.ok_or_else(|| Refused::NoKey(manifest.key.clone()))?;
    put(&part.join(NAME), text.as_bytes())?;
    File::open(part)?.sync_all()?;
    Ok(manifest)
}

/// Returns the name of the key that seals; the keys of the snapshot then begin with it.
async fn sealing_key(snapshot: &Snapshot) -> anyhow::Result<String> {
    let keys = snapshot.keys();
    let named = snapshot.stored_value("seal_key").await?.unwrap_or_else(|| keys.fingerprint());
    if keys.seal_with(&named) { Ok(named) } else { Err(Refused::NoKey(named).into()) }
}

/// Returns the schema that nodes use in a PostgreSQL database, which others may use too.
async fn current_schema(snapshot: &Snapshot) -> anyhow::Result<String> {
    let (conn, sql) = (snapshot.conn(), "SELECT current_schema()::text AS name");
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    Ok(row.context("the database does not answer")?.try_get("", "name")?)
}

/// Copies moncompte.toml and the files of agencies and terms, and no secret. Returns their paths in the backup.
fn configuration(config: &Config, part: &Path) -> anyhow::Result<Vec<String>> {
    let mut copied = Vec::new();
    let mut copy = |path: &str, content: &[u8]| -> anyhow::Result<()> {
        let name = format!("config/{path}");
        if copied.contains(&name) {
            return Ok(());
        }
        let to = part.join(&name);
        if let Some(folder) = to.parent() {
            DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
        }
        put(&to, content)?;
        copied.push(name);
        Ok(())
    };
    let text = fs::read_to_string(config.folder.join("moncompte.toml"))?;
    copy("moncompte.toml", without_address(&text)?.as_bytes())?;
    for ((_, path), file) in config.contents.files.iter().filter(|(_, file)| !file.secret) {
        copy(path, &file.content)?;
    }
    Ok(copied)
}

/// Returns the text of `moncompte.toml` without the address of a database server, which may hold a password in several spellings. All else stays as it is, comments
/// too. It is the file's own address that goes, also where an overlay takes its place.
fn without_address(text: &str) -> anyhow::Result<String> {
    let table = DeTable::parse(text)?;
    let Some((_, value)) = table.get_ref().iter().find(|(key, _)| key.get_ref().as_ref() == "database")
    else {
        return Ok(text.to_owned());
    };
    let address = value.get_ref().as_str().context("`database` in moncompte.toml must be a text")?;
    let mut text = text.to_owned();
    if !address.starts_with("sqlite://") {
        text.replace_range(value.span(), LEFT_OUT);
    }
    Ok(text)
}

fn put(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    Ok(file.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_the_databases_address_is_copied() {
        for value in [
            r#""postgres://mc:Zm9vYmFy==@db/mc""#,
            r#""postgres://mc:Zm9v%59mFy@db/mc""#,
            r#""postgres://db/mc?user=mc&password=Zm9vYmFy""#,
            r#""postgres://mc:Zm9v\u0059mFy@db/mc""#,
            "'postgres://mc:Zm9vYmFy@db/mc'",
            "\"\"\"\\\n  postgres://mc:Zm9vYmFy@db/mc\"\"\"",
            // Not valid any more, and not in use: an overlay gives another.
            r#""mysql://mc:Zm9vYmFy@db/mc""#,
        ] {
            for key in ["database", "\"database\"", "'database' "] {
                let text = format!(
                    "# The agency's own é.\nissuer = \"x\"\n{key} = {value} # ours\n\n[mail]\nfrom = \"y\"\n"
                );
                let copied = without_address(&text).unwrap();
                assert_eq!(copied, text.replace(value, LEFT_OUT), "{text}");
                assert!(!copied.contains("Zm9v"), "{copied}");
            }
        }
        for kept in [
            "database = \"sqlite://moncompte.db\" # here\n",
            "database_file = \"secrets/database\"\n",
            "[mail]\ndatabase = 1\n",
        ] {
            assert_eq!(without_address(kept).unwrap(), kept);
        }
        assert!(without_address("database = 1").is_err() && without_address("database = ").is_err());
    }
}
