//! PostgreSQL's own programs: `pg_dump` writes a database as one snapshot, `psql` reads it in one transaction. They are told the address by their environment, for
//! everybody on the machine can read the arguments of a command.

use std::path::Path;

use tokio::process::Command;
use url::Url;

use super::Refused;

/// Names of parameters in the database's address, and the variables of libpq that mean the same.
const PARAMETERS: [(&str, &str); 6] = [
    ("host", "PGHOST"),
    ("port", "PGPORT"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
];

/// Writes the database at `address` to a file, as statements.
pub(super) async fn dump(address: &str, to: &Path) -> Result<(), Refused> {
    let mut command = program("pg_dump", address);
    command.args(["--format=plain", "--no-owner", "--no-privileges"]).arg("--file").arg(to);
    run("pg_dump", command).await
}

/// Runs the statements of a file, then `last`, in one transaction: all of it is there, or nothing.
pub(super) async fn load(address: &str, from: &Path, last: &str) -> Result<(), Refused> {
    let mut command = program("psql", address);
    command
        .args([
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set",
            "ON_ERROR_STOP=1",
            "--output=/dev/null",
        ])
        .arg("--file")
        .arg(from)
        .args(["--command", last]);
    run("psql", command).await
}

fn program(name: &str, address: &str) -> Command {
    let mut command = Command::new(name);
    command.kill_on_drop(true).stdin(std::process::Stdio::null());
    let Ok(url) = Url::parse(address) else { return command };
    let decoded = |text: &str| percent(text);
    let mut set = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            command.env(name, value);
        }
    };
    set("PGHOST", url.host_str().map(decoded));
    set("PGPORT", url.port().map(|port| port.to_string()));
    set("PGUSER", Some(decoded(url.username())));
    set("PGPASSWORD", url.password().map(decoded));
    set("PGDATABASE", Some(decoded(url.path().trim_start_matches('/'))));
    for (name, value) in url.query_pairs() {
        // sqlx also takes these names with hyphens.
        let name = name.replace("ssl-", "ssl").replace("root-cert", "rootcert");
        if let Some((_, variable)) = PARAMETERS.iter().find(|(known, _)| *known == name) {
            set(variable, Some(value.into_owned()));
        }
    }
    command
}

/// Decodes the percent signs of a part of an address.
fn percent(text: &str) -> String {
    let query = format!("v={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(query.as_bytes()).next().map(|(_, v)| v.into_owned()).unwrap_or_default()
}

async fn run(name: &'static str, mut command: Command) -> Result<(), Refused> {
    let out = command.output().await.map_err(|error| Refused::NoProgram(name, error.to_string()))?;
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    let said = said.lines().filter(|line| !line.trim().is_empty()).take(3).collect::<Vec<_>>().join("; ");
    Err(Refused::Failed(name, said))
}
