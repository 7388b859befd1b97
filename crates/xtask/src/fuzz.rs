//! The targets of `crates/fuzz` under libFuzzer: on the stable compiler, without cargo-fuzz, in a target folder of their own, because the
//! flags that let libFuzzer see where an input went would undo what every other step has built.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::report::Outcome;
use crate::shell::{self, cargo};

/// What `cargo xtask fuzz` can be told.
#[derive(Args)]
pub(crate) struct FuzzArgs {
    /// Runs each target for so long
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
    /// Runs this target alone: the name of a folder in crates/fuzz/seeds
    target: Option<String>,
}

/// In `cargo xtask test`: long enough to find what a change has just broken.
const GLANCE: u32 = 3;

/// What cargo-fuzz sets, without the sanitizers: they need a nightly compiler, and have little to find where `unsafe` is forbidden.
const COVERAGE: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// A few seconds of each target.
pub(crate) fn glance() -> Result<Outcome> {
    let targets = targets()?;
    run(&targets, GLANCE)?;
    Ok(Outcome::Passed(format!("{} targets, {GLANCE} s each", targets.len())))
}

/// `cargo xtask fuzz`.
pub(crate) fn command(args: &FuzzArgs) -> Result<()> {
    let all = targets()?;
    let chosen: Vec<String> =
        all.iter().filter(|name| args.target.as_ref().is_none_or(|t| t == *name)).cloned().collect();
    ensure!(!chosen.is_empty(), "there is no such target; there are: {}", all.join(", "));
    run(&chosen, args.seconds)
}

/// Every folder of seeds is a target; a test of that crate holds folders, programs and functions together.
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
    // With a target named, the flags leave build scripts and macros alone, which have no libFuzzer to link with.
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

/// The platform of this compiler.
fn host() -> Result<String> {
    let told = shell::capture(Command::new("rustc").arg("-vV"))?;
    let told = String::from_utf8_lossy(&told.stdout);
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say for which platform it compiles")
}
