//! Handling of Ctrl-C and SIGTERM: the running command is told to stop, then the run ends normally, so that `Drop` cleans up.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

struct State {
    interrupted: bool,
    /// The leaders of our running process groups.
    groups: BTreeSet<u32>,
}

static STATE: Mutex<State> = Mutex::new(State { interrupted: false, groups: BTreeSet::new() });
static CHANGED: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts to listen; must be called once, before anything is started.
pub(crate) fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        let mut state = state();
        state.interrupted = true;
        for group in &state.groups {
            terminate(*group);
        }
        CHANGED.notify_all();
    })
    .context("cannot listen for Ctrl-C")
}

/// Forwards interrupts to a process group, until dropped.
pub(crate) struct InterruptGuard(u32);

/// Forwards interrupts to the group whose leader is process `leader`.
pub(crate) fn reach(leader: u32) -> InterruptGuard {
    let mut state = state();
    state.groups.insert(leader);
    if state.interrupted {
        terminate(leader);
    }
    InterruptGuard(leader)
}

impl Drop for InterruptGuard {
    fn drop(&mut self) {
        state().groups.remove(&self.0);
    }
}

/// Returns an error if an interrupt was received.
pub(crate) fn check() -> Result<()> {
    if state().interrupted {
        bail!("interrupted");
    }
    Ok(())
}

/// Waits for an interrupt.
pub(crate) fn wait() {
    let mut state = state();
    while !state.interrupted {
        state = CHANGED.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

fn terminate(leader: u32) {
    if let Some(pid) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        // The group may have just ended by itself.
        let _ = kill_process_group(pid, Signal::TERM);
    }
}
