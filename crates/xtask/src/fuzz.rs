//! The targets of `crates/fuzz` under libFuzzer: on the stable compiler, without cargo-fuzz, in a target folder of their own, because the coverage flags of
//! libFuzzer would invalidate every other build.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::report::Outcome;
use crate::shell::{self, cargo};

/// The options of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct FuzzArgs {
    /// Number of seconds for each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
    /// Runs this target alone: the name of a folder in crates/fuzz/seeds
    target: Option<String>,
}

/// The number of seconds in `cargo xtask test`: enough to find recent regressions.
const SHORT_RUN: u32 = 3;

/// The flags of cargo-fuzz without the sanitizers, which need a nightly compiler and find little in code that forbids `unsafe`.
const COVERAGE: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Runs each target for a few seconds.
pub(crate) fn short_run() -> Result<Outcome> {
    let targets = targets()?;
    run(&targets, SHORT_RUN)?;
    Ok(Outcome::Passed(format!("{} targets, {SHORT_RUN} s each", targets.len())))
}

/// Runs `cargo xtask fuzz`.
pub(crate) fn command(args: &FuzzArgs) -> Result<()> {
    let all = targets()?;
    let chosen: Vec<String> =
        all.iter().filter(|name| args.target.as_ref().is_none_or(|t| t == *name)).cloned().collect();
    ensure!(!chosen.is_empty(), "there is no such target; there are: {}", all.join(", "));
    run(&chosen, args.seconds)
}

/// Returns the targets. Every folder of seeds is one; a test of that crate compares folders, programs and functions.
fn targets() -> Result<Vec<String>> {
    let folder = seeds();
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn seeds() -> PathBuf {
    shell::root().join("crates/fuzz/seeds")
}

fn run(targets: &[String], seconds: u32) -> Result<()> {
    let host = host()?;
    let folder = shell::target().join("fuzz");
    let place = folder.to_string_lossy();
    let mut build =
        cargo(["build", "--package", "fuzz", "--bins", "--features", "libfuzzer", "--profile", "fuzz"]);
    // With an explicit `--target`, the flags do not apply to build scripts and macros, which cannot link with libFuzzer.
    build.args(["--target", &host, "--target-dir", &place]);
    build.env("RUSTFLAGS", COVERAGE.join(" ")).env_remove("CARGO_ENCODED_RUSTFLAGS");
    shell::run(&mut build)?;
    let mut failed = Vec::new();
    for target in targets {
        let (corpus, crashes) = (folder.join("corpus").join(target), folder.join("artifacts").join(target));
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&crashes)?;
        let mut program = Command::new(folder.join(&host).join("fuzz").join(format!("fuzz-{target}")));
        program.arg(&corpus).arg(seeds().join(target));
        program
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/", crashes.display()));
        program.args(["-max_len=4096", "-timeout=5", "-verbosity=0", "-print_final_stats=1"]);
        if let Err(cause) = shell::run(&mut program) {
            crate::interrupt::check()?;
            println!(
                "{cause:#}\nthe input is in {}: make it a seed once it is understood",
                crashes.display()
            );
            failed.push(target.as_str());
        }
    }
    if !failed.is_empty() {
        bail!("inputs were found that break: {}", failed.join(", "));
    }
    Ok(())
}

/// Returns the platform of this compiler.
fn host() -> Result<String> {
    let told = shell::capture(Command::new("rustc").arg("-vV"))?;
    let told = String::from_utf8_lossy(&told.stdout);
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say for which platform it compiles")
}
