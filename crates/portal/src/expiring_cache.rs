//! A bounded cache of expiring values: a flood of visitors can neither fill the memory nor slow it down.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::random::Fingerprint;

/// Keeps values for a fixed time, at most `max` of them; the oldest are evicted first.
pub(crate) struct ExpiringCache<V> {
    lifetime: i64,
    max: usize,
    entries: Mutex<Entries<V>>,
}

struct Entries<V> {
    values: HashMap<Fingerprint, (i64, V)>,
    // All values have the same lifetime, so the order of insertion is the order of expiry.
    order: VecDeque<(i64, Fingerprint)>,
}

impl<V> ExpiringCache<V> {
    /// Returns a cache whose values live for `lifetime` seconds.
    pub fn new(lifetime: i64, max: usize) -> Self {
        Self {
            lifetime,
            max,
            entries: Mutex::new(Entries { values: HashMap::new(), order: VecDeque::new() }),
        }
    }

    /// Inserts a value; returns false and changes nothing if a live one is present.
    pub fn put(&self, key: Fingerprint, value: V, now: i64) -> bool {
        let mut entries = self.lock();
        entries.evict(now, self.max.saturating_sub(1));
        if entries.values.contains_key(&key) {
            return false;
        }
        let end = now + self.lifetime;
        entries.values.insert(key, (end, value));
        entries.order.push_back((end, key));
        true
    }

    /// Removes and returns a live value: a second caller gets nothing.
    pub fn take(&self, key: &Fingerprint, now: i64) -> Option<V> {
        let mut entries = self.lock();
        entries.values.remove(key).filter(|(end, _)| *end > now).map(|(_, value)| value)
    }

    /// Changes the live value, or the one made by `fresh`, and returns the result of `change`.
    pub fn change<R>(
        &self,
        key: Fingerprint,
        now: i64,
        fresh: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R {
        let mut entries = self.lock();
        entries.evict(now, self.max);
        if !entries.values.contains_key(&key) {
            let end = now + self.lifetime;
            entries.evict(now, self.max.saturating_sub(1));
            entries.order.push_back((end, key));
            entries.values.insert(key, (end, fresh()));
        }
        let (_, value) = entries.values.get_mut(&key).expect("just put there");
        change(value)
    }

    fn lock(&self) -> MutexGuard<'_, Entries<V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Entries<V> {
    /// Removes expired values, and the oldest beyond `max`.
    fn evict(&mut self, now: i64, max: usize) {
        while let Some((end, key)) = self.order.front().copied() {
            if end > now && self.order.len() <= max {
                break;
            }
            self.order.pop_front();
            // A key that was removed and inserted again has a younger entry, which must stay.
            if self.values.get(&key).is_some_and(|(kept_end, _)| *kept_end == end) {
                self.values.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> Fingerprint {
        [n; 32]
    }

    #[test]
    fn a_value_is_taken_once_and_only_while_it_lives() {
        let expiring_cache = ExpiringCache::new(10, 5);
        assert!(expiring_cache.put(key(1), "one", 100));
        assert!(!expiring_cache.put(key(1), "other", 105), "a live value stays");
        assert_eq!(expiring_cache.take(&key(1), 109), Some("one"));
        assert_eq!(expiring_cache.take(&key(1), 109), None);
        assert!(expiring_cache.put(key(2), "two", 100));
        assert_eq!(expiring_cache.take(&key(2), 110), None);
    }

    #[test]
    fn the_oldest_make_place() {
        let expiring_cache = ExpiringCache::new(10, 3);
        for n in 0..100 {
            assert!(expiring_cache.put(key(n), n, 100));
        }
        let left: Vec<u8> = (0..100).filter_map(|n| expiring_cache.take(&key(n), 101)).collect();
        assert_eq!(left, [97, 98, 99]);
    }

    #[test]
    fn a_changed_value_expires_with_its_first_day() {
        let expiring_cache = ExpiringCache::new(10, 3);
        let count = |now| {
            expiring_cache.change(
                key(1),
                now,
                || 0,
                |n| {
                    *n += 1;
                    *n
                },
            )
        };
        assert_eq!([count(100), count(105), count(109), count(110)], [1, 2, 3, 1]);
    }
}
