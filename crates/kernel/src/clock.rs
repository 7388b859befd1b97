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
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_millis(&self) -> i64 {
        #[allow(clippy::disallowed_methods, reason = "this is the one place that reads it")]
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
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
