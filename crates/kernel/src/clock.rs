use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// Seconds since 1970-01-01 UTC.
pub type Unix = i64;

/// The source of time. Rules take a [`Unix`]; only edges hold a clock.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01 UTC.
    fn now_millis(&self) -> i64;

    /// Seconds since 1970-01-01 UTC.
    fn now(&self) -> Unix {
        self.now_millis().div_euclid(1000)
    }

    /// Reports a time that any node has reported, in milliseconds since 1970-01-01 UTC. A clock that never goes back continues from the latest.
    fn observe(&self, _millis: i64) {}

    /// Returns by how many milliseconds the machine's own clock is behind this one.
    fn skew(&self) -> i64 {
        self.now_millis() - self.machine_millis()
    }

    /// Returns the time by the machine's own clock, in milliseconds since 1970-01-01 UTC.
    fn machine_millis(&self) -> i64 {
        self.now_millis()
    }

    /// Reports a comparison with the database's clock: its time, and by how many milliseconds the machine's clock was ahead of it.
    fn observe_database(&self, _database: i64, _offset: i64) {}

    /// Returns by how many milliseconds the machine's clock is ahead of the database's, projected from the last comparison; negative if it is behind.
    fn database_offset(&self) -> i64 {
        0
    }

    /// Returns true if the machine's clock is close enough to the database's to be relied on (SECURITY D13).
    fn is_trusted(&self) -> bool {
        self.database_offset().saturating_abs() <= MAX_DATABASE_OFFSET
    }
}

/// The maximum skew in milliseconds. A node whose clock is further behind the latest reported time is not ready: an operator must find out which one is wrong.
pub const MAX_SKEW: i64 = 3_600_000;

/// The maximum difference in milliseconds between the clocks of the machine and the database. A node beyond it is unfit and shares no time (SECURITY D13, B23).
pub const MAX_DATABASE_OFFSET: i64 = 120_000;

/// The maximum number of milliseconds that a stored time may be ahead of the database's clock while the machine agrees with the database. A later time is
/// wrong and is ignored.
pub const MAX_AHEAD: i64 = 86_400_000;

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_millis(&self) -> i64 {
        #[allow(clippy::disallowed_methods, reason = "this is the one place that reads it")]
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that never goes back (SECURITY I19, #121). If the machine's clock is behind the latest time seen, this clock runs at half speed from that time until
/// the machine has caught up: nothing that has expired becomes valid again, and no span of time is cut short.
///
/// If the database has a clock of its own, the machine's clock is used as long as it stays within [`MAX_DATABASE_OFFSET`] of the time projected from the last
/// agreement of the two. Otherwise the projected time is used, or the database's time if the two never agreed (SECURITY D13).
pub struct SteadyClock<C = SystemClock> {
    machine: C,
    started: Instant,
    state: Mutex<State>,
}

/// A time in milliseconds since 1970-01-01 UTC, and when it was read in milliseconds since the clock was started.
#[derive(Clone, Copy)]
struct Moment(i64, i64);

impl Moment {
    /// Returns the time projected to `passed` milliseconds after the clock was started.
    fn later(self, passed: i64) -> i64 {
        self.0.saturating_add(passed - self.1)
    }
}

struct State {
    /// The highest time seen.
    seen: Moment,
    /// The time at which the two clocks last agreed.
    agreed: Option<Moment>,
    /// The last time read from the database's clock, on the machine's scale.
    database: Option<Moment>,
}

impl<C: Clock> SteadyClock<C> {
    /// Returns a clock over `machine`.
    pub fn over(machine: C) -> Self {
        #[allow(
            clippy::disallowed_methods,
            reason = "it measures how long ago something was seen, whatever the time is"
        )]
        let started = Instant::now();
        let state = State { seen: Moment(machine.now_millis(), 0), agreed: None, database: None };
        Self { machine, started, state: Mutex::new(state) }
    }

    /// Calls `look` with the state, the machine's time, and the time since this clock was started.
    fn with<T>(&self, look: impl FnOnce(&mut State, i64, i64) -> T) -> T {
        // The closure cannot leave the state half written, so a poisoned lock is safe to use.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (machine, passed) = (self.machine.now_millis(), self.started.elapsed().as_millis());
        look(&mut state, machine, i64::try_from(passed).unwrap_or(i64::MAX))
    }

    /// Returns the current time, after taking into account a time seen on another node.
    fn advance(&self, elsewhere: i64) -> i64 {
        self.with(|state, machine, passed| {
            let machine = trusted_millis(machine, state.agreed.map(|agreed| agreed.later(passed)));
            let now = monotonic(machine, state.seen.0, passed - state.seen.1);
            let latest = now.max(elsewhere);
            if latest == machine || latest > now {
                state.seen = Moment(latest, passed);
            }
            latest
        })
    }
}

/// Returns the machine's time if it is near the projected agreement, and the agreement otherwise, in milliseconds.
fn trusted_millis(machine: i64, agreed: Option<i64>) -> i64 {
    agreed.filter(|at| machine.saturating_sub(*at).saturating_abs() > MAX_DATABASE_OFFSET).unwrap_or(machine)
}

/// Returns the later of the machine's time and the time `seen` continued at half speed, in milliseconds.
fn monotonic(machine: i64, seen: i64, ago: i64) -> i64 {
    machine.max(seen.saturating_add(ago / 2))
}

impl<C: Clock> Clock for SteadyClock<C> {
    fn now_millis(&self) -> i64 {
        self.advance(i64::MIN)
    }

    fn observe(&self, millis: i64) {
        self.advance(millis);
    }

    fn machine_millis(&self) -> i64 {
        self.machine.now_millis()
    }

    fn observe_database(&self, database: i64, offset: i64) {
        self.with(|state, machine, passed| {
            // Stored on the machine's scale, so that a jump of the machine's clock shows at once.
            state.database = Some(Moment(machine.saturating_sub(offset), passed));
            let fit = offset.abs() <= MAX_DATABASE_OFFSET;
            let right = Moment(if fit { machine } else { database }, passed);
            // Before the first agreement the database's time is the only reference. After it, the projected agreement is right, whichever of the two clocks
            // has jumped.
            if fit || state.agreed.is_none() {
                let far = state.seen.0.saturating_sub(right.0) > MAX_AHEAD;
                if far || !fit {
                    state.seen = right;
                }
                state.agreed = Some(right);
            }
        });
    }

    fn database_offset(&self) -> i64 {
        self.with(|state, machine, passed| {
            state.database.map_or(0, |database| machine.saturating_sub(database.later(passed)))
        })
    }
}

/// A source of randomness.
pub trait Rng: Send + Sync + 'static {
    /// Fills the buffer with unpredictable bytes.
    ///
    /// # Panics
    /// If the system's generator fails: there is no safe way to go on.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's random generator.
pub struct SystemRng(SystemRandom);

impl SystemRng {
    /// Opens the operating system's random generator.
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for SystemRng {
    fn default() -> Self {
        Self::new()
    }
}

impl Rng for SystemRng {
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
        assert_eq!(monotonic(1000, 900, 100), 1000);
        assert_eq!(monotonic(9000, 900, 100), 9000, "a step forward is accepted");
        // The machine's clock stepped back by 10 s at 20 s: at half speed it catches up after 20 s.
        let told: Vec<_> =
            [0, 1, 10, 19, 20, 30].map(|s| monotonic(10_000 + s * 1000, 20_000, s * 1000)).into();
        assert_eq!(told, [20_000, 20_500, 25_000, 29_500, 30_000, 40_000]);
        assert_eq!(monotonic(0, i64::MAX, 2), i64::MAX);
    }

    #[test]
    fn a_machine_is_believed_as_far_as_it_stays_near_what_was_agreed() {
        let far = 40 * 86_400_000;
        assert_eq!(trusted_millis(far, None), far, "there is nothing to compare it with");
        assert_eq!([999, 1000, 1001].map(|machine| trusted_millis(machine, Some(1000))), [999, 1000, 1001]);
        assert_eq!(trusted_millis(1000 + MAX_DATABASE_OFFSET, Some(1000)), 1000 + MAX_DATABASE_OFFSET);
        for wrong in [far, -far, 1001 + MAX_DATABASE_OFFSET, i64::MAX, i64::MIN] {
            assert_eq!(trusted_millis(wrong, Some(1000)), 1000, "{wrong}");
        }
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
        // It runs on meanwhile, and this machine may be busy.
        assert!((1_000_000..2_000_000).contains(&clock.now_millis()) && clock.skew() < 1_000_000);
        clock.observe(5_000_000);
        clock.observe(2_000_000);
        assert!(clock.now_millis() >= 5_000_000 && clock.skew() >= 4_000_000);
        hands.store(0, Ordering::SeqCst);
        let before = clock.now_millis();
        assert!(before >= 5_000_000 && clock.now_millis() >= before);
        hands.store(90_000_000, Ordering::SeqCst);
        assert_eq!((clock.now_millis(), clock.skew()), (90_000_000, 0));
        hands.store(80_000_000, Ordering::SeqCst);
        assert!(clock.now_millis() >= 90_000_000);
    }
    const DAY: i64 = 86_400_000;

    #[test]
    fn a_machine_whose_clock_is_wrong_at_its_start_goes_by_the_databases() {
        for wrong in [40 * DAY, -40 * DAY] {
            let hands = Arc::new(AtomicI64::new(100 * DAY + wrong));
            let clock = SteadyClock::over(Hands(hands.clone()));
            assert!(clock.is_trusted(), "nothing was compared");
            clock.observe_database(100 * DAY, wrong);
            assert!(
                !clock.is_trusted() && (clock.database_offset() - wrong).abs() < 60_000,
                "{}",
                clock.database_offset()
            );
            assert!((clock.now_millis() - 100 * DAY).abs() < 60_000, "{}", clock.now_millis());
            assert_eq!(clock.machine_millis(), 100 * DAY + wrong);
            // The clock is corrected.
            hands.store(100 * DAY + 5, Ordering::SeqCst);
            assert!(clock.is_trusted(), "it is seen at once");
            clock.observe_database(100 * DAY, 5);
            assert!(clock.is_trusted() && (clock.now_millis() - 100 * DAY).abs() < 60_000);
        }
    }

    #[test]
    fn whichever_clock_jumps_what_both_said_before_goes_on() {
        let hands = Arc::new(AtomicI64::new(100 * DAY));
        let clock = SteadyClock::over(Hands(hands.clone()));
        clock.observe_database(100 * DAY, 0);
        for jump in [40 * DAY, -40 * DAY] {
            // Before the first comparison the machine's clock is used.
            hands.store(100 * DAY + jump, Ordering::SeqCst);
            assert!(!clock.is_trusted(), "it is seen at once");
            assert!((clock.now_millis() - 100 * DAY).abs() < 60_000, "{}", clock.now_millis());
            clock.observe_database(100 * DAY, jump);
            assert!(!clock.is_trusted() && (clock.now_millis() - 100 * DAY).abs() < 60_000);
            // After it, the database's.
            hands.store(100 * DAY, Ordering::SeqCst);
            clock.observe_database(100 * DAY - jump, jump);
            assert!(!clock.is_trusted() && (clock.now_millis() - 100 * DAY).abs() < 60_000);
            clock.observe_database(100 * DAY, 0);
            assert!(clock.is_trusted());
        }
        // Both stepped back by two hours: the latest time seen holds. A time that is a day or more ahead of both is ignored.
        hands.store(100 * DAY - 7_200_000, Ordering::SeqCst);
        clock.observe_database(100 * DAY - 7_200_000, 0);
        assert!(clock.now_millis() >= 100 * DAY && clock.skew() > MAX_SKEW);
        hands.store(98 * DAY, Ordering::SeqCst);
        clock.observe_database(98 * DAY, 0);
        assert_eq!((clock.now_millis(), clock.skew()), (98 * DAY, 0));
    }
}
