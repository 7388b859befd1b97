//! The alert rules and the board that are delivered with the program name numbers that exist.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use testbed::Bed;

use crate::{
    person::{Person, Persona},
    place::{MAIL_FOLDER, Place},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/observability")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

/// The numbers that an expression names, without the endings of histograms.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("moncompte_") || word.starts_with("process_"));
    let plain = |word: &str| {
        let ends = ["_bucket", "_count", "_sum"];
        ends.iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word).to_owned()
    };
    ours.map(plain).collect()
}

/// The expressions of the board.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(text) if name == "expr" => found.push(text.clone()),
            value => expressions(value, found),
        }),
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

/// Numbers that a node says only when that has happened: sign-ins that wait, calls to portals, trouble.
const RARE: [&str; 12] = [
    "moncompte_agency_paused_total",
    "moncompte_throttled_total",
    "moncompte_client_failures_total",
    "moncompte_reset_total",
    "moncompte_logout_calls_total",
    "moncompte_logout_hosts_silent",
    "moncompte_outbox_dead",
    "moncompte_outbox_paused",
    "moncompte_spans_total",
    "moncompte_worker_restarts_total",
    "moncompte_config_folder_differs",
    "moncompte_wrap_remaining",
];

/// FINDING P14.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alarms_and_board_name_numbers_that_exist() {
    let mut asked = Vec::new();
    expressions(&serde_json::from_str(&read("board.json")).unwrap(), &mut asked);
    assert!(asked.len() > 30, "{asked:?}");
    let rules = read("rules.yml");
    let named: BTreeSet<String> = asked
        .iter()
        .map(String::as_str)
        .chain(rules.lines().filter(|line| !line.contains("mend:")))
        .flat_map(names)
        .collect();
    assert!(named.len() > 25, "{named:?}");
    let documented = names(&fs::read_to_string(folder().join("../../docs/observability.md")).unwrap());
    let unknown: Vec<_> = named.difference(&documented).collect();
    assert!(unknown.is_empty(), "no such number: {unknown:?}");

    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let mover = Persona::number(1);
    place.people([mover.row()]);
    let _running = place.serve().await;
    Person::new(&place.issuer()).moves(&mover, &place).await;
    Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    let (_, text) = place.operators("/metrics").await;
    let told: BTreeSet<String> = text.lines().filter(|line| !line.starts_with('#')).flat_map(names).collect();
    let silent: Vec<_> = named.difference(&told).filter(|name| !RARE.contains(&name.as_str())).collect();
    assert!(silent.is_empty(), "a running node does not tell {silent:?}\n{text}");
}

/// The rule for the queue of hashes knows how long it may be.
#[test]
fn the_queue_of_hashes_wakes_at_its_half() {
    let sample = fs::read_to_string(folder().join("../../config/moncompte.toml")).unwrap();
    let queue = sample.lines().find_map(|line| line.strip_prefix("# queue = ")).unwrap();
    let half = queue.parse::<u32>().unwrap() / 2;
    assert!(
        read("rules.yml").contains(&format!("expr: moncompte_hash_queue > {half} or")),
        "half of {queue}"
    );
}

/// The rules are right for Prometheus, and fire when they should.
#[test]
fn prometheus_takes_the_rules() {
    for args in [["check", "rules", "rules.yml"], ["test", "rules", "tests.yml"]] {
        match Command::new("promtool").args(args).current_dir(folder()).output() {
            Ok(out) => assert!(
                out.status.success(),
                "{args:?}: {}{}",
                String::from_utf8_lossy(&out.stdout),
                String::from_utf8_lossy(&out.stderr)
            ),
            Err(_) => println!("promtool is not installed: the rules were read for their names alone"),
        }
    }
}
