//! The guards of deliveries at small agencies, and another agency's rows whichever way they come.

use std::io::Cursor;

use accounts::{ApplyRefused, GuardBroken, PlanReport, Tried};
use agencies::{Agencies, Directory};
use testbed::{apply, both};

use crate::{
    deliveries::{HEADER, apply, csv, plan, rows, source},
    stage::Stage,
};

/// Clients of another portfolio than [`csv`] has, in the forms of the same software.
fn strangers(count: u32) -> String {
    let row = |n: u32| format!("{:05};S{n};Autre-Secret {n};s{n}@exemple.test;Client {n};\n", 50_000 + n);
    HEADER.to_owned() + &(0..count).map(row).collect::<String>()
}

/// Some rows of a file.
fn excerpt(csv: &str, from: usize, count: usize) -> String {
    let mut lines = csv.lines();
    let header = lines.next().unwrap();
    let rows = lines.skip(from).take(count).map(|line| format!("{line}\n"));
    format!("{header}\n") + &rows.collect::<String>()
}

fn names(report: &PlanReport) -> Vec<&'static str> {
    let name = |guard: &GuardBroken| match guard {
        GuardBroken::MaxGone { .. } => "max_gone",
        GuardBroken::MinOverlap { .. } => "min_overlap",
        GuardBroken::SameFile { .. } => "same_file",
        GuardBroken::OtherAgency { .. } => "other_agency",
        _ => "another guard",
    };
    report.broken.iter().map(name).collect()
}

/// FINDING P2.
#[apply(both!)]
#[tokio::test]
async fn a_small_agency_is_guarded_from_strangers(stage: Stage) {
    let name = stage.bed.name;
    let (agency, own) = (&stage.tilleuls, csv(61));
    let (first, report) = plan(&stage, agency, &own, true).await;
    assert!(report.broken.is_empty(), "{name}: a first delivery: {:?}", report.broken);
    apply(&stage, agency, first, &own, false).await.unwrap();
    // Nobody knows these rows: it is the agency's own clients that speak.
    let (id, report) = plan(&stage, agency, &strangers(61), false).await;
    assert_eq!(names(&report), ["min_overlap"], "{name}");
    let refused = apply(&stage, agency, id, &strangers(61), false).await;
    assert!(matches!(refused, Err(ApplyRefused::Guards(_))), "{name}: {refused:?}");
    assert_eq!(stage.count("legacy_identity", "1 = 1").await, 61, "{name}");
    for (file, complete, expected) in [
        (strangers(4), true, vec!["max_gone"]),
        (excerpt(&own, 0, 54), true, vec!["max_gone"]),
        (excerpt(&own, 0, 58), true, vec![]),
        (strangers(19), false, vec![]),
        (own.clone() + &excerpt(&strangers(61), 0, 61).replace(HEADER, ""), false, vec![]),
    ] {
        let (_, report) = plan(&stage, agency, &file, complete).await;
        assert_eq!(names(&report), expected, "{name}: {} rows", report.rows);
    }
    apply(&stage, agency, id, &strangers(61), true).await.unwrap();
    assert_eq!(stage.count("evidence", "body LIKE '%min_overlap%'").await, 1, "{name}");
}

#[apply(both!)]
#[tokio::test]
async fn an_agency_of_twelve_does_not_lose_nine_by_a_complete_file(stage: Stage) {
    let name = stage.bed.name;
    stage.import(&stage.tilleuls, &csv(12)).await;
    let (id, report) = plan(&stage, &stage.tilleuls, &csv(3), true).await;
    assert_eq!((names(&report), report.gone), (vec!["max_gone"], 9), "{name}");
    assert!(apply(&stage, &stage.tilleuls, id, &csv(3), false).await.is_err(), "{name}");
    assert_eq!(stage.count("legacy_identity", "left_at IS NOT NULL").await, 0, "{name}");
    let (id, report) = plan(&stage, &stage.tilleuls, &csv(9), true).await;
    assert!(report.broken.is_empty(), "{name}: three may always be missing: {:?}", report.broken);
    apply(&stage, &stage.tilleuls, id, &csv(9), false).await.unwrap();
    assert_eq!(stage.count("legacy_identity", "left_at IS NOT NULL").await, 3, "{name}");
    let tried = stage.accounts.try_hash(&stage.tilleuls, "00010", "Vieux-Secret 10", "odile").await.unwrap();
    assert_eq!(tried, Tried::Left, "{name}: the door is closed, whatever the password");
}

/// A word for nothing is no hash that cannot be read: an account that the old site emptied is not kept open.
#[apply(both!)]
#[tokio::test]
async fn a_word_for_no_hash_takes_the_stored_one_away(stage: Stage) {
    let file = |hash: &str| format!("identifier;password_hash;hash_format\nA;{hash};md5\n");
    stage.import(&stage.tilleuls, &file("db4dacce3a28a642b5c7fd3157e10ae0")).await;
    stage.import(&stage.tilleuls, &file("cut")).await;
    assert_eq!(stage.count("legacy_identity", "verifier_kind = 'none'").await, 0, "{}", stage.bed.name);
    stage.import(&stage.tilleuls, &file("NULL")).await;
    assert_eq!(stage.count("legacy_identity", "verifier_kind = 'none'").await, 1, "{}", stage.bed.name);
}

/// FINDING P2: a few rows of a large list, of which the other agency's last file has none.
#[apply(both!)]
#[tokio::test]
async fn a_few_rows_of_another_agency_are_known_whichever_file_brought_them(stage: Stage) {
    let name = stage.bed.name;
    stage.import(&stage.tilleuls, &csv(700)).await;
    stage.import(&stage.tilleuls, &excerpt(&strangers(3), 0, 3)).await;
    stage.import(&stage.rivage, &excerpt(&strangers(61), 20, 14)).await;
    let other = async |file: &str| {
        let (_, report) = plan(&stage, &stage.rivage, file, false).await;
        (names(&report), report.other_agency.map(|(agency, _)| agency), report.other_agency_rows)
    };
    let of_tilleuls = Some("tilleuls".to_owned());
    let added = excerpt(&csv(700), 300, 14) + "90001;N1;Secret-Neuf 1;;Nouvelle;\n";
    assert_eq!(other(&added).await, (vec!["other_agency"], of_tilleuls.clone(), 14), "{name}");
    let five = excerpt(&csv(700), 300, 5);
    assert_eq!(other(&five).await, (vec!["other_agency"], of_tilleuls.clone(), 5), "{name}");
    let family = excerpt(&csv(700), 300, 4);
    assert_eq!(other(&family).await, (vec![], of_tilleuls, 4), "{name}: two agencies may have them");
    // The same identifiers and references, and other people: the numbers of one software are alike everywhere.
    let alike = excerpt(&csv(700), 300, 14).replace("Vieux-Secret", "Mot-Autre");
    assert_eq!(other(&alike).await, (vec![], None, 0), "{name}");
    let bare: String = (300..314).map(|n| format!("{n:05};R{n}\n")).collect();
    stage.import(&stage.tilleuls, &format!("identifier;client_ref\n{bare}")).await;
    assert_eq!(other(&format!("identifier;client_ref\n{bare}")).await, (vec![], None, 0), "{name}");
    // A salted hash at its identifier is one person's, whatever else the file says of them. One without a salt may be the software's first password.
    let hashed = |salted: bool, name: &str| {
        let form = if salted { "md5:salt+password;sel" } else { "md5;" };
        let row = |n: u32| format!("H{n};{n:032x};{form};{name} {n}\n");
        "identifier;password_hash;hash_format;salt;name\n".to_owned() + &(0..14).map(row).collect::<String>()
    };
    stage.import(&stage.tilleuls, &hashed(true, "Avant")).await;
    assert_eq!(
        other(&hashed(true, "Après")).await,
        (vec!["other_agency"], Some("tilleuls".to_owned()), 14),
        "{name}"
    );
    stage.import(&stage.tilleuls, &hashed(false, "Avant")).await;
    assert_eq!(other(&hashed(false, "Après")).await, (vec![], None, 0), "{name}");
    // An agency's own list, once more.
    assert_eq!(other(&excerpt(&strangers(61), 20, 14)).await, (vec![], None, 0), "{name}");
}

/// The identifier of a row may be stored in another form at the agency whose row it is.
#[apply(both!)]
#[tokio::test]
async fn rows_of_an_agency_with_other_rules_of_identifiers_are_known(mut stage: Stage) {
    let name = stage.bed.name;
    stage.tilleuls.directory = Directory { leading_zeros_ignored: true, ..Directory::default() };
    stage.import(&stage.tilleuls, &csv(40)).await;
    let file = excerpt(&csv(40), 5, 14);
    let all = Agencies::new(vec![stage.tilleuls.clone(), stage.rivage.clone()]).unwrap();
    let begun =
        stage.accounts.plan(&stage.rivage, rows(&file), Cursor::new(Vec::new()), (source(&file), false));
    let mut planner = begun.among(&all);
    while planner.next_batch().await.unwrap() > 0 {}
    let (_, report, _) = planner.finish(true).await.unwrap();
    assert_eq!((names(&report), report.other_agency_rows), (vec!["other_agency"], 14), "{name}");
}
