use std::{fs, path::Path, time::Duration};

use sea_orm::{
    ConnectionTrait, Statement,
    sqlx::{Connection, SqliteConnection},
};

use crate::{Db, Fault, Tx};

const PARENTS: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY)";
const CHILDREN: &str = "CREATE TABLE child (id INTEGER PRIMARY KEY, \
                        parent_id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)";

async fn database() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::connect(&format!("sqlite://{}", folder.path().join("db").display())).await.unwrap();
    for table in [PARENTS, CHILDREN] {
        db.writer().execute_unprepared(table).await.unwrap();
    }
    (db, folder)
}

async fn write(tx: &Tx, sql: &str) {
    tx.conn().execute_unprepared(sql).await.unwrap();
}

async fn count(db: &Db, table: &str) -> i64 {
    let sql = format!("SELECT count(*) AS n FROM {table}");
    let statement = Statement::from_string(db.reader().get_database_backend(), sql);
    db.reader().query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
}

/// The number of commits in the write-ahead log: frames that hold the size of the database after them (SQLite file format §4.1).
fn commits(folder: &Path) -> usize {
    let log = fs::read(folder.join("db-wal")).unwrap();
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let frame = 24 + number(8) as usize;
    (32..log.len()).step_by(frame).filter(|at| number(at + 4) > 0).count()
}

type Written = tokio::task::JoinHandle<Result<(), Fault>>;

/// Starts these writers, and returns when all of them wait in the queue.
async fn queued(writers: impl Iterator<Item = Written>) -> Vec<Written> {
    let writers: Vec<_> = writers.collect();
    // One thread runs all tasks: after so many turns each writer, and the committer of the batch before, is in the queue.
    for _ in 0..writers.len() + 2 {
        tokio::task::yield_now().await;
    }
    writers
}

/// Writers that each run a transaction.
async fn crowd(db: &Db, rows: std::ops::Range<usize>, sql: fn(usize) -> String) -> Vec<Written> {
    let writer = |row| {
        let db = db.clone();
        tokio::spawn(async move {
            let tx = db.begin().await?;
            write(&tx, &sql(row)).await;
            tx.commit().await
        })
    };
    queued(rows.map(writer)).await
}

/// Writers that each run one statement.
async fn singles(db: &Db, rows: std::ops::Range<usize>, sql: fn(usize) -> String) -> Vec<Written> {
    let writer = |row| {
        let db = db.clone();
        tokio::spawn(async move {
            db.writer().execute_unprepared(&sql(row)).await?;
            Ok(())
        })
    };
    queued(rows.map(writer)).await
}

fn parent(row: usize) -> String {
    format!("INSERT INTO parent VALUES ({row})")
}

#[tokio::test]
async fn a_crowd_waits_for_the_disk_once() {
    let (db, folder) = database().await;
    let before = commits(folder.path());
    let first = db.begin().await.unwrap();
    write(&first, &parent(0)).await;
    let crowd = crowd(&db, 1..64, parent).await;
    first.commit().await.unwrap();
    for writer in crowd {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(count(&db, "parent").await, 64);
    assert_eq!(commits(folder.path()) - before, 2, "the first, and all who came meanwhile");
}

#[tokio::test]
async fn single_statements_wait_for_the_disk_with_the_others() {
    let (db, folder) = database().await;
    let before = commits(folder.path());
    let first = db.begin().await.unwrap();
    write(&first, &parent(0)).await;
    let transactions = crowd(&db, 1..8, parent).await;
    let singles = singles(&db, 8..32, parent).await;
    let late = crowd(&db, 32..40, parent).await;
    first.commit().await.unwrap();
    for writer in transactions.into_iter().chain(singles).chain(late) {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(count(&db, "parent").await, 40);
    assert_eq!(commits(folder.path()) - before, 2, "the first, and all who came meanwhile");
}

#[tokio::test]
async fn a_single_statement_that_fails_takes_nobody_along_and_one_that_is_answered_is_there() {
    let (db, _folder) = database().await;
    db.writer().execute_unprepared(&parent(2)).await.unwrap();
    assert_eq!(count(&db, "parent").await, 1);
    let holder = db.begin().await.unwrap();
    // The third statement fails: its row exists.
    let singles = singles(&db, 0..6, parent).await;
    let transactions = crowd(&db, 6..9, parent).await;
    drop(holder);
    for (row, writer) in singles.into_iter().chain(transactions).enumerate() {
        assert_eq!(writer.await.unwrap().is_ok(), row != 2, "{row}");
    }
    assert_eq!(count(&db, "parent").await, 9);
}

#[tokio::test]
async fn a_single_statement_in_a_group_that_fails_is_not_acknowledged() {
    let (db, _folder) = database().await;
    let holder = db.begin().await.unwrap();
    let good = singles(&db, 0..3, parent).await;
    let bad = singles(&db, 3..4, |row| format!("INSERT INTO child VALUES ({row}, 999)")).await;
    drop(holder);
    for writer in good.into_iter().chain(bad) {
        assert!(writer.await.unwrap().is_err(), "acknowledged, and not there");
    }
    assert_eq!((count(&db, "parent").await, count(&db, "child").await), (0, 0));
}

#[tokio::test]
async fn alone_one_waits_for_nobody_and_is_seen_at_once() {
    let (db, _folder) = database().await;
    for row in 0..3 {
        let tx = db.begin().await.unwrap();
        write(&tx, &parent(row)).await;
        tx.commit().await.unwrap();
        assert_eq!(count(&db, "parent").await, i64::try_from(row).unwrap() + 1);
    }
}

#[tokio::test]
async fn who_does_not_commit_takes_back_their_own_only() {
    let (db, _folder) = database().await;
    let holder = db.begin().await.unwrap();
    let early = crowd(&db, 0..4, parent).await;
    let leaver = tokio::spawn({
        let db = db.clone();
        async move {
            let tx = db.begin().await.unwrap();
            write(&tx, &parent(100)).await;
        }
    });
    let late = crowd(&db, 4..8, parent).await;
    drop(holder);
    for writer in early.into_iter().chain(late) {
        writer.await.unwrap().unwrap();
    }
    leaver.await.unwrap();
    assert_eq!(count(&db, "parent").await, 8);
    assert_eq!(count(&db, "parent WHERE id = 100").await, 0);
}

#[tokio::test]
async fn who_gives_up_has_seen_nothing_that_others_do_not_see_then() {
    let (db, _folder) = database().await;
    let holder = db.begin().await.unwrap();
    let first = crowd(&db, 0..1, parent).await;
    let second = tokio::spawn({
        let db = db.clone();
        async move {
            let tx = db.begin().await.unwrap();
            // It sees the row of the first writer, which is not on the disk yet.
            let found = tx.conn().execute_unprepared("UPDATE parent SET id = id WHERE id = 0").await;
            assert_eq!(found.unwrap().rows_affected(), 1);
            tx.rollback().await;
            count(&db, "parent").await
        }
    });
    holder.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), 1);
    first.into_iter().next().unwrap().await.unwrap().unwrap();
}

#[tokio::test]
async fn where_the_commit_fails_all_are_told_and_nothing_stays() {
    let (db, _folder) = database().await;
    let holder = db.begin().await.unwrap();
    let good = crowd(&db, 0..3, parent).await;
    // A missing parent: the deferred reference fails at the commit.
    let bad = crowd(&db, 3..4, |row| format!("INSERT INTO child VALUES ({row}, 999)")).await;
    let after = crowd(&db, 4..6, parent).await;
    drop(holder);
    for writer in good.into_iter().chain(bad).chain(after) {
        assert!(writer.await.unwrap().is_err(), "acknowledged, and not there");
    }
    assert_eq!((count(&db, "parent").await, count(&db, "child").await), (0, 0));
    // The queue works for the next writer.
    let tx = db.begin().await.unwrap();
    write(&tx, &parent(7)).await;
    tx.commit().await.unwrap();
    assert_eq!(count(&db, "parent").await, 1);
}

/// Rolls back as SQLite does by itself after some errors, e.g. a full disk: the whole transaction is gone, and sqlx's count of transactions is wrong.
async fn taken_back_by_the_database(db: &Db) {
    let tx = db.begin().await.unwrap();
    write(&tx, "ROLLBACK").await;
}

#[tokio::test]
async fn where_the_database_takes_the_transaction_back_nobody_hears_that_it_is_there() {
    let (db, _folder) = database().await;
    let holder = db.begin().await.unwrap();
    let before = crowd(&db, 0..3, parent).await;
    let failing = tokio::spawn({
        let db = db.clone();
        async move { taken_back_by_the_database(&db).await }
    });
    let after = crowd(&db, 3..6, parent).await;
    drop(holder);
    failing.await.unwrap();
    for (row, writer) in (0..).zip(before.into_iter().chain(after)) {
        let receiver = writer.await.unwrap().is_ok();
        assert_eq!(
            receiver,
            row >= 3,
            "{row}: whoever came before is told of it, whoever came after is served"
        );
        assert_eq!(count(&db, &format!("parent WHERE id = {row}")).await, i64::from(receiver), "{row}");
    }
}

#[tokio::test]
async fn a_connection_whose_count_of_transactions_errs_is_not_used_again() {
    let (db, folder) = database().await;
    taken_back_by_the_database(&db).await;
    let tx = db.begin().await.unwrap();
    // The new transaction has the write lock from its start; a mere savepoint would take it with its first write.
    let other = format!("sqlite://{}", folder.path().join("db").display());
    let other = crate::db::connect::sqlite_options(&other).unwrap().busy_timeout(Duration::ZERO);
    let mut other = SqliteConnection::connect_with(&other).await.unwrap();
    let refused = sea_orm::sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await;
    assert!(refused.is_err(), "somebody else could write in the middle");
    write(&tx, &parent(1)).await;
    tx.commit().await.unwrap();
    assert_eq!(count(&db, "parent").await, 1);
}

#[tokio::test]
async fn whoever_goes_away_while_the_disk_is_awaited_takes_nothing_along() {
    let (db, _folder) = database().await;
    let holder = db.begin().await.unwrap();
    let crowd = crowd(&db, 0..8, parent).await;
    let (gone, staying) = crowd.split_at(4);
    drop(holder);
    // Cancelled before, in or after their turns: their rows are there or not, and the others' rows are there.
    gone.iter().for_each(tokio::task::JoinHandle::abort);
    for writer in staying {
        while !writer.is_finished() {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(count(&db, "parent WHERE id >= 4").await, 4);
}
