//! The time of a search at the desk, among a million identities with `--deep`, and else among some (SPEC J14; docs/performance.md).

use std::time::Duration;

use accounts::Search;
use kernel::sea_orm::ConnectionTrait;
use testbed::{apply, both};
use tokio::time::Instant;

use crate::stage::Stage;

/// The most that a search may take, of which a page takes little more.
const MOST: Duration = Duration::from_millis(100);

/// People whom one statement writes: PostgreSQL is waited for ten seconds.
const BATCH: usize = 20_000;

/// Writes people of an agency with 97 first names and 9,973 family names, and their terms, as an import and the worker leave them.
async fn crowd(stage: &Stage, people: usize) {
    let db = stage.bed.context.db.writer();
    for first in (1..=people).step_by(BATCH) {
        let last = people.min(first + BATCH - 1);
        let (numbers, id) = match stage.bed.name {
            "postgres" => (
                format!(
                    "SELECT i, lpad(CAST(i AS text), 8, '0') AS n FROM generate_series({first}, {last}) AS i"
                ),
                "CAST('0192f0a0-0000-7000-8000-0000' || n AS uuid)",
            ),
            _ => (
                format!(
                    "WITH RECURSIVE s(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM s WHERE i < {last}) \
                     SELECT i, printf('%08d', i) AS n FROM s"
                ),
                "unhex('0192f0a00000700080000000' || n)",
            ),
        };
        let terms = |word: &str| {
            format!(
                "INSERT INTO identity_term (agency_id, term, legacy_identity_id) SELECT 'tilleuls', {word}, {id} FROM ({numbers}) AS s"
            )
        };
        let name = "'Prenom' || (i % 97) || ' Nom' || (i % 9973)";
        let identities = format!(
            "INSERT INTO legacy_identity (id, agency_id, identifier, identifier_canonical, client_ref, name, profile, fingerprint, \
             verifier_kind, recogniser_kind, imported_at, terms_of) \
             SELECT {id}, 'tilleuls', n, n, 'R-' || n, {name}, '{{}}', n, 'none', 'none', 1, {name} || '|' FROM ({numbers}) AS s"
        );
        for sql in [&*identities, &*terms("'nprenom' || (i % 97)"), &*terms("'nnom' || (i % 9973)")] {
            db.execute_unprepared(sql).await.unwrap();
        }
    }
    db.execute_unprepared("ANALYZE").await.unwrap();
}

#[apply(both!)]
#[tokio::test]
async fn a_search_takes_no_longer_among_many(stage: Stage) {
    let people = testbed::tries(20_000, 1_000_000);
    crowd(&stage, people).await;
    let last = format!("{people:08}");
    let reference = format!("R-{last}");
    for (what, search, most) in [
        ("an identifier", Search::Identifier(&stage.tilleuls, &last), 1),
        ("a reference", Search::Reference("tilleuls", &reference), 1),
        ("a rare name", Search::Name("tilleuls", "nom1234 prenom"), 50),
        ("a name of everybody", Search::Name("tilleuls", "nom"), 50),
        ("two frequent names", Search::Name("tilleuls", "prenom7 nom12"), 50),
        ("two names that nobody has together", Search::Name("tilleuls", "prenom96 nom9972x"), 0),
        ("a name that nobody has", Search::Name("tilleuls", "durand"), 0),
    ] {
        let mut times = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            let found = stage.accounts.find(&search).await.unwrap();
            times.push(began.elapsed());
            assert!(found.len() <= most && (found.is_empty() == (most == 0)), "{what}: {}", found.len());
        }
        times.sort();
        println!("{}: {what} among {people}: {} us", stage.bed.name, times[2].as_micros());
        assert!(times[2] < MOST, "{}: {what}: {times:?}", stage.bed.name);
    }
}
