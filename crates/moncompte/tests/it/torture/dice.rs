//! Repeatable random numbers: a seed gives the same numbers on every machine, so a schedule that broke something can be run again. Hand-written,
//! because a library's generator may give other numbers in its next version, and stored seeds would be worthless.

use std::time::Duration;

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns independent dice for another task, so that its numbers do not depend on the order in which tasks run.
    pub fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// A number from 0 to `below - 1`.
    pub fn under(&mut self, below: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(below).unwrap()).unwrap()
    }

    /// One element of `these`.
    pub fn of<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.under(these.len())]
    }

    /// A duration between two others.
    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let micros = u64::try_from((most - least).as_micros()).unwrap().max(1);
        least + Duration::from_micros(self.next() % micros)
    }
}

#[test]
fn a_seed_throws_what_it_always_threw() {
    // The reference output for the seed 1234567 (Vigna's splitmix64.c).
    let mut dice = Dice::new(1_234_567);
    assert_eq!([dice.next(), dice.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
}
