//! Runs commands from the workspace's root, each in a process group of its own that interrupts are forwarded to.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::interrupt;

/// Returns the workspace's root folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Returns cargo's target folder: `CARGO_TARGET_DIR` or `target/`.
pub(crate) fn target() -> PathBuf {
    variable("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Returns an environment variable, if it is set.
pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    #[allow(clippy::disallowed_methods, reason = "a tool reads its environment")]
    std::env::var_os(name)
}

/// Returns the current instant, to measure durations.
pub(crate) fn now() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "a tool measures what it runs")]
    Instant::now()
}

/// The unit of proc_pid_stat(5), on every machine that Linux runs on (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// Returns the processor time of the commands that were run to their end, and of theirs.
pub(crate) fn cpu_of_children() -> Duration {
    // proc_pid_stat(5): fields 16 and 17, of which the name (2) may have spaces.
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name.split(' ').skip(13).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Returns a cargo command, using the cargo that runs this program.
pub(crate) fn cargo<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new(variable("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}

/// Runs a command to its end; anything but success is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = show(command);
    eprintln!("$ {line}");
    let mut child = command
        .current_dir(root())
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let reached = interrupt::reach(child.id());
    let status = child.wait().with_context(|| format!("lost sight of `{line}`"))?;
    drop(reached);
    interrupt::check()?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Runs a command in its own folder, with its complete output in the file `log`; returns its status, or `None` after `timeout`, and the output.
pub(crate) fn watch(
    command: &mut Command,
    log: &Path,
    timeout: Duration,
) -> Result<(Option<ExitStatus>, String)> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", show(command)))?;
    let reached = interrupt::reach(child.id());
    let ended = poll(timeout, || Ok(child.try_wait()?));
    if !matches!(ended, Ok(Some(_))) {
        end(&mut child);
    }
    drop(reached);
    Ok((ended?, String::from_utf8_lossy(&fs::read(log)?).into_owned()))
}

/// Kills the whole process group: a test's server would hold its files and ports.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

/// Runs a short command and returns its output, whether it succeeded or not.
pub(crate) fn capture(command: &mut Command) -> Result<Output> {
    let line = show(command);
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{line}`"))
}

/// Returns true if a short command can be started and succeeds.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    capture(command).is_ok_and(|output| output.status.success())
}

/// Returns a command as one would type it, without the path of its program.
pub(crate) fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Polls until there is a result or an error, or the timeout expires.
pub(crate) fn poll<T>(timeout: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    const PAUSE: Duration = Duration::from_millis(20);
    let start = now();
    loop {
        interrupt::check()?;
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if start.elapsed() > timeout {
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}
