//! The program's start: `check` reports what `serve` would (FINDING P12), only SIGTERM and SIGINT end it, and only its user can read the files that it makes.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use testbed::Bed;

use crate::place::{
    MAIL_FOLDER, Place, certificate, eventually, free_port, program, secret_file, serve, signal,
};

const SMTP: &str = "[mail.smtp]\nhost = \"localhost\"\nport = 2525\nusername = \"moncompte\"\n\
    password_file = \"secrets/smtp\"\nca_file = \"smtp-ca.pem\"\n\n[outbound]\nextra_ca = \"ca.pem\"";

/// A change of the place, the key that the message names, and a part of the remedy in it.
type Case = (fn(&Place), &'static str, &'static str);

fn main_file(place: &Place, from: &str, to: &str) {
    place.change("moncompte.toml", from, to);
}

fn line(place: &Place, key: &str) -> String {
    let text = fs::read_to_string(place.path("moncompte.toml")).unwrap();
    text.lines().find(|line| line.starts_with(key)).unwrap().to_owned()
}

fn remove(place: &Place, file: &str) {
    fs::remove_file(place.path(file)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).permissions().mode() & 0o777
}

const DEADLY: &[Case] = &[
    (|p| remove(p, "secrets/smtp"), "mail.smtp.password_file", "cannot be read"),
    (|p| secret_file(&p.path("secrets/smtp"), "\n"), "mail.smtp.password_file", "is empty"),
    (
        |p| fs::set_permissions(p.path("secrets/smtp"), fs::Permissions::from_mode(0o644)).unwrap(),
        "mail.smtp.password_file",
        "chmod 600",
    ),
    (|p| main_file(p, "username = \"moncompte\"\n", ""), "mail.smtp.password_file", "give both"),
    (|p| remove(p, "smtp-ca.pem"), "mail.smtp.ca_file", "cannot be read"),
    (|p| p.pipe("smtp-ca.pem"), "mail.smtp.ca_file", "it is no file"),
    (|p| p.pipe("ca.pem"), "outbound.extra_ca", "it is no file"),
    (|p| p.pipe("secrets/smtp"), "mail.smtp.password_file", "it is no file"),
    (|p| fs::write(p.path("smtp-ca.pem"), "hello").unwrap(), "mail.smtp.ca_file", "holds no certificate"),
    (
        |p| main_file(p, "host = \"localhost\"", "host = \"smtp:587\""),
        "mail.smtp.host",
        "the name in the server's certificate",
    ),
    (|p| main_file(p, "port = 2525", "port = 0"), "mail.smtp.port", "1 to 65535"),
    (|p| remove(p, "ca.pem"), "outbound.extra_ca", "cannot be read"),
    (|p| fs::write(p.path("ca.pem"), "").unwrap(), "outbound.extra_ca", "holds no certificate"),
    (
        |p| {
            fs::write(p.path("ca.pem"), "-----BEGIN CERTIFICATE-----\naGFsbG8=\n-----END CERTIFICATE-----\n")
                .unwrap()
        },
        "outbound.extra_ca",
        "",
    ),
    (|p| main_file(p, &line(p, "listen"), "listen = \"8080\""), "listen", "such as \"127.0.0.1:8080\""),
    (
        |p| main_file(p, &line(p, "listen"), "listen = \"192.0.2.7:8080\""),
        "listen",
        "an address of this machine?",
    ),
    (
        |p| main_file(p, &line(p, "listen"), "listen = \"nowhere.invalid:8080\""),
        "listen",
        "cannot be resolved",
    ),
    (
        |p| main_file(p, &line(p, "ops_listen"), "ops_listen = \"127.0.0.1\""),
        "ops_listen",
        "an address and a port",
    ),
    (
        |p| main_file(p, &line(p, "ops_listen"), &format!("ops_{}", line(p, "listen"))),
        "ops_listen",
        "another port than listen",
    ),
    (
        |p| main_file(p, &line(p, "ops_listen"), &format!("ops_listen = \"0.0.0.0:{}\"", p.port)),
        "ops_listen",
        "another port than listen",
    ),
    (|p| secret_file(&p.path("secrets/seal.key"), "c2hvcnQ="), "secret_key_file", "32 bytes in base64"),
    (
        |p| main_file(p, "[mail]", "older_secret_key_files = [\"secrets/seal.key\"]\n[mail]"),
        "older_secret_key_files",
        "a key twice",
    ),
    (
        |p| main_file(p, "[mail]", "trusted_proxies = [\"0.0.0.0/1\"]\n[mail]"),
        "trusted_proxies",
        "so wide a part",
    ),
    (|p| main_file(p, "[mail]", "[argon2]\nslots = 0\n[mail]"), "argon2.slots", "1 to 1024"),
    (
        |p| secret_file(&p.path("secrets/database"), "postgres://u:geheim@db.invalid/x"),
        "database_file",
        "?sslmode=verify-full",
    ),
    (
        |p| {
            secret_file(
                &p.path("secrets/database"),
                "postgres://u:geheim@db.invalid/x?sslmode=verify-full&sslrootcert=/nowhere.pem",
            )
        },
        "database_file",
        "sslrootcert: /nowhere.pem cannot be read",
    ),
    (
        |p| secret_file(&p.path("secrets/database"), "postgres://u:geh#eim@db/x"),
        "database_file",
        "no address that can be read",
    ),
    (
        |p| {
            fs::write(p.path("data"), "").unwrap();
            secret_file(&p.path("secrets/database"), "sqlite://data/below/moncompte.db");
        },
        "database_file",
        "choose another in `database`",
    ),
    (
        |p| secret_file(&p.path("secrets/database"), "sqlite:///proc/moncompte.db"),
        "database_file",
        "by this user",
    ),
    (|p| secret_file(&p.path("secrets/database"), "sqlite://secrets"), "database_file", "cannot be opened"),
    (
        |p| secret_file(&p.path("secrets/database"), "sqlite://moncompte.toml"),
        "database_file",
        "is no SQLite database",
    ),
    (
        |p| {
            let text = fs::read_to_string(p.path("moncompte.toml")).unwrap();
            let before = text.split("[mail.smtp]").next().unwrap();
            fs::write(p.path("moncompte.toml"), format!("{before}folder = \"moncompte.toml/mails\"\n"))
                .unwrap();
        },
        "mail.folder",
        "moncompte.toml is no folder",
    ),
    (|p| fs::remove_dir_all(p.path("terms")).unwrap(), "terms", "add terms/<version>/fr.md"),
    (|p| remove(p, "terms/2026-11/fr.md"), "terms/2026-11", "is missing"),
];

/// `check` and `serve` report each of these with the same words, except a port that is taken: only `serve` reports it, since a running provider has it.
#[tokio::test]
async fn check_finds_whatever_serve_dies_of_at_its_start() {
    for (change, key, mend) in DEADLY {
        let place = Place::new(Bed::sqlite().await, SMTP);
        secret_file(&place.path("secrets/smtp"), "a password of a mail server");
        certificate(place.folder.path(), "smtp-ca");
        certificate(place.folder.path(), "ca");
        let good = place.run("check", &[]);
        assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
        change(&place);
        let [checked, served] = ["check", "serve"].map(|command| {
            let out = place.run(command, &[]);
            // `serve` looks into the database for what was accepted before it gives up.
            let told = String::from_utf8(out.stderr).unwrap();
            let told: String = told
                .lines()
                .filter(|line| !line.contains(" INFO "))
                .map(|line| format!("{line}\n"))
                .collect();
            assert_eq!(out.status.code(), Some(1), "{key}: {command}: {told}");
            assert!(told.contains(key) && told.contains(mend), "{key} {mend}: {command}: {told}");
            assert!(
                !told.contains("panicked") && !told.contains("geheim") && !told.contains("a password of"),
                "{told}"
            );
            told
        });
        assert_eq!(checked, served, "{key}");
    }
}

/// `check` leaves no file behind, which the provider's user could not write later.
#[tokio::test]
async fn check_makes_nothing() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    secret_file(&place.path("secrets/database"), "sqlite://data/moncompte.db");
    let all = |folder: &Path| -> Vec<PathBuf> {
        let mut all: Vec<_> = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
        all.sort();
        all
    };
    let settings = place.path("moncompte.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("{text}\n[telemetry]\naudit = \"file:audit.jsonl\"\n")).unwrap();
    let before = all(place.folder.path());
    let out = place.run("check", &[]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(all(place.folder.path()), before);
    // Also beside a running provider.
    let running = place.serve().await;
    let out = place.run("check", &[]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    running.stop().await;
}

/// FINDING P12: the audit stream too.
#[tokio::test]
async fn an_audit_stream_that_cannot_be_written_is_found_by_check() {
    for audit in ["file:none/audit.jsonl", "file:secrets"] {
        let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
        let settings = place.path("moncompte.toml");
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(&settings, format!("{text}\n[telemetry]\naudit = \"{audit}\"\n")).unwrap();
        for command in ["check", "serve"] {
            let out = place.run(command, &[]);
            let told = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(1), "{audit}: {command}: {told}");
            let is_told = |line: &str| line.contains("telemetry.audit: ") && line.contains("moncompte.toml:");
            assert!(told.lines().any(is_told), "{audit}: {command}: {told}");
        }
    }
}

/// FINDING P9.
#[tokio::test]
async fn a_signal_that_is_no_farewell_ends_no_node() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let mut running = place.serve().await;
    for (name, word) in
        [("HUP", "reload: nothing has changed"), ("USR1", "SIGUSR1 ignored"), ("USR2", "SIGUSR2 ignored")]
    {
        signal(running.id(), name);
        running.says(word).await;
    }
    // Its reader is gone.
    signal(running.id(), "PIPE");
    assert_eq!(place.operators("/health/ready").await, (200, "ok\n".into()));
    assert!(!running.has_ended());
    let (status, said) = running.stop().await;
    assert_eq!(status.code(), Some(0), "{said}");
}

/// FINDING L5: also under the umask of ordinary shells.
#[tokio::test]
async fn what_the_program_makes_is_read_by_its_user_alone() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    secret_file(&place.path("secrets/database"), "sqlite://data/moncompte.db");
    let running = place.serve().await;
    let made = ["data/moncompte.db", "data/moncompte.db-wal", "data/moncompte.db-shm"];
    for file in made {
        assert_eq!(mode(&place.path(file)), 0o600, "{file}");
    }
    assert_eq!([mode(&place.path("data")), mode(&place.path("mails"))], [0o700, 0o700]);
    let mover = crate::person::Persona::number(0);
    place.people([mover.row()]);
    crate::person::Person::new(&place.issuer()).until_mail(&mover).await;
    let mail = eventually("a mail", async || {
        fs::read_dir(place.path("mails")).unwrap().flatten().map(|entry| entry.path()).next()
    })
    .await;
    assert_eq!(mode(&mail), 0o600);
    running.kill();
    // Files that an older version made get the same mode, SQLite's log too.
    for file in made {
        fs::set_permissions(place.path(file), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let running = place.serve().await;
    for file in made {
        assert_eq!(mode(&place.path(file)), 0o600, "{file}");
    }
    running.stop().await;
}

/// Readiness fails before the listener closes, so that a proxy sends nobody to a node that ends.
#[tokio::test]
async fn a_node_that_stops_is_not_ready_and_serves_on() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    place.change("moncompte.toml", "drain_seconds = 0", "drain_seconds = 20");
    let running = place.serve().await;
    signal(running.id(), "TERM");
    eventually("a node that says no", async || {
        let (status, said) = place.operators("/health/ready").await;
        (status == 503 && said == "this node is stopping\n").then_some(())
    })
    .await;
    let page = crate::person::Person::new(&place.issuer()).get("/").await;
    assert!(page.status.is_success(), "{}", page.status);
    // A second signal ends it at once.
    let (status, said) = running.stop().await;
    assert_eq!(status.code(), Some(0), "{said}");
}

/// Nodes share one folder: what differs comes by flag, variable or overlay.
#[tokio::test]
async fn nodes_share_a_folder_and_have_their_own_addresses() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let [one, two, ops] = [free_port(), free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
    fs::write(place.path("own.toml"), format!("listen = \"{one}\"\n[mail]\nfolder = \"other\"\n")).unwrap();
    let first = serve(place.folder.path(), |command| {
        command.args(["--overlay", "own.toml"]).env("MONCOMPTE_OPS_LISTEN", &ops);
    })
    .await;
    let second = serve(place.folder.path(), |command| _ = command.args(["--listen", &two])).await;
    for address in [one, two] {
        let answer = reqwest::get(format!("http://{address}/jwks")).await.unwrap();
        assert!(answer.status().is_success(), "{address}");
    }
    assert_eq!(reqwest::get(format!("http://{ops}/health/ready")).await.unwrap().status().as_u16(), 200);
    assert!(place.path("other").is_dir());
    for (content, why) in [
        ("listen = 7\n", "own.toml: file: invalid type"),
        ("listen\n", "own.toml"),
        ("lisen = \"\"\n", "lisen"),
    ] {
        fs::write(place.path("own.toml"), content).unwrap();
        let out = place.run("check", &["--overlay", "own.toml"]);
        let told = String::from_utf8(out.stderr).unwrap();
        assert!(out.status.code() == Some(1) && told.contains(why), "{content}: {told}");
    }
    first.stop().await;
    second.stop().await;
}

/// `init` writes a folder of which `check` misses nothing but the password that only its operator knows.
#[test]
fn a_new_folder_is_right_but_for_the_mail_servers_password() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("new");
    let run = |args: &[&str]| {
        let out = program()
            .args(args)
            .arg("--issuer")
            .arg("https://compte.agence.test")
            .arg(&folder)
            .output()
            .unwrap();
        (
            out.status.code(),
            format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)),
        )
    };
    let (code, said) = run(&["init"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&["init"]);
    assert!(code == Some(1) && said.contains("is not empty"), "{said}");
    let check = || {
        let out = program().arg("check").arg("--config").arg(&folder).output().unwrap();
        (
            out.status.code(),
            format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)),
        )
    };
    let (code, said) = check();
    assert!(
        code == Some(1) && said.contains("(1 error)") && said.contains("secrets/smtp cannot be read"),
        "{said}"
    );
    secret_file(&folder.join("secrets/smtp"), "a password of a mail server");
    let (code, said) = check();
    assert!(code == Some(0) && said.contains("issuer https://compte.agence.test"), "{said}");
    assert_eq!(
        [mode(&folder.join("secrets/seal.key")), mode(&folder.join("secrets/exemple.client"))],
        [0o600; 2]
    );
}

/// The address of a database server may hold a password: `init` takes it from standard input, and no file but its own has it. It takes no address that
/// `check` refuses.
#[test]
fn the_address_of_a_database_is_a_secret_of_its_own() {
    let parent = tempfile::tempdir().unwrap();
    let init_with = |name: &str, address: &str, more: &[&str]| {
        let given = parent.path().join("given");
        fs::write(&given, address).unwrap();
        let mut command = program();
        command.args(["init", "--issuer", "https://compte.agence.test", "--database", "-"]);
        command.args(more).arg(parent.path().join(name)).stdin(fs::File::open(given).unwrap());
        let out = command.output().unwrap();
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    let init = |name: &str, address: &str| init_with(name, address, &[]);
    let green = |name: &str| {
        let folder = parent.path().join(name);
        secret_file(&folder.join("secrets/smtp"), "a password of a mail server");
        let out = program().arg("check").arg("--config").arg(&folder).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    let server = "postgres://moncompte:geheim@db.agence.test/moncompte?sslmode=verify-full";
    assert_eq!(init("server", &format!("{server}\n")).0, Some(0));
    let folder = parent.path().join("server");
    let settings = fs::read_to_string(folder.join("moncompte.toml")).unwrap();
    assert!(
        settings.contains("\ndatabase_file = \"secrets/database\"\n") && !settings.contains("\ndatabase =")
    );
    assert!(!settings.contains("geheim"));
    assert_eq!(fs::read_to_string(folder.join("secrets/database")).unwrap(), server);
    assert_eq!(mode(&folder.join("secrets/database")), 0o600);
    green("server");
    let open = "postgres://moncompte:geheim@db.agence.test/moncompte";
    let (code, said) = init("open", open);
    assert!(code == Some(1) && said.contains("--database may speak to db.agence.test without TLS"), "{said}");
    assert!(said.contains("give --database-without-tls") && !said.contains("geheim"), "{said}");
    assert!(!parent.path().join("open").exists());
    assert_eq!(init_with("open", open, &["--database-without-tls"]).0, Some(0));
    green("open");
    assert_eq!(init("file", "sqlite:///var/lib/moncompte/moncompte.db").0, Some(0));
    let settings = fs::read_to_string(parent.path().join("file/moncompte.toml")).unwrap();
    assert!(settings.contains("\ndatabase = \"sqlite:///var/lib/moncompte/moncompte.db\"\n"));
    for wrong in ["http://compte.agence.test", "https://compte.agence.test/", "compte.agence.test"] {
        let mut command = program();
        let out = command.args(["init", "--issuer", wrong]).arg(parent.path().join("no")).output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(
            out.status.code() == Some(1) && said.contains("--issuer must be https://"),
            "{wrong}: {said}"
        );
        assert!(!parent.path().join("no").exists(), "{wrong}");
    }
    for (wrong, why) in [
        ("", "must begin with sqlite:// or postgres://"),
        ("mysql://db/x", "must begin with sqlite:// or postgres://"),
        ("sqlite:moncompte.db", "must begin with sqlite:// or postgres://"),
        ("sqlite://", "must begin with sqlite:// or postgres://"),
        ("postgres://a:b@h:99999/d", "is no address that can be read"),
        ("sqlite://a\"b", "must be an address without quotes"),
    ] {
        let (code, said) = init("wrong", wrong);
        assert!(code == Some(1) && said.contains(&format!("--database {why}")), "{wrong}: {said}");
    }
}
