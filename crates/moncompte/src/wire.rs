//! Wires the parts together.

use std::{num::NonZeroU32, path::Path, sync::Arc, time::Duration};

use accounts::{Accounts, Hasher, TermsLibrary};
use agencies::canonical_address;
use anyhow::Context as _;
use arc_swap::ArcSwap;
use generations::Generations;
use idp::{Grants, Idp, Proxies, Throttle, VendorStaff, grant::Settings};
use kernel::{Context, Db, SteadyClock, SystemClock, SystemRng};

use crate::{
    backup::{refuse_half_restored, refuse_unfilled, refuse_unrestored},
    change::keys::all_open_hashes,
    config::{Config, Contents, StaffRole, StaffSection},
    outbound::Outbound,
    post::Writer,
    return_path::ReturnPath,
    serving::Limits,
};

/// The running parts.
pub(crate) struct Wired {
    pub(crate) idp: Idp,
    pub(crate) writer: Writer,
    pub(crate) outbound: Outbound,
    pub(crate) limits: Limits,
    /// The memory that password hashing may use, in KiB.
    pub(crate) hash_memory: usize,
}

/// Opens the configured database, migrates its schema and takes its key. A database whose restore was cut short is refused.
pub(crate) async fn context(config: &Config) -> anyhow::Result<Context> {
    let context = opened(&config.database, config).await?;
    refuse_half_restored(&context).await?;
    Ok(context)
}

/// Opens the database at `address`, also one that is being restored, with the keys of the configuration.
pub(crate) async fn opened(address: &str, config: &Config) -> anyhow::Result<Context> {
    if let Some(file) = sqlite_file(address) {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(|| {
                format!("the folder {} cannot be made; choose another in `database`", folder.display())
            })?;
        }
        keep_private(file);
    }
    let db = connected(address, config.settings.database_connections).await?;
    migrate(&db, address).await?;
    let context = Context {
        db,
        clock: Arc::new(SteadyClock::over(SystemClock)),
        rng: Arc::new(SystemRng::new()),
        keys: config.seal.clone(),
    };
    if let Err(fault) = context.open_keys().await {
        let (named, _) = context.sealing_key().await?;
        if context.keys.seal_with(&named) {
            return Err(fault)
                .context("give this node the key: in secret_key_file, or in older_secret_key_files");
        }
        anyhow::bail!(
            "the database is sealed with the key {named}, which this folder does not have: put its file into secret_key_file or older_secret_key_files"
        );
    }
    let nodes = Generations::new(context.clone()).nodes().await.context("the nodes cannot be read")?;
    context.keys.seal_hashes(all_open_hashes(&nodes));
    context.share_time().await.context("the highest time seen cannot be read")?;
    Ok(context)
}

/// Opens the database at `address`, unless a restore was to fill it and did not.
pub(crate) async fn connected(address: &str, connections: u32) -> anyhow::Result<Db> {
    let file = sqlite_file(address);
    file.map_or(Ok(()), refuse_unrestored)?;
    let db = Db::connect_with(address, connections)
        .await
        .context("the database cannot be opened; is `database` right, and may this user write there?")?;
    if file.is_none() {
        refuse_unfilled(&db).await?;
    }
    Ok(db)
}

/// Returns the file of a SQLite database.
pub(crate) fn sqlite_file(address: &str) -> Option<&Path> {
    let path = address.strip_prefix("sqlite://")?;
    Some(Path::new(path.split('?').next().unwrap_or(path)))
}

/// Makes an existing database readable by its owner alone, like a new one (see `main`). SQLite gives its log the permissions of the file.
fn keep_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut path = file.as_os_str().to_owned();
        path.push(ending);
        let open = std::fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
        if open && let Err(error) = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)) {
            tracing::warn!(path = %path.display(), %error, "database file readable by other users: chmod 600 it");
        }
    }
}

/// Migrates one node at a time on PostgreSQL: a transaction holds the lock until the schema is up to date (SECURITY #122).
/// A schema that is up to date is left alone, so that a user who may not alter tables can serve; and so is one that is newer, which an older node serves
/// beside newer ones.
pub(crate) async fn migrate(db: &Db, address: &str) -> anyhow::Result<()> {
    let why = "the schema cannot be brought up to date";
    let pending = migrations::pending(db.without_timeout()).await.context(why)?;
    if pending.is_empty() {
        return Ok(());
    }
    let Err(error) = bring_up(db, address).await else { return Ok(()) };
    if format!("{error:#}").contains("permission denied") || format!("{error:#}").contains("must be owner") {
        anyhow::bail!(
            "the schema is older than this version (it lacks {}), and this user of the database may not change it: run `moncompte migrate` with the user that owns it, then start again",
            pending.join(", ")
        );
    }
    Err(error.context(why))
}

async fn bring_up(db: &Db, address: &str) -> anyhow::Result<()> {
    use kernel::sea_orm::{ConnectionTrait, TransactionTrait};
    if address.starts_with("sqlite:") {
        return Ok(migrations::up(db.without_timeout()).await?);
    }
    let turn = db.without_timeout().begin().await?;
    // Another node's migration may take longer than a request would wait, and this transaction is idle during ours.
    turn.execute_unprepared("SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        .await?;
    turn.execute_unprepared("SELECT pg_advisory_xact_lock(20261123)").await?;
    migrations::up(db.without_timeout()).await?;
    Ok(turn.commit().await?)
}

/// Builds the slice of people over an open database, for commands that ask it.
pub(crate) fn accounts(config: &Config, context: &Context, terms: TermsLibrary) -> anyhow::Result<Accounts> {
    let hasher = hasher(config, context)?;
    let terms = Arc::new(ArcSwap::from_pointee(terms));
    Ok(Accounts::new(context.clone(), Arc::new(hasher), config.rules(), terms))
}

/// Returns somebody of the vendor as the desk knows them.
fn staff(section: &StaffSection) -> VendorStaff {
    VendorStaff {
        email: canonical_address(&section.email),
        name: section.name.trim().to_owned(),
        role: match section.role {
            StaffRole::Support => desk::VendorRole::Support,
            StaffRole::Campaign => desk::VendorRole::Campaign,
        },
    }
}

fn hasher(config: &Config, context: &Context) -> anyhow::Result<Hasher> {
    let argon2 = &config.settings.argon2;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let slots = argon2.slots.unwrap_or(cores);
    Hasher::new(config.hash_cost(), slots, argon2.queue, context.rng.clone())
        .map_err(|e| anyhow::anyhow!("argon2: {e}"))
}

impl Wired {
    /// Opens the database and builds the parts from the configuration of the folder.
    pub(crate) async fn new(config: Config) -> anyhow::Result<Self> {
        let context = context(&config).await?;
        Self::over(context, config).await
    }

    /// Builds the parts over an open database.
    pub(crate) async fn over(context: Context, config: Config) -> anyhow::Result<Self> {
        let terms = config.contents.terms.clone();
        let accounts = accounts(&config, &context, terms.clone())?;
        let hash_memory = accounts.hasher().memory();
        let outbound = Outbound::of(&config)?;
        let settings = config.settings;
        let Contents { agencies, .. } = config.contents;
        let agencies = Arc::new(ArcSwap::from_pointee(agencies));
        let tokens = Settings {
            client_failures: settings.client_failures_per_minute,
            ..Settings::new(&*settings.issuer)
        };
        let grants = Grants::open(context.clone(), accounts.clone(), agencies.clone(), tokens)
            .await?
            .reading_keys_from(Arc::new(outbound.clone()));
        let pages = Arc::new(pages::Pages::new()?);
        let writer = Writer {
            issuer: settings.issuer.clone(),
            from: settings.mail.from.parse().context("mail.from is no address")?,
            pages: pages.clone(),
            agencies: agencies.load_full(),
            terms: terms.into(),
            return_path: settings.mail.return_path.as_deref().and_then(|address| {
                let folder = settings.mail.bounces.as_ref().map(|folder| config.folder.join(folder));
                ReturnPath::new(address, folder, context.keys.clone())
            }),
        };
        let attempts = NonZeroU32::new(settings.attempts_per_minute).unwrap_or(NonZeroU32::MIN);
        let idp = Idp {
            context,
            accounts,
            agencies,
            grants,
            pages,
            issuer: settings.issuer.as_str().into(),
            trusted_proxies: Proxies::new(config.trusted_proxies, settings.forwarded_header.into()),
            staff: settings.staff.iter().map(staff).collect(),
            throttle: Arc::new(Throttle::new(attempts)),
            body_time: Duration::from_secs(settings.connections.body_seconds),
        };
        let limits = Limits::public(&settings.connections, idp.trusted_proxies.clone());
        Ok(Self { idp, writer, outbound, limits, hash_memory })
    }
}
