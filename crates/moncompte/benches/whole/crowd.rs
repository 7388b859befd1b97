//! Delays of other people while many end their moves at one moment, as at the start of a campaign: each of these acts appends evidence, and all nodes append
//! to one chain.

use std::{
    collections::HashMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mail_parser::MessageParser;
use tokio::task::JoinSet;

use crate::{
    pace::{Work, quantile},
    person::{Page, Person, Persona, link},
    place::eventually,
    report::{Goal, Row},
    site::{Effort, RS256, Refresh, Site, Userinfo},
};

/// People who are prepared at once.
const HANDS: usize = 8;
/// The pause between two requests of a bystander.
const PAUSE: Duration = Duration::from_millis(5);

/// A person before the last step of their move, and its page.
type Standing = (Arc<Person>, Page);

/// Runs all futures, [`HANDS`] at once; returns their results in the order of their ends.
async fn each<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    all: impl IntoIterator<Item = F>,
) -> Vec<T> {
    let (mut under_way, mut done) = (JoinSet::new(), Vec::new());
    for one in all {
        if under_way.len() >= HANDS {
            done.extend(under_way.join_next().await.map(|one| one.expect("a person")));
        }
        under_way.spawn(one);
    }
    done.extend(under_way.join_all().await);
    done
}

/// The links in all mails, by their addresses.
fn links(site: &Site) -> HashMap<String, String> {
    let mails = fs::read_dir(site.place.path("mails")).expect("mails").flatten();
    let read = mails.filter_map(|entry| {
        let bytes = fs::read(entry.path()).ok()?;
        let mail = MessageParser::default().parse(&bytes)?;
        let to = mail.to()?.first()?.address()?.to_owned();
        mail.body_text(0)?.contains("/confirm?token=").then(|| (to, link(&bytes)))
    });
    read.collect()
}

async fn before_the_last_step(site: &Site, people: usize) -> Vec<Standing> {
    let issuer = site.place.issuer();
    let movers = || (1..=people).map(Persona::number);
    site.place.people(movers().map(|mover| mover.row()));
    let mailed = each(movers().map(|mover| {
        let person = Arc::new(Person::patient(&issuer));
        async move {
            person.until_mail(&mover).await;
            (person, mover)
        }
    }))
    .await;
    // More than `people`, since the mail of the first account's own move is there too.
    let links =
        eventually("all mails", async || Some(links(site)).filter(|links| links.len() > people)).await;
    each(mailed.into_iter().map(|(person, mover)| {
        let link = links[&mover.email].clone();
        async move {
            let page = person.get(&link).await;
            let typed = [("email", &*mover.email), ("password", &*mover.new)];
            let page = person.submit(&page, "confirm", &typed).await;
            assert!(page.asks("terms"), "{} {}", page.url, page.heading());
            (person, page)
        }
    }))
    .await
}

/// The duration of each request of a bystander, for as long as `goes_on` says.
async fn looks_on(mut work: impl Work, goes_on: impl Fn(usize) -> bool) -> Vec<Duration> {
    let (mut beat, mut times) = (tokio::time::interval(PAUSE), Vec::new());
    while goes_on(times.len()) {
        beat.tick().await;
        let began = Instant::now();
        work.once().await;
        times.push(began.elapsed());
    }
    times
}

/// Runs `work` on a thread and a runtime of its own, so that the crowd does not delay the bystander.
fn apart<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// The durations of reads, and of the token endpoint, while many people end their moves at once. No request may fail.
pub async fn finish(name: &str, site: &Site, effort: Effort) -> Vec<Row> {
    let people = if effort.samples < 600 { 80 } else { 400 };
    let movers = before_the_last_step(site, people).await;
    let (over, samples) = (AtomicBool::new(false), effort.samples);
    let goes_on = |_: usize| !over.load(Ordering::Relaxed);
    let (mut reads, mut tokens, mut peace, took) = thread::scope(|scope| {
        let quiet = scope.spawn(|| {
            apart(async { looks_on(Refresh(site.tokens(900, RS256).await), |n| n < samples).await })
        });
        let peace = quiet.join().expect("peace");
        let reads =
            scope.spawn(|| apart(async { looks_on(Userinfo(site.tokens(901, RS256).await), goes_on).await }));
        let tokens =
            scope.spawn(|| apart(async { looks_on(Refresh(site.tokens(902, RS256).await), goes_on).await }));
        let crowd = scope.spawn(|| {
            apart(async move {
                let began = Instant::now();
                let mut crowd = JoinSet::new();
                for (person, page) in movers {
                    crowd.spawn(async move { person.submit(&page, "terms", &[("accept", "on")]).await });
                }
                for page in crowd.join_all().await {
                    assert!(page.status.is_success() || page.code().is_some(), "{} {}", page.url, page.body);
                }
                began.elapsed()
            })
        });
        let took = crowd.join().expect("a crowd");
        over.store(true, Ordering::Relaxed);
        (reads.join().expect("reads"), tokens.join().expect("tokens"), peace, took)
    });
    let millis = |times: &mut Vec<Duration>| quantile(times, 0.99).as_secs_f64() * 1000.0;
    println!(
        "{people} finish, {name}: in {took:.1?}, beside {} reads and {} tokens",
        reads.len(),
        tokens.len()
    );
    let pair = (millis(&mut tokens), millis(&mut peace));
    vec![
        Row::alone(
            format!("read p99 while {people} finish, {name}"),
            "ms",
            millis(&mut reads),
            Goal::AtMost(50.0),
        ),
        Row::beside(format!("token p99 while {people} finish, {name}"), "ms", &[pair], Goal::AtMost(5.0)),
    ]
}
