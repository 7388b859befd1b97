//! PostgreSQL's own programs: `pg_dump` writes a database as one snapshot, `psql` reads it in one transaction. They are told the address by their environment, for
//! everybody on the machine can read the arguments of a command.

use std::{collections::BTreeMap, path::Path};

use percent_encoding::percent_decode_str;
use tokio::process::Command;
use url::Url;

use super::Refused;

/// Writes the tables of a schema of the database at `address` to a file, as statements.
pub(super) async fn dump(address: &str, schema: &str, to: &Path) -> Result<(), Refused> {
    let mut command = program("pg_dump", address);
    // Tables with all that belongs to them, for `--schema` would also write CREATE SCHEMA, and a restore begins in a schema that is there.
    let tables = format!("{}.*", quoted(schema));
    command.args(["--format=plain", "--no-owner", "--no-privileges", "--table", &tables]);
    command.arg("--file").arg(to);
    run("pg_dump", command).await
}

/// Returns a name as statements and patterns take it literally.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
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
    // A node reads no service file; here one would come before the variables.
    command.env_remove("PGSERVICE");
    let mut environment = environment(address);
    if environment.contains_key("PGHOST") {
        command.env_remove("PGHOSTADDR");
    }
    #[allow(clippy::disallowed_methods, reason = "a node's connections begin with these options too")]
    let inherited = std::env::var(OPTIONS);
    if let (Some(options), Ok(inherited)) = (environment.get_mut(OPTIONS), inherited) {
        *options = format!("{inherited} {options}");
    }
    command.envs(environment);
    command
}

const OPTIONS: &str = "PGOPTIONS";

/// Returns the variables of libpq that mean what the address means to a node: of several servers, the one that takes writes.
fn environment(address: &str) -> BTreeMap<&'static str, String> {
    let servers = kernel::each_server(address).unwrap_or_default();
    let mut servers =
        servers.iter().filter_map(|server| Url::parse(server).ok()).map(|server| of_server(&server));
    let Some(mut set) = servers.next() else { return BTreeMap::new() };
    for server in servers {
        for (name, default) in [("PGHOST", ""), ("PGPORT", "5432")] {
            let own =
                |set: &BTreeMap<_, String>| set.get(name).cloned().unwrap_or_else(|| default.to_owned());
            set.insert(name, format!("{},{}", own(&set), own(&server)));
        }
        set.insert("PGTARGETSESSIONATTRS", "read-write".into());
    }
    set
}

/// Returns the variables for one server: what the query names comes before the rest, and the last of two.
fn of_server(address: &Url) -> BTreeMap<&'static str, String> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (mut set, mut socket) = (BTreeMap::new(), None);
    if let Some(host) = address.host_str() {
        match decoded(host) {
            path if path.starts_with('/') => socket = Some(path),
            _ => drop(set.insert("PGHOST", host.to_owned())),
        }
    }
    set.extend(address.port().map(|port| ("PGPORT", port.to_string())));
    set.insert("PGUSER", decoded(address.username()));
    set.extend(address.password().map(|password| ("PGPASSWORD", decoded(password))));
    set.insert("PGDATABASE", decoded(address.path().trim_start_matches('/')));
    let mut options = Vec::new();
    for (name, value) in address.query_pairs() {
        let value = value.into_owned();
        let variable = match &*name {
            "host" if value.starts_with('/') => {
                socket = Some(value);
                continue;
            }
            "options" => {
                options.push(value);
                continue;
            }
            "host" | "hostaddr" => "PGHOST",
            "port" => "PGPORT",
            "user" => "PGUSER",
            "password" => "PGPASSWORD",
            "dbname" => "PGDATABASE",
            "application_name" => "PGAPPNAME",
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            name => {
                let option = name.strip_prefix("options[").and_then(|name| name.strip_suffix(']'));
                // Spaces end an option.
                let escaped = |text: &str| text.replace('\\', "\\\\").replace(' ', "\\ ");
                options.extend(option.map(|name| format!("-c {}={}", escaped(name), escaped(&value))));
                continue;
            }
        };
        set.insert(variable, value);
    }
    // A socket comes before every host.
    set.extend(socket.map(|path| ("PGHOST", path)));
    if !options.is_empty() {
        set.insert(OPTIONS, options.join(" "));
    }
    for (variable, value) in &mut set {
        match *variable {
            // libpq takes the address alone.
            "PGHOST" => *value = value.trim_matches(['[', ']']).to_owned(),
            // libpq knows the small letters.
            "PGSSLMODE" => value.make_ascii_lowercase(),
            _ => {}
        }
    }
    set.retain(|_, value| !value.is_empty());
    set
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

#[cfg(test)]
mod tests {
    use kernel::sea_orm::sqlx::postgres::PgConnectOptions;

    use super::*;

    const ADDRESSES: [(&str, &[&str]); 10] = [
        (
            "postgres://mc:p@db:5433/mc",
            &["PGDATABASE=mc", "PGHOST=db", "PGPASSWORD=p", "PGPORT=5433", "PGUSER=mc"],
        ),
        (
            "postgres://m%40c:a&b+c=%2B%25%c3%a9@db/m%20c",
            &["PGDATABASE=m c", "PGHOST=db", "PGPASSWORD=a&b+c=+%é", "PGUSER=m@c"],
        ),
        ("postgres://mc@[::1]:5433/mc", &["PGDATABASE=mc", "PGHOST=::1", "PGPORT=5433", "PGUSER=mc"]),
        ("postgresql://mc@%2Frun%2Fpg/mc", &["PGDATABASE=mc", "PGHOST=/run/pg", "PGUSER=mc"]),
        ("postgres:///mc?host=/run/pg&host=db", &["PGDATABASE=mc", "PGHOST=/run/pg"]),
        (
            "postgres://x:y@z/w?user=m+c&password=a%26b%2Bc&dbname=mc&host=db&port=5433",
            &["PGDATABASE=mc", "PGHOST=db", "PGPASSWORD=a&b+c", "PGPORT=5433", "PGUSER=m c"],
        ),
        ("postgres://mc@db/mc?hostaddr=10.0.0.1", &["PGDATABASE=mc", "PGHOST=10.0.0.1", "PGUSER=mc"]),
        (
            "postgres://mc@db/mc?options=-c%20geqo%3Doff&options[search_path]=a%20b,c%5Cd&application_name=x",
            &[
                "PGAPPNAME=x",
                "PGDATABASE=mc",
                "PGHOST=db",
                "PGOPTIONS=-c geqo=off -c search_path=a\\ b,c\\\\d",
                "PGUSER=mc",
            ],
        ),
        (
            "postgres://mc@db/mc?ssl-mode=Verify-Full&ssl-root-cert=a&ssl-cert=b&ssl-key=c&statement-cache-capacity=9",
            &[
                "PGDATABASE=mc",
                "PGHOST=db",
                "PGSSLCERT=b",
                "PGSSLKEY=c",
                "PGSSLMODE=verify-full",
                "PGSSLROOTCERT=a",
                "PGUSER=mc",
            ],
        ),
        ("postgres://db?ssl-ca=a", &["PGHOST=db", "PGSSLROOTCERT=a"]),
    ];

    #[test]
    fn the_programs_are_told_the_address_that_nodes_use() {
        for (address, wanted) in ADDRESSES {
            let set = environment(address);
            let told: Vec<String> = set.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(told, wanted, "{address}");
            // A node's own reading of it, which does not tell the password.
            let node: PgConnectOptions = address.parse().unwrap();
            let socket = node.get_socket().map(|path| path.display().to_string());
            let host = socket.unwrap_or_else(|| node.get_host().trim_matches(['[', ']']).to_owned());
            let of_node = [
                ("PGHOST", host),
                ("PGPORT", node.get_port().to_string()),
                ("PGUSER", node.get_username().to_owned()),
                ("PGDATABASE", node.get_database().unwrap_or_default().to_owned()),
                (OPTIONS, node.get_options().unwrap_or_default().to_owned()),
            ];
            for (name, value) in of_node {
                assert!(
                    set.get(name).is_none_or(|told| *told == value),
                    "{address}: {name} is {value} to a node"
                );
            }
        }
    }

    #[test]
    fn the_programs_find_the_server_that_takes_writes() {
        let set = environment(
            "postgres://mc:p@a:5433,[::1],%2Frun%2Fpg:6/mc?target_session_attrs=read-write&sslmode=require",
        );
        let told: Vec<String> = set.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let wanted = [
            "PGDATABASE=mc",
            "PGHOST=a,::1,/run/pg",
            "PGPASSWORD=p",
            "PGPORT=5433,5432,6",
            "PGSSLMODE=require",
            "PGTARGETSESSIONATTRS=read-write",
            "PGUSER=mc",
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn the_name_of_a_schema_is_taken_literally() {
        assert_eq!(quoted("Mon \"compte\""), "\"Mon \"\"compte\"\"\"");
    }
}
