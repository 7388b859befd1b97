//! Identity files made at test time: random passwords, hashed by tools other than ours.

use std::{
    fmt::Write as _,
    fs,
    process::{Command, Output},
    time::{Duration, Instant},
};

use kernel::sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use testbed::{Bed, apply, both};

use crate::{
    person::{Person, Persona},
    place::{AGENCY, MAIL_FOLDER, Place},
    python,
};

/// A row of an agency's export, and the person whom it describes.
struct Made {
    mover: Persona,
    hash: String,
    format: &'static str,
    salt: String,
}

const WEAK_PYTHON: &str = r#"
import base64, hashlib, json, os, struct, sys
out = []
for name, password in json.load(sys.stdin):
    p, salt = password.encode(), os.urandom(4).hex()
    s = salt.encode()
    b64 = lambda b: base64.b64encode(b).decode()
    out.append({
        "md5": (hashlib.md5(p).hexdigest(), ""),
        "sha1:salt+password": (hashlib.sha1(s + p).hexdigest(), salt),
        "sha256:password+salt": (hashlib.sha256(p + s).hexdigest(), salt),
        "sha512": (hashlib.sha512(p).hexdigest(), ""),
        "{SSHA}": ("{SSHA}" + b64(hashlib.sha1(p + s).digest() + s), ""),
        "{SHA}": ("{SHA}" + b64(hashlib.sha1(p).digest()), ""),
        "django": ("pbkdf2_sha256$20000$" + salt + "$" + b64(hashlib.pbkdf2_hmac("sha256", p, s, 20000)), ""),
        "django strong": ("pbkdf2_sha256$300000$" + salt + "$" + b64(hashlib.pbkdf2_hmac("sha256", p, s, 300000)), ""),
        "vbulletin": (hashlib.md5(hashlib.md5(p).hexdigest().encode() + s).hexdigest(), salt),
        "sha512(salt+raw(sha1(password)))": (hashlib.sha512(s + hashlib.sha1(p).digest()).hexdigest() + ":" + salt, ""),
        "aspnet-identity": (b64(struct.pack(">BIII", 1, 2, 10000, 8) + s + hashlib.pbkdf2_hmac("sha512", p, s, 10000)), ""),
        "scrypt": ("scrypt$16384$" + salt + "$8$1$" + b64(hashlib.scrypt(p, salt=s, n=16384, r=8, p=1, maxmem=2**26)), ""),
    }[name])
json.dump(out, sys.stdout)
"#;

/// `hash_format` in the file, and its maker: a flag of `openssl passwd`, or a name of the Python script.
const FORMATS: [(&str, &str); 17] = [
    ("md5crypt", "-1"),
    ("", "-apr1"),
    ("sha256crypt", "-5"),
    ("", "-6"),
    ("md5", "md5"),
    ("sha1:salt+password", "sha1:salt+password"),
    ("sha256:password+salt", "sha256:password+salt"),
    ("sha512", "sha512"),
    ("", "{SSHA}"),
    ("ldap", "{SHA}"),
    ("", "django"),
    ("django", "django strong"),
    ("", "scrypt"),
    ("plain", "itself"),
    ("vbulletin", "vbulletin"),
    ("sha512(salt+raw(sha1(password)))", "sha512(salt+raw(sha1(password)))"),
    ("", "aspnet-identity"),
];

/// One person for each format, with random passwords.
fn directory(prefix: &str) -> Vec<Made> {
    let mut all: Vec<Made> =
        FORMATS.iter().enumerate().map(|(n, (format, _))| made(prefix, n, format)).collect();
    let by_python: Vec<usize> =
        (0..all.len()).filter(|n| !FORMATS[*n].1.starts_with('-') && FORMATS[*n].1 != "itself").collect();
    let asked: Vec<_> = by_python.iter().map(|n| (FORMATS[*n].1, &all[*n].mover.old)).collect();
    let hashes = ask_python(&json!(asked));
    for (n, pair) in by_python.into_iter().zip(hashes.as_array().unwrap()) {
        all[n].hash = pair[0].as_str().unwrap().to_owned();
        all[n].salt = pair[1].as_str().unwrap().to_owned();
    }
    for (made, (_, maker)) in all.iter_mut().zip(FORMATS) {
        if maker == "itself" {
            made.hash.clone_from(&made.mover.old);
        } else if maker.starts_with('-') {
            let out = Command::new("openssl").args(["passwd", maker, &made.mover.old]).output().unwrap();
            made.hash = String::from_utf8(out.stdout).unwrap().trim().to_owned();
        }
        assert!(!made.hash.is_empty(), "{maker}");
    }
    all
}

fn made(prefix: &str, n: usize, format: &'static str) -> Made {
    let rng = uuid::Uuid::new_v4().simple().to_string();
    let mover = Persona {
        identifier: format!("{prefix}{n:04}"),
        // Accents, a space and an apostrophe, as people have them, but no separator of the file.
        old: format!("Été {} d'à", &rng[..8]),
        email: format!("{prefix}{n}@courrier.example").to_lowercase(),
        new: format!("nouvelle phrase {}", &rng[8..20]),
        ..Persona::number(0)
    };
    Made { mover, hash: String::new(), format, salt: String::new() }
}

fn ask_python(asked: &Value) -> Value {
    use std::io::Write;
    let mut child = Command::new(python::interpreter())
        .args(["-c", WEAK_PYTHON])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    serde_json::from_slice(&out.stdout).unwrap()
}

fn csv(all: &[Made], separator: char, line_end: &str) -> String {
    let s = separator;
    let mut text = format!("identifier{s}email{s}password_hash{s}hash_format{s}salt{s}name{line_end}");
    for Made { mover, hash, format, salt } in all {
        let Persona { identifier, email, .. } = mover;
        write!(text, "{identifier}{s}{email}{s}\"{hash}\"{s}{format}{s}{salt}{s}\"Nom{s} Prénom\"{line_end}")
            .unwrap();
    }
    text
}

fn jsonl(all: &[Made]) -> String {
    let line = |m: &Made| {
        let mut line =
            json!({ "identifier": m.mover.identifier, "email": m.mover.email, "password_hash": m.hash });
        for (key, value) in [("hash_format", m.format), ("salt", &m.salt)] {
            if !value.is_empty() {
                line[key] = value.into();
            }
        }
        format!("{line}\n")
    };
    all.iter().map(line).collect()
}

/// Returns the report, after a check that it holds no secret of `all`.
fn report(out: &Output, all: &[Made]) -> Value {
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    for made in all {
        assert!(!said.contains(&made.hash) && !said.contains(&made.mover.old), "a secret is told:\n{said}");
    }
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {said}"))
}

fn counts(report: &Value) -> [u64; 4] {
    ["added", "updated", "unchanged", "moved"].map(|key| report[key].as_u64().unwrap())
}

async fn rows(place: &Place) -> i64 {
    let db = place.bed.context.db.reader();
    let sql = "SELECT COUNT(*) AS n FROM legacy_identity";
    let query = Statement::from_string(db.get_database_backend(), sql);
    db.query_one_raw(query).await.unwrap().unwrap().try_get("", "n").unwrap()
}

/// How many hashes a test goes on by. All are tried on SQLite; PostgreSQL keeps the same text of them, so that it takes one of eight, and all in a deep run.
fn stride(database: &str) -> usize {
    if database == "sqlite" { 1 } else { testbed::tries(8, 1) }
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_a_file_that_nobody_has_seen_can_move(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    // Each file has other people than the ones before.
    let agency = place.path("agencies/exemple.toml");
    let settings = fs::read_to_string(&agency).unwrap();
    fs::write(&agency, settings + "\n[import]\nmin_overlap = 0.0\n").unwrap();
    let files = [("excel.csv", "X", 0), ("unix.csv", "U", 1), ("lines.jsonl", "J", 2)];
    let mut everybody = Vec::new();
    for (name, prefix, kind) in files {
        let all = directory(prefix);
        let text = match kind {
            0 => format!("\u{feff}{}", csv(&all, ';', "\r\n")),
            1 => csv(&all, ',', "\n"),
            _ => jsonl(&all),
        };
        let count = all.len() as u64;
        let first = place.import(name, &text);
        assert_eq!(
            counts(&report(&first, &all)),
            [count, 0, 0, 0],
            "{name}: {}",
            String::from_utf8_lossy(&first.stdout)
        );
        assert_eq!(first.status.code(), Some(0));
        let again = place.import(name, &text);
        assert_eq!(counts(&report(&again, &all)), [0, 0, count, 0], "{name}");
        everybody.push((name, text, all));
    }
    let _running = place.serve().await;
    // Tries each format once, spread over the three files.
    for n in (0..FORMATS.len()).step_by(stride(place.bed.name)) {
        let (name, _, all) = &everybody[n % 3];
        let mover = &all[n].mover;
        let wrong = Persona { old: format!("{}x", mover.old), ..mover.clone() };
        let page = Person::new(&place.issuer()).prove(&wrong).await;
        assert!(page.asks("legacy"), "{name} {:?}: a wrong password is taken", FORMATS[n]);
        let page = Person::new(&place.issuer()).prove(mover).await;
        assert!(page.asks("notice"), "{name} {:?}: {}", FORMATS[n], page.heading());
    }
    // One person of each file moves to the end; a second import of the file does not revive their old credentials.
    for (name, text, all) in &everybody {
        let mover = &all[4].mover;
        Person::new(&place.issuer()).moves(mover, &place).await;
        let again = place.import(name, text);
        assert_eq!(counts(&report(&again, all)), [0, 0, all.len() as u64 - 1, 1], "{name}");
        let page = Person::new(&place.issuer()).prove(mover).await;
        assert!(page.asks("legacy"), "{name}: {}", page.heading());
        let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
        assert!(page.code().is_some(), "{name}: {}", page.heading());
    }
}

#[apply(both!)]
#[tokio::test]
async fn a_bad_row_is_told_with_its_line_and_the_others_are_taken(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let text = "identifier;password_hash;hash_format;salt;email;password\n\
        A1;;;;a1@courrier.example;motdepasse-un\n\
        ;;;;a2@courrier.example;motdepasse-deux\n\
        A3;pas-un-hachage-secret;;;;\n\
        A4;0123;md5;;;\n\
        A5;d41d8cd98f00b204e9800998ecf8427e;md9;;;\n\
        A6;;;;pas une adresse;motdepasse-six\n\
        A1;;;;;motdepasse-sept\n\
        A8;trop;de;champs;a8@courrier.example;motdepasse-huit;encore\n\
        A9;;;;a9@courrier.example;motdepasse-neuf\n";
    let out = place.import("bad.csv", text);
    let report = report(&out, &[]);
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(counts(&report), [6, 0, 0, 0], "{report}");
    let bad = report["bad"].as_array().unwrap();
    let bad_lines: Vec<_> = bad.iter().map(|b| b["line"].as_u64().unwrap()).collect();
    assert_eq!(bad_lines, [3, 8, 9]);
    // A hash that cannot be read leaves nobody out.
    let warnings = report["warnings"].as_array().unwrap();
    let told: Vec<_> = warnings.iter().map(|w| (w["column"].as_str().unwrap(), &w["lines"])).collect();
    let hash = "password_hash";
    let lines = [4, 5, 6, 7].map(|line| json!([line]));
    assert_eq!(told, [(hash, &lines[0]), (hash, &lines[1]), (hash, &lines[2]), ("email", &lines[3])]);
    assert_eq!(report["plan"]["unreadable_hashes"], 3);
    for row in bad.iter().chain(warnings) {
        let reason = row.get("reason").unwrap_or(&row["what"]).as_str().unwrap();
        assert!(reason.len() > 10, "{row}");
        for secret in ["motdepasse", "pas-un-hachage", "d41d8c", "0123"] {
            assert!(!reason.contains(secret), "{row}");
        }
    }
    assert_eq!(rows(&place).await, 6);
    // The report for people: a line with file, line number and reason for each bad row.
    let file = place.path("bad.csv");
    let out = place.run("import", &["--agency", AGENCY, file.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(2));
    let told = String::from_utf8(out.stderr).unwrap();
    for line in bad_lines {
        assert!(told.contains(&format!("bad.csv:{line}: ")), "{told}");
    }
}

/// FINDING B2, P7: a file as Excel and every CRM writes it. Everybody in it can move, the report counts oddities by column, and the exit code is 0.
#[apply(both!)]
#[tokio::test]
async fn what_proves_nothing_shuts_nobody_out(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let text = "identifier;client_ref;password;email;name;birthdate;phone_number;street_address\r\n\
        B1;R1;motdepasse-un;néant;\"Marie\tDurand\";31/12/1950;02 97 00 00 01;\"1 rue X\r\nBât. B\"\r\n\
        B2;R2;motdepasse-deux;anne@exemple,test;-;01/02/1951;\
        une phrase de plus de soixante caractères à la place du téléphone;1 rue X\r\n\
        B3;R3;motdepasse-trois;b3@courrier.example;Paul;1952-01-31;;\r\n";
    let out = place.import("crm.csv", text);
    let report = report(&out, &[]);
    assert_eq!((out.status.code(), counts(&report)), (Some(0), [3, 0, 0, 0]), "{report}");
    assert_eq!(report["bad"], json!([]));
    let told: Vec<_> = (report["warnings"].as_array().unwrap().iter())
        .map(|w| (w["column"].as_str().unwrap(), w["count"].as_u64().unwrap(), w["lines"].clone()))
        .collect();
    let expected = [
        ("email", 1, json!([2])),
        ("name", 1, json!([2])),
        ("street_address", 1, json!([2])),
        ("birthdate", 2, json!([2, 4])),
        ("email", 1, json!([4])),
        ("name", 1, json!([4])),
        ("phone_number", 1, json!([4])),
    ];
    let by_column = |all: Vec<(&str, u64, Value)>| {
        let mut all: Vec<_> = all.into_iter().map(|(c, n, l)| (c.to_owned(), n, l.to_string())).collect();
        all.sort();
        all
    };
    assert_eq!(by_column(told), by_column(expected.to_vec()));
    let file = place.path("crm.csv");
    let out = place.run("import", &["--agency", AGENCY, file.to_str().unwrap()]);
    let words = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(0), "{words}");
    assert!(
        words.contains("crm.csv: warning: birthdate, 2 rows (line 2, 4): a date written another way"),
        "{words}"
    );
    assert!(!words.contains("exemple,test") && !words.contains("soixante"), "no value is repeated: {words}");
    let _running = place.serve().await;
    let people = [("B1", "motdepasse-un"), ("B2", "motdepasse-deux"), ("B3", "motdepasse-trois")];
    for (identifier, old) in people {
        let mover = Persona { identifier: identifier.into(), old: old.into(), ..Persona::number(0) };
        let page = Person::new(&place.issuer()).prove(&mover).await;
        assert!(page.asks("notice"), "{identifier}: {}", page.heading());
    }
}

#[apply(both!)]
#[tokio::test]
async fn a_dry_run_tells_the_same_and_writes_nothing(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let all = directory("D");
    let file = place.path("dry.csv");
    fs::write(&file, csv(&all, ';', "\n")).unwrap();
    let arguments = ["--agency", AGENCY, "--json", "--dry-run", file.to_str().unwrap()];
    for _ in 0..2 {
        let out = place.run("import", &arguments);
        let report = report(&out, &all);
        assert_eq!((counts(&report), &report["dry_run"]), ([all.len() as u64, 0, 0, 0], &json!(true)));
        assert_eq!(rows(&place).await, 0);
    }
}

#[tokio::test]
async fn what_cannot_be_imported_is_told_in_one_sentence() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    fs::write(place.path("good.csv"), "identifier;password\nA;motdepasse\n").unwrap();
    fs::write(place.path("good.xlsx"), "PK").unwrap();
    fs::write(place.path("odd.csv"), "identifier;pasword\nA;motdepasse\n").unwrap();
    fs::write(place.path("empty.csv"), "").unwrap();
    fs::write(place.path("parted.csv"), "identifier,password\nA;motdepasse\nB;motdepasse\n").unwrap();
    let wide = format!("identifier;{}\nA;motdepasse\n", "name;".repeat(10_000));
    fs::write(place.path("wide.csv"), wide).unwrap();
    let table = [
        ("nobody", "good.csv", "there is no agency \"nobody\"; known are: exemple", 1),
        (AGENCY, "missing.csv", "missing.csv cannot be read", 1),
        (AGENCY, "good.xlsx", "name the file .csv or .jsonl (.tsv and .txt are read as .csv)", 1),
        (AGENCY, "odd.csv", "pasword", 1),
        (AGENCY, "empty.csv", "the file is empty", 1),
        (AGENCY, "parted.csv", "the header has `,` between its names, and the rows have `;`", 1),
        (AGENCY, "wide.csv", "more than 512 fields", 1),
    ];
    for (agency, name, sentence, code) in table {
        let file = place.path(name);
        let out = place.run("import", &["--agency", agency, file.to_str().unwrap()]);
        let told = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(code), "{name}: {told}");
        assert!(told.contains(sentence) && told.lines().count() <= 3, "{name}: {told}");
        assert!(!told.contains("motdepasse") && !told.contains("panicked"), "{name}: {told}");
    }
    assert_eq!(rows(&place).await, 0);
}

/// The processor time that the import may use in this build. Not wall-clock time, because the machine may be busy with other tests.
const MOST: Duration = Duration::from_secs(6);

#[apply(both!)]
#[tokio::test]
async fn twenty_thousand_weak_hashes_import_in_seconds(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let mut text = String::from("identifier;email;password_hash;hash_format\n");
    for n in 0..20_000_u32 {
        writeln!(text, "{n:08};p{n}@courrier.example;{:032x};md5", u128::from(n) * 0x9e37_79b9_7f4a_7c15)
            .unwrap();
    }
    let (file, times) = (place.path("many.csv"), place.path("times"));
    fs::write(&file, text).unwrap();
    let begun = Instant::now();
    let out = Command::new("sh")
        .args([
            "-c",
            "\"$@\"; code=$?; times > \"$TIMES\"; exit $code",
            "sh",
            env!("CARGO_BIN_EXE_moncompte"),
        ])
        .args(["import", "--agency", AGENCY, "--json", "--config"])
        .args([place.folder.path(), &file])
        .env("TIMES", &times)
        .output()
        .unwrap();
    let (wall, used) = (begun.elapsed(), of_children(&fs::read_to_string(times).unwrap()));
    println!(
        "{}: 20,000 rows of md5: {used:.1?} of a processor, {wall:.1?} on this machine now",
        place.bed.name
    );
    assert_eq!(counts(&report(&out, &[])), [20_000, 0, 0, 0]);
    assert_eq!(rows(&place).await, 20_000);
    assert!(used < MOST, "{used:?}");
}

/// Reads the second line of the shell's `times`, the time of its children: `0m6.13s 0m0.31s`.
fn of_children(times: &str) -> Duration {
    let one = |text: &str| {
        let (minutes, seconds) = text.strip_suffix('s').and_then(|t| t.split_once('m')).unwrap();
        Duration::from_secs_f64(minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap())
    };
    times.lines().nth(1).unwrap().split_whitespace().map(one).sum()
}

/// FINDING B6: every example of docs/import.md, made by the tools that it names, opens the move in a browser.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_hash_of_the_documentation_signs_in(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let page = fs::read_to_string(crate::place::project().join("docs/import.md")).unwrap();
    let bare = |cell: &str| cell.trim().trim_matches('`').to_owned();
    let mut csv = String::from("identifier;hash_format;password_hash;salt;hash_user;hash_key\n");
    let mut movers = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let [format, _, example, rest @ ..] = cells.as_slice() else { continue };
        let (format, example) = (bare(format), bare(example.trim_end_matches(" |")));
        if !accounts::legacy::hash::FORMATS.contains(&format.as_str()) {
            continue;
        }
        let salt = rest.first().map(|salt| bare(salt.trim_end_matches('|'))).unwrap_or_default();
        let user = if ["ez", "smf", "postgresql"].contains(&&*format) { "dupont" } else { "" };
        let key = if format == "prestashop" { "cle_du_site" } else { "" };
        let identifier = format!("id-{}", movers.len());
        writeln!(csv, "{identifier};{format};{example};{salt};{user};{key}").unwrap();
        movers
            .push((Persona { identifier, old: "Tilleul-42".into(), ..Persona::number(1) }, line.to_owned()));
    }
    assert!(movers.len() > 55, "{}", movers.len());
    let file = place.path("hashes.csv");
    fs::write(&file, csv).unwrap();
    let out = place.run("import", &["--agency", AGENCY, "--json", file.to_str().unwrap()]);
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(
        (out.status.code(), &told["plan"]["no_hash"], &told["added"]),
        (Some(0), &0.into(), &movers.len().into()),
        "{name}: {told}"
    );
    let _running = place.serve().await;
    for (mover, line) in movers.iter().step_by(stride(name)) {
        let page = Person::new(&place.issuer()).prove(mover).await;
        assert!(page.asks("notice"), "{name}: {line}: {} {}", page.url, page.heading());
    }
}
