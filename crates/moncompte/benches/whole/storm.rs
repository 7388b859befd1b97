//! What a portal feels of a storm of sign-ins: how long a token takes while twice as many passwords come as the cores can hash.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{
    limit,
    pace::quantile,
    report::{Goal, Row},
    site::{Effort, RS256, Site, Tokens, Visitor},
};

/// Browsers that stand before the form; those who wait in the provider's queue are among them.
const PEOPLE: u64 = 400;
/// Storms. A hundredth of the requests is few of them, and one of those meets the disk's bad moment.
const ROUNDS: usize = 3;
/// Between two token requests.
const PAUSE: Duration = Duration::from_millis(20);

/// The time within which all but a hundredth of refreshes are answered. What the others are is printed.
async fn slowest(when: &str, tokens: &mut Tokens, samples: usize) -> Duration {
    let mut times = Vec::with_capacity(samples);
    let mut beat = tokio::time::interval(PAUSE);
    for _ in 0..samples {
        beat.tick().await;
        let began = Instant::now();
        tokens.refreshes().await;
        times.push(began.elapsed());
    }
    let [half, most, slow, slowest] = [0.5, 0.9, 0.99, 1.0].map(|part| quantile(&mut times, part));
    println!("{when}: half within {half:.1?}, 90 % {most:.1?}, 99 % {slow:.1?}, all {slowest:.1?}");
    slow
}

/// The token endpoint's p99 in a storm, beside its own in peace.
pub async fn token(name: &str, site: &Site, effort: Effort) -> Row {
    let mut tokens = site.tokens(900, RS256).await;
    let gap = Duration::from_secs_f64(0.5 / limit::hashes(effort.round));
    let calm = Arc::new(Mutex::new(VecDeque::new()));
    calm.lock().unwrap().extend((1..=PEOPLE).map(|account| site.visitor(account, RS256)));
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let peace = slowest("in peace", &mut tokens, effort.samples).await;
        let over = Arc::new(AtomicBool::new(false));
        let storm = tokio::spawn(storm(calm.clone(), gap, over.clone()));
        // Until the cores have more than they can do.
        tokio::time::sleep(effort.round * 2).await;
        let stormy = slowest("in the storm", &mut tokens, effort.samples).await;
        over.store(true, Ordering::Relaxed);
        let sent = storm.await.expect("a storm");
        println!("storm, {name}: {sent} sign-ins sent, one every {gap:?}");
        rounds.push((millis(stormy), millis(peace)));
    }
    Row::beside(format!("token p99 in a storm, {name}"), "ms", &rounds, Goal::AtMost(3.0))
}

/// One password every `gap`, whether those before are answered or not; each by somebody who waits for nobody.
async fn storm(calm: Arc<Mutex<VecDeque<Visitor>>>, gap: Duration, over: Arc<AtomicBool>) -> u64 {
    let (mut beat, mut all, mut sent) = (tokio::time::interval(gap), JoinSet::new(), 0);
    while !over.load(Ordering::Relaxed) {
        beat.tick().await;
        while all.try_join_next().is_some_and(|done| done.is_ok()) {}
        let Some(mut visitor) = calm.lock().unwrap().pop_front() else { continue };
        sent += 1;
        let calm = calm.clone();
        all.spawn(async move {
            let (hub, csrf) = visitor.is_asked().await;
            // Let in, or told to come back in a moment.
            let answer = visitor.answers(&hub, &csrf).await;
            assert!(
                answer.status.is_redirection() || answer.status == 503,
                "{} {}",
                answer.status,
                answer.text()
            );
            calm.lock().unwrap().push_back(visitor);
        });
    }
    while let Some(done) = all.join_next().await {
        done.expect("a visitor");
    }
    sent
}
