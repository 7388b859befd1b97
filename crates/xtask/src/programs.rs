//! The test programs that a build leaves, as cargo itself runs them. They are run here and not by `cargo test`, which runs one after the other.

use std::io::BufReader;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result};
use cargo_metadata::{Message, TargetKind};

use crate::{interrupt, shell};

/// A built program of tests.
pub(crate) struct TestProgram {
    /// The package that it belongs to.
    pub(crate) package: String,
    /// The name of the integration tests' folder, or `None` for unit tests.
    pub(crate) binary: Option<String>,
    /// True for the unit tests of a package's program, beside those of its library.
    pub(crate) of_program: bool,
    executable: PathBuf,
    folder: PathBuf,
}

impl TestProgram {
    /// Returns its name for people, e.g. `idp it`.
    pub(crate) fn name(&self) -> String {
        let part = self.binary.as_deref().unwrap_or(if self.of_program { "program" } else { "library" });
        format!("{} {part}", self.package)
    }

    /// Returns the command that runs it where cargo would.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command.env("CARGO", shell::variable("CARGO").unwrap_or_else(|| "cargo".into()));
        command
    }
}

/// Runs a `cargo test` that only builds; returns its status and the programs that are there now.
pub(crate) fn build(command: &mut Command) -> Result<(ExitStatus, Vec<TestProgram>)> {
    command.args(["--no-run", "--message-format=json-render-diagnostics"]);
    let line = shell::show(command);
    eprintln!("$ {line}");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
    let mut child = command.spawn().with_context(|| format!("cannot start `{line}`"))?;
    let reached = interrupt::reach(child.id());
    let output = child.stdout.take().context("the output of cargo is piped")?;
    let mut programs = Vec::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        programs.extend(test_program(message.context("cannot read what cargo says")?));
    }
    let status = child.wait().with_context(|| format!("lost sight of `{line}`"))?;
    drop(reached);
    interrupt::check()?;
    Ok((status, programs))
}

fn test_program(message: Message) -> Option<TestProgram> {
    let Message::CompilerArtifact(artifact) = message else { return None };
    let (target, executable) = (artifact.target, artifact.executable?);
    // A bench is compiled with the tests, to be linted, and is not a program of tests.
    if !artifact.profile.test || target.kind.contains(&TargetKind::Bench) {
        return None;
    }
    let folder = artifact.manifest_path.parent()?;
    Some(TestProgram {
        package: folder.file_name()?.to_owned(),
        of_program: target.kind.contains(&TargetKind::Bin),
        binary: target.kind.contains(&TargetKind::Test).then_some(target.name),
        executable: executable.into(),
        folder: folder.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(kind: &str, test: bool) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"path+file:///w/crates/idp#0.1.0","manifest_path":"/w/crates/idp/Cargo.toml",
            "target":{{"kind":["{kind}"],"crate_types":["bin"],"name":"it","src_path":"/w/crates/idp/tests/it/main.rs","edition":"2024",
            "doc":false,"doctest":false,"test":true}},"profile":{{"opt_level":"0","debuginfo":0,"debug_assertions":true,
            "overflow_checks":true,"test":{test}}},"features":[],"filenames":["/t/it"],"executable":"/t/it","fresh":true}}"#
        )
        .replace('\n', "")
    }

    #[test]
    fn test_programs_are_told_from_benches_and_from_the_program_itself() {
        let lines = [artifact("test", true), artifact("lib", true), artifact("bin", true)];
        let others = [artifact("bench", true), artifact("bin", false), artifact("example", false)];
        let text = lines.into_iter().chain(others).collect::<Vec<_>>().join("\n");
        let found = Message::parse_stream(text.as_bytes()).filter_map(|m| test_program(m.unwrap()));
        let names: Vec<String> = found.map(|program| program.name()).collect();
        assert_eq!(names, ["idp it", "idp library", "idp program"]);
    }
}
