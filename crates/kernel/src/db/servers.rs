//! The PostgreSQL servers that an address names. One of them takes writes: the pools connect to it, and turn to another one once that takes them (ADR 21).

use std::{
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::sqlx::{
    ConnectOptions, Connection, Error, Executor, PgConnection, PgPool, Row, postgres::PgConnectOptions,
};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, timeout},
};

use super::timeout::{ACQUIRE_TIMEOUT, PING_TIMEOUT, QueryCounter};
use crate::Fault;

/// The time between two looks at the server in use. With [`PING_TIMEOUT`], it bounds how long a node asks a server that is gone.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Returns an address for each server of a PostgreSQL address, which lists servers as libpq does: `postgres://user:password@a:5432,b:5432/database`. The
/// parameter `target_session_attrs` is taken out, for moncompte writes: it may only say `read-write` or `primary`.
///
/// # Errors
/// A sentence without the password, if the list cannot be read or another kind of server is asked for.
pub fn each_server(address: &str) -> Result<Vec<String>, String> {
    let (scheme, rest) =
        address.split_once("://").ok_or("is no address: postgres://user:password@host/database")?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let hosts: Vec<&str> = hosts.split(',').collect();
    if hosts.len() > 1 && hosts.contains(&"") {
        return Err("lists a server without a name: postgres://user:password@a:5432,b:5432/database".into());
    }
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_list = hosts.len() > 1 || value.contains(',') || value.to_ascii_lowercase().contains("%2c");
        match name {
            "target_session_attrs" if matches!(value, "read-write" | "primary") => {}
            "target_session_attrs" => {
                return Err("target_session_attrs must be read-write: a node writes".into());
            }
            "host" | "hostaddr" | "port" if is_list => {
                return Err("lists servers between @ and / alone, each with its port: @a:5432,b:5432/".into());
            }
            _ => kept.push(pair),
        }
    }
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    Ok(hosts.iter().map(|host| format!("{scheme}://{user}{host}{path}{query}")).collect())
}

/// The servers of an address.
#[derive(Clone)]
pub(super) struct Servers(Arc<[PgConnectOptions]>);

impl Servers {
    pub(super) fn of(address: &str) -> Result<Self, Fault> {
        let each = each_server(address).map_err(|why| Fault::Unavailable(format!("the address {why}")))?;
        let options = each.iter().map(|server| {
            let options =
                PgConnectOptions::from_str(server).map_err(|e| Fault::Unavailable(e.to_string()))?;
            // PgBouncer refuses a connection that begins with a setting which it does not know.
            Ok(options.disable_statement_logging().extra_float_digits(None))
        });
        options.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn are_many(&self) -> bool {
        self.0.len() > 1
    }

    /// Returns the options of the server that takes writes; of an only server without asking it, which its pool does. While there is none, as during a
    /// failover, it asks again.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] with a word on each server, if none takes writes in [`ACQUIRE_TIMEOUT`].
    pub(super) async fn writable(&self) -> Result<PgConnectOptions, Fault> {
        let begun = Instant::now();
        while self.are_many() {
            match self.find().await {
                Ok(Found { server, .. }) => return Ok(self.0[server].clone()),
                Err(why) if begun.elapsed() > ACQUIRE_TIMEOUT => {
                    return Err(Fault::Unavailable(self.none_takes_writes(&why)));
                }
                Err(_) => sleep(LOOK_INTERVAL).await,
            }
        }
        Ok(self.0[0].clone())
    }

    /// Asks all servers at once for the one that takes writes.
    async fn find(&self) -> Result<Found, Vec<Refusal>> {
        let mut asked = JoinSet::new();
        for (server, options) in self.0.iter().cloned().enumerate() {
            asked.spawn(async move { (server, ask(&options).await) });
        }
        let mut refusals = vec![Refusal::Silent; self.0.len()];
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok((server, Ok(connection))) => return Ok(Found { server, connection }),
                Ok((server, Err(refusal))) => refusals[server] = refusal,
                Err(_) => {}
            }
        }
        Err(refusals)
    }

    fn none_takes_writes(&self, refusals: &[Refusal]) -> String {
        let each = self.0.iter().zip(refusals);
        let each = each.map(|(server, why)| format!("{}:{} {why}", server.get_host(), server.get_port()));
        format!("no server takes writes: {}", each.collect::<Vec<_>>().join("; "))
    }

    /// Keeps the pools at the server that takes writes, until the watch is dropped. `None` for an only server.
    pub(super) fn watch(&self, pools: [PgPool; 2], counter: &Arc<QueryCounter>) -> Option<Arc<Watch>> {
        let watching = watch(self.clone(), pools, counter.clone());
        self.are_many().then(|| Arc::new(Watch(tokio::spawn(watching))))
    }
}

/// The server that takes writes, and the connection on which it said so.
struct Found {
    server: usize,
    connection: PgConnection,
}

/// The reason why a server is not the one that takes writes.
#[derive(Clone)]
enum Refusal {
    /// It does not answer.
    Silent,
    /// It answers, and is a standby or takes reads alone.
    ReadOnly,
    /// It refuses connections.
    Error(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Silent => write!(f, "does not answer"),
            Self::ReadOnly => write!(f, "takes reads alone"),
            Self::Error(why) => write!(f, "cannot be used ({why})"),
        }
    }
}

async fn ask(options: &PgConnectOptions) -> Result<PgConnection, Refusal> {
    let asked = async {
        let mut connection = PgConnection::connect_with(options).await?;
        Ok::<_, Error>((takes_writes(&mut connection).await?, connection))
    };
    match timeout(PING_TIMEOUT, asked).await {
        Ok(Ok((true, connection))) => Ok(connection),
        Ok(Ok((false, _))) => Err(Refusal::ReadOnly),
        Ok(Err(error)) => Err(Refusal::Error(error.to_string())),
        Err(_) => Err(Refusal::Silent),
    }
}

/// Returns true unless the server is a standby, or set to take reads alone.
pub(super) async fn takes_writes(connection: &mut PgConnection) -> Result<bool, Error> {
    let row = connection.fetch_one("SHOW transaction_read_only").await?;
    Ok(row.try_get::<&str, _>(0)? == "off")
}

/// Returns true if a pooler on the way, as PgBouncer with `pool_mode = transaction`, lends a connection of the server to several of ours, or ours several. A node
/// does not work there: it keeps prepared statements and settings on its connections.
///
/// # Errors
/// [`Fault::Unavailable`] if the database does not answer.
pub async fn shares_sessions(address: &str) -> Result<bool, Fault> {
    let options = Servers::of(address)?.writable().await?;
    let asked = async {
        let mut ours =
            [PgConnection::connect_with(&options).await?, PgConnection::connect_with(&options).await?];
        let mut seen = Vec::new();
        for _ in 0..2 {
            for connection in &mut ours {
                let row = connection.fetch_one("SELECT pg_backend_pid()::text").await?;
                seen.push(row.try_get::<String, _>(0)?);
            }
        }
        Ok::<_, Error>(seen[0] == seen[1] || seen[..2] != seen[2..])
    };
    let silent = |_| Fault::Unavailable(format!("no answer in {ACQUIRE_TIMEOUT:?}"));
    timeout(ACQUIRE_TIMEOUT, asked).await.map_err(silent)?.map_err(|e| Fault::Unavailable(e.to_string()))
}

/// A task that ends when it is dropped.
pub(super) struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Asks the server in use, and looks for another one when it does not take writes. Connections to the one before are closed.
async fn watch(servers: Servers, pools: [PgPool; 2], counter: Arc<QueryCounter>) {
    let (mut kept, mut last) = (None::<Found>, None);
    loop {
        sleep(LOOK_INTERVAL).await;
        if let Some(Found { connection, .. }) = &mut kept {
            if matches!(timeout(PING_TIMEOUT, takes_writes(connection)).await, Ok(Ok(true))) {
                continue;
            }
            counter.stale.mark();
        }
        let use_server = |server: usize| {
            for pool in &pools {
                pool.set_connect_options(servers.0[server].clone());
            }
        };
        kept = None;
        match servers.find().await {
            Ok(found) => {
                use_server(found.server);
                if last.replace(found.server).is_some_and(|last| last != found.server) {
                    metrics::counter!("moncompte_db_failovers_total").increment(1);
                    counter.stale.mark();
                }
                kept = Some(found);
            }
            // A connection to a machine that is gone would hang for the whole timeout, and keep its place in the pool after a promotion. One that is refused
            // tries again soon, at the server that is in use then.
            Err(refusals) => {
                let rank = |server: &usize| match refusals[*server] {
                    Refusal::Error(_) => 0,
                    Refusal::ReadOnly => 1,
                    Refusal::Silent => 2,
                };
                (0..refusals.len()).min_by_key(rank).into_iter().for_each(use_server);
            }
        }
    }
}

/// The time at which the server in use was found to take no writes. Connections that were opened before it are not lent again: they may lead to a server
/// that was demoted.
#[derive(Default)]
pub(super) struct Stale(Mutex<Option<Instant>>);

impl Stale {
    pub(super) fn mark(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Returns true for a connection of this age that was opened before.
    pub(super) fn has(&self, age: Duration) -> bool {
        let marked = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marked.is_some_and(|marked| marked.elapsed() <= age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lists_servers() {
        let one = "postgres://u:p%40@[::1]:5433/x?sslmode=require&host=/run/pg";
        assert_eq!(each_server(one), Ok(vec![one.to_owned()]));
        assert_eq!(each_server("postgres:///x"), Ok(vec!["postgres:///x".to_owned()]));
        let many = "postgresql://u:a,b@h1:5432,[fd00::2],%2Frun%2Fpg:6/x?target_session_attrs=read-write&sslmode=verify-full";
        let each = ["h1:5432", "[fd00::2]", "%2Frun%2Fpg:6"]
            .map(|host| format!("postgresql://u:a,b@{host}/x?sslmode=verify-full"));
        assert_eq!(each_server(many), Ok(each.to_vec()));
        assert_eq!(each_server("postgres://a,b"), Ok(vec!["postgres://a".into(), "postgres://b".into()]));
        for bad in [
            "postgres:a,b/x",
            "postgres://u:gehe@a,,b/x",
            "postgres://u:gehe@a,/x",
            "postgres://u:gehe@a,b/x?target_session_attrs=any",
            "postgres://u:gehe@a/x?target_session_attrs=prefer-standby",
            "postgres://u:gehe@a,b/x?port=5433",
            "postgres://u:gehe@/x?host=a,b",
            "postgres://u:gehe@/x?host=a%2Cb",
        ] {
            let why = each_server(bad).unwrap_err();
            assert!(!why.contains("gehe"), "{why}");
        }
    }

    #[test]
    fn connections_from_before_are_stale() {
        let stale = Stale::default();
        assert!(!stale.has(Duration::from_secs(9)));
        stale.mark();
        assert!(stale.has(Duration::from_secs(9)));
        std::thread::sleep(Duration::from_millis(2));
        assert!(!stale.has(Duration::ZERO));
    }
}
