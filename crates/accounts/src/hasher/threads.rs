//! The threads that hash, and the memory that they share: given back to the system when no password comes.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use argon2::Block;
use rustix::process::setpriority_process;

/// Work for a hashing thread, which lends it the thread's memory.
pub(super) type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// The niceness of hashing threads, which give way to other requests: a token is signed in a moment, a password takes long anyway.
const GIVES_WAY: i32 = 10;

/// The time without a password after which the memory of hashes goes back to the system.
const REST: Duration = Duration::from_secs(10);

/// Starts this many threads and returns the way to hand them work; `None` if the system has no thread left. They end when the sender is dropped.
pub(super) fn start(threads: usize) -> Option<mpsc::Sender<Job>> {
    let (jobs, waiting) = mpsc::channel();
    let waiting = Arc::new((Mutex::new(waiting), Memory::default()));
    let thread = |_: &usize| {
        let waiting = waiting.clone();
        let life = move || attend(&waiting.0, &waiting.1, REST);
        thread::Builder::new().name("hash".into()).spawn(life).is_ok()
    };
    // If the system refuses some of the threads, the others do the work.
    ((0..threads).filter(thread).count() > 0).then_some(jobs)
}

/// Blocks that no hash is using. There are never more than threads: one is made only while every other one is in use.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    /// Returns the block that was used last, so that one thread after the other uses the same one where few passwords come.
    fn lend(&self) -> Vec<Block> {
        self.free(Vec::pop).unwrap_or_default()
    }

    fn take_back(&self, block: Vec<Block>) {
        self.free(|free| free.push(block));
    }

    fn release(&self) {
        self.free(|free| *free = Vec::new());
    }

    fn free<T>(&self, change: impl FnOnce(&mut Vec<Vec<Block>>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The loop of a hashing thread.
fn attend(waiting: &Mutex<mpsc::Receiver<Job>>, memory: &Memory, rest: Duration) {
    // Without the permission all threads have the same priority.
    let _ = setpriority_process(None, GIVES_WAY);
    loop {
        let job = match waiting.lock().map(|jobs| jobs.recv_timeout(rest)) {
            Ok(Ok(job)) => job,
            Ok(Err(RecvTimeoutError::Timeout)) => {
                memory.release();
                continue;
            }
            Ok(Err(RecvTimeoutError::Disconnected)) | Err(_) => return,
        };
        let mut block = memory.lend();
        // A panic in a job does not end the thread; the job's caller gets an error.
        if catch_unwind(AssertUnwindSafe(|| job(&mut block))).is_ok() {
            memory.take_back(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_password_after_the_other_uses_the_same_memory() {
        let (jobs, waiting) = mpsc::channel::<Job>();
        let (tell, told) = mpsc::channel();
        for _ in 0..2 {
            let tell = tell.clone();
            let job: Job = Box::new(move |block| {
                tell.send(block.len()).unwrap();
                block.resize(64, Block::default());
            });
            jobs.send(job).unwrap();
        }
        drop(jobs);
        attend(&Mutex::new(waiting), &Memory::default(), REST);
        assert_eq!([told.recv().unwrap(), told.recv().unwrap()], [0, 64]);
    }

    /// A node at rest holds none of it.
    #[test]
    fn the_memory_of_hashes_goes_back_when_no_password_comes() {
        let memory = Arc::new(Memory::default());
        memory.take_back(vec![Block::default(); 64]);
        let (jobs, waiting) = mpsc::channel::<Job>();
        let thread = thread::spawn({
            let memory = memory.clone();
            move || attend(&Mutex::new(waiting), &memory, Duration::from_millis(1))
        });
        while memory.free(|free| !free.is_empty()) {
            thread::yield_now();
        }
        drop(jobs);
        thread.join().unwrap();
    }
}
