//! Rates, durations and their statistics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

/// Work that a worker repeats.
pub trait Work: Send + 'static {
    fn once(&mut self) -> impl Future<Output = ()> + Send;
}

/// Units a second by these workers at once. They work before the clock starts and after it has stopped, so that no unit is cut. Returns the workers as
/// well, for the next round.
pub async fn rate<W: Work>(workers: Vec<W>, time: Duration) -> (f64, Vec<W>) {
    let (done, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let first = workers.len() as u64;
    let mut all = JoinSet::new();
    for mut worker in workers {
        let (done, over) = (done.clone(), over.clone());
        all.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                worker.once().await;
                done.fetch_add(1, Ordering::Relaxed);
            }
            worker
        });
    }
    let mut beat = tokio::time::interval(Duration::from_millis(5));
    while done.load(Ordering::Relaxed) < first {
        beat.tick().await;
        // A worker that has failed would be waited for without an end.
        assert!(all.try_join_next().is_none(), "a worker ended before it was told");
    }
    let (began, before) = (Instant::now(), done.load(Ordering::Relaxed));
    tokio::time::sleep(time).await;
    let (took, made) = (began.elapsed(), done.load(Ordering::Relaxed) - before);
    over.store(true, Ordering::Relaxed);
    (made as f64 / took.as_secs_f64(), all.join_all().await)
}

/// The same for work without waiting, on a thread for each core.
pub fn rate_on_cores(time: Duration, mut work: impl FnMut() + Send + Clone) -> f64 {
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..cores() {
            let mut work = work.clone();
            let (done, over) = (&done, &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    work();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // The first call's one-time work is not measured.
        work();
        let (began, before) = (Instant::now(), done.load(Ordering::Relaxed));
        thread::sleep(time);
        let (took, made) = (began.elapsed(), done.load(Ordering::Relaxed) - before);
        over.store(true, Ordering::Relaxed);
        made as f64 / took.as_secs_f64()
    })
}

pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The time within which this part of the durations lies: 0.99 for all but the slowest hundredth.
pub fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    let nth = (times.len() as f64 * part).ceil() as usize;
    times[nth.clamp(1, times.len()) - 1]
}

/// The median, which one disturbed round does not move.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
