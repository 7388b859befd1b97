//! A primary of PostgreSQL dies again and again while people live on two nodes: what was acknowledged is there afterwards, for the standby had it before the answer,
//! and the nodes follow the server that takes the writes.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use testbed::Bed;

use super::{
    Arc, CROWD, LocalSet, Node, Place, Relaxed, Town, all_arrive, another, crowd,
    dice::Dice,
    front::Front,
    patroni::{Cluster, Programs},
    trouble::{Course, Trouble, holds},
};
use crate::{
    person::Persona,
    place::{MAIL_FOLDER, eventually, free_port},
};

/// The number of times that the primary dies, and the share of them in which its machine dies with it.
const KILLS: usize = 10;
const MACHINES: usize = 3;
/// The maximum time from the promotion until both nodes are ready and people get somewhere.
const HEALED: Duration = Duration::from_secs(10);
/// More lives than the kills last for.
const LIVES: usize = 400;
/// The number of answers between a cluster that is whole and the next kill.
const CALM: usize = 3 * CROWD;

/// A death of the primary: the time without one, and from the promotion until the nodes were ready.
struct Death {
    machine: bool,
    without: Duration,
    healing: Duration,
}

impl Death {
    fn told(&self) -> String {
        let what = if self.machine { "machine" } else { "server" };
        let (without, healing) = (self.without.as_secs_f64(), self.healing.as_secs_f64());
        format!(
            "{what} dead: {without:.1} s without a primary, nodes healed {healing:.1} s after its promotion"
        )
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_primary_dies() {
    let Some(programs) = Programs::find() else { return };
    let mut cluster = Cluster::start(programs).await;
    let bed = Bed::on_server(&cluster.address).await;
    let place = Place::new(bed, MAIL_FOLDER);
    place.people(
        (0..2 * LIVES).map(|n| (Persona::number(n).identifier, Persona::number(n).old, String::new())),
    );
    let mut nodes = Vec::new();
    for folder in ["node-a", "node-b"] {
        let port = free_port();
        another(&place, folder, port);
        nodes.push(Node::beside(&place, folder, port, None));
    }
    for node in &mut nodes {
        node.start(&place).await;
    }
    let _front = Front::before(place.port, nodes.iter().map(|node| node.port).collect()).await;
    let town = Arc::new(Town::of(&place).await);

    let lots = Dice::new(super::KEPT).fork();
    let together = LocalSet::new();
    let deaths = async {
        let deaths = deaths(&town, &place, &mut cluster, &nodes).await;
        town.over.store(true, Relaxed);
        deaths
    };
    let whole = together.run_until(async { tokio::try_join!(crowd(&town, lots, LIVES), deaths) });
    let (promised, deaths) = match whole.await {
        Ok(both) => both,
        Err(why) => panic!("{why}\n{}", found(&town, &nodes).await),
    };

    all_arrive(&town, &promised, &course(&deaths), true).await;
    ledger(&town, &promised).await;
    let n = |count: &std::sync::atomic::AtomicUsize| count.load(Relaxed);
    let tally = &town.tally;
    println!(
        "the primary died {} times under {} moves, {} sign-ins, {} resets, {} refreshes; {} answers lost, and nothing that was acknowledged",
        deaths.len(),
        n(&tally.moves),
        n(&tally.sign_ins),
        n(&tally.resets),
        n(&tally.refreshed),
        n(&tally.lost)
    );
    drop(nodes);
}

/// Describes the queue of messages and the last words of the nodes, for the message of a failure.
async fn found(town: &Town, nodes: &[Node]) -> String {
    let waiting = town.count("outbox WHERE sent_at IS NULL AND dead_at IS NULL").await;
    let dead = town.count("outbox WHERE dead_at IS NOT NULL").await;
    let mut told = format!("{waiting} messages wait, {dead} are dead");
    for node in nodes {
        let said = node.said();
        let lines: Vec<&str> =
            said.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
        let last = &lines[lines.len().saturating_sub(40)..];
        told += &format!("\n\n{}\n", last.join("\n"));
    }
    told
}

/// Kills the primary, [`KILLS`] times, each time when its standby is synchronous again and people have got somewhere.
async fn deaths(
    town: &Town,
    place: &Place,
    cluster: &mut Cluster,
    nodes: &[Node],
) -> Result<Vec<Death>, String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build().unwrap();
    let mut deaths = Vec::new();
    for nth in 0..KILLS {
        let primary = cluster.whole().await;
        let answered = || town.tally.answers.load(Relaxed);
        let enough = answered() + CALM;
        eventually("people get somewhere", async || (answered() >= enough).then_some(())).await;
        if town.is_over() {
            return Err("too few lives for so many deaths".into());
        }
        let awaited = town.count("pg_stat_replication WHERE sync_state = 'sync'").await;
        if awaited != 1 {
            return Err(format!("commits wait for {awaited} standbys before death {nth}"));
        }
        let (machine, died) = (nth % MACHINES == MACHINES - 1, Instant::now());
        if machine {
            cluster.kill_machine(primary)
        } else {
            cluster.kill_server(primary)
        }
        cluster.promoted(1 - primary).await;
        let promoted = Instant::now();
        let enough = answered() + CROWD;
        for node in nodes {
            node.ready(&client, Trouble::Promoted).await?;
        }
        eventually("people get somewhere again", async || (answered() >= enough).then_some(())).await;
        let death = Death { machine, without: promoted - died, healing: promoted.elapsed() };
        if death.healing > HEALED {
            return Err(format!("the nodes healed {:?} after the promotion", death.healing));
        }
        println!("{}", death.told());
        deaths.push(death);
        cluster.mend(primary);
    }
    cluster.whole().await;
    holds(place, nodes).await?;
    Ok(deaths)
}

fn course(deaths: &[Death]) -> Course {
    let happened = deaths.iter().map(|death| (Trouble::Promoted, death.without)).collect();
    Course { happened, ..Course::default() }
}

/// Looks every acknowledged move up: its account, its link, its acceptance and its evidence. What else was acknowledged, the model of each life has asked for since.
async fn ledger(town: &Town, promised: &HashMap<String, usize>) {
    for who in promised.keys() {
        let traces = ["link", "acceptance", "evidence"]
            .map(|table| format!(" AND EXISTS (SELECT 1 FROM {table} WHERE account_id = account.id)"));
        let n = town.count(&format!("account WHERE email = '{who}'{}", traces.concat())).await;
        assert_eq!(n, 1, "the account of {who}, its link, its acceptance and its evidence");
    }
    let moved = town.tally.moves.load(Relaxed);
    assert!(promised.len() <= moved && moved <= LIVES);
}
