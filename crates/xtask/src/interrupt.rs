//! Ctrl-C and SIGTERM: the running command is told to stop, then the run ends the ordinary way, so that `Drop` cleans up.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

struct State {
    interrupted: bool,
    /// Leaders of the process groups that are running for us.
    groups: BTreeSet<u32>,
}

static STATE: Mutex<State> = Mutex::new(State { interrupted: false, groups: BTreeSet::new() });
static CHANGED: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to listen; to be called once, before anything is started.
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

/// A process group that an interrupt reaches for as long as this lives.
pub(crate) struct Reached(u32);

/// Lets an interrupt reach the group that process `leader` leads.
pub(crate) fn reach(leader: u32) -> Reached {
    let mut state = state();
    state.groups.insert(leader);
    if state.interrupted {
        terminate(leader);
    }
    Reached(leader)
}

impl Drop for Reached {
    fn drop(&mut self) {
        state().groups.remove(&self.0);
    }
}

/// An error once somebody asked to stop.
pub(crate) fn check() -> Result<()> {
    if state().interrupted {
        bail!("interrupted");
    }
    Ok(())
}

/// Returns when somebody asks to stop.
pub(crate) fn wait() {
    let mut state = state();
    while !state.interrupted {
        state = CHANGED.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

fn terminate(leader: u32) {
    if let Some(pid) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        // The group may have ended by itself in this moment: nothing is left to stop then.
        let _ = kill_process_group(pid, Signal::TERM);
    }
}
