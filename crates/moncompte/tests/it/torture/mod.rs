//! Random schedules (SECURITY part C, "History checking"): people live on two nodes while nodes are killed, stopped and restarted, and the database is
//! cut, away, mute or locked. A small model must explain every answer; at the end no invariant may be broken, no mail lost, nobody stuck.
//!
//! `cargo xtask torture --minutes N --seed S` runs it for any time. The tests run it for a minute or so with a fixed seed.

mod crash;
mod dice;
mod failover;
mod front;
mod life;
mod mailed;
mod messages;
mod model;
mod patroni;
mod trouble;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use kernel::sea_orm::{ConnectionTrait, Statement};
use testbed::{Bed, apply, both};
use tokio::task::{JoinSet, LocalSet};

use crate::{
    person::Persona,
    place::{MAIL_FOLDER, Place, eventually, free_port, secret_file},
    races::another,
};
use dice::Dice;
pub use front::Front;
use life::{Broken, Life, Tally};
use messages::Messages;
use model::{Did, Saw};
pub use patroni::{as_postgres, own};
use trouble::{Course, Node, Trouble};

/// The seed of the tests: one that once found a fault, or any.
const KEPT: u64 = 20_261_125;
/// The number of lives in the tests, and their greatest duration.
const GLANCE: (usize, Duration) = (24, Duration::from_secs(90));
/// People who live at once.
const CROWD: usize = 8;
/// Lives a minute for which old identifiers are imported.
const LIVES_A_MINUTE: usize = 60;

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_people_see_what_may_happen(bed: Bed) {
    torture(bed).await;
}

/// A number from the environment, set by `cargo xtask torture`.
fn told(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// All that the lives share.
struct Town {
    issuer: String,
    messages: Messages,
    tally: Tally,
    over: AtomicBool,
    /// A connection to the database that no proxy disturbs.
    db: kernel::Db,
}

impl Town {
    async fn of(place: &Place) -> Self {
        Self {
            issuer: place.issuer(),
            messages: Messages::of(place.path("mails")),
            tally: Tally::default(),
            over: AtomicBool::new(false),
            db: place.bed.second_node().await.db,
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    /// Returns true if every message has left or is given up.
    async fn nothing_waits(&self) -> bool {
        self.count("outbox WHERE sent_at IS NULL AND dead_at IS NULL").await == 0
    }

    async fn count(&self, from: &str) -> i64 {
        let db = self.db.reader();
        let query =
            Statement::from_string(db.get_database_backend(), format!("SELECT count(*) AS n FROM {from}"));
        // While a cluster has no primary there is no answer.
        let row = eventually("the database", async || db.query_one_raw(query.clone()).await.ok()).await;
        row.unwrap().try_get("", "n").unwrap()
    }

    fn tally_of(&self, did: Did, saw: Saw) {
        let tally = &self.tally;
        let count = match (did, saw) {
            (_, Saw::Lost) => &tally.lost,
            (_, Saw::Locked) => &tally.locks,
            (Did::SignIn { .. }, Saw::In) => &tally.sign_ins,
            (Did::Attach { .. }, Saw::In) => &tally.attached,
            (Did::Redeem { .. }, Saw::Done) => &tally.redeemed,
            (Did::Refresh { .. }, Saw::Done) => &tally.refreshed,
            (Did::Redeem { .. } | Did::Refresh { .. }, Saw::Refused) => &tally.replays,
            (Did::Reset { .. }, _) => &tally.resets,
            (_, Saw::Wrong { .. } | Saw::Refused) => &tally.refused,
            _ => return,
        };
        Tally::one(count);
    }
}

async fn torture(bed: Bed) {
    let seed = told("TORTURE_SEED").unwrap_or(KEPT);
    let minutes = told("TORTURE_MINUTES");
    let time = minutes.map_or(GLANCE.1, |minutes| Duration::from_secs(60 * minutes));
    // The tests have no time for thirty seconds.
    let longest = if minutes.is_some() { trouble::STANDSTILL } else { Duration::from_secs(3) };
    let mut dice = Dice::new(seed);

    let place = Place::new(bed, MAIL_FOLDER);
    let lives = minutes.map_or(GLANCE.0, |minutes| LIVES_A_MINUTE * usize::try_from(minutes).unwrap());
    place.people(
        (0..2 * lives).map(|n| (Persona::number(n).identifier, Persona::number(n).old, String::new())),
    );
    let mut nodes = Vec::new();
    for folder in ["node-a", "node-b"] {
        nodes.push(node(&place, folder).await);
    }
    for node in &mut nodes {
        node.start(&place).await;
    }
    let _front = Front::before(place.port, nodes.iter().map(|node| node.port).collect()).await;
    let town = Arc::new(Town::of(&place).await);

    let begun = Instant::now();
    let end = || town.is_over() || begun.elapsed() > time;
    let lots = dice.fork();
    let troubles = async {
        let course =
            trouble::until(end, || town.tally.answers.load(Relaxed), longest, &mut dice, &place, &mut nodes)
                .await;
        town.over.store(true, Relaxed);
        course
    };
    // A failure on one side ends the run at once.
    let together = LocalSet::new();
    let whole = together.run_until(async { tokio::try_join!(crowd(&town, lots, lives), troubles) });
    let (promised, course) =
        whole.await.unwrap_or_else(|why| panic!("seed {seed} on {}:\n{why}", place.bed.name));
    let mails = all_arrive(&town, &promised, &course, minutes.is_none()).await;
    println!("{}", summary(seed, place.bed.name, begun.elapsed(), &town.tally, &course, mails));
    // Dropping the bed checks the invariants, so the nodes end before.
    drop(nodes);
}

/// Starts a node in a folder of its own, on PostgreSQL behind a proxy.
async fn node(place: &Place, folder: &'static str) -> Node {
    let (port, (cable, address)) = (free_port(), trouble::cable(&place.bed).await);
    another(place, folder, port);
    secret_file(&place.path(folder).join("secrets/database"), &address);
    Node::beside(place, folder, port, cable)
}

/// Runs this many lives, [`CROWD`] at once, until all end or the town closes. Returns the number of promised mails by address.
async fn crowd(town: &Arc<Town>, mut dice: Dice, lives: usize) -> Result<HashMap<String, usize>, Broken> {
    let (mut people, mut promised) = (JoinSet::new(), HashMap::new());
    let mut next = 0..lives;
    loop {
        while people.len() < CROWD && !town.is_over() {
            let Some(n) = next.next() else { break };
            people.spawn_local(Life::new(town.clone(), dice.fork(), n).live());
        }
        match people.join_next().await {
            // All lives have ended.
            None => {
                town.over.store(true, Relaxed);
                return Ok(promised);
            }
            Some(lived) => {
                let (who, mails) = lived.unwrap()?;
                promised.insert(who, mails);
            }
        }
    }
}

/// Waits until every message has left. Checks that each promised mail has arrived, and that no more came twice than senders may have died between the server's
/// reply and their commit (SECURITY I12). Returns the number of mails, and of those that came twice.
async fn all_arrive(
    town: &Town,
    promised: &HashMap<String, usize>,
    course: &Course,
    glance: bool,
) -> (usize, usize) {
    if glance {
        // The leases of dead workers would end by themselves after a minute.
        let free = "UPDATE outbox SET locked_until = NULL, not_before = 0 WHERE sent_at IS NULL";
        town.db.writer().execute_unprepared(free).await.unwrap();
    }
    eventually("the last message", async || town.nothing_waits().await.then_some(())).await;
    assert_eq!(town.count("outbox WHERE dead_at IS NOT NULL").await, 0, "messages were given up");
    let messages = town.messages.all();
    for (who, promised) in promised {
        let ids: HashSet<_> = messages.iter().filter(|l| l.to == *who).map(|l| &*l.id).collect();
        assert!(ids.len() >= *promised, "{who} was promised {promised} mails and got {}", ids.len());
    }
    let ids: HashSet<_> = messages.iter().map(|message| &*message.id).collect();
    let twice = messages.len() - ids.len();
    assert!(twice <= 8 * course.happened.len(), "{twice} mails came twice");
    (ids.len(), twice)
}

fn summary(
    seed: u64,
    name: &str,
    took: Duration,
    tally: &Tally,
    course: &Course,
    (mails, twice): (usize, usize),
) -> String {
    let n = |count: &std::sync::atomic::AtomicUsize| count.load(Relaxed);
    let longest = |of: Trouble| {
        course.happened.iter().filter(|(t, _)| *t == of).map(|(_, took)| *took).max().unwrap_or_default()
    };
    format!(
        "torture on {name}, seed {seed}, two nodes, {:.0} s: {} lives; {} moves, {} sign-ins, {} refused, {} locks, {} resets, {} attached, {} codes \
         redeemed, {} refreshed, {} replays refused, {} pairs at once; {} answers lost. {} troubles: {} kills, {} standstills (the longest {:.0} s), {} \
         rolling restarts, {} cuts of the database, {} lost acknowledgements, {} foreign writers; ready again at most {:.1} s after each. {mails} mails, \
         {twice} of them twice. Nothing unexplained, no mail lost, no dead end; invariants looked at {} times under load, none broken.",
        took.as_secs_f64(),
        n(&tally.lives),
        n(&tally.moves),
        n(&tally.sign_ins),
        n(&tally.refused),
        n(&tally.locks),
        n(&tally.resets),
        n(&tally.attached),
        n(&tally.redeemed),
        n(&tally.refreshed),
        n(&tally.replays),
        n(&tally.at_once),
        n(&tally.lost),
        course.happened.len(),
        course.count(&[Trouble::Killed]) + 2 * course.count(&[Trouble::AllKilled]),
        course.count(&[Trouble::Stopped]),
        longest(Trouble::Stopped).as_secs_f64(),
        course.count(&[Trouble::Rolled]),
        course.count(&[Trouble::Cut, Trouble::Away, Trouble::Mute, Trouble::Slow]),
        course.count(&[Trouble::Unacknowledged]),
        course.count(&[Trouble::Pen]),
        course.healing.as_secs_f64(),
        course.looks,
    )
}
