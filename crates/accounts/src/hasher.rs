//! The hashing of passwords by Argon2id, on a few threads with a bounded queue.

mod threads;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
    mpsc,
};

use argon2::{Algorithm, Argon2, Block, Params, Version, password_hash::phc::PasswordHash};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use kernel::Rng;
use subtle::ConstantTimeEq;
use tokio::{
    sync::{Semaphore, oneshot},
    time::Instant,
};
use zeroize::Zeroizing;

use self::threads::Job;

/// The cost of an Argon2id hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HashCost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for HashCost {
    /// m = 19 MiB, t = 2, p = 1 (SPEC "Rules and numbers").
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2, lanes: 1 }
    }
}

/// The queue is full: answer 503 with Retry-After (SECURITY "Numbers").
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

/// The verdict of a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// The password is right.
    pub right: bool,
    /// Its hash has other costs than today's: make a new one.
    pub outdated: bool,
}

/// Argon2id on threads of its own, one for each slot, each with a block of memory while passwords come, and a bounded queue before them. A storm of sign-ins
/// waits here and starves nothing else. The threads end when it is dropped.
pub struct Hasher {
    cost: HashCost,
    slots: Arc<Semaphore>,
    queue: usize,
    waiting: AtomicUsize,
    done: AtomicUsize,
    costly: AtomicUsize,
    jobs: mpsc::Sender<Job>,
    rng: Arc<dyn Rng>,
    /// The hash that is verified if no account exists, so that every path costs one hash (SECURITY #60).
    nobody: String,
}

impl Hasher {
    /// Starts the threads. `slots` is the number of concurrent hashes, usually one a core; `queue` the number of waiting ones.
    ///
    /// # Errors
    /// If the costs are out of Argon2's range, or the system has no thread left.
    pub fn new(cost: HashCost, slots: usize, queue: usize, rng: Arc<dyn Rng>) -> Result<Self, argon2::Error> {
        let mut salt = [0; 16];
        rng.fill(&mut salt);
        let nobody = phc(cost, b"nobody's password", &salt, &mut Vec::new())?;
        let Some(jobs) = threads::start(slots.max(1)) else { return Err(argon2::Error::ThreadsTooMany) };
        Ok(Self {
            cost,
            slots: Arc::new(Semaphore::new(slots.max(1))),
            queue,
            waiting: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            costly: AtomicUsize::new(0),
            jobs,
            rng,
            nobody,
        })
    }

    /// Concurrent hashes × memory each, in KiB: the memory to plan for, printed at the start.
    pub fn memory(&self) -> usize {
        self.slots.available_permits() * self.cost.memory as usize
    }

    /// The number of Argon2 hashes computed since the start, by which tests check the cost of a sign-in (SECURITY B6).
    pub fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    /// The number of old hashes of costly recipes computed since the start: the same for an unknown identifier (SECURITY #60).
    pub fn dear_done(&self) -> usize {
        self.costly.load(Ordering::SeqCst)
    }

    /// Counts them.
    pub(crate) fn did_costly(&self, n: usize) {
        self.costly.fetch_add(n, Ordering::SeqCst);
    }

    /// Returns true if one more hash would get [`Busy`]. Asked before anything is written, since a storm of writes would take the database from
    /// everybody else (SECURITY #62, #112).
    pub(crate) fn is_full(&self) -> bool {
        let full = self.waiting() >= self.queue;
        if full {
            metrics::counter!("moncompte_hash_refused_total").increment(1);
        }
        full
    }

    /// Returns the number of hashes that wait for a slot.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Returns a PHC string.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn hash(&self, secret: Zeroizing<Vec<u8>>) -> Result<String, Busy> {
        let mut salt = [0; 16];
        self.rng.fill(&mut salt);
        let cost = self.cost;
        self.done.fetch_add(1, Ordering::SeqCst);
        // Costs were tried in `new` and no secret is too long for Argon2, so this does not fail.
        self.run(move |memory| phc(cost, &secret, &salt, memory).unwrap_or_default()).await
    }

    /// Checks against a PHC string, or against a fixed one if `stored` is `None`: one hash on every path.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn verify(&self, stored: Option<&str>, secret: Zeroizing<Vec<u8>>) -> Result<Verdict, Busy> {
        let known = stored.is_some();
        let text = stored.unwrap_or(&self.nobody).to_owned();
        self.done.fetch_add(1, Ordering::SeqCst);
        let verdict = self.run(move |memory| matches(&text, &secret, memory)).await?;
        let today =
            format!("$argon2id$v=19$m={},t={},p={}$", self.cost.memory, self.cost.passes, self.cost.lanes);
        let outdated = stored.is_some_and(|s| !s.starts_with(&today));
        Ok(Verdict { right: known && verdict, outdated })
    }

    /// Runs other slow work (an agency's old hash) in a slot.
    ///
    /// # Errors
    /// [`Busy`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        kernel::assert_outside_transaction("a slot to hash in");
        let asked = Instant::now();
        let Some(place) = Place::take(&self.waiting, self.queue) else {
            metrics::counter!("moncompte_hash_refused_total").increment(1);
            return Err(Busy);
        };
        let slot = self.slots.clone().acquire_owned().await.map_err(|_| Busy)?;
        drop(place);
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            let out = work(memory);
            drop(slot);
            // The receiver is gone if the request was cancelled.
            let _ = tell.send(out);
        });
        self.jobs.send(job).map_err(|_| Busy)?;
        let out = told.await.map_err(|_| Busy)?;
        metrics::histogram!("moncompte_hash_seconds").record(asked.elapsed());
        Ok(out)
    }
}

/// A place in the queue, given back when dropped, so that a client that disconnects does not keep it.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let before = waiting.fetch_add(1, Ordering::SeqCst);
        let place = Self(waiting);
        (before < most).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn context(cost: HashCost) -> Result<Argon2<'static>, argon2::Error> {
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(32))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn phc(cost: HashCost, secret: &[u8], salt: &[u8], memory: &mut Vec<Block>) -> Result<String, argon2::Error> {
    let argon2 = context(cost)?;
    memory.resize(argon2.params().block_count(), Block::default());
    let mut out = [0; 32];
    argon2.hash_password_into_with_memory(secret, salt, &mut out, &mut memory[..])?;
    let HashCost { memory: m, passes: t, lanes: p } = cost;
    Ok(format!(
        "$argon2id$v=19$m={m},t={t},p={p}${}${}",
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(out)
    ))
}

fn matches(stored: &str, secret: &[u8], memory: &mut Vec<Block>) -> bool {
    let mut checked = || -> Option<bool> {
        let hash = PasswordHash::new(stored).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let salt = hash.salt?;
        let expected = hash.hash?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        memory.resize(argon2.params().block_count(), Block::default());
        let mut out = vec![0; expected.len()];
        argon2.hash_password_into_with_memory(secret, salt.as_ref(), &mut out, &mut memory[..]).ok()?;
        Some(out.ct_eq(expected.as_bytes()).into())
    };
    checked().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use kernel::SystemRng;

    use super::*;

    fn hasher(slots: usize, queue: usize) -> Hasher {
        let cost = HashCost { memory: 64, passes: 1, lanes: 1 };
        Hasher::new(cost, slots, queue, Arc::new(SystemRng::new())).unwrap()
    }

    fn secret(text: &str) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn right_is_right_wrong_is_wrong_and_nobody_is_never_right() {
        let hasher = hasher(2, 10);
        let stored = hasher.hash(secret("correct horse")).await.unwrap();
        assert_eq!(
            hasher.verify(Some(&stored), secret("correct horse")).await,
            Ok(Verdict { right: true, outdated: false })
        );
        assert!(!hasher.verify(Some(&stored), secret("correct horsf")).await.unwrap().right);
        assert!(!hasher.verify(None, secret("nobody's password")).await.unwrap().right);
        assert!(!hasher.verify(Some("no hash at all"), secret("x")).await.unwrap().right);
    }

    #[tokio::test]
    async fn a_hash_of_other_costs_is_still_checked_and_called_outdated() {
        let older = hasher(1, 10).hash(secret("pw")).await.unwrap();
        let cost = HashCost { memory: 128, passes: 1, lanes: 1 };
        let today = Hasher::new(cost, 1, 10, Arc::new(SystemRng::new())).unwrap();
        assert_eq!(
            today.verify(Some(&older), secret("pw")).await,
            Ok(Verdict { right: true, outdated: true })
        );
    }

    #[tokio::test]
    async fn a_full_queue_says_busy_at_once() {
        let hasher = Arc::new(hasher(1, 1));
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let (began, begun) = tokio::sync::oneshot::channel();
        let holder = hasher.clone();
        let first = tokio::spawn(async move {
            holder
                .run(move |_| {
                    let _ = began.send(());
                    let _ = wait.recv();
                })
                .await
        });
        begun.await.unwrap();
        let second = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.run(|_| ()).await }
        });
        while hasher.waiting.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        assert!(hasher.is_full());
        let at_once = tokio::time::timeout(std::time::Duration::from_secs(5), hasher.run(|_| ())).await;
        assert_eq!(at_once, Ok(Err(Busy)));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        assert_eq!(second.await.unwrap(), Ok(()));
        assert!(!hasher.is_full());
    }
}
