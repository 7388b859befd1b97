//! `moncompte doctor --invariants`: its findings about a database, and proof that it changes nothing (SECURITY part C).

use std::{collections::BTreeSet, fs, process::Output};

use kernel::{
    Invariant, SealKey, SeenBy,
    sea_orm::{ConnectionTrait, Statement},
};
use serde_json::Value;
use testbed::{Bed, Database, OnDatabase, apply, both};

use crate::{
    person::{Person, Persona, link},
    place::{MAIL_FOLDER, Place, project, secret_file},
};

fn doctor(place: &Place, more: &[&str]) -> Output {
    place.run("doctor", &[&["--invariants"], more].concat())
}

/// The ids of the broken invariants in the JSON, and the exit code.
fn broken(place: &Place) -> (BTreeSet<String>, Option<i32>) {
    let out = doctor(place, &["--json"]);
    let told: Value = serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&out.stderr)));
    let rows = told["invariants"].as_array().unwrap().iter();
    let ids = rows.filter(|row| row["state"] == "broken").inspect(|row| {
        assert!(row["count"].as_u64().unwrap() > 0 && !row["otherwise"].as_str().unwrap().is_empty());
    });
    (ids.map(|row| row["id"].as_str().unwrap().to_owned()).collect(), out.status.code())
}

/// The invariants that are broken on every database of the tests: their PostgreSQL runs with durability off, and the doctor says so.
async fn by_nature(place: &Place) -> BTreeSet<String> {
    let db = place.bed.context.db.reader();
    if place.bed.name == "sqlite" {
        return BTreeSet::new();
    }
    let asked = Statement::from_string(db.get_database_backend(), "SHOW fsync");
    let fsync: String = db.query_one_raw(asked).await.unwrap().unwrap().try_get("", "fsync").unwrap();
    (fsync == "off").then(|| "I20".to_owned()).into_iter().collect()
}

fn with(ids: &BTreeSet<String>, more: &[&str]) -> BTreeSet<String> {
    ids.iter().cloned().chain(more.iter().map(|id| (*id).to_owned())).collect()
}

/// Walks one person's move to its end over HTTP.
async fn moves(place: &Place, mover: &Persona) {
    let person = Person::new(&place.issuer());
    let mut page = person.prove(mover).await;
    let steps: [(&str, &[(&str, &str)]); 5] = [
        ("notice", &[]),
        ("email", &[("email", &mover.email)]),
        ("password", &[("password", &mover.new)]),
        ("confirm", &[("email", &mover.email), ("password", &mover.new)]),
        ("terms", &[("accept", "on")]),
    ];
    for (step, fields) in steps {
        if step == "confirm" {
            page = person.get(&link(&place.mail_to(&mover.email).await)).await;
        }
        page = person.try_submit(&page, step, fields).await.unwrap();
    }
    assert!(!page.asks("terms") && page.status.is_success(), "{} {}", page.url, page.heading());
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_sees_what_is_broken_beside_a_provider_that_runs(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let mover = Persona::number(0);
    place.people([mover.row()]);
    let running = place.serve().await;
    moves(&place, &mover).await;
    let healthy = by_nature(&place).await;
    let code = i32::from(!healthy.is_empty());
    assert_eq!(broken(&place), (healthy.clone(), Some(code)), "{}", place.bed.name);

    let db = place.bed.context.db.writer();
    db.execute_unprepared("UPDATE account SET password_changed_at = 7").await.unwrap();
    assert_eq!(broken(&place), (with(&healthy, &["I8"]), Some(1)));
    db.execute_unprepared("UPDATE evidence SET kind = 'nothing' WHERE seq = 2").await.unwrap();
    assert_eq!(broken(&place), (with(&healthy, &["I8", "I14", "I21"]), Some(1)));
    let words = String::from_utf8(doctor(&place, &[]).stdout).unwrap();
    assert!(words.contains("I21  BROKEN    the evidence is whole"), "{words}");
    assert!(words.contains("I1   holds "), "{words}");
    assert!(words.contains(&format!(", {} broken, ", 3 + healthy.len())), "{words}");
    for private in [&*mover.email, &*mover.identifier, "argon2", "password reset by"] {
        assert!(!words.contains(private), "{private}: {words}");
    }
    for mend in [
        "UPDATE account SET password_changed_at = created_at",
        "UPDATE evidence SET kind = 'terms accepted' WHERE seq = 2",
    ] {
        db.execute_unprepared(mend).await.unwrap();
    }
    assert_eq!(broken(&place), (healthy, Some(code)));
    running.stop().await;
}

/// A database that an older release made and this one upgraded gets the same findings as one that this release made, with the same rows.
#[apply(both!)]
#[tokio::test]
async fn the_doctor_finds_the_same_in_an_upgraded_database(database: Database) {
    let (upgraded, fresh) = (Bed::before_baseline(database).await, Bed::on(database).await);
    upgraded.fill().await;
    upgraded.migrate().await.unwrap();
    fresh.fill().await;
    let mut told = Vec::new();
    for bed in [upgraded, fresh] {
        let mut place = Place::new(bed, MAIL_FOLDER);
        let out = doctor(&place, &["--json"]);
        assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stderr));
        told.push(String::from_utf8(out.stdout).unwrap());
        // No provider wrote these rows: no key opens their sealed columns.
        place.bed.unaudited();
    }
    assert!(told[0].contains("\"id\":\"I24\"") && told[0].contains("broken"), "{}", told[0]);
    assert_eq!(told[0], told[1]);
}

/// A node with another secret: the doctor names the keys, the salt and the evidence that it cannot open, and goes on to the other invariants.
#[apply(both!)]
#[tokio::test]
async fn a_node_with_another_secret_is_told_what_it_cannot_open(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    // Makes the keys and the salt.
    place.serve().await.stop().await;
    secret_file(&place.path("secrets/seal.key"), &SealKey::new([8; 32]).text());
    let expected = with(&by_nature(&place).await, &["I11", "I22"]);
    assert_eq!(broken(&place), (expected, Some(1)), "{}", place.bed.name);
}

/// A database that cannot be read is unknown, not broken: exit code 2, one sentence, and the doctor makes neither a database nor a schema.
#[tokio::test]
async fn a_database_that_cannot_be_read_is_no_broken_one() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let nowhere = place.path("nowhere.db");
    let empty = place.path("empty.db");
    fs::write(&empty, "").unwrap();
    for address in [
        format!("sqlite://{}", nowhere.display()),
        format!("sqlite://{}", empty.display()),
        format!("postgres://nobody:a-secret-of-ours@127.0.0.1:{}/x", crate::place::free_port()),
    ] {
        secret_file(&place.path("secrets/database"), &address);
        let out = doctor(&place, &["--json"]);
        let told = String::from_utf8_lossy(&out.stderr);
        assert_eq!((out.status.code(), out.stdout.len()), (Some(2), 0), "{told}");
        assert!(told.contains("moncompte: the database cannot be read"), "{told}");
        assert!(!told.contains("panicked") && !told.contains("a-secret-of-ours"), "{told}");
    }
    assert!(!nowhere.exists() && fs::metadata(&empty).unwrap().len() == 0);
    fs::remove_file(place.path("secrets/seal.key")).unwrap();
    assert_eq!(doctor(&place, &[]).status.code(), Some(2), "an invalid configuration is no check either");
    secret_file(&place.path("secrets/seal.key"), &SealKey::new([7; 32]).text());
}

#[tokio::test]
async fn the_doctor_says_what_it_does() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let help = String::from_utf8(place.run("doctor", &["--help"]).stdout).unwrap();
    for word in ["--invariants", "--json", "Exit code 0", "Nothing is written"] {
        assert!(help.contains(word), "{word}: {help}");
    }
}

fn all() -> Vec<&'static Invariant> {
    [kernel::INVARIANTS, accounts::INVARIANTS, idp::grant::INVARIANTS].into_iter().flatten().collect()
}

fn number(id: &str) -> u32 {
    id.strip_prefix('I').and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{id}"))
}

/// Returns the table of docs/security.md, made from the lists of invariants.
fn table() -> String {
    let mut rows = all();
    rows.sort_by_key(|row| number(row.id));
    let mut text = String::from("| | what is always true | seen by | when it is not |\n|---|---|---|---|\n");
    for Invariant { id, says, otherwise, seen_by } in rows {
        let seen = match seen_by {
            SeenBy::Query(_) => "a query".to_owned(),
            SeenBy::Unique(index) => format!("the index `{index}`"),
            SeenBy::Key(table) => format!("the primary key of `{table}`"),
            SeenBy::Check(_) => "a check".to_owned(),
            SeenBy::Tests(words) => format!("no look: {words}"),
        };
        text += &format!("| {id} | {says} | {seen} | {otherwise} |\n");
    }
    text
}

#[test]
fn the_documentation_has_the_table_of_the_lists() {
    let numbers: BTreeSet<u32> = all().iter().map(|row| number(row.id)).collect();
    assert_eq!(numbers, (1..=25).collect(), "each invariant of the standard has a row");
    let document = fs::read_to_string(project().join("docs/security.md")).unwrap();
    let table = table();
    assert!(document.contains(&table), "docs/security.md differs from the lists, which say\n\n{table}");
}
