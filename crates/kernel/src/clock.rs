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
    fn observe(&self, _millis: i64) {}

    /// By how many milliseconds the machine's own clock is behind this one.
    fn skew(&self) -> i64 {
        self.now_millis() - self.machine_millis()
    }

    /// What the machine's own clock says, in milliseconds since 1970-01-01 UTC.
    fn machine_millis(&self) -> i64 {
        self.now_millis()
    }

    /// The database's clock was compared with the machine's: it said `theirs`, when the machine's was ahead of it by `off` milliseconds.
    fn observe_database(&self, _theirs: i64, _off: i64) {}

    /// By how many milliseconds the machine's clock is ahead of the database's, as that went on since they were compared last; negative where it is behind.
    fn database_offset(&self) -> i64 {
        0
    }

    /// Whether the machine's clock may be believed: it is not far from the database's (SECURITY D13).
    fn is_trusted(&self) -> bool {
        self.database_offset().saturating_abs() <= MAX_DATABASE_OFFSET
    }
}

/// A machine whose clock is so many milliseconds behind what was seen is not ready: somebody has to look, for one of the two is wrong.
pub const MAX_SKEW: i64 = 3_600_000;

/// A machine whose clock is more milliseconds than this from the database's is unfit: it shares no time (SECURITY D13, B23).
pub const MAX_DATABASE_OFFSET: i64 = 120_000;

/// A time that is more milliseconds than this ahead of the database's clock, where the machine's agrees with that, was never a right one. Nobody goes on
/// from it.
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

/// A clock that never goes back (SECURITY I19, #121). Where the machine's is behind what was seen, time goes on from there at half its speed, until
/// the machine's has caught up: nothing that has expired becomes valid again, and no span of time is cut short.
///
/// Where the database has a clock of its own, the machine's is believed as long as it stays within [`MAX_DATABASE_OFFSET`] of the last time on which the two agreed.
/// Otherwise time goes on from there, and from the database's where they never agreed (SECURITY D13).
pub struct SteadyClock<C = SystemClock> {
    machine: C,
    begun: Instant,
    state: Mutex<State>,
}

/// A time, and when that was: milliseconds since 1970-01-01 UTC, and since the clock was begun.
#[derive(Clone, Copy)]
struct Moment(i64, i64);

impl Moment {
    /// What time it is by it, so long after the clock was begun.
    fn later(self, passed: i64) -> i64 {
        self.0.saturating_add(passed - self.1)
    }
}

struct State {
    /// The highest time seen.
    seen: Moment,
    /// The last time on which the two clocks agreed.
    agreed: Option<Moment>,
    /// What the database's clock said last.
    theirs: Option<Moment>,
}

impl<C: Clock> SteadyClock<C> {
    /// Over this clock.
    pub fn over(machine: C) -> Self {
        #[allow(
            clippy::disallowed_methods,
            reason = "it measures how long ago something was seen, whatever the time is"
        )]
        let begun = Instant::now();
        let state = State { seen: Moment(machine.now_millis(), 0), agreed: None, theirs: None };
        Self { machine, begun, state: Mutex::new(state) }
    }

    /// With what the machine's clock says now, and how long this one has gone.
    fn with<T>(&self, look: impl FnOnce(&mut State, i64, i64) -> T) -> T {
        // Nothing is done under the lock that could stop half-way.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (machine, passed) = (self.machine.now_millis(), self.begun.elapsed().as_millis());
        look(&mut state, machine, i64::try_from(passed).unwrap_or(i64::MAX))
    }

    /// The time, after it was told what was seen elsewhere.
    fn told(&self, elsewhere: i64) -> i64 {
        self.with(|state, machine, passed| {
            let machine = believed(machine, state.agreed.map(|agreed| agreed.later(passed)));
            let now = steady(machine, state.seen.0, passed - state.seen.1);
            let latest = now.max(elsewhere);
            if latest == machine || latest > now {
                state.seen = Moment(latest, passed);
            }
            latest
        })
    }
}

/// The machine's clock as long as it says about what was `agreed`, and that otherwise. Milliseconds.
fn believed(machine: i64, agreed: Option<i64>) -> i64 {
    agreed.filter(|at| machine.saturating_sub(*at).saturating_abs() > MAX_DATABASE_OFFSET).unwrap_or(machine)
}

/// What time it is: the machine's, unless that is behind what was `seen` so long `ago`. Milliseconds.
fn steady(machine: i64, seen: i64, ago: i64) -> i64 {
    machine.max(seen.saturating_add(ago / 2))
}

impl<C: Clock> Clock for SteadyClock<C> {
    fn now_millis(&self) -> i64 {
        self.told(i64::MIN)
    }

    fn observe(&self, millis: i64) {
        self.told(millis);
    }

    fn machine_millis(&self) -> i64 {
        self.machine.now_millis()
    }

    fn observe_database(&self, theirs: i64, off: i64) {
        self.with(|state, machine, passed| {
            // As the machine's clock has it: so what it does from now on is seen at once.
            state.theirs = Some(Moment(machine.saturating_sub(off), passed));
            let fit = off.abs() <= MAX_DATABASE_OFFSET;
            let right = Moment(if fit { machine } else { theirs }, passed);
            // At its start a machine whose clock is wrong has nothing but the database's word. Later, whichever of the two has jumped, what both said before
            // is right, and goes on.
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
            state.theirs.map_or(0, |theirs| machine.saturating_sub(theirs.later(passed)))
        })
    }
}

/// Where randomness comes from.
pub trait Rng: Send + Sync + 'static {
    /// Fills the buffer with unpredictable bytes.
    ///
    /// # Panics
    /// If the system's generator fails: there is no safe way to go on.
    fn fill(&self, buffer: &mut [u8]);
}

/// The system's generator.
pub struct SystemRng(SystemRandom);

impl SystemRng {
    /// The system's generator.
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
        assert_eq!(steady(1000, 900, 100), 1000);
        assert_eq!(steady(9000, 900, 100), 9000, "a step forward is believed");
        // It stepped back by 10 s when it was 20 s: at half speed it is met after 20 s.
        let told: Vec<_> = [0, 1, 10, 19, 20, 30].map(|s| steady(10_000 + s * 1000, 20_000, s * 1000)).into();
        assert_eq!(told, [20_000, 20_500, 25_000, 29_500, 30_000, 40_000]);
        assert_eq!(steady(0, i64::MAX, 2), i64::MAX);
    }

    #[test]
    fn a_machine_is_believed_as_far_as_it_stays_near_what_was_agreed() {
        let far = 40 * 86_400_000;
        assert_eq!(believed(far, None), far, "there is nothing to compare it with");
        assert_eq!([999, 1000, 1001].map(|machine| believed(machine, Some(1000))), [999, 1000, 1001]);
        assert_eq!(believed(1000 + MAX_DATABASE_OFFSET, Some(1000)), 1000 + MAX_DATABASE_OFFSET);
        for wrong in [far, -far, 1001 + MAX_DATABASE_OFFSET, i64::MAX, i64::MIN] {
            assert_eq!(believed(wrong, Some(1000)), 1000, "{wrong}");
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
        assert_eq!((clock.now_millis(), clock.skew()), (1_000_000, 0));
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
            // It is corrected.
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
            // The machine's, before anybody compares them.
            hands.store(100 * DAY + jump, Ordering::SeqCst);
            assert!(!clock.is_trusted(), "it is seen at once");
            assert!((clock.now_millis() - 100 * DAY).abs() < 60_000, "{}", clock.now_millis());
            clock.observe_database(100 * DAY, jump);
            assert!(!clock.is_trusted() && (clock.now_millis() - 100 * DAY).abs() < 60_000);
            // The database's.
            hands.store(100 * DAY, Ordering::SeqCst);
            clock.observe_database(100 * DAY - jump, jump);
            assert!(!clock.is_trusted() && (clock.now_millis() - 100 * DAY).abs() < 60_000);
            clock.observe_database(100 * DAY, 0);
            assert!(clock.is_trusted());
        }
        // Both stepped back by two hours: what was seen holds. What is a day and more ahead of both was never right.
        hands.store(100 * DAY - 7_200_000, Ordering::SeqCst);
        clock.observe_database(100 * DAY - 7_200_000, 0);
        assert!(clock.now_millis() >= 100 * DAY && clock.skew() > MAX_SKEW);
        hands.store(98 * DAY, Ordering::SeqCst);
        clock.observe_database(98 * DAY, 0);
        assert_eq!((clock.now_millis(), clock.skew()), (98 * DAY, 0));
    }
}
