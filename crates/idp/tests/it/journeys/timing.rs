//! No response time tells whether an account exists (SECURITY #60, B6): each class of addresses at each entry point costs one hash, and a ranking of
//! the times of two classes is as good as a coin toss. `TIMING_SAMPLES=2000` takes this many of each with the hash of production and the
//! standard's bounds, on a machine that does nothing else; without it few are taken, and a class that is a whole hash apart is seen.

use std::time::{Duration, Instant};

use accounts::{HashCost, Rules};
use http::Method;
use kernel::sea_orm::ConnectionTrait;
use testbed::Bed;
use testkit::{Visitor, encoded};

use crate::journeys::{
    portal::Portal,
    sequences::Dice,
    world::{PASSWORD, World},
};

/// Samples of a class where nobody asked for more.
const FEW: usize = 30;
/// The tolerance in standard deviations, so that a run of few samples does not fail by chance.
const SIGMAS: f64 = 5.0;
/// SECURITY B6.
const AUC: f64 = 0.05;
const MEDIANS: f64 = 0.02;

/// A kind of address at a door, and the browser that asks.
struct Class {
    what: &'static str,
    path: String,
    fields: Vec<(&'static str, String)>,
    /// Argon2 hashes for one try.
    hashes: usize,
    visitor: Visitor,
    took: Vec<f64>,
}

/// Classes that must not be told apart.
struct Door {
    name: &'static str,
    classes: Vec<Class>,
}

/// The number of samples, and the bounds.
struct Measure {
    samples: usize,
    strict: bool,
    cost: HashCost,
    floor: Duration,
}

impl Measure {
    fn told() -> Self {
        #[allow(clippy::disallowed_methods, reason = "tests are told by the environment how much to try")]
        let told = std::env::var("TIMING_SAMPLES").ok().map(|text| text.parse().unwrap());
        match told {
            Some(samples) => {
                Self { samples, strict: true, cost: HashCost::default(), floor: Duration::from_millis(120) }
            }
            None => Self {
                samples: FEW,
                strict: false,
                cost: HashCost { memory: 8 * 1024, passes: 1, lanes: 1 },
                floor: Duration::from_millis(40),
            },
        }
    }
}

#[tokio::test]
async fn the_clock_does_not_tell_whether_there_is_an_account() {
    let measure = Measure::told();
    let millis = u64::try_from(measure.floor.as_millis()).unwrap();
    let rules = Rules { answer_floor_millis: millis, ..Rules::default() };
    let world = World::hashing(Bed::sqlite().await, u32::MAX, measure.cost, rules).await;
    world.moved("tilleuls", "100", "marie@exemple.test").await;
    world.moved("rivage", "102", "lucie@exemple.test").await;
    let hash = one_hash(&world).await;
    // All of them are looked at, so that a long run tells everything.
    let mut told_apart = Vec::new();
    for door in doors(&world).await {
        for (told, apart) in measured(&world, door, &measure, hash).await {
            println!("{told}");
            told_apart.extend(apart.then_some(told));
        }
    }
    assert_eq!(told_apart, Vec::<String>::new(), "a hash takes {:.2} ms", hash * 1e3);
}

/// The time of a hash on this machine, in seconds: the unit of the differences.
async fn one_hash(world: &World) -> f64 {
    let hasher = world.idp.accounts.hasher();
    let mut took = Vec::new();
    for _ in 0..11 {
        let secret = PASSWORD.as_bytes().to_vec().into();
        took.push(timed(async || assert!(!hasher.verify(None, secret).await.unwrap().right)).await);
    }
    median(&took)
}

async fn timed(what: impl AsyncFnOnce()) -> f64 {
    #[allow(clippy::disallowed_methods, reason = "what an attacker has: a watch")]
    let begun = Instant::now();
    what().await;
    begun.elapsed().as_secs_f64()
}

/// Every door at which somebody can ask about an address or an identifier.
async fn doors(world: &World) -> Vec<Door> {
    let email =
        |email: &str| vec![("email", email.to_owned()), ("password", "une devinette fausse".to_owned())];
    // In a move, and no further.
    let mut paul = at_portal(world).await;
    paul.old_credentials("101", "Vieux-Secret 2").await;
    paul.up_to_mail("paul@exemple.test", PASSWORD).await;
    let link = world.mail_to("paul@exemple.test", "confirm").await.link.unwrap();
    // Two moves under way name one address.
    world.import("tilleuls", "identifier,password\n103,Vieux-Secret 4\n104,Vieux-Secret 5\n", 2).await;
    for (identifier, old) in [("103", "Vieux-Secret 4"), ("104", "Vieux-Secret 5")] {
        let mut twice = at_portal(world).await;
        twice.old_credentials(identifier, old).await;
        twice.up_to_mail("deux@exemple.test", PASSWORD).await;
    }
    lock(world, "sign-in", &[email("lucie@exemple.test"), email("personne@exemple.test")]).await;
    let old = |identifier: &str| {
        vec![("identifier", identifier.to_owned()), ("password", "une devinette fausse".to_owned())]
    };
    lock(world, "legacy", &[old("102"), old("998")]).await;
    let forgot = |email: &str| vec![("email", email.to_owned())];
    let mut doors = vec![
        door(
            world,
            "sign-in",
            "sign-in",
            1,
            vec![
                ("no account", email("irene@exemple.test")),
                ("an account", email("marie@exemple.test")),
                ("a move under way", email("paul@exemple.test")),
                ("two moves under way", email("deux@exemple.test")),
            ],
        )
        .await,
        door(
            world,
            "sign-in, locked",
            "sign-in",
            0,
            vec![("no account", email("personne@exemple.test")), ("an account", email("lucie@exemple.test"))],
        )
        .await,
        door(
            world,
            "old identifier",
            "legacy",
            1,
            vec![("nobody's", old("999")), ("not moved", old("101")), ("moved", old("100"))],
        )
        .await,
        door(
            world,
            "old identifier, locked",
            "legacy",
            0,
            vec![("nobody's", old("998")), ("not moved", old("102"))],
        )
        .await,
        door(
            world,
            "forgotten password",
            "forgot",
            0,
            vec![
                ("no account", forgot("irene@exemple.test")),
                ("an account", forgot("marie@exemple.test")),
                ("a move under way", forgot("paul@exemple.test")),
                ("locked", forgot("lucie@exemple.test")),
            ],
        )
        .await,
    ];
    // Whoever holds only the mailed link learns neither the address nor the password.
    let mut confirm = door(
        world,
        "mailed link",
        "/confirm",
        1,
        vec![("another address", email("irene@exemple.test")), ("the address", email("paul@exemple.test"))],
    )
    .await;
    for class in &mut confirm.classes {
        class.visitor.open(&link).await;
        class.path = "/confirm".into();
        let csrf = class.visitor.screen.field("csrf").unwrap();
        class
            .fields
            .iter_mut()
            .filter(|(name, _)| *name == "csrf")
            .for_each(|(_, value)| value.clone_from(&csrf));
    }
    doors.push(confirm);
    doors
}

async fn at_portal(world: &World) -> Visitor {
    let mut someone = world.visitor();
    Portal::new(world, "tilleuls").send(&mut someone, &[]).await;
    someone
}

async fn door(
    world: &World,
    name: &'static str,
    page: &str,
    hashes: usize,
    of: Vec<(&'static str, Vec<(&'static str, String)>)>,
) -> Door {
    let mut classes = Vec::new();
    for (what, mut fields) in of {
        let visitor = at_portal(world).await;
        let path = format!("{}/{page}", visitor.screen.path());
        fields.push(("csrf", visitor.screen.field("csrf").unwrap()));
        classes.push(Class { what, path, fields, hashes, visitor, took: Vec::new() });
    }
    Door { name, classes }
}

/// Five wrong attempts at each.
async fn lock(world: &World, page: &str, who: &[Vec<(&'static str, String)>]) {
    for fields in who {
        let door = door(world, "", page, 1, vec![("", fields.clone())]).await;
        for mut class in door.classes {
            for _ in 0..5 {
                class.tries().await;
            }
            let path = class.path.clone();
            class.visitor.open(&path).await;
        }
    }
    world.mails().await;
}

impl Class {
    /// One try, to the answer.
    async fn tries(&mut self) {
        let fields: Vec<(&str, &str)> = self.fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let body = encoded(&fields).into_bytes();
        let headers = [("sec-fetch-site", "same-origin")];
        let screen = self.visitor.once(Method::POST, &self.path, Some(body), &headers).await;
        assert_eq!(screen.status.as_u16(), 303, "{}", self.what);
    }
}

/// Takes the samples in random order, each with a fresh count, and compares the classes two by two: what is told of a
/// pair, and whether it can be told apart.
async fn measured(world: &World, mut door: Door, measure: &Measure, hash: f64) -> Vec<(String, bool)> {
    let mut pairs = Vec::new();
    let mut dice = Dice::of(60);
    let mut order: Vec<usize> =
        (0..door.classes.len() * measure.samples).map(|n| n % door.classes.len()).collect();
    for n in (1..order.len()).rev() {
        order.swap(n, dice.below(n + 1));
    }
    // The first ones of all warm up what there is to warm up.
    for n in (0..door.classes.len()).chain(order) {
        let class = &mut door.classes[n];
        forget(world).await;
        let before = world.idp.accounts.hasher().done();
        let took = timed(async || class.tries().await).await;
        class.took.push(took);
        let hashes = world.idp.accounts.hasher().done() - before;
        // Each of two moves costs its hash: the floor hides the second.
        let expected = class.hashes * if class.what == "two moves under way" { 2 } else { 1 };
        assert_eq!(hashes, expected, "{}: {}", door.name, class.what);
    }
    for class in &mut door.classes {
        class.took.remove(0);
    }
    for (n, one) in door.classes.iter().enumerate() {
        for other in &door.classes[n + 1..] {
            let (auc, apart) =
                (auc(&one.took, &other.took), (median(&one.took) - median(&other.took)).abs() / hash);
            let told = format!(
                "{}: {} / {}: AUC {auc:.3}, medians {:.2} ms and {:.2} ms, {:.2} % of a hash apart",
                door.name,
                one.what,
                other.what,
                median(&one.took) * 1e3,
                median(&other.took) * 1e3,
                apart * 100.0
            );
            let most = if measure.strict { AUC } else { SIGMAS * rng(measure.samples) };
            let is_apart = (auc - 0.5).abs() >= most || measure.strict && apart >= MEDIANS;
            pairs.push((told, is_apart));
        }
    }
    pairs
}

/// Counts that have not locked begin anew, and messages do not pile up: each try finds the tables as the one before it did.
async fn forget(world: &World) {
    let db = world.bed.context.db.writer();
    for sql in ["DELETE FROM attempt WHERE locked_at IS NULL", "DELETE FROM outbox WHERE kind = 'recovery'"] {
        db.execute_unprepared(sql).await.unwrap();
    }
}

/// How often a time of the one class is above one of the other: a half, where the two cannot be told apart (Mann and Whitney).
fn auc(one: &[f64], other: &[f64]) -> f64 {
    let wins = |a: &f64| {
        other
            .iter()
            .map(|b| {
                if a > b {
                    1.0
                } else if a == b {
                    0.5
                } else {
                    0.0
                }
            })
            .sum::<f64>()
    };
    one.iter().map(wins).sum::<f64>() / count(one.len() * other.len())
}

/// One standard deviation of it, where two classes of so many are one.
fn rng(samples: usize) -> f64 {
    (count(2 * samples + 1) / (12.0 * count(samples * samples))).sqrt()
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap())
}

fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[test]
fn ranks_tell_apart_what_is_apart_and_nothing_else() {
    let even: Vec<f64> = (0..100).map(|n| f64::from(n * 2)).collect();
    let odd: Vec<f64> = (0..100).map(|n| f64::from(n * 2 + 1)).collect();
    let above: Vec<f64> = (0..100).map(|n| f64::from(n + 1000)).collect();
    assert!((auc(&even, &odd) - 0.5).abs() < 0.01);
    assert!((auc(&above, &even) - 1.0).abs() < f64::EPSILON);
    assert!(rng(30) * SIGMAS < 0.5, "a whole hash is seen with few samples");
}
