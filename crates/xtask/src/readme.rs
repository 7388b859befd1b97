//! A check that the README's commands are the ones that run here, word for word.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::report::Outcome;
use crate::shell;

/// The command that shows the program.
pub(crate) const DEMO: &str = "cargo run -- demo";
/// The command that tests it.
const TEST: &str = "cargo xtask test";

/// Compares the README with what `.ci/run` and the demo step run.
pub(crate) fn check() -> Result<Outcome> {
    let read = |path: &str| {
        fs::read_to_string(shell::root().join(path)).with_context(|| format!("cannot read {path}"))
    };
    let commands = commands(&read("README.md")?);
    if commands != [DEMO, TEST] {
        bail!("the fenced commands of README.md are {commands:?}; the ones tested are {:?}", [DEMO, TEST]);
    }
    if !read(".ci/run")?.lines().any(|line| line.trim().trim_start_matches("exec ") == TEST) {
        bail!(".ci/run does not run `{TEST}`");
    }
    Ok(Outcome::passed())
}

/// Returns the cargo commands in the fenced blocks, in order, without prompts and comments.
fn commands(markdown: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in markdown.lines().map(str::trim) {
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let command = line.trim_start_matches("$ ").split('#').next().unwrap_or_default().trim();
        if fenced && command.starts_with("cargo ") {
            found.push(command.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_from_fences_only() {
        let markdown = "`cargo doc`\n```sh\n$ cargo run -- demo   # then open it\n```\ncargo fly\n\
                        ```console\ncargo xtask test\nls\n```\n";
        assert_eq!(commands(markdown), [DEMO, TEST]);
    }
}
