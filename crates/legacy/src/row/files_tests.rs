//! The files of this repository that hold rows: what the docs say, what the demo imports, what a test of the command is given.

use std::{collections::HashSet, path::PathBuf};

use sha2::Digest as _;

use super::*;
use crate::hash::FORMATS;

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap()
}

fn rows(path: &str) -> Vec<Result<Row, BadRow>> {
    let format = if path.ends_with(".csv") { Format::Csv } else { Format::Jsonl };
    Rows::open(std::fs::File::open(repository(path)).unwrap(), format).unwrap().collect()
}

/// The name of each hash of the docs, in their order, as a plan and `--try` tell it.
const NAMES: &[&str] = &[
    "argon2",
    "scrypt",
    "pbkdf2 sha256",
    "pbkdf2 sha256",
    "bcrypt",
    "bcrypt(base64(raw(hmac-sha256(salt,password))))",
    "md5crypt",
    "md5crypt",
    "sha256crypt",
    "sha512crypt",
    "phpass",
    "pbkdf2 sha256",
    "argon2",
    "bcrypt(sha256(password))",
    "scrypt",
    "sha1(salt+password)",
    "pbkdf2 sha256",
    "drupal",
    "yescrypt",
    "scrypt",
    "bsdicrypt",
    "sha1crypt",
    "md4(utf16(password))",
    "pbkdf2 sha1",
    "pbkdf2 sha512",
    "sha512(utf16(password)+salt)",
    "sha1(raw(sha1(password)))",
    "md5(password+user)",
    "scram sha256",
    "sha1(password)",
    "sha1(password+salt)",
    "sha512crypt",
    "pbkdf2 sha256",
    "scram sha256",
    "sha512(password+salt)",
    "md5(password+salt)",
    "bcrypt",
    "plain",
    "md5(password)",
    "md5(salt+password)",
    "md5(password+salt)",
    "sha1(password)",
    "sha1(salt+password)",
    "sha1(password+salt)",
    "sha256(password)",
    "sha256(salt+password)",
    "sha256(password+salt)",
    "sha512(password)",
    "sha512(salt+password)",
    "sha512(password+salt)",
    "descrypt",
    "sha1(salt+utf16(password))",
    "sha256(salt+utf16(password))",
    "sha256(salt+password)",
    "md5(password+salt)",
    "md5(salt+password)",
    "md5(md5(password)+salt)",
    "md5(md5(salt)+md5(password))",
    "md5(user+'…'+password)",
    "sha1(lower(user)+password)",
    "sha1(salt+sha1(salt+sha1(password)))",
    "md5(key+password)",
    "sha256(salt+password)",
    "loop(4999,raw(sha512(password+'…'+salt+'…')),raw(sha512(it+password+'…'+salt+'…')))",
    "sha1(raw(sha1(password)))",
    "md4(utf16(password))",
    "plain",
];

#[test]
fn every_hash_in_the_docs_is_read_and_every_format_is_there() {
    let docs = read("docs/import.md");
    let mut named = HashSet::new();
    let mut told = Vec::new();
    for (head, tells_by_itself) in
        [("| `hash_format` | written by |", true), ("| name | written by | example | `salt` |", false)]
    {
        let table = docs.split(head).nth(1).unwrap();
        for line in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = line.split(" |").map(|cell| cell.trim_matches([' ', '|', '`'])).collect();
            let salt = (!tells_by_itself).then(|| cells[3]);
            let given = |format| Given {
                format,
                hash: cells[2],
                salt,
                user: Some("dupont"),
                key: Some("cle_du_site"),
            };
            let read = Verifier::read(&given(Some(cells[0]))).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert!(read.verify(b"Tilleul-42"), "{line}");
            assert_eq!(Verifier::read(&given(None)).is_ok(), tells_by_itself, "{line}");
            named.insert(cells[0]);
            told.push(read.recipe().name());
        }
    }
    assert_eq!(named, FORMATS.iter().copied().collect());
    assert_eq!(told, NAMES);
}

#[test]
fn the_docs_name_every_column_and_their_examples_are_read() {
    let docs = read("docs/import.md");
    let table = docs.split("| column | what it is |").nth(1).unwrap().split("\n\n").next().unwrap();
    for (column, _) in COLUMNS {
        assert!(table.contains(&format!("`{column}`")), "{column}");
    }
    for (language, format) in [("csv", Format::Csv), ("json", Format::Jsonl)] {
        let example = docs.split(&format!("```{language}\n")).nth(1).unwrap().split("```").next().unwrap();
        let rows: Vec<_> = Rows::open(example.as_bytes(), format).unwrap().collect();
        assert!(rows.len() == 1 && rows.iter().all(Result::is_ok), "{language}");
        assert!(rows[0].as_ref().is_ok_and(|row| row.verifier.as_ref().unwrap().verify(b"Tilleul-42")));
    }
}

#[test]
fn each_bad_row_of_the_sample_is_told_with_its_line_and_without_its_secret() {
    let rows = rows("crates/legacy/tests/data/bad_rows.csv");
    let good: Vec<&str> = rows.iter().flatten().map(|row| row.identifier.as_str()).collect();
    // What is wrong with most of them leaves nobody out.
    let kept = [1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 20, 22, 23, 24].map(|n| format!("{n:08}"));
    assert_eq!(good, kept);
    let without: Vec<&Row> = rows.iter().flatten().filter(|row| row.verifier.is_none()).collect();
    let lines: Vec<u64> = without.iter().map(|row| row.line).collect();
    assert_eq!(lines, [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 19, 23]);
    let reasons: HashSet<String> = without.iter().map(|row| row.warnings[0].what.to_string()).collect();
    assert_eq!(reasons.len(), without.len(), "each cannot be read in its own way: {reasons:?}");
    assert!(reasons.iter().all(|reason| !reason.contains("Zebre99")));
    let warned: Vec<_> = (rows.iter().flatten())
        .flat_map(|row| &row.warnings)
        .filter(|warning| !warning.what.is_unreadable_hash())
        .map(|w| (w.column, w.what))
        .collect();
    let expected = [
        ("email", Oddity::NoAddress),
        ("birthdate", Oddity::DateRead),
        ("name", Oddity::Folded),
        ("name", Oddity::Charset),
    ];
    assert_eq!(warned, expected);
    let bad: Vec<&BadRow> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
    let lines: Vec<u64> = bad.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [3, 4, 17, 18, 20, 25]);
    assert!(bad.iter().all(|bad| !bad.reason.contains("Zebre99")));
    let reasons: HashSet<&str> = bad.iter().map(|bad| bad.reason.as_str()).collect();
    assert_eq!(reasons.len(), bad.len(), "each is bad in its own way");
}

#[derive(serde::Deserialize)]
struct People {
    person: Vec<Person>,
}

#[derive(serde::Deserialize)]
struct Person {
    agency: String,
    identifier: String,
    password: String,
    email: String,
}

/// `password_of` in `config/demo/make_directories.py`.
fn derived(agency: &str, identifier: &str) -> String {
    const WORDS: [&str; 15] = [
        "mimosa", "cerise", "balcon", "facteur", "volet", "jardin", "perron", "grenier", "tuile", "cigale",
        "marmite", "violon", "bruyere", "galet", "chaloupe",
    ];
    let head = &sha2::Sha256::digest(format!("password|{agency}|{identifier}"))[..8];
    let n = head.iter().fold(0_u64, |n, byte| (n << 8) | u64::from(*byte));
    format!("{}{}", WORDS[(n % 15) as usize], n / 100 % 9000 + 1000)
}

#[test]
fn the_demo_s_people_can_sign_in_with_what_is_written() {
    let people: People = toml::from_str(&read("config/demo/people.toml")).unwrap();
    let mut addresses = Vec::new();
    for (agency, file) in [("tilleuls", "identities.csv"), ("rivage", "identities.jsonl")] {
        let rows = rows(&format!("config/demo/{agency}/{file}"));
        assert!(rows.len() >= 200 && rows.iter().all(Result::is_ok));
        let rows: Vec<Row> = rows.into_iter().flatten().collect();
        let recipes: HashSet<String> =
            rows.iter().filter_map(|row| row.verifier.as_ref()).map(kind).collect();
        assert!(recipes.len() >= 8, "{recipes:?}");
        for (at, row) in rows.iter().enumerate() {
            let written = people.person.iter().find(|p| p.agency == agency && p.identifier == row.identifier);
            if let Some(person) = written {
                assert_eq!(person.email, row.email.as_ref().map(MailAddress::shown).unwrap_or_default());
            }
            let Some(verifier) = &row.verifier else { continue };
            // All would take a quarter of a minute. Formats come in turns of 12 and 15, so that every seventh meets all of them.
            if written.is_some() || at % 7 == 0 {
                let password = written
                    .map_or_else(|| derived(agency, &row.identifier), |person| person.password.clone());
                assert!(verifier.verify(password.as_bytes()), "{}", row.identifier);
            }
        }
        let known = people.person.iter().filter(|p| p.agency == agency);
        let all: HashSet<&str> = rows.iter().map(|row| row.identifier.as_str()).collect();
        let refs: HashSet<&str> = rows.iter().map(|row| row.client_ref.as_str()).collect();
        assert!(all.len() == rows.len() && refs.len() == rows.len());
        assert!(
            (5..=8).contains(&known.clone().count())
                && known.clone().all(|p| all.contains(p.identifier.as_str()))
        );
        addresses.push(
            rows.iter()
                .filter_map(|row| row.email.as_ref())
                .map(|e| e.canonical().to_owned())
                .collect::<HashSet<_>>(),
        );
    }
    assert!(addresses[0].intersection(&addresses[1]).count() >= 10, "some are clients of both");
}

/// The algorithm alone.
fn kind(verifier: &Verifier) -> String {
    let text = verifier.recipe().to_text();
    text.split('"').nth(1).unwrap_or_default().to_owned()
        + text.split("\"of\":").nth(1).map_or("", |of| &of[..6])
}
