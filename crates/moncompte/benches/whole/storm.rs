//! The duration of a portal's token requests during a storm of sign-ins, with twice as many passwords as the cores can hash.

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

/// Browsers at the form, including those whose passwords wait in the provider's queue.
const PEOPLE: u64 = 400;
/// The number of storms. A hundredth of the requests is a small number, so one slow moment of the disk would decide a single storm.
const ROUNDS: usize = 3;
/// The pause between two token requests.
const PAUSE: Duration = Duration::from_millis(20);

/// The 99th percentile of the durations of refreshes; prints the slower ones.
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

/// The 99th percentile of the token endpoint in a storm, beside its own without one.
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
        // The storm needs time to fill the queue.
        tokio::time::sleep(effort.round * 2).await;
        let stormy = slowest("in the storm", &mut tokens, effort.samples).await;
        over.store(true, Ordering::Relaxed);
        let sent = storm.await.expect("a storm");
        println!("storm, {name}: {sent} sign-ins sent, one every {gap:?}");
        rounds.push((millis(stormy), millis(peace)));
    }
    Row::beside(format!("token p99 in a storm, {name}"), "ms", &rounds, Goal::AtMost(3.0))
}

/// Sends one password every `gap`, from independent people, without waiting for answers. Returns their number.
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
            // Signed in, or a 503.
            let answer = visitor.answers(&hub, &csrf).await;
            assert!(
                answer.status.is_success() || answer.status.is_redirection() || answer.status == 503,
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
