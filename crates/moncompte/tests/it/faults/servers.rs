//! Several servers in the database's address, and a server that takes reads alone for a while (SECURITY #117).

use std::time::{Duration, Instant};

use kernel::sea_orm::ConnectionTrait;
use testbed::Bed;

use super::{ANSWERED, HEALED, Site, proxy::Proxy};
use crate::{person::Page, place::eventually};

/// Signs the person in from the portal if there is a page to do so; returns the last page.
async fn tried(site: &Site) -> Page {
    let person = site.person();
    let page = person.asked_by_portal().await;
    if !page.asks("sign-in") {
        return page;
    }
    let typed = [("email", &*site.mover.email), ("password", &*site.mover.new)];
    person.submit(&page, "sign-in", &typed).await
}

/// Waits until somebody signs in, and says how long it took.
async fn healed(site: &Site) -> Duration {
    let begun = Instant::now();
    eventually("somebody signs in", async || tried(site).await.code()).await;
    begun.elapsed()
}

/// Two proxies to one database stand for two servers. Returns them, and the address that lists both.
async fn two_servers(bed: &Bed) -> ([Proxy; 2], String) {
    let ((first, one), (second, other)) =
        (Proxy::before(&bed.address).await, Proxy::before(&bed.address).await);
    let port = |address: &str| url::Url::parse(address).unwrap().port().unwrap();
    let (one_port, other_port) = (port(&one), port(&other));
    let servers = format!("127.0.0.1:{one_port},127.0.0.1:{other_port}");
    let both = one.replace(&format!("127.0.0.1:{one_port}"), &servers) + "&target_session_attrs=read-write";
    ([first, second], both)
}

/// One server takes writes at a time (SECURITY #117).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_turns_to_the_server_that_takes_writes() {
    let Some(bed) = Bed::postgres().await else { return };
    let ([first, second], both) = two_servers(&bed).await;
    first.refuse();
    let site = Site::new(bed, &both, "").await;
    assert!(site.signs_in().await.code().is_some());

    second.refuse();
    first.pass();
    assert!(healed(&site).await < HEALED, "the server stopped");
    // A machine that is gone says nothing, on old connections and new ones. Who asked it just now waits for the timeout of a statement.
    first.swallow();
    second.pass();
    assert!(healed(&site).await < ANSWERED, "the server fell silent");
    let (_, metrics) = site.place.operators("/metrics").await;
    assert!(metrics.contains("moncompte_db_failovers_total 2"), "{metrics}");

    second.refuse();
    first.refuse();
    let out = site.place.run("doctor", &["--invariants"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("no server takes writes: 127.0.0.1:"), "{said}");
    first.pass();
}

/// A standby would answer who reads by what was true before, and take no write: a node waits for its promotion (SECURITY #117, ADR 21).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_turns_to_a_standby_only_once_it_is_promoted() {
    let Some(bed) = Bed::postgres().await else { return };
    let ([first, second], both) = two_servers(&bed).await;
    second.stand_by();
    let site = Site::new(bed, &both, "").await;
    let code = site.signs_in().await.code().expect("a sign-in");
    let tokens = site.redeem(&code).await;
    let reads = async || site.userinfo(tokens.text("access_token")).await;
    assert_eq!(reads().await.status, 200);
    let turns = async || {
        let (_, metrics) = site.place.operators("/metrics").await;
        let told = metrics.lines().find_map(|line| line.strip_prefix("moncompte_db_failovers_total "));
        told.map_or(0, |n| n.parse().unwrap())
    };

    first.stand_by();
    // Connections that were cut refuse at once. Then a reader waits for a new one, in vain.
    loop {
        let begun = Instant::now();
        assert!(reads().await.is_not_now(), "both are standbys");
        if begun.elapsed() > HEALED {
            break;
        }
    }
    assert_eq!(turns().await, 0);
    second.promote();
    assert!(healed(&site).await < HEALED);
    assert_eq!(turns().await, 1);
}

/// As behind a name, or PgBouncer, that leads to a standby for a moment: connections to it are not kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_takes_reads_alone_is_not_kept() {
    let Some(bed) = Bed::postgres().await else { return };
    let address = bed.address.clone();
    let (_, name) = address.rsplit_once('/').unwrap();
    let site = Site::new(bed, &address, "").await;
    let run = async |sql: String| {
        let sql = format!("BEGIN READ WRITE; {sql}; COMMIT");
        let db = site.place.bed.context.db.without_timeout();
        // The test's own connections are ended as well.
        eventually("a statement", async || db.execute_unprepared(&sql).await.ok()).await;
    };
    run(format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    run(format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    ))
    .await;
    // Until a write was refused, and not only a connection cut.
    eventually("a refusal of writes", async || {
        let refused = tried(&site).await.status == 503;
        let (_, why) = site.place.operators("/health/ready").await;
        (refused && why.contains("takes no writes")).then_some(())
    })
    .await;
    run(format!("ALTER DATABASE {name} RESET default_transaction_read_only")).await;
    let (begun, mut last_refusal, mut in_a_row) = (Instant::now(), Duration::ZERO, 0);
    // More sign-ins than the pool has connections, which it lends in turn: one that was kept would refuse its part of them.
    eventually("nobody is refused", async || {
        let is_in = tried(&site).await.code().is_some();
        (in_a_row, last_refusal) = if is_in { (in_a_row + 1, last_refusal) } else { (0, begun.elapsed()) };
        (in_a_row == 12).then_some(())
    })
    .await;
    assert!(last_refusal < HEALED, "{last_refusal:?}");
}
