//! Combines many reads into one statement. Requests that look up one row each, by the same kind of key, wait while a statement is running and go together
//! in the next one. A read starts after it was requested and its result is not cached, so it is as fresh as a read of its own: commits of other nodes are
//! seen. A single request waits for nobody.

use std::{
    collections::HashMap,
    hash::Hash,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{open_transactions::assert_outside_transaction, timeout::STATEMENT_TIMEOUT};
use crate::Fault;

/// The maximum number of keys in one statement.
const MAX_KEYS: usize = 64;
/// The maximum number of waiting keys, more than the connections that the program accepts. Further reads fail at once.
const MAX_PENDING: usize = 16_384;

type Found<K, V> = Result<HashMap<K, V>, Fault>;
type Loaded<K, V> = Pin<Box<dyn Future<Output = Found<K, V>> + Send>>;
type Reply<V> = oneshot::Sender<Result<Option<V>, Fault>>;
type Load<K, V> = dyn Fn(Vec<K>) -> Loaded<K, V> + Send + Sync;

/// Reads rows of one kind by their keys. Cheap to clone.
pub struct Batcher<K, V>(Arc<Inner<K, V>>);

struct Inner<K, V> {
    load: Box<Load<K, V>>,
    concurrency: usize,
    queue: Mutex<Queue<K, V>>,
}

struct Queue<K, V> {
    pending: Vec<(K, Reply<V>)>,
    loading: usize,
}

impl<K, V> Clone for Batcher<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Batcher<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Returns a batcher over `load`, which reads the rows of the given keys in one statement. The last key may be repeated, so that the number of keys is a
    /// power of two and a few prepared statements suffice. `concurrency` is the number of statements that run at a time: one is cheapest; two are needed if a
    /// statement can wait for another node's row.
    pub fn new<F>(concurrency: usize, load: impl Fn(Vec<K>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Found<K, V>> + Send + 'static,
    {
        let load = Box::new(move |keys| -> Loaded<K, V> { Box::pin(load(keys)) });
        Self(Arc::new(Inner {
            load,
            concurrency,
            queue: Mutex::new(Queue { pending: Vec::new(), loading: 0 }),
        }))
    }

    /// Returns the row of this key, if there is one.
    ///
    /// # Errors
    /// [`Fault`] of the statement, or [`Fault::Unavailable`] if it does not end in time.
    pub async fn get(&self, key: K) -> Result<Option<V>, Fault> {
        assert_outside_transaction("a read that another task makes");
        let (sender, receiver) = oneshot::channel();
        match self.0.enqueue(key, sender) {
            None => return Err(Fault::Unavailable(format!("{MAX_PENDING} wait already"))),
            Some(true) => drop(tokio::spawn(Loader { inner: self.0.clone(), finished: false }.run())),
            Some(false) => {}
        }
        let silent = || Fault::Unavailable(format!("no answer in {STATEMENT_TIMEOUT:?}"));
        tokio::time::timeout(STATEMENT_TIMEOUT, receiver)
            .await
            .map_err(|_| silent())?
            .map_err(|_| silent())?
    }
}

impl<K, V> Inner<K, V> {
    fn queue(&self) -> MutexGuard<'_, Queue<K, V>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a read to the queue. Returns true if the caller must start a loader, and `None` if the queue is full.
    fn enqueue(&self, key: K, sender: Reply<V>) -> Option<bool> {
        let mut queue = self.queue();
        if queue.pending.len() >= MAX_PENDING {
            return None;
        }
        queue.pending.push((key, sender));
        let idle = queue.loading < self.concurrency;
        queue.loading += usize::from(idle);
        Some(idle)
    }
}

/// A running loader. If it panics, its drop handler releases the waiting reads.
struct Loader<K, V> {
    inner: Arc<Inner<K, V>>,
    /// True once the queue was found empty, in the same critical section that unregistered this loader.
    finished: bool,
}

impl<K: Clone + Eq + Hash, V: Clone> Loader<K, V> {
    async fn run(mut self) {
        loop {
            let mut batch = {
                let mut queue = self.inner.queue();
                if queue.pending.is_empty() {
                    queue.loading -= 1;
                    self.finished = true;
                }
                let count = queue.pending.len().min(MAX_KEYS);
                queue.pending.drain(..count).collect::<Vec<_>>()
            };
            let Some((last, _)) = batch.last() else { return };
            let mut keys: Vec<K> = batch.iter().map(|(key, _)| key.clone()).collect();
            keys.resize(batch.len().next_power_of_two(), last.clone());
            let mut found = (self.inner.load)(keys).await;
            while let Some((key, sender)) = batch.pop() {
                let answer = match &mut found {
                    Ok(rows) if batch.iter().any(|(other, _)| *other == key) => Ok(rows.get(&key).cloned()),
                    Ok(rows) => Ok(rows.remove(&key)),
                    Err(fault) => Err(fault.clone()),
                };
                // The receiver is gone if the request was cancelled.
                let _ = sender.send(answer);
            }
        }
    }
}

impl<K, V> Drop for Loader<K, V> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let mut queue = self.inner.queue();
        queue.loading -= 1;
        if queue.loading == 0 {
            queue.pending.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// A batcher that doubles even numbers when the gate opens, and a record of the number of keys of each statement.
    fn doubler(gate: &Arc<Semaphore>) -> (Batcher<u32, u32>, Arc<Mutex<Vec<usize>>>) {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let (gate, seen) = (gate.clone(), sizes.clone());
        let batcher = Batcher::new(2, move |keys: Vec<u32>| {
            let (gate, seen) = (gate.clone(), seen.clone());
            async move {
                seen.lock().unwrap().push(keys.len());
                gate.acquire().await.unwrap().forget();
                match keys.contains(&13) {
                    true => Err(Fault::Unavailable("thirteen".into())),
                    false => Ok(keys.into_iter().filter(|k| k % 2 == 0).map(|k| (k, 2 * k)).collect()),
                }
            }
        });
        (batcher, sizes)
    }

    #[tokio::test]
    async fn those_who_come_meanwhile_go_together_and_each_gets_their_own() {
        let gate = Arc::new(Semaphore::new(0));
        let (batcher, sizes) = doubler(&gate);
        let pending: Vec<_> = (0..42)
            .map(|key| {
                let batcher = batcher.clone();
                tokio::spawn(async move { (key, batcher.get(key % 12).await) })
            })
            .collect();
        while sizes.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        gate.add_permits(100);
        for one in pending {
            let (key, got) = one.await.unwrap();
            let key = key % 12;
            assert_eq!(got.unwrap(), (key % 2 == 0).then_some(2 * key), "{key}");
        }
        let sizes = sizes.lock().unwrap().clone();
        assert!(sizes.len() <= 2 + 2, "{sizes:?}");
        assert!(sizes.iter().all(|size| size.is_power_of_two()), "{sizes:?}");
    }

    /// SECURITY D14
    #[tokio::test]
    async fn no_more_wait_than_there_is_room_for() {
        let gate = Arc::new(Semaphore::new(0));
        let (batcher, _) = doubler(&gate);
        let (mut receiver, mut refused) = (Vec::new(), 0);
        for _ in 0..MAX_PENDING + 10 {
            let (sender, hears) = oneshot::channel();
            receiver.push(hears);
            refused += usize::from(batcher.0.enqueue(2, sender).is_none());
        }
        assert_eq!(refused, 10);
        assert!(matches!(batcher.get(2).await, Err(Fault::Unavailable(_))));
    }

    #[tokio::test]
    async fn a_fault_is_everybodys_of_that_statement_and_of_no_other() {
        let gate = Arc::new(Semaphore::new(100));
        let (batcher, _) = doubler(&gate);
        assert!(matches!(batcher.get(13).await, Err(Fault::Unavailable(_))));
        assert_eq!(batcher.get(4).await.unwrap(), Some(8));
    }

    #[tokio::test]
    async fn a_panic_leaves_nobody_waiting_and_the_next_one_is_served() {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let batcher = Batcher::new(2, move |keys: Vec<u32>| {
            let first = counted.fetch_add(1, Ordering::SeqCst) < 2;
            async move {
                assert!(!first, "as it may happen");
                Ok(keys.into_iter().map(|k| (k, k)).collect())
            }
        });
        for _ in 0..2 {
            assert!(batcher.get(1).await.is_err());
        }
        assert_eq!(batcher.get(1).await.unwrap(), Some(1));
    }

    /// A read that arrives just when a loader finds the queue empty is loaded by that loader or by another one.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn who_comes_as_a_loader_goes_is_not_forgotten() {
        for concurrency in [1, 2] {
            let batcher: Batcher<u32, u32> =
                Batcher::new(concurrency, async |keys| Ok(keys.into_iter().map(|k| (k, k)).collect()));
            let callers: Vec<_> = (0..4)
                .map(|caller| {
                    let batcher = batcher.clone();
                    tokio::spawn(async move {
                        for key in 0..20_000 {
                            assert_eq!(batcher.get(key).await.ok(), Some(Some(key)), "{caller}");
                        }
                    })
                })
                .collect();
            for caller in callers {
                caller.await.unwrap();
            }
        }
    }
}
