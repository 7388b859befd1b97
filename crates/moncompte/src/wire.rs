//! Puts the parts together.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use accounts::{Accounts, Hasher};
use anyhow::Context;
use arc_swap::ArcSwap;
use idp::{Grants, Idp, Throttle, grant::Settings};
use kernel::{Db, Ground, SealKeys, SteadyClock, SystemChance, SystemClock};

use crate::{config::Config, outbound::Outbound, post::Writer, serving::Limits};

/// Everything that runs.
pub(crate) struct Wired {
    pub(crate) idp: Idp,
    pub(crate) writer: Writer,
    pub(crate) outbound: Outbound,
    pub(crate) limits: Limits,
    /// KiB that password hashing may take.
    pub(crate) hash_memory: usize,
}

/// Opens the database at `address`, brings its schema up to date and makes sure of its key.
pub(crate) async fn ground(address: &str, keys: SealKeys) -> anyhow::Result<Ground> {
    if let Some(folder) =
        address.strip_prefix("sqlite://").and_then(|path| std::path::Path::new(path).parent())
    {
        std::fs::create_dir_all(folder).with_context(|| {
            format!("the folder {} cannot be made; choose another in `database`", folder.display())
        })?;
    }
    let db = Db::connect(address)
        .await
        .context("the database cannot be opened; is `database` right, and may this user write there?")?;
    migrate(&db, address).await.context("the schema cannot be brought up to date")?;
    let ground = Ground {
        db,
        clock: Arc::new(SteadyClock::over(SystemClock)),
        chance: Arc::new(SystemChance::new()),
        keys: Arc::new(keys),
    };
    ground.check_key().await.context("use the secret_key_file with which this database was begun")?;
    ground.share_time().await.context("the highest time seen cannot be read")?;
    Ok(ground)
}

/// One node at a time on PostgreSQL: the lock is held by a transaction of its own until the schema stands (SECURITY #122).
async fn migrate(db: &Db, address: &str) -> anyhow::Result<()> {
    use kernel::sea_orm::{ConnectionTrait, TransactionTrait};
    if address.starts_with("sqlite:") {
        return Ok(migrations::up(db.unhurried()).await?);
    }
    let turn = db.unhurried().begin().await?;
    // Another node's migration may take longer than a request would wait, and this transaction is idle while ours runs.
    turn.execute_unprepared("SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        .await?;
    turn.execute_unprepared("SELECT pg_advisory_xact_lock(20261123)").await?;
    migrations::up(db.unhurried()).await?;
    Ok(turn.commit().await?)
}

impl Wired {
    /// From config.
    pub(crate) async fn new(config: Config) -> anyhow::Result<Self> {
        let (rules, cost) = (config.rules(), config.hash_cost());
        let settings = config.settings;
        let ground = ground(&config.database, SealKeys::new(config.key, config.older_keys)).await?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let slots = settings.argon2.slots.unwrap_or(cores);
        let hasher = Hasher::new(cost, slots, settings.argon2.queue, ground.chance.clone())
            .map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
        let hash_memory = hasher.memory();
        let agencies = Arc::new(ArcSwap::from_pointee(config.agencies));
        let terms = Arc::new(ArcSwap::from_pointee(config.terms));
        let accounts = Accounts::new(ground.clone(), Arc::new(hasher), rules, terms.clone());
        let extra_ca = settings.outbound.extra_ca.as_ref().map(|file| {
            let path = config.folder.join(file);
            std::fs::read(&path)
                .with_context(|| format!("outbound.extra_ca {} cannot be read", path.display()))
        });
        let outbound = Outbound::new(settings.outbound.allow, extra_ca.transpose()?.as_deref())?;
        let tokens = Settings {
            client_failures: settings.client_failures_per_minute,
            ..Settings::new(&*settings.issuer)
        };
        let grants = Grants::open(ground.clone(), accounts.clone(), agencies.clone(), tokens)
            .await?
            .reading_keys_from(Arc::new(outbound.clone()));
        let pages = Arc::new(pages::Pages::new()?);
        let writer = Writer {
            issuer: settings.issuer.clone(),
            from: settings.mail.from.parse().context("mail.from is no address")?,
            pages: pages.clone(),
            agencies: agencies.clone(),
            terms,
        };
        let attempts = NonZeroU32::new(settings.attempts_per_minute).unwrap_or(NonZeroU32::MIN);
        let idp = Idp {
            ground,
            accounts,
            agencies,
            grants,
            pages,
            issuer: settings.issuer.as_str().into(),
            trusted_proxies: config.trusted_proxies.into(),
            throttle: Arc::new(Throttle::new(attempts)),
            body_time: Duration::from_secs(settings.connections.body_seconds),
        };
        let limits = Limits::public(&settings.connections, idp.trusted_proxies.clone());
        Ok(Self { idp, writer, outbound, limits, hash_memory })
    }
}
