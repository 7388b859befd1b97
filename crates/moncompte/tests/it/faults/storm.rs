//! More passwords than the cores can hash (SECURITY #62, B7): they wait in a bounded queue or get a 503, and no other request waits for them.

use std::{
    fs,
    time::{Duration, Instant},
};

use testbed::Bed;
use tokio::task::JoinSet;

use super::{HEALED, Site, Told, is_not_now};
use crate::person::{Page, Person};

/// Memory of a hash, in MiB: large, so that a second hash at the same time shows.
const MEMORY: usize = 64;
/// People at once, each with another address; slots and queue together have five places.
const STORM: usize = 24;
/// Pause between two tries of one of them.
const PAUSE: Duration = Duration::from_millis(250);
const LASTS: Duration = Duration::from_secs(6);
/// The bounds for probes. docs/requirements asks for 99 in 100 within 500 ms, and refusals within 1 s, on a machine that does nothing else. Here the storm, other
/// tests and an unoptimised program share two cores: half of the probes keep that bound, 99 in 100 keep four times it. A probe that shared a queue
/// with the storm, of hashes or of the one writer, would miss both.
const PROBE: Duration = Duration::from_millis(500);
const REFUSED: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_passwords_waits_in_its_own_queue() {
    let bed = Bed::sqlite().await;
    let address = bed.address.clone();
    let hashing = format!("\n[argon2]\nmemory = {}\nslots = 1\nqueue = 4\n", MEMORY * 1024);
    let site = Site::new(bed, &address, &hashing).await;
    let tokens = site.redeem(&site.signs_in().await.code().unwrap()).await;
    too_long_is_refused_unhashed(&site).await;

    let before = most_memory(&site);
    let mut storm = JoinSet::new();
    for n in 0..STORM {
        storm.spawn(knock(site.place.issuer(), n));
    }
    let mut took = probe(&site, &tokens).await;
    let knocks: Vec<_> = storm.join_all().await.into_iter().flatten().collect();
    let over = Instant::now();
    assert!(site.signs_in().await.code().is_some());
    assert!(over.elapsed() < HEALED, "{:?}", over.elapsed());
    let (refused, judged): (Vec<_>, Vec<_>) = knocks.into_iter().partition(|(page, _)| is_not_now(page));
    let mut refused: Vec<_> = refused.into_iter().map(|(_, took)| took).collect();
    assert!(judged.len() > 5 && refused.len() > STORM, "a storm");
    let [half, worst] = [50, 99].map(|percent| within(percent, &mut took));
    let slowest = within(99, &mut refused);
    println!(
        "{} probes, half within {half:?}, 99 % within {worst:?}; {} hashed; {} refused within {slowest:?}",
        took.len(),
        judged.len(),
        refused.len()
    );
    for (page, _) in &judged {
        assert!(page.status == 200 && page.asks("sign-in"), "{} {}", page.url, page.status);
    }
    assert!(half < PROBE && worst < 4 * PROBE, "{half:?}, {worst:?}");
    assert!(slowest < REFUSED, "who finds the queue full waits {slowest:?}");
    // One hash at a time: a second one would show here.
    let grown = most_memory(&site) - before;
    assert!(grown < MEMORY / 2, "{grown} MiB more than for one hash");
}

/// Sends the requests of portals and operators, each at its own pace, for as long as the storm lasts; returns their durations.
async fn probe(site: &Site, tokens: &Told) -> Vec<Duration> {
    let (access, mut token) = (tokens.text("access_token"), tokens.text("refresh_token").to_owned());
    let refresh = async {
        probes(async || {
            let told = site.refresh(&token).await;
            token = told.text("refresh_token").to_owned();
            told.status.as_u16()
        })
        .await
    };
    let keys = async || site.client.get(site.at("/jwks")).send().await.unwrap().status().as_u16();
    let (refreshed, opened, alive, published) = tokio::join!(
        refresh,
        probes(async || site.userinfo(access).await.status.as_u16()),
        probes(async || site.health("live").await),
        probes(keys)
    );
    [refreshed, opened, alive, published].concat()
}

async fn probes(mut ask: impl AsyncFnMut() -> u16) -> Vec<Duration> {
    let (begun, mut beat) = (Instant::now(), tokio::time::interval(Duration::from_millis(50)));
    let mut took = Vec::new();
    while begun.elapsed() < LASTS {
        beat.tick().await;
        let asked = Instant::now();
        assert_eq!(ask().await, 200);
        took.push(asked.elapsed());
    }
    took
}

/// Tries passwords of the greatest length for as long as the storm lasts.
async fn knock(issuer: String, who: usize) -> Vec<(Page, Duration)> {
    let person = Person::new(&issuer);
    let page = person.asked_by_portal().await;
    let long = "x".repeat(1024);
    // Filled once, since reading pages takes time of the same cores.
    let (url, mut fields) = person.filled(&page, "sign-in", &[("password", &long), ("email", "")]);
    // Spread over one pause.
    let first = tokio::time::Instant::now() + PAUSE / 24 * u32::try_from(who).unwrap();
    let (begun, mut beat) = (Instant::now(), tokio::time::interval_at(first, PAUSE));
    let mut saw = Vec::new();
    while begun.elapsed() < LASTS {
        beat.tick().await;
        // Another address each time, so that none locks.
        fields.last_mut().unwrap().1 = format!("inconnu.{who}.{}@courrier.example", saw.len());
        let asked = Instant::now();
        let page = person.try_post(url.clone(), &fields).await.unwrap();
        saw.push((page, asked.elapsed()));
    }
    saw
}

/// A password above the greatest length costs no hash and no row (SECURITY "Numbers").
async fn too_long_is_refused_unhashed(site: &Site) {
    let person = site.person();
    let page = person.asked_by_portal().await;
    let attempts = site.count("attempt").await;
    for (length, status) in [(1024 * 1024, 413), (60_000, 200)] {
        let asked = Instant::now();
        let typed = [("email", "inconnu@courrier.example"), ("password", &*"x".repeat(length))];
        let answer = person.submit(&page, "sign-in", &typed).await;
        assert_eq!(answer.status, status, "{length}: {}", answer.heading());
        assert!(asked.elapsed() < REFUSED, "{length}: {:?}", asked.elapsed());
    }
    assert_eq!(site.count("attempt").await, attempts, "nothing was counted, so nothing was hashed");
}

/// The duration that this percentage of requests does not exceed.
fn within(percent: usize, took: &mut [Duration]) -> Duration {
    took.sort();
    took[(took.len() * percent).div_ceil(100) - 1]
}

/// The peak resident memory of the program, in MiB (proc_pid_status(5)).
fn most_memory(site: &Site) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", site.running.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}
