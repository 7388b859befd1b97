//! The check of a test's database against the invariants, at the end of the test (SECURITY part C).

use std::{sync::Arc, thread};

use kernel::{Fault, Invariant, SealKeys, SeenBy, Snapshot, Verdict, sea_orm::ConnectionTrait};

use crate::Bed;

impl Bed {
    /// Asserts that the check notices a violation of each invariant of this list, and nothing else then: each of `plants` is the id of the invariant that it
    /// breaks, statements that break it, and statements that mend it again.
    ///
    /// # Panics
    /// If a planted violation is not seen, something else is, or an invariant has no planted violation.
    pub async fn see_each_broken(
        &self,
        list: impl IntoIterator<Item = &Invariant>,
        plants: &[(&str, &str, &str)],
    ) {
        assert_eq!(self.broken().await, Vec::<String>::new(), "{}: before anything is broken", self.name);
        self.lift_constraints().await;
        let mut seen = String::new();
        for (id, plant, mend) in plants {
            self.write(plant).await;
            let broken = self.broken().await;
            let as_meant =
                broken.iter().all(|line| line.split_once(':').is_some_and(|(known, _)| known == *id));
            assert!(as_meant && !broken.is_empty(), "{}: {plant} breaks {id}, not {broken:#?}", self.name);
            seen.extend(broken);
            self.write(mend).await;
        }
        assert_eq!(self.broken().await, Vec::<String>::new(), "{}: after it was mended", self.name);
        let unseen = |row: &&Invariant| {
            !matches!(row.seen_by, SeenBy::Tests(_)) && !seen.contains(&format!("{}: {}", row.id, row.says))
        };
        let unseen: Vec<&str> = list.into_iter().filter(unseen).map(|row| row.says).collect();
        assert_eq!(unseen, Vec::<&str>::new(), "{}: nothing breaks these", self.name);
    }

    /// Drops the database's references and checks: the check has to notice bad rows in a database whose constraints an operator removed.
    pub async fn lift_constraints(&self) {
        // SQLite has one connection that writes, and keeps it.
        self.write(match self.name {
            "sqlite" => "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON",
            _ => {
                "DO $$ DECLARE c record; BEGIN FOR c IN SELECT conrelid::regclass AS holder, conname FROM pg_constraint \
                 WHERE contype IN ('c', 'f') AND connamespace = current_schema()::regnamespace LOOP \
                 EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.holder, c.conname); END LOOP; END $$"
            }
        })
        .await;
    }

    async fn write(&self, statements: &str) {
        let done = self.context.db.without_timeout().execute_unprepared(statements).await;
        done.unwrap_or_else(|error| panic!("{}: {statements}: {error}", self.name));
    }

    /// Returns the invariants that are broken now, a line each.
    ///
    /// # Panics
    /// If the database cannot be read.
    pub async fn broken(&self) -> Vec<String> {
        look(&self.address, self.context.keys.clone(), &self.invariants)
            .await
            .expect("the database can be read")
    }
}

impl Drop for Bed {
    /// Checks on a thread, a runtime and a connection of its own, since those of the test may be ending.
    ///
    /// # Panics
    /// If an invariant is broken, unless the test has failed already.
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let look = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(self.broken())
        };
        let broken = thread::scope(|scope| scope.spawn(look).join()).expect("the look at the end");
        assert!(broken.is_empty(), "{}: at its end the database breaks\n{}", self.name, broken.join("\n"));
    }
}

async fn look(
    address: &str,
    keys: Arc<SealKeys>,
    invariants: &[&'static Invariant],
) -> Result<Vec<String>, Fault> {
    let snapshot = Snapshot::open(address, keys).await?;
    // The server that `cargo xtask` starts for tests forgets on purpose: it writes nothing through to the disk (SECURITY I20).
    let forgetful = |invariant: &Invariant| invariant.id == "I20" && address.starts_with("postgres");
    let looked: Vec<&Invariant> = invariants.iter().copied().filter(|i| !forgetful(i)).collect();
    if !looked.is_empty() {
        snapshot.take_keys().await?;
    }
    let verdicts = snapshot.judge(&looked).await?;
    let broken = looked.iter().zip(verdicts).filter_map(|(invariant, verdict)| match verdict {
        Verdict::Broken(rows) => Some(format!("{}: {} ({rows})", invariant.id, invariant.says)),
        _ => None,
    });
    Ok(broken.collect())
}
