//! Messages about the configuration: file, line, key and mend for each mistake (SECURITY #99, #100), one sentence for a refusal of the system.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, process::Output};

use testbed::Bed;

use crate::place::{MAIL_FOLDER, Place, certificate, copy, program, project, secret_file};

/// Returns the text on standard error, after checks: exit code 1, no panic, no secret.
fn told(out: &Output) -> String {
    let told = String::from_utf8(out.stderr.clone()).unwrap();
    assert_eq!(out.status.code(), Some(1), "{told}");
    assert!(!told.contains("panicked") && !told.contains("a-secret-of-the-portal"), "{told}");
    told
}

/// The number of the line that holds this text, from 1.
fn line_of(text: &str, part: &str) -> usize {
    text[..text.find(part).unwrap_or_else(|| panic!("{part}"))].matches('\n').count() + 1
}

#[tokio::test]
async fn a_mistake_is_told_with_file_line_key_and_mend() {
    let place = Place::new(
        Bed::sqlite().await,
        &format!(
            "{MAIL_FOLDER}\n\n[lock]\nfailures = 5\n\n[argon2]\nmemory = 19456\n\n[telemetry]\nsample = 0.5\notlp_endpoint = \"http://localhost:4318\""
        ),
    );
    stands(&place);
    let main = [
        ("issuer = \"http://localhost", "issuer = \"http://compte.exemple.fr", "issuer", "must be https"),
        ("attempts_per_minute = 6000", "attempts_per_minute = 0", "attempts_per_minute", "1 or more"),
        ("attempts_per_minute = 6000", "attempts_per_minute = \"many\"", "", "invalid type"),
        ("attempts_per_minute", "attemps_per_minute", "attemps_per_minute", "unknown field"),
        ("failures = 5", "failures = 50", "lock.failures", "3 to 10"),
        ("memory = 19456", "memory = 64", "argon2.memory", "19456"),
        ("sample = 0.5", "sample = 2.0", "telemetry.sample", "0 to 1"),
        ("\"http://localhost:4318\"", "\"localhost:4318\"", "telemetry.otlp_endpoint", "http://"),
        ("localhost:4318", "user:password@localhost:4318", "telemetry.otlp_endpoint", "a host and a port"),
        (
            "from = \"Mon compte immobilier <ne-pas",
            "from = \"Mon compte immobilier ne-pas",
            "mail.from",
            "address",
        ),
        ("secrets/seal.key", "secrets/nowhere.key", "secret_key_file", "cannot be read"),
        ("secrets/seal.key", "secrets/exemple.client", "secret_key_file", "openssl rand -base64 32"),
        ("secrets/database", "secrets/exemple.client", "database_file", "sqlite:// or postgres://"),
        ("[lock]", "[lokc]", "lokc", "unknown field"),
        ("failures = 5", "failures 5", "", "="),
        (
            "attempts_per_minute = 6000",
            "staff = [{ email = \"aide\", name = \"Aide\", role = \"support\" }]\nattempts_per_minute = 6000",
            "staff.email",
            "\"aide\" is no address",
        ),
        (
            "attempts_per_minute = 6000",
            "staff = [{ email = \"a@b.test\", name = \"Aide\", role = \"suport\" }]\nattempts_per_minute = 6000",
            "suport",
            "do you mean `support`?",
        ),
    ];
    try_each(&place, "moncompte.toml", &main);
    let agency = [
        ("accent = \"#1f6f54\"", "accent = \"green\"", "look.accent", "#1f6f54"),
        (
            "#1f6f54",
            "#ffee88",
            "look.accent",
            "contrast of 1.17, and 4.5 is needed for white words on buttons",
        ),
        // Enough contrast on a card, too little at the foot of the page: the sentence names that background.
        ("#1f6f54", "#767676", "look.accent", "#767676 and #f5f2ec have a contrast of 4.06"),
        ("#1f6f54", "#ffee88", "look.accent", "the nearest colour that passes is #7"),
        (
            "[[portal]]",
            "second = \"#e8b04b\"\n[[portal]]",
            "look.second",
            "#e8b04b and #ffffff have a contrast of 1.9",
        ),
        ("[[portal]]", "logo = \"logos/none.svg\"\n[[portal]]", "look.logo", "cannot be read"),
        (
            "[[portal]]",
            "logo = \"../etc/passwd\"\n[[portal]]",
            "look.logo",
            "in the folder of the configuration",
        ),
        (
            "[[portal]]",
            "logo = \"secrets/seal.key\"\n[[portal]]",
            "look.logo",
            "must be an SVG, PNG, JPEG or WebP",
        ),
        ("dpo@exemple.test", "", "controller.dpo", "must not be empty"),
        ("secrets/exemple.client", "secrets/nowhere", "portal.client_secret_file", "cannot be read"),
        (
            "https://espace.exemple.test/callback",
            "http://espace.exemple.test/callback",
            "portal.redirect_uris",
            "https",
        ),
        ("https://espace.exemple.test/callback", "https://espace.exemple.test/*", "portal.redirect_uris", ""),
        ("https://espace.exemple.test/\"", "nowhere\"", "portal.home", "must be an address"),
        ("city = ", "town = ", "town", "unknown field"),
        (
            "city = ",
            "staff = [{ email = \"accueil\", name = \"Léa\", role = \"desk\" }]\ncity = ",
            "staff.email",
            "\"accueil\" is no address",
        ),
        (
            "city = ",
            "staff = [{ email = \"lea@exemple.test\", name = \"Léa\", role = \"dsk\" }]\ncity = ",
            "staff.role",
            "do you mean `desk`?",
        ),
    ];
    try_each(&place, "agencies/exemple.toml", &agency);
}

fn try_each(place: &Place, file: &str, table: &[(&str, &str, &str, &str)]) {
    let path = place.path(file);
    let good = fs::read_to_string(&path).unwrap();
    for (from, to, key, mend) in table {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        fs::write(&path, &bad).unwrap();
        let told = told(&place.run("check", &[]));
        let begin = format!("  {file}:{}: {key}", line_of(&good, from));
        let line = told
            .lines()
            .find(|l| l.starts_with(&begin))
            .unwrap_or_else(|| panic!("{to}: no {begin:?} in {told}"));
        assert!(line.contains(mend) && line.len() > begin.len() + 5, "{to}: {line}");
        // `serve` refuses it too, unless it is one agency's mistake (SECURITY D20: the tests of `left_out`).
        assert!(file.starts_with("agencies/") || !place.run("serve", &[]).status.success(), "{to}");
    }
    fs::write(&path, good).unwrap();
    stands(place);
}

fn stands(place: &Place) {
    let out = place.run("check", &[]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[tokio::test]
async fn all_mistakes_are_told_at_once() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    for (file, from, to) in [
        ("moncompte.toml", "attempts_per_minute = 6000", "attempts_per_minute = 0"),
        ("moncompte.toml", "secrets/seal.key", "secrets/nowhere"),
        ("agencies/exemple.toml", "#1f6f54", "green"),
        ("agencies/exemple.toml", "[[portal]]", "second = \"#ffee88\"\n[[portal]]"),
        ("terms/2026-11/fr.md", "+++\n", ""),
    ] {
        let text = fs::read_to_string(place.path(file)).unwrap();
        fs::write(place.path(file), text.replacen(from, to, 1)).unwrap();
    }
    let told = told(&place.run("check", &[]));
    for part in [
        "attempts_per_minute",
        "secret_key_file",
        "look.accent",
        "look.second: #ffee88",
        "terms/2026-11/fr.md:1",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[tokio::test]
async fn missing_terms_and_open_secrets_are_refused() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    for (name, key) in [
        ("secrets/seal.key", "secret_key_file"),
        ("secrets/database", "database_file"),
        ("secrets/exemple.client", "portal.client_secret_file"),
    ] {
        let mode = |mode| fs::set_permissions(place.path(name), fs::Permissions::from_mode(mode)).unwrap();
        mode(0o644);
        let told = told(&place.run("check", &[]));
        assert!(told.contains(key) && told.contains("chmod 600"), "{name}: {told}");
        mode(0o600);
    }
    fs::remove_dir_all(place.path("terms")).unwrap();
    let told = told(&place.run("check", &[]));
    assert!(told.contains("terms") && told.contains("add terms/<version>/fr.md"), "{told}");
    let nowhere = program().args(["check", "--config", "/nowhere"]).output().unwrap();
    assert!(self::told(&nowhere).contains("is --config right?"));
}

#[tokio::test]
async fn what_the_system_refuses_is_one_sentence() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let held = TcpListener::bind(("127.0.0.1", place.port)).unwrap();
    let told_busy = told(&place.run("serve", &[]));
    assert!(
        told_busy.contains("cannot be listened on") && told_busy.contains(&place.port.to_string()),
        "{told_busy}"
    );
    drop(held);
    // A file in place of the folder: not even root can write in it.
    fs::write(place.path("data"), "").unwrap();
    secret_file(&place.path("secrets/database"), "sqlite://data/below/moncompte.db");
    let told_data = told(&place.run("serve", &[]));
    assert!(told_data.contains("choose another in `database`"), "{told_data}");
    secret_file(&place.path("secrets/database"), "sqlite:///proc/moncompte.db");
    let told_proc = told(&place.run("serve", &[]));
    assert!(told_proc.contains("is `database` right, and may this user write there?"), "{told_proc}");
    secret_file(&place.path("secrets/database"), "postgres://nobody:geheim@127.0.0.1:1/none");
    let told_postgres = told(&place.run("serve", &[]));
    assert!(
        told_postgres.contains("is `database` right") && !told_postgres.contains("geheim"),
        "{told_postgres}"
    );
    for sentence in [told_busy, told_data, told_proc, told_postgres] {
        assert!(sentence.lines().count() <= 4, "{sentence}");
    }
}

#[test]
fn the_published_schema_is_the_programs() {
    let schema = |option| -> serde_json::Value {
        let out = program().args(["check", option]).output().unwrap();
        assert!(out.status.success());
        let said: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!((&said["type"], &said["additionalProperties"]), (&"object".into(), &false.into()));
        said
    };
    let kept = fs::read_to_string(project().join("config/schema.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(schema("--schema"), kept, "cargo run -- check --schema > config/schema.json");
    let kept = fs::read_to_string(project().join("config/agency.schema.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(
        schema("--agency-schema"),
        kept,
        "cargo run -- check --agency-schema > config/agency.schema.json"
    );
}

/// The sample for operators is valid, and every default that it shows is the program's.
#[test]
fn the_sample_is_valid_and_so_is_all_that_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let sample = project().join("config");
    copy(&sample.join("terms"), &folder.path().join("terms"));
    copy(&sample.join("agencies"), &folder.path().join("agencies"));
    secret_file(&folder.path().join("secrets/seal.key"), &kernel::SealKey::new([7; 32]).text());
    secret_file(&folder.path().join("secrets/seal.old"), &kernel::SealKey::new([8; 32]).text());
    for name in ["smtp-ca", "ca"] {
        certificate(folder.path(), name);
    }
    for name in ["smtp", "exemple.client", "exemple.ticket"] {
        secret_file(&folder.path().join("secrets").join(name), "a stand-in of thirty-two characters");
    }
    let check = |text: &str| {
        fs::write(folder.path().join("moncompte.toml"), text).unwrap();
        program().arg("check").arg("--config").arg(folder.path()).output().unwrap()
    };
    let text = fs::read_to_string(sample.join("moncompte.toml")).unwrap();
    let out = check(&text);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    // With all lines that it comments out, except the second of two alternatives.
    let shown: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some("[[staff]]") => "[[staff]]",
            Some(key) if is_key(key) && !key.starts_with("database_file") && !key.starts_with("folder") => {
                key
            }
            _ => line,
        })
        .collect();
    // The package makes this folder.
    let shown = shown.join("\n").replace("/var/lib/moncompte", env!("CARGO_TARGET_TMPDIR"));
    let out = check(&shown);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let schema: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(sample.join("schema.json")).unwrap()).unwrap();
    every_key(&schema, &text);
}

/// The sample of an agency shows every key, and is valid with all lines that it comments out; docs/face.md names each key of a face.
#[test]
fn the_sample_of_an_agency_shows_every_key() {
    let read = |file: &str| fs::read_to_string(project().join(file)).unwrap();
    let (sample, doc) = (read("config/agencies/exemple.toml"), read("docs/face.md"));
    let schema: serde_json::Value = serde_json::from_str(&read("config/agency.schema.json")).unwrap();
    let keys = |section: &serde_json::Value| -> Vec<String> {
        section["properties"].as_object().unwrap().keys().cloned().collect()
    };
    for (table, name) in [("look", "Look"), ("words", "CustomTexts"), ("contact", "Contact")] {
        let section = &schema["$defs"][name];
        let mut told: Vec<&str> =
            doc.lines().filter_map(|l| l.strip_prefix("| `")?.split('`').next()).collect();
        told.retain(|key| key.split('.').next() == Some(table));
        let mut all: Vec<String> = keys(section).iter().map(|key| format!("{table}.{key}")).collect();
        all.sort();
        told.sort_unstable();
        assert_eq!(told, all, "docs/face.md");
        for key in keys(section) {
            let lines = [format!("{key} = "), format!("# {key} = "), format!("[{table}.{key}]")];
            let there = sample.lines().any(|line| lines.iter().any(|start| line.starts_with(start)));
            assert!(there, "the sample does not show {table}.{key}");
        }
    }
    for text in ["200 characters", "6 kB"] {
        assert!(doc.contains(text) && sample.contains(text), "{text}");
    }
    assert_eq!(schema["$defs"]["LocalizedText"]["properties"]["fr"]["maxLength"], 200);
}

fn is_key(line: &str) -> bool {
    line.split_once(" = ").is_some_and(|(key, _)| {
        key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
    })
}

fn every_key(schema: &serde_json::Value, text: &str) {
    let sections = schema["$defs"].as_object().unwrap().values();
    for properties in sections.chain([schema]).filter_map(|s| s["properties"].as_object()) {
        for (key, told) in properties {
            let there = text.lines().any(|line| {
                let line = line.trim_start_matches("# ");
                line.starts_with(&format!("{key} = "))
                    || line == format!("[{key}]")
                    || line == format!("[[{key}]]")
                    || line == format!("[mail.{key}]")
            });
            assert!(there, "the sample does not show {key}");
            if let Some(default) = told.get("default").filter(|d| d.is_number() || d.is_string()) {
                let shown = format!("# {key} = {default}");
                assert!(text.lines().any(|line| line == shown), "the sample does not show {shown}");
            }
        }
    }
}
