//! Many reads, one statement. Where many requests look up one row each, by the same kind of key, those that come while a statement is under way go together
//! in the next one. A read begins after it was asked for and its answer is kept for nobody, so it is as fresh as one alone: another node's commit is seen.
//! Alone, one waits for nobody.

use std::{
    collections::HashMap,
    hash::Hash,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::{Fault, held::assert_outside_transaction, timeout::STATEMENT_TIMEOUT};

/// Keys in one statement.
const MOST: usize = 64;
/// Keys that may wait for one. More than the connections that the program takes; whoever comes beyond is told at once.
const WAITING: usize = 16_384;

type Found<K, V> = Result<HashMap<K, V>, Fault>;
type Loaded<K, V> = Pin<Box<dyn Future<Output = Found<K, V>> + Send>>;
type Told<V> = oneshot::Sender<Result<Option<V>, Fault>>;
type Load<K, V> = dyn Fn(Vec<K>) -> Loaded<K, V> + Send + Sync;

/// Rows of one kind, by their keys. Cheap to clone.
pub struct Batcher<K, V>(Arc<Inner<K, V>>);

struct Inner<K, V> {
    load: Box<Load<K, V>>,
    at_once: usize,
    queue: Mutex<Queue<K, V>>,
}

struct Queue<K, V> {
    asked: Vec<(K, Told<V>)>,
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
    /// `load`: the rows of these keys, in one statement. A key may be there more than once: their number is one of a few, so that a statement for each
    /// stays prepared. `at_once`: statements under way at a time. One, where none waits for anybody: the more come together, the less each costs. Two,
    /// where one may wait for another node's row.
    pub fn new<F>(at_once: usize, load: impl Fn(Vec<K>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Found<K, V>> + Send + 'static,
    {
        let load = Box::new(move |keys| -> Loaded<K, V> { Box::pin(load(keys)) });
        Self(Arc::new(Inner { load, at_once, queue: Mutex::new(Queue { asked: Vec::new(), loading: 0 }) }))
    }

    /// The row of this key, if there is one.
    ///
    /// # Errors
    /// [`Fault`] of the statement, or that it does not end.
    pub async fn get(&self, key: K) -> Result<Option<V>, Fault> {
        assert_outside_transaction("a read that another task makes");
        let (tell, told) = oneshot::channel();
        match self.0.ask(key, tell) {
            None => return Err(Fault::Unavailable(format!("{WAITING} wait already"))),
            Some(true) => drop(tokio::spawn(Loading { inner: self.0.clone(), left: false }.run())),
            Some(false) => {}
        }
        let silent = || Fault::Unavailable(format!("no answer in {STATEMENT_TIMEOUT:?}"));
        tokio::time::timeout(STATEMENT_TIMEOUT, told).await.map_err(|_| silent())?.map_err(|_| silent())?
    }
}

impl<K, V> Inner<K, V> {
    fn queue(&self) -> MutexGuard<'_, Queue<K, V>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether whoever asks has to see to it that it is loaded; `None` where no more may wait.
    fn ask(&self, key: K, tell: Told<V>) -> Option<bool> {
        let mut queue = self.queue();
        if queue.asked.len() >= WAITING {
            return None;
        }
        queue.asked.push((key, tell));
        let idle = queue.loading < self.at_once;
        queue.loading += usize::from(idle);
        Some(idle)
    }
}

/// One who loads. Where it ends by a panic, nobody is left waiting for it.
struct Loading<K, V> {
    inner: Arc<Inner<K, V>>,
    /// It found nothing more to do, and said so in the same moment: whoever comes after that has to see to it themselves.
    left: bool,
}

impl<K: Clone + Eq + Hash, V: Clone> Loading<K, V> {
    async fn run(mut self) {
        loop {
            let mut some = {
                let mut queue = self.inner.queue();
                if queue.asked.is_empty() {
                    queue.loading -= 1;
                    self.left = true;
                }
                let most = queue.asked.len().min(MOST);
                queue.asked.drain(..most).collect::<Vec<_>>()
            };
            let Some((last, _)) = some.last() else { return };
            let mut keys: Vec<K> = some.iter().map(|(key, _)| key.clone()).collect();
            keys.resize(some.len().next_power_of_two(), last.clone());
            let mut found = (self.inner.load)(keys).await;
            while let Some((key, tell)) = some.pop() {
                let answer = match &mut found {
                    Ok(rows) if some.iter().any(|(other, _)| *other == key) => Ok(rows.get(&key).cloned()),
                    Ok(rows) => Ok(rows.remove(&key)),
                    Err(fault) => Err(fault.clone()),
                };
                // Whoever asked may have gone away.
                let _ = tell.send(answer);
            }
        }
    }
}

impl<K, V> Drop for Loading<K, V> {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let mut queue = self.inner.queue();
        queue.loading -= 1;
        if queue.loading == 0 {
            queue.asked.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// Doubles even numbers, once it may; counts how often, and for how many keys.
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
        let asked: Vec<_> = (0..42)
            .map(|key| {
                let batcher = batcher.clone();
                tokio::spawn(async move { (key, batcher.get(key % 12).await) })
            })
            .collect();
        while sizes.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        gate.add_permits(100);
        for one in asked {
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
        let (mut told, mut refused) = (Vec::new(), 0);
        for _ in 0..WAITING + 10 {
            let (tell, hears) = oneshot::channel();
            told.push(hears);
            refused += usize::from(batcher.0.ask(2, tell).is_none());
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

    /// Whoever comes in the moment in which a loader finds nothing more to do is loaded by it or by another, and not by none.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn who_comes_as_a_loader_goes_is_not_forgotten() {
        for at_once in [1, 2] {
            let batcher: Batcher<u32, u32> =
                Batcher::new(at_once, async |keys| Ok(keys.into_iter().map(|k| (k, k)).collect()));
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
