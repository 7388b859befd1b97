//! The audit stream: what people and operators did, under stable names, and `moncompte why`.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

use serde_json::Value;
use testbed::{Bed, apply, both};

use super::client;
use crate::{
    person::{Person, Persona},
    place::{AGENCY, MAIL_FOLDER, Place, eventually},
};

fn audited(bed: Bed, to: &str) -> Place {
    let place = Place::new(bed, MAIL_FOLDER);
    let file = place.path("moncompte.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\n[telemetry]\naudit = \"{to}\"\n")).unwrap();
    place
}

fn stream(place: &Place) -> Vec<Value> {
    let text = fs::read_to_string(place.path("audit.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Whoever reads a reference from the page of a closed agency is told which agency that is.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_closed_agency_is_told_with_the_agency(bed: Bed) {
    let place = audited(bed, "file:audit.jsonl");
    place.change("agencies/exemple.toml", "city = ", "state = \"paused\"\ncity = ");
    let running = place.serve().await;
    let page = Person::new(&place.issuer()).try_asked_by_portal().await.unwrap();
    let refused = eventually("the page that says no", async || {
        stream(&place).into_iter().find(|line| line["event"] == "page_refused")
    })
    .await;
    let reference = refused["reference"].as_str().unwrap();
    assert!(page.body.contains(reference), "{refused}");
    let out = place.run("why", &[reference]);
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(told.contains("outcome=agency_paused  agency=exemple"), "{told}");
    running.stop().await;
}

/// FINDING P14.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_and_operators_do_is_in_the_audit_stream(bed: Bed) {
    let place = audited(bed, "file:audit.jsonl");
    let name = place.bed.name;
    let mover = Persona::number(1);
    place.people([mover.row()]);
    let running = place.serve().await;
    Person::new(&place.issuer()).moves(&mover, &place).await;
    Person::new(&place.issuer()).signs_in(&mover.email, "pas le bon sésame").await;
    let page = client().get(format!("{}/nothing/here", place.issuer())).send().await.unwrap();
    let page = page.text().await.unwrap();
    let refused = eventually("the page that says no", async || {
        stream(&place).into_iter().find(|line| line["event"] == "page_refused")
    })
    .await;
    let reference = refused["reference"].as_str().unwrap();
    assert!(page.contains(reference), "{name}: {reference}");
    // As the page of docs shows it.
    let words = reference.to_lowercase();
    let out = place.run("why", &words.split('-').collect::<Vec<_>>());
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(out.status.code(), Some(0), "{name}: {told}");
    for part in
        ["page_refused", "outcome=not_found", "There is no such page", refused["request"].as_str().unwrap()]
    {
        assert!(told.contains(part), "{name}: {part} in {told}");
    }
    assert_eq!(place.run("why", &["AAAA-AAAA"]).status.code(), Some(1), "{name}");
    running.stop().await;
    let lines = stream(&place);
    let events: BTreeSet<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    for event in [
        "node_started",
        "node_stopped",
        "operator_command",
        "delivery_applied",
        "move_step",
        "account_created",
        "terms_accepted",
        "sign_in",
        "page_refused",
    ] {
        assert!(events.contains(event), "{name}: {event} in {events:?}");
    }
    let of = |event: &str| lines.iter().find(|line| line["event"] == event).unwrap();
    let sign_in = lines.iter().find(|line| line["result"] == "wrong").unwrap();
    assert_eq!(
        (&sign_in["event"], &sign_in["route"], &sign_in["agency"]),
        (&"sign_in".into(), &"/authorize/{id}/sign-in".into(), &AGENCY.into()),
        "{name}: {sign_in}"
    );
    assert!(sign_in["request"].is_string() && sign_in["at"].is_string());
    // Two nodes of one machine are told apart, as in `status`.
    let node = sign_in["node"].as_str().unwrap();
    assert!(node.ends_with(&format!(":{}", place.port)), "{node}");
    let import = of("operator_command");
    assert_eq!(
        (&import["command"], &import["result"]),
        (&"import".into(), &"done".into()),
        "{name}: {import}"
    );
    assert!(of("account_created")["account"].is_string(), "{name}");
    let text = fs::read_to_string(place.path("audit.jsonl")).unwrap();
    for secret in [&mover.email, &mover.new, "pas le bon", "courrier.example"] {
        assert!(!text.contains(secret), "{name}: {secret}");
    }
    let mode = fs::metadata(place.path("audit.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{name}");
}

/// A stream beside the log has each event once; one that cannot be written is told in a sentence, before a node serves and by a check.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_goes_where_it_is_told_to() {
    let place = audited(Bed::sqlite().await, "stderr");
    let running = place.serve().await;
    client().get(format!("{}/nothing/here", place.issuer())).send().await.unwrap();
    running.says("\"page_refused\"").await;
    let (status, said) = running.stop().await;
    assert!(status.success(), "{said}");
    let count = |part: &str| said.lines().filter(|line| line.starts_with('{') && line.contains(part)).count();
    assert_eq!((count("page_refused"), count("node_stopped")), (1, 1), "{said}");
    assert!(!said.lines().any(|line| !line.starts_with('{') && line.contains("page_refused")), "{said}");

    let place = audited(Bed::sqlite().await, "file:nowhere/audit.jsonl");
    let out = place.run("serve", &[]);
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(1) && told.contains("nowhere/audit.jsonl cannot be written"), "{told}");
    // `check` reads what `serve` reads (FINDING P12).
    let out = place.run("check", &[]);
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(1) && told.contains("nowhere/audit.jsonl cannot be written"), "{told}");
    let place = audited(Bed::sqlite().await, "journal");
    let out = place.run("check", &[]);
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(1) && told.contains("telemetry.audit: must be"), "{told}");
}
