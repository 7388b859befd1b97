//! The check at the end of every test, and the kernel's invariants (SECURITY part C).

#![allow(clippy::unwrap_used, reason = "tests say what broke by breaking")]

use std::sync::Arc;

use kernel::{
    INVARIANTS, Invariant, SeenBy, Snapshot, Verdict, outbox,
    sea_orm::{self, ConnectionTrait},
};
use testbed::{Bed, Database, OnDatabase, apply, both};

/// Violations: the invariant's id, the statements that break it, and those that restore it.
const PLANTS: &[(&str, &str, &str)] = &[
    (
        "I12",
        "UPDATE outbox SET dead_at = 7 WHERE sent_at IS NOT NULL",
        "UPDATE outbox SET dead_at = NULL WHERE sent_at IS NOT NULL",
    ),
    (
        "I12",
        "UPDATE outbox SET sent_at = 7, attempts = 1 WHERE sent_at IS NULL",
        "UPDATE outbox SET sent_at = NULL, attempts = 0 WHERE sent_at = 7",
    ),
    (
        "I12",
        "UPDATE outbox SET not_before = created_at + 432001 WHERE sent_at IS NULL",
        "UPDATE outbox SET not_before = created_at WHERE sent_at IS NULL",
    ),
    (
        "I12",
        "UPDATE outbox SET not_before = expires_at + 1 WHERE expires_at IS NOT NULL",
        "UPDATE outbox SET not_before = created_at WHERE expires_at IS NOT NULL",
    ),
    (
        "I13",
        "UPDATE outbox SET attempts = 0 WHERE sent_at IS NOT NULL",
        "UPDATE outbox SET attempts = 1 WHERE sent_at IS NOT NULL",
    ),
    (
        "I19",
        "INSERT INTO meta (key, value) VALUES ('time_seen', '00000099999999999999')",
        "DELETE FROM meta WHERE key = 'time_seen'",
    ),
    (
        "I22",
        "UPDATE meta SET key = 'own' WHERE key = 'seal_key'; INSERT INTO meta (key, value) VALUES ('seal_key', 'of another node')",
        "DELETE FROM meta WHERE key = 'seal_key'; UPDATE meta SET key = 'seal_key' WHERE key = 'own'",
    ),
];

async fn message(bed: &Bed, expires_at: Option<i64>) {
    let tx = bed.context.db.begin().await.unwrap();
    outbox::enqueue(&tx, &bed.context, "mail", &"words", expires_at).await.unwrap();
    tx.commit().await.unwrap();
}

#[apply(both!)]
#[tokio::test]
async fn each_invariant_of_the_kernel_can_be_seen_broken(bed: Bed) {
    let (db, now) = (&bed.context.db, bed.context.now());
    message(&bed, None).await;
    for held in outbox::lease(db, now, 1).await.unwrap() {
        outbox::sent(db, held.id, now).await.unwrap();
    }
    message(&bed, Some(now + 600)).await;
    message(&bed, None).await;
    // The settings have a test of their own.
    let rows = INVARIANTS.iter().filter(|invariant| invariant.id != "I20");
    bed.see_each_broken(rows, PLANTS).await;
}

/// SECURITY I12, #120: a worker that stood still while its lease ended has no say in what became of the message since.
#[apply(both!)]
#[tokio::test]
async fn a_worker_that_comes_too_late_disturbs_nobody(bed: Bed) {
    let (db, now) = (&bed.context.db, bed.context.now());
    message(&bed, None).await;
    let late = outbox::lease(db, now, 1).await.unwrap().remove(0);
    let now = now + outbox::LEASE;
    let holder = outbox::lease(db, now, 1).await.unwrap().remove(0);
    // The second one is at work on it: nobody else may take it because the first one failed.
    outbox::failed(db, &late, outbox::Outcome::Retry(now), "too slow", now).await.unwrap();
    assert_eq!(outbox::lease(db, now, 1).await.unwrap().len(), 0, "{}", bed.name);
    outbox::sent(db, holder.id, now).await.unwrap();
    outbox::failed(db, &late, outbox::Outcome::Dead, "no such mailbox", now).await.unwrap();
    outbox::failed(db, &holder, outbox::Outcome::Dead, "no such mailbox", now).await.unwrap();
    assert_eq!(bed.broken().await, Vec::<String>::new(), "sent is sent");
    // And one that went out after all.
    message(&bed, None).await;
    let late = outbox::lease(db, now, 1).await.unwrap().remove(0);
    let now = now + outbox::LEASE;
    let holder = outbox::lease(db, now, 1).await.unwrap().remove(0);
    outbox::failed(db, &holder, outbox::Outcome::Dead, "no such mailbox", now).await.unwrap();
    outbox::sent(db, late.id, now).await.unwrap();
    assert_eq!(bed.broken().await, Vec::<String>::new(), "sent is sent");
}

/// SECURITY I20
#[apply(both!)]
#[tokio::test]
async fn a_database_that_may_forget_is_noticed(bed: Bed) {
    let before = durable(&bed).await;
    // What a session finds when it begins; and what the file says to whoever opens it next.
    let forgetful = match bed.address.rsplit_once('/') {
        Some((_, name)) if bed.name == "postgres" => {
            format!("ALTER DATABASE {name} SET synchronous_commit = off")
        }
        _ => "PRAGMA journal_mode = DELETE".into(),
    };
    bed.context.db.close().await.unwrap();
    let own = sea_orm::Database::connect(&bed.address).await.unwrap();
    own.execute_unprepared(&forgetful).await.unwrap();
    own.close().await.unwrap();
    assert_eq!(durable(&bed).await, before + 1, "{}", bed.name);
    if bed.name == "sqlite" {
        assert_eq!(before, 0);
        assert_eq!(bed.broken().await.len(), 1);
        let own = sea_orm::Database::connect(&bed.address).await.unwrap();
        own.execute_unprepared("PRAGMA journal_mode = WAL").await.unwrap();
    }
}

/// The number of settings that may lose writes. The server of the tests has some.
async fn durable(bed: &Bed) -> u64 {
    let snapshot = Snapshot::open(&bed.address, bed.context.keys.clone()).await.unwrap();
    let i20 = INVARIANTS.iter().find(|invariant| invariant.id == "I20").unwrap();
    match snapshot.judge(&[i20]).await.unwrap()[..] {
        [Verdict::Broken(settings)] => settings,
        _ => 0,
    }
}

/// SECURITY part C: the check changes nothing, in production too.
#[apply(both!)]
#[tokio::test]
async fn a_reading_cannot_write_and_stays_in_its_moment(bed: Bed) {
    const HAS_ROWS: Invariant = Invariant {
        id: "I0",
        says: "",
        otherwise: "",
        seen_by: SeenBy::Query("SELECT count(*) AS n FROM outbox"),
    };
    let snapshot = Snapshot::open(&bed.address, bed.context.keys.clone()).await.unwrap();
    assert_eq!(snapshot.judge(&[&HAS_ROWS]).await.unwrap(), [Verdict::Holds]);
    message(&bed, None).await;
    assert_eq!(snapshot.judge(&[&HAS_ROWS]).await.unwrap(), [Verdict::Holds], "{}", bed.name);
    let delete = snapshot.conn().execute_unprepared("DELETE FROM outbox").await;
    assert!(delete.unwrap_err().to_string().contains("read"), "{}", bed.name);
    let next = Snapshot::open(&bed.address, bed.context.keys.clone()).await.unwrap();
    assert_eq!(next.judge(&[&HAS_ROWS]).await.unwrap(), [Verdict::Broken(1)]);
}

#[tokio::test]
async fn a_reading_makes_no_database() {
    let bed = Bed::sqlite().await;
    let nowhere = format!("{}.not", bed.address);
    assert!(Snapshot::open(&nowhere, bed.context.keys.clone()).await.is_err());
    assert!(!std::path::Path::new(nowhere.strip_prefix("sqlite://").unwrap()).exists());
}

const NEVER: &[Invariant] = &[Invariant {
    id: "I0",
    says: "no message is ever written",
    otherwise: "",
    seen_by: SeenBy::Query("SELECT count(*) AS n FROM outbox"),
}];

/// A test that leaves its database broken fails, whatever its own assertions said.
#[apply(both!)]
#[tokio::test]
async fn a_bed_that_is_left_broken_fails_its_test(database: Database) {
    for (messages, broken) in [(0, false), (1, true)] {
        let test = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let bed = Bed::on(database).await.holding(&[NEVER]);
                for _ in 0..messages {
                    message(&bed, None).await;
                }
            });
        });
        let said = test.join().err().and_then(|said| said.downcast::<String>().ok());
        let told = said.as_deref().is_some_and(|said| said.contains("I0: no message is ever written (1)"));
        assert_eq!(told, broken, "{said:?}");
    }
}

/// A test that fails by its own assertion reports that, not the invariants that it left broken.
#[test]
fn a_test_that_failed_is_not_looked_at() {
    let test = std::thread::spawn(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let bed = Arc::new(Bed::sqlite().await.holding(&[NEVER]));
            message(&bed, None).await;
            panic!("the test's own words");
        });
    });
    assert_eq!(test.join().unwrap_err().downcast_ref(), Some(&"the test's own words"));
}
