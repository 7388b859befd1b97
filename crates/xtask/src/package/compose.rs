//! The commands and the table of deploy/README.md for compose: what they make is a configuration that the program takes. Engines are not asked.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::page::{commands, sections};
use super::root::Root;
use crate::dist::Made;
use crate::shell;

const PAGE: &str = "deploy/README.md";
const HEADING: &str = "With compose";
/// The files of the commands, and where compose.yaml mounts them.
const SECRETS: [(&str, &str); 2] = [("database-url", "database_url"), ("sealing-key", "sealing_key")];

/// Types the commands, lays the files where an engine would, and checks the configuration of the table.
pub(super) fn check(made: &Made) -> Result<()> {
    let page = fs::read_to_string(shell::root().join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let root = Root::new(&["mkdir", "cat", "chown"])?;
    root.dpkg(&["--install", &made.package.display().to_string()])?;
    fs::create_dir_all(root.path("deploy"))?;
    fs::create_dir_all(root.path("run/secrets"))?;
    let lines = commands(&sections(&page), HEADING)?;
    let (last, prepare) = lines.split_last().context("the page has no command")?;
    ensure!(last.contains("docker compose up"), "the last command starts nothing: {last}");
    // One shell, as its reader's: the first line changes folder and mask.
    root.run(&prepare.join(" && "))?;
    for (file, mounted) in SECRETS {
        let from = format!("deploy/secrets/{file}");
        let owner = root.owner(&from)?;
        ensure!(owner == "0600 65532:65532", "/{from} is {owner}");
        fs::copy(root.path(&from), root.path("run/secrets").join(mounted))?;
    }
    root.run(
        "moncompte init /compose --issuer https://compte.example.fr --database - --database-without-tls < /run/secrets/database_url",
    )?;
    root.run("umask 077; echo a-password > /compose/secrets/smtp")?;
    let settings: Vec<String> =
        table(&page).into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
    ensure!(settings.len() >= 5, "the table of {HEADING} has no settings: {settings:?}");
    root.set("compose/moncompte.toml", &settings.join("\n"))?;
    let said = root.run("moncompte check --config /compose")?;
    ensure!(said.contains("nothing is wrong"), "the table's configuration is refused:\n{said}");
    Ok(())
}

/// Returns the settings of the table, as TOML: the first words in code of a row's two columns.
fn table(page: &str) -> Vec<(&str, String)> {
    let section = page.split(&format!("\n## {HEADING}\n")).nth(1).unwrap_or_default();
    let rows =
        section.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `"));
    rows.filter_map(|row| {
        let mut code = row.split('`').skip(1).step_by(2);
        let (key, value) = (code.next()?, code.next()?);
        let is_toml = value == "true" || value.starts_with('[');
        // The issuer's row says how it is put together.
        (key != "issuer").then(|| (key, if is_toml { value.to_owned() } else { format!("\"{value}\"") }))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_from_the_table() {
        let page = "x\n## With compose\n| `issuer` | `https://` and `H` |\n| `listen` | `0.0.0.0:1` |\n\
                    | `on` | `true`: why |\n| `of` | `[\"a\"]` |\n## Next\n| `no` | `1` |\n";
        let expected = [("listen", "\"0.0.0.0:1\""), ("on", "true"), ("of", "[\"a\"]")];
        assert_eq!(table(page), expected.map(|(key, value)| (key, value.to_owned())));
    }
}
