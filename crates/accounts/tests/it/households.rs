//! Rows of one identifier, people of one reference, hashes that cannot be read, and identifiers that an older version stored.

use std::io::Cursor;

use accounts::{
    DeliveryId, LegacyProof, PlanReport, SampleKind, SignIn, Source,
    legacy::row::{Format, Rows},
};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, visitor};

/// Plans and applies a file; returns its delivery and what the plan told.
async fn deliver(stage: &Stage, csv: &str, complete: bool) -> (DeliveryId, PlanReport) {
    let rows = Rows::open(Cursor::new(csv), Format::Csv).unwrap();
    let source = Source { file: "clients.csv".into(), ..Source::default() };
    let scratch = Cursor::new(Vec::new());
    let mut import =
        stage.accounts.import_from(&stage.tilleuls, rows, scratch, (source, complete)).force(true);
    while import.next_batch().await.unwrap() > 0 {}
    (import.delivery().unwrap(), import.plan_report().clone())
}

async fn opens(stage: &Stage, identifier: &str, password: &str) -> bool {
    let proof =
        stage.accounts.prove_legacy(&stage.tilleuls, identifier, password, None, &visitor()).await.unwrap();
    matches!(proof, LegacyProof::Enrolment(_))
}

const HASHES: &str = "identifier;client_ref;password_hash;email\n\
    C1;R1;{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=;un@exemple.test\n\
    C2;R2;{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=;deux@exemple.test\n\
    C3;R3;;\n";

/// FINDING B6: a hash that cannot be read takes nothing away, an empty one does, and an undo gives back what was.
#[apply(both!)]
#[tokio::test]
async fn a_hash_that_cannot_be_read_leaves_the_stored_one(stage: Stage) {
    let name = stage.bed.name;
    deliver(&stage, HASHES, false).await;
    stage.accounts.wrap_sealed(10).await.unwrap();
    let spoilt = HASHES
        .replace("{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=;un@", "{SHA}L1jpEF;neuf@")
        .replace("{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=;deux@", ";deux@")
        .replace("C3;R3;;", "C3;R3;$9$quoi;");
    let (id, report) = deliver(&stage, &spoilt, false).await;
    assert_eq!((report.unreadable_hashes, report.kept_hashes), (2, 1), "{name}");
    assert_eq!((report.no_hash, report.no_address_no_hash), (2, 1), "{name}: the second and the third");
    assert_eq!((report.changes.email, report.changes.hash, report.changes.hash_gone), (1, 1, 1), "{name}");
    assert_eq!(
        stage.count("legacy_identity", "identifier = 'C1' AND email = 'neuf@exemple.test'").await,
        1,
        "{name}"
    );
    assert!(opens(&stage, "C1", "Tilleul-42").await, "{name}: the stored hash stays");
    assert!(!opens(&stage, "C2", "Tilleul-42").await, "{name}: the agency took it away");
    // The same file again changes nothing, and tells the same.
    let (again, report) = deliver(&stage, &spoilt, false).await;
    assert_eq!(
        (report.unchanged, report.updated, report.kept_hashes, report.no_hash),
        (3, 0, 1, 2),
        "{name}"
    );
    // The good file after it: the hash is the one that is stored.
    let (good, report) = deliver(&stage, &HASHES.replace("un@", "neuf@"), false).await;
    assert_eq!((report.changes.hash, report.changes.email), (1, 0), "{name}: that of the second");
    for id in [good, again, id] {
        stage.accounts.undo(id, "odile").await.unwrap().unwrap();
    }
    assert!(opens(&stage, "C2", "Tilleul-42").await, "{name}");
    assert_eq!(stage.count("legacy_identity", "email = 'un@exemple.test'").await, 1, "{name}");
}

/// FINDING B6, B8: of several rows with one identifier the first with a hash that can be read is taken.
#[apply(both!)]
#[tokio::test]
async fn the_row_with_the_readable_hash_is_taken_wherever_it_stands(stage: Stage) {
    let name = stage.bed.name;
    let file = "identifier;client_ref;password_hash;name\n\
        C1;R1;{SHA}coupe;Anne\n\
        C2;R2;;Paul\n\
        c1;R1;{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=;Anne Durand\n";
    let (_, report) = deliver(&stage, file, false).await;
    assert_eq!((report.added, report.households, report.bad, report.contradictory), (2, 1, 0, 0), "{name}");
    assert_eq!(
        report.household_reasons[0].reason,
        "the same identifier as on line …, without a hash that can be read, with another name, hash"
    );
    assert!(opens(&stage, "C1", "Tilleul-42").await, "{name}");
    assert_eq!(stage.count("legacy_identity", "name = 'Anne Durand'").await, 1, "{name}");
}

/// FINDING B2: no row is lost but for its identifier or hash; the portal is told both references of a household.
#[apply(both!)]
#[tokio::test]
async fn two_references_on_one_identifier_open_with_one_password(stage: Stage) {
    let name = stage.bed.name;
    let one = "identifier;client_ref;password;name\nC1;R1;Vieux-Secret 1;Anne\nC2;R2;Vieux-Secret 2;Paul\n";
    deliver(&stage, one, false).await;
    stage.moved(&stage.tilleuls, "C2", "Vieux-Secret 2", "deux@exemple.test").await;
    let household = "identifier;client_ref;password;name\n\
        C1;R1;Vieux-Secret 1;Anne\n\
        C1;R7;Vieux-Secret 1;Jean\n\
        C1;R8;Autre-Secret;Jean\n\
        C2;R2;Vieux-Secret 2;Paul\n\
        C2;R9;Vieux-Secret 2;Paul\n\
        C3;R7;Vieux-Secret 3;Marc\n";
    let (id, report) = deliver(&stage, household, false).await;
    let counts = (report.added, report.updated, report.corrected, report.households, report.contradictory);
    assert_eq!(counts, (1, 1, 1, 2, 1), "{name}");
    assert_eq!((report.changes.reference, report.changes.hash, report.bad), (2, 0, 1), "{name}");
    assert_eq!(
        report.reasons[0].reason,
        "the same identifier as on line …, with another reference, name, hash"
    );
    let samples = |kind| report.samples.iter().filter(|one| one.kind == kind).collect::<Vec<_>>();
    let further = samples(SampleKind::Household);
    assert_eq!((further.len(), further[0].line, &*further[0].identifier), (2, Some(3), "••"), "{name}");
    assert_eq!(further[0].columns, ["reference", "name"], "{name}");
    // Two people on one reference, one of them by a further row.
    let shared = report.shared_references.as_ref().unwrap();
    assert_eq!((shared.count, &shared.lines[..]), (1, &[3, 7][..]), "{name}");
    assert_eq!(samples(SampleKind::Shared).len(), 2, "{name}");

    let refs = async |email: &str| {
        let SignIn::In(signed_in) = stage.sign_in(email, PASSWORD).await else { panic!("{email}") };
        let account = signed_in.session.account;
        let (_, at) = stage.accounts.account_at(account, "tilleuls").await.unwrap().unwrap();
        let linked = stage.accounts.client_refs(account, "tilleuls").await.unwrap();
        assert_eq!(at.unwrap().client_refs, linked, "{name}");
        linked
    };
    assert_eq!(refs("deux@exemple.test").await, ["R2", "R9"], "{name}: of somebody who moved before");
    stage.moved(&stage.tilleuls, "C1", "Vieux-Secret 1", "un@exemple.test").await;
    assert_eq!(refs("un@exemple.test").await, ["R1", "R7"], "{name}");
    let (again, report) = deliver(&stage, household, false).await;
    assert_eq!((report.updated, report.corrected, report.moved), (0, 0, 2), "{name}: nothing is new");
    let (less, report) = deliver(&stage, one, false).await;
    assert_eq!(report.changes.reference, 2, "{name}");
    assert_eq!(refs("deux@exemple.test").await, ["R2"], "{name}");
    for id in [less, again, id] {
        stage.accounts.undo(id, "odile").await.unwrap().unwrap();
    }
    assert_eq!(refs("deux@exemple.test").await, ["R2"], "{name}");
}

/// FINDING B9: an identifier that a version before the fold stored is the same in the next file and at the door, however it is typed.
#[apply(both!)]
#[tokio::test]
async fn identifiers_stored_before_the_fold_are_the_same_today(stage: Stage) {
    let name = stage.bed.name;
    let file = "identifier;client_ref;password\nd'Arcy-12;R1;Vieux-Secret 1\nÉvian 3;R2;Vieux-Secret 2\nb-4;R3;Vieux-Secret 3\n";
    deliver(&stage, file, false).await;
    let older = |from: &str, to: &str| {
        let set = format!("identifier = '{to}', identifier_canonical = '{}'", to.to_lowercase());
        format!("UPDATE legacy_identity SET {set} WHERE identifier_canonical = '{from}'")
    };
    stage.write(&older("d'arcy-12".replace('\'', "''").as_str(), "d’Arcy–12")).await;
    stage.write(&older("b-4", "b\u{2011}4")).await;
    let (id, report) = deliver(&stage, file, true).await;
    assert_eq!((report.added, report.updated, report.unchanged, report.gone), (0, 0, 3, 0), "{name}");
    assert_eq!(stage.count("legacy_identity", "1 = 1").await, 3, "{name}");
    assert!(opens(&stage, "D’ARCY-12", "Vieux-Secret 1").await, "{name}");
    assert!(opens(&stage, "b–4", "Vieux-Secret 3").await, "{name}");
    stage.accounts.undo(id, "odile").await.unwrap().unwrap();
    assert_eq!(stage.count("legacy_identity", "identifier_canonical = 'b-4'").await, 1, "{name}");
    // Where both spellings are stored, the one of today is meant, and the older one is a client of whom the file does not tell.
    stage.write(&older("évian 3", "B\u{2011}4")).await;
    let (_, report) = deliver(&stage, file, true).await;
    assert_eq!((report.added, report.gone), (1, 1), "{name}");
}

/// A plan after a large file reads by index: the database's statistics are there when its apply ends, and a small file takes none.
#[apply(both!)]
#[tokio::test]
async fn a_large_apply_leaves_statistics_behind(stage: Stage) {
    let statistics = async || match stage.bed.name {
        "sqlite" if stage.count("sqlite_master", "name = 'sqlite_stat1'").await == 0 => 0,
        "sqlite" => stage.count("sqlite_stat1", "tbl = 'legacy_identity'").await,
        _ => stage.count("pg_stats", "tablename = 'legacy_identity'").await,
    };
    let rows = |count: u32| (0..count).map(|n| format!("C{n};R{n};Anne\n")).collect::<String>();
    let header = "identifier;client_ref;name\n";
    deliver(&stage, &format!("{header}{}", rows(100)), false).await;
    assert_eq!(statistics().await, 0, "{}", stage.bed.name);
    deliver(&stage, &format!("{header}{}", rows(10_100)), false).await;
    assert!(statistics().await > 0, "{}", stage.bed.name);
}
