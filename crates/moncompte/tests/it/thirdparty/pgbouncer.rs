//! PgBouncer between two nodes and PostgreSQL, as Debian packages it.

use std::path::PathBuf;

use serde_json::Value;
use testbed::Bed;
use tokio::net::TcpStream;

use crate::{
    person::{Person, Persona},
    place::{MAIL_FOLDER, Place, Running, eventually, free_port, secret_file, serve},
    races::another,
    torture::{Front, as_postgres, own},
};

/// A pooler before the tests' server. It ends with the test.
struct Pooler {
    /// The address of the test's database behind it.
    address: String,
    _running: Running,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// Starts one with a `pool_mode`; `None`, after a line that says why, without `TEST_PGBOUNCER`.
    async fn before(address: &str, mode: &str) -> Option<Self> {
        let Some(program) = std::env::var_os("TEST_PGBOUNCER").map(PathBuf::from) else {
            println!("skipped: no PgBouncer here (TEST_PGBOUNCER, which `cargo xtask test --deep` sets)");
            return None;
        };
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut url = url::Url::parse(address).unwrap();
        let (host, server) = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
        let users = folder.path().join("users");
        secret_file(&users, &format!("\"{}\" \"{}\"\n", url.username(), url.password().unwrap()));
        let config = folder.path().join("pgbouncer.ini");
        // Nothing else: what a node sends when it connects is taken as it comes.
        let text = format!(
            "[databases]\n* = host={host} port={server}\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = md5\nauth_file = {}\npool_mode = {mode}\ndefault_pool_size = 40\n",
            users.display()
        );
        secret_file(&config, &text);
        for path in [folder.path(), &users, &config] {
            own(path);
        }
        let mut command = as_postgres(&program);
        command.arg(&config);
        let running = Running::start(command);
        eventually("PgBouncer", async || TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(port)).unwrap();
        Some(Self { address: url.into(), _running: running, _folder: folder })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_move_and_sign_in_on_two_nodes_behind_pgbouncer() {
    let Some(bed) = Bed::postgres().await else { return };
    let Some(pooler) = Pooler::before(&bed.address, "session").await else { return };
    let place = Place::new(bed, MAIL_FOLDER);
    secret_file(&place.path("secrets/database"), &pooler.address);
    place.people((1..=4).map(|n| Persona::number(n).row()));
    let (mut ports, mut nodes) = (Vec::new(), Vec::new());
    for folder in ["node-a", "node-b"] {
        let port = free_port();
        another(&place, folder, port);
        nodes.push(serve(&place.path(folder), |_| ()).await);
        ports.push(port);
    }
    let _front = Front::before(place.port, ports).await;
    for n in 1..=4 {
        let who = Persona::number(n);
        let moved = Person::patient(&place.issuer()).moves(&who, &place).await;
        assert_eq!(moved.heading(), "Vous êtes maintenant connecté", "{}", moved.url);
        // In one act a node reads, writes and appends evidence, on connections of both pools.
        let back = Person::patient(&place.issuer()).signs_in(&who.email, &who.new).await;
        assert!(back.code().is_some(), "{} {}", back.url, back.heading());
    }
    let said = place.run("doctor", &["--invariants", "--json"]);
    let found: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert!(found["invariants"].as_array().is_some_and(|all| !all.is_empty()), "{found}");
    let trial = tried(&place);
    // The tests' server forgets at a power failure, and says so through PgBouncer.
    assert!(trial.contains("fsync") && !trial.contains("pool_mode"), "{trial}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_refuses_a_pooler_of_transactions() {
    let Some(bed) = Bed::postgres().await else { return };
    let Some(pooler) = Pooler::before(&bed.address, "transaction").await else { return };
    let place = Place::new(bed, MAIL_FOLDER);
    secret_file(&place.path("secrets/database"), &pooler.address);
    let trial = tried(&place);
    assert!(trial.contains("pool_mode = session"), "{trial}");
}

/// Runs `check --connect`; returns what it says of the database.
fn tried(place: &Place) -> String {
    let out = place.run("check", &["--connect", "--json"]);
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    let trials = said["trials"].as_array().unwrap();
    let database = trials.iter().find(|trial| trial["what"] == "database").unwrap();
    database["found"].as_str().unwrap().to_owned()
}
