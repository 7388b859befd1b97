//! Commands that run a few at a time, each with its output to itself.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{interrupt, shell};

/// A command and its name for people.
pub(crate) struct Job {
    /// The name.
    pub(crate) name: String,
    /// The command, with its folder and its environment.
    pub(crate) command: Command,
}

/// A job that has ended.
pub(crate) struct Done {
    /// The name.
    pub(crate) name: String,
    /// True if it ended in time and with success.
    pub(crate) passed: bool,
    /// True if it was killed after the timeout.
    pub(crate) late: bool,
    /// Its complete output.
    pub(crate) text: String,
    /// Its duration.
    pub(crate) took: Duration,
}

/// Runs the jobs in their order, `lanes` at a time, and kills one that lasts longer than `timeout`. `tell` hears of each as it ends.
///
/// # Errors
/// If a job cannot be started, or the run was interrupted; a job that fails is no error.
pub(crate) fn run(
    jobs: Vec<Job>,
    lanes: usize,
    timeout: Duration,
    tell: impl Fn(&Done) + Sync,
) -> Result<Vec<Done>> {
    let folder = tempfile::Builder::new().prefix("moncompte-xtask-").tempdir()?;
    let waiting = Mutex::new(jobs.into_iter().enumerate().collect::<VecDeque<_>>());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let lane = || -> Result<Vec<(usize, Done)>> {
        let mut done = Vec::new();
        while let Some((nth, job)) = next() {
            interrupt::check()?;
            let ended = one(job, &folder.path().join(nth.to_string()), timeout)?;
            tell(&ended);
            done.push((nth, ended));
        }
        Ok(done)
    };
    let mut all = std::thread::scope(|scope| -> Result<Vec<(usize, Done)>> {
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        let mut all = Vec::new();
        for lane in lanes {
            all.extend(lane.join().ok().context("a lane of jobs has panicked")??);
        }
        Ok(all)
    })?;
    all.sort_by_key(|(nth, _)| *nth);
    Ok(all.into_iter().map(|(_, done)| done).collect())
}

fn one(mut job: Job, log: &Path, timeout: Duration) -> Result<Done> {
    let start = shell::now();
    let (status, text) = shell::watch(&mut job.command, log, timeout)?;
    let passed = status.is_some_and(|status| status.success());
    Ok(Done { name: job.name, passed, late: status.is_none(), text, took: start.elapsed() })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn shell_job(name: &str, script: &str) -> Job {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Job { name: name.into(), command }
    }

    #[test]
    fn jobs_run_beside_each_other_and_keep_their_own_words() {
        // Each of the two waits for the other's pipe: one after the other they would never end.
        let folder = tempfile::tempdir().unwrap();
        let pipe = |name: &str| folder.path().join(name).display().to_string();
        let (a, b) = (pipe("a"), pipe("b"));
        assert!(Command::new("mkfifo").args([&a, &b]).status().unwrap().success());
        let jobs = vec![
            shell_job("first", &format!("echo from first > {a}; cat {b}; exit 3")),
            shell_job("second", &format!("cat {a}; echo from second > {b}")),
        ];
        let told = AtomicUsize::new(0);
        let minute = Duration::from_secs(60);
        let done = run(jobs, 2, minute, |_| {
            told.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
        let seen: Vec<_> = done.iter().map(|d| (d.name.as_str(), d.passed, d.text.as_str())).collect();
        assert_eq!(seen, [("first", false, "from second\n"), ("second", true, "from first\n")]);
        assert_eq!(told.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_job_that_does_not_end_is_killed_with_its_children() {
        let jobs = vec![shell_job("endless", "echo begun; sleep 600 & wait")];
        let done = run(jobs, 1, Duration::from_millis(300), |_| ()).unwrap();
        let [done] = &done[..] else { panic!("one job, not {}", done.len()) };
        assert!(!done.passed && done.late && done.text == "begun\n" && done.took < Duration::from_secs(60));
    }
}
