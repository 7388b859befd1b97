//! Reads the installed unit as systemd would: no systemd runs where tests do, so they start what stands there, word for word.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

/// The lines of the unit that say how its program runs.
pub(super) struct Unit {
    /// Program and arguments.
    pub(super) start: Vec<String>,
    /// Program and arguments.
    pub(super) reload: Vec<String>,
    /// The user, and the group of the same name.
    pub(super) user: String,
    /// The file of variables; it need not be there.
    pub(super) environment: String,
}

impl Unit {
    /// Reads a unit. Lines that are no plain words, e.g. with quotes or `$`, are an error: this reader has no rules for them.
    pub(super) fn read(text: &str) -> Result<Self> {
        let value = |key: &str| {
            let mut found = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            let value = found.next().with_context(|| format!("the unit has no {key}"))?;
            ensure!(found.next().is_none(), "the unit has more than one {key}");
            ensure!(
                !value.contains(['"', '\'', '$', '%', '\\', '!', '+', '@']),
                "{key} is no plain words: {value}"
            );
            Ok(value.to_owned())
        };
        let words = |key: &str| -> Result<Vec<String>> {
            Ok(value(key)?.split_whitespace().map(str::to_owned).collect())
        };
        let user = value("User")?;
        ensure!(value("Group")? == user, "the group is another than the user's");
        let environment = value("EnvironmentFile")?;
        let environment = environment
            .strip_prefix('-')
            .context("a missing EnvironmentFile must stop nothing: -FILE")?
            .to_owned();
        Ok(Self { start: words("ExecStart")?, reload: words("ExecReload")?, user, environment })
    }
}

/// Reads a file of variables, as systemd does where nothing is quoted.
pub(super) fn variables(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: &str = "[Service]\nExecStart=/usr/bin/m serve --config /etc/m\nExecReload=/usr/bin/m apply\nUser=m\n\
                        Group=m\nEnvironmentFile=-/etc/default/m\n";

    #[test]
    fn a_unit_is_read_as_plain_words() {
        let unit = Unit::read(UNIT).unwrap();
        assert_eq!(unit.start, ["/usr/bin/m", "serve", "--config", "/etc/m"]);
        assert_eq!(unit.reload, ["/usr/bin/m", "apply"]);
        assert_eq!((unit.user.as_str(), unit.environment.as_str()), ("m", "/etc/default/m"));
        for (from, to) in
            [("User=m\n", ""), ("apply", "apply $MAINPID"), ("=-/", "=/"), ("Group=m", "Group=n")]
        {
            assert!(Unit::read(&UNIT.replace(from, to)).is_err(), "{from}");
        }
    }

    #[test]
    fn variables_are_read_without_comments() {
        let read = variables("# A=1\nB=2=3\n\n;C=4\n");
        assert_eq!(read, BTreeMap::from([("B".to_owned(), "2=3".to_owned())]));
    }
}
