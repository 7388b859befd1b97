use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// Seconds since 1970-01-01 UTC.
pub type Unix = i64;

/// Where the time comes from. Rules take a [`Unix`]; only edges hold a clock.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01 UTC.
    fn now_millis(&self) -> i64;

    /// Seconds since 1970-01-01 UTC.
    fn now(&self) -> Unix {
        self.now_millis().div_euclid(1000)
    }

    /// It was this late already, somewhere: in milliseconds since 1970-01-01 UTC. A clock that can go on from there does.
    fn saw(&self, _millis: i64) {}

    /// By how many milliseconds the machine's own clock is behind this one.
    fn behind(&self) -> i64 {
        0
    }
}

/// A machine whose clock is so many milliseconds behind what was seen is not ready: somebody has to look, for one of the two is wrong.
pub const MOST_BEHIND: i64 = 3_600_000;

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_millis(&self) -> i64 {
        #[allow(clippy::disallowed_methods, reason = "this is the one place that reads it")]
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that never goes back (SECURITY I19, #121). Where the machine's is behind what was seen, time goes on from there at half its speed, until
/// the machine's has caught up: nothing that has expired becomes valid again, and no span of time is cut short.
pub struct SteadyClock<C = SystemClock> {
    machine: C,
    begun: Instant,
    /// The highest time seen, and when that was: milliseconds of the machine's time, and since `begun`.
    seen: Mutex<(i64, i64)>,
}

impl<C: Clock> SteadyClock<C> {
    /// Over this clock.
    pub fn over(machine: C) -> Self {
        #[allow(
            clippy::disallowed_methods,
            reason = "it measures how long ago something was seen, whatever the time is"
        )]
        let begun = Instant::now();
        let seen = Mutex::new((machine.now_millis(), 0));
        Self { machine, begun, seen }
    }

    /// The time, after it was told what was seen elsewhere.
    fn told(&self, elsewhere: i64) -> i64 {
        // Nothing is done under the lock that could stop half-way.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (machine, passed) = (self.machine.now_millis(), self.begun.elapsed().as_millis());
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let now = steady(machine, seen.0, passed - seen.1);
        let latest = now.max(elsewhere);
        if latest == machine || latest > now {
            *seen = (latest, passed);
        }
        latest
    }
}

/// What time it is: the machine's, unless that is behind what was `seen` so long `ago`. Milliseconds.
fn steady(machine: i64, seen: i64, ago: i64) -> i64 {
    machine.max(seen.saturating_add(ago / 2))
}

impl<C: Clock> Clock for SteadyClock<C> {
    fn now_millis(&self) -> i64 {
        self.told(i64::MIN)
    }

    fn saw(&self, millis: i64) {
        self.told(millis);
    }

    fn behind(&self) -> i64 {
        self.now_millis() - self.machine.now_millis()
    }
}

/// Where randomness comes from.
pub trait Chance: Send + Sync + 'static {
    /// Fills the buffer with unpredictable bytes.
    ///
    /// # Panics
    /// If the system's generator fails: there is no safe way to go on.
    fn fill(&self, buffer: &mut [u8]);
}

/// The system's generator.
pub struct SystemChance(SystemRandom);

impl SystemChance {
    /// The system's generator.
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for SystemChance {
    fn default() -> Self {
        Self::new()
    }
}

impl Chance for SystemChance {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.fill(buffer).expect("the system's random generator failed");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use super::*;

    #[test]
    fn time_follows_the_machine_and_waits_for_one_that_stepped_back() {
        assert_eq!(steady(1000, 900, 100), 1000);
        assert_eq!(steady(9000, 900, 100), 9000, "a step forward is believed");
        // It stepped back by 10 s when it was 20 s: at half speed it is met after 20 s.
        let told: Vec<_> = [0, 1, 10, 19, 20, 30].map(|s| steady(10_000 + s * 1000, 20_000, s * 1000)).into();
        assert_eq!(told, [20_000, 20_500, 25_000, 29_500, 30_000, 40_000]);
        assert_eq!(steady(0, i64::MAX, 2), i64::MAX);
    }

    struct Hands(Arc<AtomicI64>);

    impl Clock for Hands {
        fn now_millis(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn a_clock_that_was_told_of_a_later_time_never_goes_back() {
        let hands = Arc::new(AtomicI64::new(1_000_000));
        let clock = SteadyClock::over(Hands(hands.clone()));
        assert_eq!((clock.now_millis(), clock.behind()), (1_000_000, 0));
        clock.saw(5_000_000);
        clock.saw(2_000_000);
        assert!(clock.now_millis() >= 5_000_000 && clock.behind() >= 4_000_000);
        hands.store(0, Ordering::SeqCst);
        let before = clock.now_millis();
        assert!(before >= 5_000_000 && clock.now_millis() >= before);
        hands.store(90_000_000, Ordering::SeqCst);
        assert_eq!((clock.now_millis(), clock.behind()), (90_000_000, 0));
        hands.store(80_000_000, Ordering::SeqCst);
        assert!(clock.now_millis() >= 90_000_000);
    }
}
