//! The sealing key is replaced while nodes run (FINDING P3, S16, docs/operate/keys.md).

use std::{
    fs,
    process::{Command, Output, Stdio},
};

use kernel::{
    SealKey,
    sea_orm::{ConnectionTrait, Statement},
};
use serde_json::Value;
use testbed::{Bed, apply, both};

use crate::{
    person::{Person, Persona},
    place::{MAIL_FOLDER, Place, Running, eventually, free_port, program, secret_file, serve},
    races::another,
};

const NEW: [u8; 32] = [9; 32];

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// Puts the new key first in a folder, the old one behind it.
fn add_key(place: &Place, folder: &str) {
    let within = |name: &str| format!("{folder}{name}");
    secret_file(&place.path(&within("secrets/new.key")), &SealKey::new(NEW).text());
    place.change(
        &within("moncompte.toml"),
        "secret_key_file = \"secrets/seal.key\"",
        "secret_key_file = \"secrets/new.key\"\nolder_secret_key_files = [\"secrets/seal.key\"]",
    );
}

/// Leaves the new key alone in a folder.
fn drop_old_key(place: &Place, folder: &str) {
    place.change(&format!("{folder}moncompte.toml"), "older_secret_key_files = [\"secrets/seal.key\"]\n", "");
    fs::remove_file(place.path(&format!("{folder}secrets/seal.key"))).unwrap();
}

fn keys(place: &Place, what: &str) -> Output {
    program().args(["keys", what, "--config"]).arg(place.folder.path()).output().unwrap()
}

/// The number of values in the whole database that begin with the mark of a key, or hold it in base64 behind `sealed:`.
async fn sealed_with(place: &Place, key: [u8; 32]) -> i64 {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    // Any box tells the mark of its key.
    let keys = kernel::SealKeys::new(SealKey::new(key), vec![]);
    let mark = &keys.seal(&kernel::SystemRng::new(), "x", b"")[..4];
    let hex: String = mark.iter().map(|byte| format!("{byte:02x}")).collect();
    // Five characters of base64 are thirty bits of the thirty-two.
    let text = &STANDARD_NO_PAD.encode(mark)[..5];
    let url_text = text.replace('+', "-").replace('/', "_");
    let blob = if place.bed.name == "sqlite" { format!("x'{hex}'") } else { format!(r"'\x{hex}'::bytea") };
    let wrapped = if place.bed.name == "sqlite" { "CAST(v AS text)" } else { "encode(v, 'escape')" };
    let bytes = |table: &str, column: &str| {
        format!(
            "SELECT count(*) AS n FROM (SELECT {column} AS v FROM {table}) AS t WHERE substr(v, 1, 4) = {blob} OR {wrapped} LIKE '%sealed:{text}%'"
        )
    };
    let texts = |table: &str, column: &str| {
        format!(
            "SELECT count(*) AS n FROM {table} WHERE {column} LIKE 'sealed:{text}%' OR {column} LIKE '{url_text}%'"
        )
    };
    let queries = [
        bytes("signing_key", "sealed"),
        bytes("outbox", "payload"),
        bytes("config_content", "content"),
        bytes("legacy_identity", "verifier"),
        bytes("legacy_identity", "recogniser"),
        bytes("delivery_change", "row_before"),
        bytes("refresh_token", "sealed"),
        texts("account", "password_hash"),
        texts("enrolment", "password_hash"),
        texts("meta", "value"),
    ];
    let db = place.bed.context.db.reader();
    let mut sum = 0;
    for query in queries {
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), query)).await.unwrap();
        sum += row.unwrap().try_get::<i64>("", "n").unwrap();
    }
    sum
}

/// The server of tests forgets on purpose (SECURITY I20).
fn whole(place: &Place) {
    let told = said(&place.run("doctor", &["--invariants"]));
    let broken: Vec<&str> =
        told.lines().filter(|line| line.contains("BROKEN") && !line.starts_with("I20")).collect();
    assert!(broken.is_empty() && told.contains("I21  holds"), "{}: {told}", place.bed.name);
}

async fn signs_in(place: &Place, mover: &Persona) {
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "{}: {} {}", place.bed.name, page.url, page.heading());
}

async fn two_nodes(place: &Place) -> [Running; 2] {
    another(place, "second", free_port());
    [place.serve().await, serve(&place.path("second"), |_| ()).await]
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_replaced_while_two_nodes_run(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let (moved, late) = (Persona::number(0), Persona::number(1));
    // Weak hashes, which are sealed until they are wrapped.
    place.people([moved.row(), late.row()]);
    let nodes = two_nodes(&place).await;
    Person::new(&place.issuer()).moves(&moved, &place).await;
    assert!(sealed_with(&place, [7; 32]).await > 4, "{}", place.bed.name);
    // Not before every node has it.
    add_key(&place, "");
    let out = keys(&place, "reseal");
    assert_eq!(out.status.code(), Some(1), "{}", said(&out));
    assert!(said(&out).contains("nothing changed: the node") && said(&out).contains("does not have the key"));
    assert_eq!(sealed_with(&place, NEW).await, 0);
    add_key(&place, "second/");
    let out = keys(&place, "reseal");
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    assert!(said(&out).contains("Nothing in the database is sealed with another key"), "{}", said(&out));
    assert_eq!(sealed_with(&place, [7; 32]).await, 0, "{}", said(&out));
    // Nodes seal with the new key, without a restart, and go on.
    signs_in(&place, &moved).await;
    Person::new(&place.issuer()).moves(&late, &place).await;
    assert_eq!(sealed_with(&place, [7; 32]).await, 0, "{}", place.bed.name);
    // It is done: a second run finds nothing.
    let again =
        program().args(["keys", "reseal", "--json", "--config"]).arg(place.folder.path()).output().unwrap();
    let told: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(told["sealed_anew"], 0, "{told}");
    for node in nodes {
        node.stop().await;
    }
    // The old key's file goes.
    for folder in ["", "second/"] {
        drop_old_key(&place, folder);
    }
    let running = place.serve().await;
    for mover in [&moved, &late] {
        signs_in(&place, mover).await;
    }
    running.stop().await;
    whole(&place);
    place.bed.context.keys.take(&kernel::SealKeys::new(SealKey::new(NEW), vec![SealKey::new([7; 32])]));
}

/// The number of wrong passwords that are counted.
async fn counted(place: &Place) -> i64 {
    let db = place.bed.context.db.without_timeout();
    let query = "SELECT count(*) AS n FROM attempt WHERE failures > 0";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), query)).await.unwrap();
    row.unwrap().try_get("", "n").unwrap()
}

/// Other nodes seal with a key that was never given to this one: it gets no requests, and one that still comes says nothing of who has an account.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_the_key_that_seals_is_not_ready_and_answers_everybody_alike(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let (mover, late) = (Persona::number(0), Persona::number(1));
    place.people([mover.row(), late.row()]);
    let running = place.serve().await;
    Person::new(&place.issuer()).moves(&mover, &place).await;
    let names = async |from: &str, to: &str| {
        assert!(place.bed.context.db.replace_stored("seal_key", from, to).await.unwrap());
    };
    let (own, foreign) = (place.bed.context.keys.fingerprint(), SealKey::new(NEW).fingerprint());
    names(&own, &foreign).await;
    eventually("it is not ready", async || {
        let (status, said) = place.operators("/health/ready").await;
        (status == 503 && said.contains("a sealing key is missing")).then_some(())
    })
    .await;
    for email in [&*mover.email, "personne@courrier.example"] {
        for password in [&*mover.new, "un autre mot de passe"] {
            let page = Person::new(&place.issuer()).signs_in(email, password).await;
            assert_eq!(page.status.as_u16(), 503, "{email}: {} {}", page.url, page.heading());
        }
    }
    // At the old door too.
    for person in [late, Persona::number(2)] {
        let page = Person::new(&place.issuer()).prove(&person).await;
        assert_eq!(page.status.as_u16(), 503, "{}: {} {}", person.identifier, page.url, page.heading());
    }
    assert_eq!(counted(&place).await, 0, "{}", place.bed.name);
    names(&foreign, &own).await;
    eventually("it is ready", async || (place.operators("/health/ready").await.0 == 200).then_some(())).await;
    signs_in(&place, &mover).await;
    running.stop().await;
}

/// Killed in its middle, a reseal leaves every box readable, and goes on when it is begun again.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn a_reseal_that_is_killed_leaves_every_box_readable(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let mut csv = String::from("identifier;password_hash;hash_format\n");
    for nth in 0..6_000 {
        csv += &format!("{nth:06};{:032x};md5\n", u128::from(nth as u32) * 7919 + 5);
    }
    let out = place.import("weak.csv", csv);
    assert!(out.status.success(), "{}", said(&out));
    let mover = Persona::number(0);
    place.people([mover.row()]);
    let running = place.serve().await;
    Person::new(&place.issuer()).moves(&mover, &place).await;
    add_key(&place, "");
    let mut killed = Command::new(env!("CARGO_BIN_EXE_moncompte"))
        .args(["keys", "reseal", "--config"])
        .arg(place.folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("boxes of both keys", async || {
        let new = sealed_with(&place, NEW).await;
        (new > 400).then_some(())
    })
    .await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    let (old, new) = (sealed_with(&place, [7; 32]).await, sealed_with(&place, NEW).await);
    println!("{}: killed with {old} boxes of the old key, {new} of the new one", place.bed.name);
    assert!(old > 0, "{}: it was killed in its middle", place.bed.name);
    signs_in(&place, &mover).await;
    whole(&place);
    running.stop().await;
    let running = place.serve().await;
    signs_in(&place, &mover).await;
    let out = keys(&place, "reseal");
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    assert_eq!(sealed_with(&place, [7; 32]).await, 0, "{}", said(&out));
    running.stop().await;
    drop_old_key(&place, "");
    let running = place.serve().await;
    signs_in(&place, &mover).await;
    running.stop().await;
    place.bed.context.keys.take(&kernel::SealKeys::new(SealKey::new(NEW), vec![SealKey::new([7; 32])]));
}

/// A new database has a root of MACs that no key file tells, and it stays when the key is replaced.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_keeps_its_own_root_of_macs(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    place.bed.context.db.forget_stored("seal_key").await.unwrap();
    let mover = Persona::number(0);
    place.people([mover.row()]);
    assert_ne!(place.bed.context.keys.mac("x", b"y"), root(&place).await, "the key is not the root");
    let running = place.serve().await;
    Person::new(&place.issuer()).moves(&mover, &place).await;
    let before = root(&place).await;
    add_key(&place, "");
    let out = keys(&place, "reseal");
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    running.stop().await;
    drop_old_key(&place, "");
    place.bed.context.keys.take(&kernel::SealKeys::new(SealKey::new(NEW), vec![SealKey::new([7; 32])]));
    assert_eq!(root(&place).await, before);
    let running = place.serve().await;
    signs_in(&place, &mover).await;
    running.stop().await;
    // The chain of the evidence is a MAC.
    whole(&place);
}

/// A MAC by the stored root, as every node computes it.
async fn root(place: &Place) -> [u8; 32] {
    let keys = kernel::SealKeys::new(SealKey::new(NEW), vec![SealKey::new([7; 32])]);
    let context = kernel::Context { keys: keys.into(), ..place.bed.context.clone() };
    context.open_keys().await.unwrap();
    context.keys.mac("x", b"y")
}
