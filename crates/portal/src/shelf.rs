//! A bounded memory of things that expire: a flood of visitors can neither fill the memory nor slow it down.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::random::Fingerprint;

/// Keeps values for a fixed time, at most `room` of them; the oldest make place for the newest.
pub(crate) struct Shelf<V> {
    lifetime: i64,
    room: usize,
    kept: Mutex<Kept<V>>,
}

struct Kept<V> {
    values: HashMap<Fingerprint, (i64, V)>,
    // All live equally long, so the order of arrival is the order of expiry.
    order: VecDeque<(i64, Fingerprint)>,
}

impl<V> Shelf<V> {
    /// A shelf whose values live `lifetime` seconds.
    pub fn new(lifetime: i64, room: usize) -> Self {
        Self { lifetime, room, kept: Mutex::new(Kept { values: HashMap::new(), order: VecDeque::new() }) }
    }

    /// Puts a value; false where a live one was there already, which stays.
    pub fn put(&self, key: Fingerprint, value: V, now: i64) -> bool {
        let mut kept = self.lock();
        kept.forget(now, self.room.saturating_sub(1));
        if kept.values.contains_key(&key) {
            return false;
        }
        let end = now + self.lifetime;
        kept.values.insert(key, (end, value));
        kept.order.push_back((end, key));
        true
    }

    /// Takes a live value away: a second caller gets nothing.
    pub fn take(&self, key: &Fingerprint, now: i64) -> Option<V> {
        let mut kept = self.lock();
        kept.values.remove(key).filter(|(end, _)| *end > now).map(|(_, value)| value)
    }

    /// Changes the live value, or the one that `fresh` makes, and answers what `change` answers.
    pub fn change<R>(
        &self,
        key: Fingerprint,
        now: i64,
        fresh: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R {
        let mut kept = self.lock();
        kept.forget(now, self.room);
        if !kept.values.contains_key(&key) {
            let end = now + self.lifetime;
            kept.forget(now, self.room.saturating_sub(1));
            kept.order.push_back((end, key));
            kept.values.insert(key, (end, fresh()));
        }
        let (_, value) = kept.values.get_mut(&key).expect("just put there");
        change(value)
    }

    fn lock(&self) -> MutexGuard<'_, Kept<V>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Kept<V> {
    /// Drops what has expired, and the oldest beyond `room`.
    fn forget(&mut self, now: i64, room: usize) {
        while let Some((end, key)) = self.order.front().copied() {
            if end > now && self.order.len() <= room {
                break;
            }
            self.order.pop_front();
            // A key taken and put again has a younger entry that must stay.
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
        let shelf = Shelf::new(10, 5);
        assert!(shelf.put(key(1), "one", 100));
        assert!(!shelf.put(key(1), "other", 105), "a live value stays");
        assert_eq!(shelf.take(&key(1), 109), Some("one"));
        assert_eq!(shelf.take(&key(1), 109), None);
        assert!(shelf.put(key(2), "two", 100));
        assert_eq!(shelf.take(&key(2), 110), None);
    }

    #[test]
    fn the_oldest_make_place() {
        let shelf = Shelf::new(10, 3);
        for n in 0..100 {
            assert!(shelf.put(key(n), n, 100));
        }
        let left: Vec<u8> = (0..100).filter_map(|n| shelf.take(&key(n), 101)).collect();
        assert_eq!(left, [97, 98, 99]);
    }

    #[test]
    fn a_changed_value_expires_with_its_first_day() {
        let shelf = Shelf::new(10, 3);
        let count = |now| {
            shelf.change(
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
