//! Deliveries: what a plan tells, what an apply changes, and that an undo gives all of it back.

use std::{io::Cursor, sync::Arc};

use accounts::{
    ApplyRefused, Changes, DeliveryId, DeliveryState, GuardBroken, LegacyProof, Mail, MailBody, PlanReport,
    SignIn, Source, UndoRefused, Undone,
    legacy::row::{Format, Rows},
};
use agencies::Agency;
use testbed::{apply, both};

use crate::stage::{Stage, said, visitor};

const DAY: i64 = 86_400;
pub(crate) const HEADER: &str = "identifier;client_ref;password;email;name;phone_number\n";

pub(crate) fn rows(csv: &str) -> Rows<Cursor<&str>> {
    Rows::open(Cursor::new(csv), Format::Csv).unwrap()
}

pub(crate) fn source(csv: &str) -> Source {
    let sha256 = kernel::sha256(csv.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Source { file: "clients.csv".into(), sha256, by: "odile".into(), ..Source::default() }
}

pub(crate) async fn plan(
    stage: &Stage,
    agency: &Agency,
    csv: &str,
    complete: bool,
) -> (DeliveryId, PlanReport) {
    let scratch = Cursor::new(Vec::new());
    let mut planner = stage.accounts.plan(agency, rows(csv), scratch, (source(csv), complete));
    while planner.next_batch().await.unwrap() > 0 {}
    let (id, report, _) = planner.finish(true).await.unwrap();
    (id.unwrap(), report)
}

pub(crate) async fn apply(
    stage: &Stage,
    agency: &Agency,
    id: DeliveryId,
    csv: &str,
    force: bool,
) -> Result<(), ApplyRefused> {
    let files = (rows(csv), Cursor::new(Vec::new()));
    let mut applier = match stage.accounts.apply(agency, id, files, (&source(csv), force)).await.unwrap() {
        Ok(applier) => applier,
        Err(refused) => return Err(refused),
    };
    while applier.next_batch().await.unwrap() > 0 {}
    Ok(())
}

async fn undo(stage: &Stage, id: DeliveryId) -> Result<Undone, UndoRefused> {
    stage.accounts.undo(id, "odile").await.unwrap()
}

async fn state(stage: &Stage, id: DeliveryId) -> DeliveryState {
    stage.accounts.delivery(id).await.unwrap().unwrap().state
}

/// Every row of what deliveries change, as text.
async fn all(stage: &Stage, columns: &str, table: &str) -> Vec<String> {
    use kernel::sea_orm::{ConnectionTrait, Statement};
    let db = stage.bed.context.db.reader();
    let parts: Vec<String> = (columns.split_whitespace())
        .map(|column| match (stage.bed.name, column) {
            ("sqlite", column) => format!("quote({column})"),
            (_, "verifier") => "coalesce(encode(verifier, 'hex'), '-')".into(),
            (_, column) => format!("coalesce(CAST({column} AS text), '-')"),
        })
        .collect();
    let sql = format!("SELECT {} AS row FROM {table} ORDER BY 1", parts.join(" || '|' || "));
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "row").unwrap()).collect()
}

/// All columns but one: portals are told that what they know of people who moved has changed again.
async fn identities(stage: &Stage) -> Vec<String> {
    let columns = "id agency_id identifier identifier_canonical client_ref email name profile fingerprint verifier_kind \
                   verifier recogniser_kind moved_at secret_fingerprint delivery_id left_at further_refs";
    all(stage, columns, "legacy_identity").await
}

async fn links(stage: &Stage) -> Vec<String> {
    all(stage, "id account_id agency_id legacy_identity_id client_ref linked_at ends_at ended_at", "link")
        .await
}

pub(crate) fn csv(count: u32) -> String {
    let row = |n: u32| format!("{n:05};R{n};Vieux-Secret {n};p{n}@exemple.test;Personne {n};02{n:08}\n");
    HEADER.to_owned() + &(0..count).map(row).collect::<String>()
}

/// The second file of findings/operators.md in small: addresses, hashes, references, names and telephones changed, hashes emptied, some gone, some new, one doubled to
/// the letter, one contradictory, one further row of a household, and people who moved before.
fn second() -> String {
    let mut lines: Vec<String> = csv(300).lines().map(str::to_owned).collect();
    let mut change = |n: usize, from: &str, to: &str| {
        assert!(lines[n + 1].contains(from), "{}", lines[n + 1]);
        lines[n + 1] = lines[n + 1].replace(from, to);
    };
    change(0, "R0;", "R0-neuf;");
    change(0, "Personne 0", "Personne Zéro");
    change(0, ";0200000000", ";0600000000");
    change(10, "p10@", "neuf10@");
    change(11, "Vieux-Secret 11", "Autre-Secret 11");
    change(12, "R12;", "R12-neuf;");
    change(13, "Vieux-Secret 13", "");
    change(14, "Personne 14", "Quatorze");
    change(15, ";0200000015", ";");
    let double = lines[20].clone();
    let contradictory = lines[21].replace("Secret", "Autre");
    let further = lines[22].replace("Personne", "Quelqu'un");
    // Gone: one who moved, and four who did not.
    lines.retain(|line| {
        !["00001", "00101", "00102", "00103", "00104"].iter().any(|gone| line.starts_with(gone))
    });
    lines.extend([double, contradictory, further]);
    lines.extend((300..320).map(|n| format!("{n:05};R{n};Vieux-Secret {n};;;")));
    lines.join("\n") + "\n"
}

/// SPEC J12; FINDING B12, P2, P6; SECURITY I25.
#[apply(both!)]
#[tokio::test]
async fn a_second_file_with_every_change_is_planned_applied_and_taken_back(stage: Stage) {
    let name = stage.bed.name;
    let (first, report) = plan(&stage, &stage.tilleuls, &csv(300), false).await;
    assert_eq!((report.added, report.rows, report.bad), (300, 300, 0), "{name}");
    assert_eq!(report.proven_share(), Some(0.0), "{name}");
    apply(&stage, &stage.tilleuls, first, &csv(300), false).await.unwrap();
    stage.moved(&stage.tilleuls, "00000", "Vieux-Secret 0", "zero@exemple.test").await;
    stage.moved(&stage.tilleuls, "00001", "Vieux-Secret 1", "un@exemple.test").await;
    stage.accounts.wrap_sealed(1000).await.unwrap();
    stage.mails().await;
    stage.bed.clock.advance(DAY);
    let (before, linked) = (identities(&stage).await, links(&stage).await);

    let (id, report) = plan(&stage, &stage.tilleuls, &second(), true).await;
    assert_eq!(identities(&stage).await, before, "{name}: a plan writes nothing of a file");
    let counts = (report.added, report.updated, report.unchanged, report.moved, report.corrected);
    assert_eq!(counts, (20, 6, 288, 1, 1), "{name}");
    let changes = Changes { email: 1, hash: 2, hash_gone: 1, reference: 2, name: 2, profile: 2 };
    assert_eq!(report.changes, changes, "{name}");
    let repeated = (report.doubles, report.contradictory, report.households, report.bad);
    assert_eq!(repeated, (1, 1, 1, 1), "{name}");
    assert_eq!((report.existing, report.matched, report.gone, report.gone_moved), (300, 295, 5, 1), "{name}");
    assert_eq!((report.no_address, report.no_hash), (20, 1), "{name}");
    assert_eq!(report.proven_share(), Some(1.0), "{name}: two of them signed in");
    assert!(report.broken.is_empty(), "{name}: {:?}", report.broken);
    let told = serde_json::to_string(&report).unwrap();
    for secret in ["Secret", "exemple.test", "Personne", "00101"] {
        assert!(!told.contains(secret), "{name}: {secret} in {told}");
    }

    apply(&stage, &stage.tilleuls, id, &second(), false).await.unwrap();
    assert_eq!(state(&stage, id).await, DeliveryState::Applied);
    assert_eq!(stage.count("legacy_identity", "1 = 1").await, 320, "{name}");
    assert_eq!(stage.count("legacy_identity", "left_at IS NOT NULL").await, 5, "{name}");
    assert_eq!(
        stage.count("legacy_identity", "verifier_kind = 'wrapped'").await,
        296,
        "{name}: what was wrapped stays so"
    );
    // The portal of who moved before is told the correction.
    let account = |email: &str| {
        let email = email.to_owned();
        let stage = &stage;
        async move {
            match stage.sign_in(&email, crate::stage::PASSWORD).await {
                SignIn::In(signed_in) => signed_in.session.account,
                other => panic!("{}", crate::stage::answered(&other)),
            }
        }
    };
    let zero = account("zero@exemple.test").await;
    let (person, at) = stage.accounts.account_at(zero, "tilleuls").await.unwrap().unwrap();
    let at = at.unwrap();
    assert_eq!(at.client_refs, ["R0-neuf"], "{name}");
    assert_eq!(
        (person.name.as_deref(), &at.profile["phone_number"]),
        (Some("Personne Zéro"), &"0600000000".into()),
        "{name}"
    );
    // The old door is closed to who left.
    let proof = async |n: &str| {
        let secret = format!("Vieux-Secret {}", n.parse::<u32>().unwrap());
        stage.accounts.prove_legacy(&stage.tilleuls, n, &secret, None, &visitor()).await.unwrap()
    };
    assert!(matches!(proof("00101").await, LegacyProof::Left), "{name}");
    let wrong =
        stage.accounts.prove_legacy(&stage.tilleuls, "00102", "faux", None, &visitor()).await.unwrap();
    assert_eq!(said(&wrong), "wrong, 4 left", "{name}");
    // Who moved is told by mail, and the portal stays open for the grace.
    let mails = stage.mails().await;
    let ending = |mail: &&Mail| matches!(mail.body, MailBody::LinkEnding { .. });
    let to: Vec<_> = mails.iter().filter(ending).map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["un@exemple.test"], "{name}");
    let one = account("un@exemple.test").await;
    assert_eq!(stage.accounts.client_refs(one, "tilleuls").await.unwrap(), ["R1"], "{name}");

    let undone = undo(&stage, id).await.unwrap();
    assert_eq!((undone.restored, undone.removed, undone.left_alone), (12, 20, 0), "{name}");
    assert_eq!(identities(&stage).await, before, "{name}");
    assert_eq!(links(&stage).await, linked, "{name}");
    let (person, at) = stage.accounts.account_at(zero, "tilleuls").await.unwrap().unwrap();
    assert_eq!(
        (at.unwrap().client_refs, person.name.as_deref()),
        (vec!["R0".to_owned()], Some("Personne 0")),
        "{name}"
    );
    assert_eq!(stage.count("delivery_change", "1 = 1").await, 0, "{name}");
    assert!(matches!(proof("00101").await, LegacyProof::Enrolment(_)), "{name}");
    assert_eq!(undo(&stage, id).await, Err(UndoRefused::Over(DeliveryState::Undone)), "{name}");
    for kind in ["delivery applied", "delivery undone"] {
        let condition =
            format!("kind = '{kind}' AND body LIKE '%{}%' AND body LIKE '%odile%'", source(&second()).sha256);
        assert_eq!(stage.count("evidence", &condition).await, 1, "{name}: {kind}");
    }
}

/// FINDING P6: after the grace the link is over, once, and the provider is told to end what the portal holds; a person who comes back is let in again.
#[apply(both!)]
#[tokio::test]
async fn a_link_ends_after_its_grace_and_comes_back_with_its_person(stage: Stage) {
    let name = stage.bed.name;
    stage.import(&stage.tilleuls, &csv(12)).await;
    let signed_in = stage.moved(&stage.tilleuls, "00001", "Vieux-Secret 1", "un@exemple.test").await;
    let account = signed_in.session.account;
    let without: String =
        csv(12).lines().filter(|line| !line.starts_with("00001")).map(|line| format!("{line}\n")).collect();
    let (id, _) = plan(&stage, &stage.tilleuls, &without, true).await;
    apply(&stage, &stage.tilleuls, id, &without, false).await.unwrap();
    let refs = async || {
        let refs = stage.accounts.client_refs(account, "tilleuls").await.unwrap();
        // The sign-in page asks the same of the account's standing.
        assert_eq!(stage.accounts.standing(account, "tilleuls").await.unwrap().linked, !refs.is_empty());
        refs
    };
    stage.bed.clock.advance(29 * DAY);
    assert_eq!(stage.accounts.end_links().await.unwrap(), 0, "{name}");
    assert_eq!(refs().await, ["R1"], "{name}");
    stage.bed.clock.advance(2 * DAY);
    assert_eq!(stage.accounts.end_links().await.unwrap(), 1, "{name}");
    assert_eq!(stage.accounts.end_links().await.unwrap(), 0, "{name}");
    assert!(refs().await.is_empty(), "{name}");
    assert_eq!(stage.accounts.account_at(account, "tilleuls").await.unwrap().unwrap().1, None, "{name}");
    assert_eq!(stage.count("outbox", "kind = 'link_ended'").await, 1, "{name}");
    assert_eq!(stage.count("evidence", "kind = 'link ended' AND account_id IS NOT NULL").await, 1, "{name}");
    stage.import(&stage.tilleuls, &csv(12)).await;
    assert_eq!(refs().await, ["R1"], "{name}: back in the file");
    assert_eq!(stage.count("legacy_identity", "left_at IS NOT NULL").await, 0, "{name}");
    stage.write("DELETE FROM outbox WHERE kind = 'link_ended'").await;
}

#[apply(both!)]
#[tokio::test]
async fn who_moved_since_is_left_alone_by_an_undo(stage: Stage) {
    let name = stage.bed.name;
    stage.import(&stage.tilleuls, &csv(5)).await;
    let changed = csv(8).replace("Personne 3", "Trois").replace("Personne 4", "Quatre");
    let (id, _) = plan(&stage, &stage.tilleuls, &changed, false).await;
    apply(&stage, &stage.tilleuls, id, &changed, false).await.unwrap();
    stage.moved(&stage.tilleuls, "00003", "Vieux-Secret 3", "trois@exemple.test").await;
    stage.moved(&stage.tilleuls, "00006", "Vieux-Secret 6", "six@exemple.test").await;
    // A move that is not finished goes with its identity.
    stage.enrol(&stage.tilleuls, "00007", "Vieux-Secret 7").await;
    let undone = undo(&stage, id).await.unwrap();
    assert_eq!((undone.restored, undone.removed, undone.left_alone), (1, 2, 2), "{name}");
    assert_eq!(undone.moved_since, ["00003", "00006"], "{name}");
    assert_eq!(stage.count("legacy_identity", "name = 'Trois' AND moved_at IS NOT NULL").await, 1, "{name}");
    assert_eq!(stage.count("legacy_identity", "name = 'Personne 4'").await, 1, "{name}");
    assert_eq!(stage.count("legacy_identity", "1 = 1").await, 6, "{name}");
}

/// FINDING P2.
#[apply(both!)]
#[tokio::test]
async fn the_file_of_another_agency_is_refused_by_its_guards(stage: Stage) {
    let name = stage.bed.name;
    let (own, _) = plan(&stage, &stage.tilleuls, &csv(300), false).await;
    apply(&stage, &stage.tilleuls, own, &csv(300), false).await.unwrap();
    let rivage =
        HEADER.to_owned() + &(0..200).map(|n| format!("Z{n};;Secret {n};;Client {n};\n")).collect::<String>();
    stage.import(&stage.rivage, &rivage).await;
    // The very file, and a later export of it.
    let (id, report) = plan(&stage, &stage.rivage, &csv(300), false).await;
    assert!(
        report.broken.contains(&GuardBroken::SameFile { agency: "tilleuls".into() }),
        "{name}: {:?}",
        report.broken
    );
    assert!(report.broken.iter().any(|guard| matches!(guard, GuardBroken::MinOverlap { .. })), "{name}");
    let refused = apply(&stage, &stage.rivage, id, &csv(300), false).await;
    assert!(matches!(refused, Err(ApplyRefused::Guards(_))), "{name}");
    let later = csv(290).replace("Personne 9;", "Neuf;");
    let (later_id, report) = plan(&stage, &stage.rivage, &later, false).await;
    let other = report.broken.iter().find_map(|guard| match guard {
        GuardBroken::OtherAgency { agency, share } => Some((agency.as_str(), *share > 0.8)),
        _ => None,
    });
    assert_eq!(other, Some(("tilleuls", true)), "{name}");
    assert_eq!(stage.count("legacy_identity", "agency_id = 'rivage'").await, 200, "{name}");
    // A plan is of one agency.
    assert_eq!(
        apply(&stage, &stage.tilleuls, later_id, &later, true).await,
        Err(ApplyRefused::Unknown),
        "{name}"
    );
    apply(&stage, &stage.rivage, later_id, &later, true).await.unwrap();
    assert_eq!(
        stage.count("evidence", "kind = 'delivery applied' AND body LIKE '%other_agency%'").await,
        1,
        "{name}"
    );
    assert_eq!(undo(&stage, later_id).await.unwrap().removed, 290, "{name}");
    assert_eq!(stage.count("legacy_identity", "agency_id = 'rivage'").await, 200, "{name}");
}

/// FINDING B12.
#[apply(both!)]
#[tokio::test]
async fn a_complete_file_that_misses_many_is_refused(stage: Stage) {
    stage.import(&stage.tilleuls, &csv(200)).await;
    let (id, report) = plan(&stage, &stage.tilleuls, &csv(100), true).await;
    assert!(matches!(report.broken[..], [GuardBroken::MaxGone { .. }]), "{:?}", report.broken);
    assert!(matches!(
        apply(&stage, &stage.tilleuls, id, &csv(100), false).await,
        Err(ApplyRefused::Guards(_))
    ));
    assert_eq!(stage.count("legacy_identity", "left_at IS NOT NULL").await, 0, "{}", stage.bed.name);
    // A bad row is of a client all the same.
    let hash = "identifier;password_hash\n".to_owned()
        + &(0..200).map(|n| format!("{n:05};n'importe quoi\n")).collect::<String>();
    let (_, report) = plan(&stage, &stage.tilleuls, &hash, true).await;
    assert_eq!((report.gone, report.rows), (0, 200), "{}", stage.bed.name);
}

#[apply(both!)]
#[tokio::test]
async fn a_plan_holds_for_its_file_and_for_the_identities_that_it_saw(stage: Stage) {
    let name = stage.bed.name;
    let (first, _) = plan(&stage, &stage.tilleuls, &csv(5), false).await;
    let (second, _) = plan(&stage, &stage.tilleuls, &csv(6), false).await;
    assert_eq!(
        apply(&stage, &stage.tilleuls, first, &csv(7), false).await,
        Err(ApplyRefused::OtherFile),
        "{name}"
    );
    apply(&stage, &stage.tilleuls, first, &csv(5), false).await.unwrap();
    assert_eq!(
        apply(&stage, &stage.tilleuls, second, &csv(6), true).await,
        Err(ApplyRefused::Stale),
        "{name}"
    );
    let over = ApplyRefused::Over(DeliveryState::Applied);
    assert_eq!(apply(&stage, &stage.tilleuls, first, &csv(5), false).await, Err(over), "{name}");
    assert_eq!(undo(&stage, second).await, Err(UndoRefused::Over(DeliveryState::Planned)), "{name}");
    // The later one first.
    let (third, _) = plan(&stage, &stage.tilleuls, &csv(7), false).await;
    apply(&stage, &stage.tilleuls, third, &csv(7), false).await.unwrap();
    assert_eq!(undo(&stage, first).await, Err(UndoRefused::Later(third)), "{name}");
    undo(&stage, third).await.unwrap();
    stage.bed.clock.advance(31 * DAY);
    assert_eq!(undo(&stage, first).await, Err(UndoRefused::Late), "{name}");
    stage.accounts.purge().await.unwrap();
    assert_eq!(stage.count("delivery", "state = 'planned'").await, 0, "{name}: a plan is forgotten");
    assert_eq!(stage.count("delivery", "1 = 1").await, 2, "{name}");
}

/// SECURITY I25: an apply, and an undo, that stop after each batch: whoever looks sees a delivery at work, and the same command ends it as if it had not stopped.
#[apply(both!)]
#[tokio::test]
async fn what_stops_in_the_middle_goes_on(stage: Stage) {
    let name = stage.bed.name;
    stage.import(&stage.tilleuls, &csv(4500)).await;
    let before = identities(&stage).await;
    let changed = csv(9000).replace("Personne 1", "Nom 1");
    let (id, report) = plan(&stage, &stage.tilleuls, &changed, false).await;
    for batches in 1..4 {
        let files = (rows(&changed), Cursor::new(Vec::new()));
        let mut applier = stage
            .accounts
            .apply(&stage.tilleuls, id, files, (&source(&changed), false))
            .await
            .unwrap()
            .ok()
            .unwrap();
        for _ in 0..batches {
            applier.next_batch().await.unwrap();
        }
        drop(applier);
        assert_eq!(state(&stage, id).await, DeliveryState::Applying, "{name}");
        // Another plan waits until this one is over.
        let (other, _) = plan(&stage, &stage.tilleuls, &csv(1), false).await;
        assert_eq!(
            apply(&stage, &stage.tilleuls, other, &csv(1), true).await,
            Err(ApplyRefused::Stale),
            "{name}"
        );
    }
    apply(&stage, &stage.tilleuls, id, &changed, false).await.unwrap();
    assert_eq!(stage.count("legacy_identity", "1 = 1").await, 9000, "{name}");
    assert_eq!(
        stage.count("delivery_change", "1 = 1").await,
        i64::try_from(report.updated).unwrap(),
        "{name}"
    );
    // The undo of one that stopped half-way is the same: here it stops where the restored rows end.
    let trap = match name {
        "sqlite" => {
            "CREATE TRIGGER trap BEFORE DELETE ON legacy_identity BEGIN SELECT raise(ABORT, 'trap'); END"
        }
        _ => "CREATE RULE trap AS ON DELETE TO legacy_identity DO INSTEAD SELECT 1 / 0",
    };
    stage.write(trap).await;
    assert!(stage.accounts.undo(id, "odile").await.is_err(), "{name}");
    assert_eq!(state(&stage, id).await, DeliveryState::Undoing, "{name}");
    let again = apply(&stage, &stage.tilleuls, id, &changed, false).await;
    assert_eq!(again, Err(ApplyRefused::Over(DeliveryState::Undoing)), "{name}");
    stage
        .write(match name {
            "sqlite" => "DROP TRIGGER trap",
            _ => "DROP RULE trap ON legacy_identity",
        })
        .await;
    undo(&stage, id).await.unwrap();
    assert_eq!(identities(&stage).await, before, "{name}");
    assert_eq!(
        stage.count("evidence", &format!("kind = 'delivery undone' AND body LIKE '%{id}%'")).await,
        1,
        "{name}"
    );
}

/// Two operators apply one plan at the same time: both go on, to the same end, which is told once.
#[apply(both!)]
#[tokio::test]
async fn two_applies_of_one_plan_end_as_one(stage: Stage) {
    let name = stage.bed.name;
    stage.import(&stage.tilleuls, &csv(3000)).await;
    let before = identities(&stage).await;
    let changed = csv(6000).replace("Personne 2", "Nom 2");
    let (id, _) = plan(&stage, &stage.tilleuls, &changed, false).await;
    let stage = Arc::new(stage);
    let tasks = [(); 2].map(|()| {
        let (stage, changed) = (stage.clone(), changed.clone());
        tokio::spawn(async move { apply(&stage, &stage.tilleuls, id, &changed, false).await })
    });
    let [one, two] = tasks;
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    assert!(one.is_ok() && two.is_ok(), "{name}: {one:?} {two:?}");
    assert_eq!(stage.count("legacy_identity", "1 = 1").await, 6000, "{name}");
    assert_eq!(
        stage.count("evidence", &format!("kind = 'delivery applied' AND body LIKE '%{id}%'")).await,
        1,
        "{name}"
    );
    undo(&stage, id).await.unwrap();
    assert_eq!(identities(&stage).await, before, "{name}");
}

/// References that several people have, identifiers that lost their zeros, and the pattern of the agency.
#[apply(both!)]
#[tokio::test]
async fn a_plan_warns_of_what_people_would_suffer_from(mut stage: Stage) {
    stage.tilleuls.import.identifier_pattern = Some("[0-9]{5}".into());
    stage.import(&stage.tilleuls, &csv(300)).await;
    let spoilt: String = csv(300)
        .lines()
        .map(|line| line.strip_prefix("00").unwrap_or(line).replace(";R7;", ";R8;") + "\n")
        .collect();
    let (_, report) = plan(&stage, &stage.tilleuls, &spoilt, false).await;
    let shared = report.shared_references.as_ref().unwrap();
    assert_eq!((shared.count, &shared.lines[..]), (1, &[9, 10][..]), "{}", stage.bed.name);
    assert_eq!(report.off_pattern.as_ref().unwrap().count, 300);
    assert!(report.shape_shifts.iter().any(|shift| shift.length == 3), "{:?}", report.shape_shifts);
    assert!(report.broken.iter().any(|guard| matches!(guard, GuardBroken::IdentifierPattern { .. })));
    assert!(report.broken.iter().any(|guard| matches!(guard, GuardBroken::MinOverlap { .. })));
}
