//! A check of the demo as a reader of the README starts it: it answers in time, shows its pages, and stops when told to.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::interrupt::{self, InterruptGuard};
use crate::report::Outcome;
use crate::{checks, http, readme, shell};

/// The maximum time from the start, on an empty folder, to the first answer.
const BUDGET: Duration = Duration::from_secs(2);
/// The number of measured starts; the best counts, since the machine may be busy.
const STARTS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(60);
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Runs the README's command once, then measures the built program.
pub(crate) fn check() -> Result<Outcome> {
    // The features are those of `cargo run`, and so are the words; the compiler is that of the other steps, so that nothing is built again.
    shell::run(checks::linted(&mut shell::cargo(["build", "--bin", "moncompte"])))?;
    let mut words = readme::DEMO.split(' ').skip(1);
    let mut as_in_readme = shell::cargo([]);
    checks::linted(&mut as_in_readme);
    as_in_readme.args(&mut words);
    let mut demo = Demo::start(as_in_readme)?;
    demo.answers()?;
    demo.shows_its_pages()?;
    demo.stops()?;

    let mut best = Duration::MAX;
    for _ in 0..STARTS {
        let mut program = Command::new(shell::target().join("debug/moncompte"));
        program.arg("demo");
        let mut demo = Demo::start(program)?;
        best = best.min(demo.answers()?);
        demo.stops()?;
    }
    let note = format!("answers {:.2} s after its start", best.as_secs_f64());
    println!("{note}");
    Ok(if best <= BUDGET {
        Outcome::Passed(note)
    } else {
        Outcome::Failed(format!("{note}: over {BUDGET:?}"))
    })
}

/// A running demo, on ports and a folder of its own.
struct Demo {
    child: Child,
    started: Instant,
    ports: [u16; 4],
    folder: tempfile::TempDir,
    // Forwards an interrupt to it.
    _interrupt: InterruptGuard,
}

impl Demo {
    fn start(mut command: Command) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("moncompte-demo-").tempdir()?;
        let ports = free_ports()?;
        command.arg("--port-base").arg(ports[0].to_string()).arg("--data").arg(folder.path().join("data"));
        eprintln!("$ {}", shell::show(&command));
        let said = fs::File::create(folder.path().join("said"))?;
        command.current_dir(shell::root()).stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let started = shell::now();
        let child = command.process_group(0).spawn().context("cannot start the demo")?;
        let reached = interrupt::reach(child.id());
        Ok(Self { child, started, ports, folder, _interrupt: reached })
    }

    /// Waits until the provider answers; returns the time since the start.
    fn answers(&mut self) -> Result<Duration> {
        let answer = shell::poll(PATIENCE, || {
            if let Some(status) = self.child.try_wait()? {
                bail!("the demo ended by itself ({status}) and said:\n{}", said(self.folder.path()));
            }
            Ok(http::get(self.ports[0], DISCOVERY).ok())
        })?;
        let took = self.started.elapsed();
        let answer = answer.with_context(|| format!("no answer; it said:\n{}", said(self.folder.path())))?;
        ensure!(answer.status == 200, "{DISCOVERY} answers {}:\n{}", answer.status, answer.text);
        let issuer = format!("http://localhost:{}", self.ports[0]);
        ensure!(answer.text.contains(&issuer), "{DISCOVERY} does not name {issuer}:\n{}", answer.text);
        Ok(took)
    }

    /// Fetches a page of each portal and of the mailbox.
    fn shows_its_pages(&self) -> Result<()> {
        for port in &self.ports[1..] {
            let address = format!("http://localhost:{port}/");
            let answer = shell::poll(PATIENCE, || Ok(http::get(*port, "/").ok()))?;
            let answer = answer.with_context(|| format!("{address} does not answer"))?;
            ensure!(answer.status == 200, "{address} answers {}:\n{}", answer.status, answer.text);
            ensure!(answer.text.contains("<html"), "{address} is not a page:\n{}", answer.text);
        }
        Ok(())
    }

    /// Checks that SIGTERM ends it with success.
    fn stops(&mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no process id")?;
        kill_process(pid, Signal::TERM).context("cannot send SIGTERM to the demo")?;
        let status = shell::poll(PATIENCE, || Ok(self.child.try_wait()?))?;
        let status =
            status.with_context(|| format!("SIGTERM does not end it:\n{}", said(self.folder.path())))?;
        ensure!(
            status.success(),
            "after SIGTERM it ended with {status} and said:\n{}",
            said(self.folder.path())
        );
        Ok(())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Both fail, harmlessly, if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn said(folder: &Path) -> String {
    fs::read_to_string(folder.join("said")).unwrap_or_default()
}

/// Returns four free ports in a row.
fn free_ports() -> Result<[u16; 4]> {
    const ATTEMPTS: usize = 100;
    let bind = |port| TcpListener::bind(("127.0.0.1", port));
    for _ in 0..ATTEMPTS {
        let first = bind(0)?.local_addr()?.port();
        let Some(last) = first.checked_add(3) else {
            continue;
        };
        if (first..=last).all(|port| bind(port).is_ok()) {
            return Ok([first, first + 1, first + 2, first + 3]);
        }
    }
    bail!("no four free ports in a row")
}
