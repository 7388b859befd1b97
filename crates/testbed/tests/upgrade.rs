//! A database of the migrations before the baseline becomes one like any other (docs/adr/0013, SECURITY #122).

#![allow(clippy::unwrap_used, reason = "tests say what broke by breaking")]

use std::collections::BTreeMap;

use kernel::sea_orm::{ConnectionTrait, Statement};
use migrations::{Error, Violation};
use testbed::{Bed, Database, OnDatabase, apply, both};

/// The first column of each row.
async fn texts(bed: &Bed, sql: &str) -> Vec<String> {
    let db = bed.context.db.without_timeout();
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn write(bed: &Bed, sql: &str) -> Result<(), String> {
    bed.context
        .db
        .without_timeout()
        .execute_unprepared(sql)
        .await
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Everything that the database knows of its schema, and the migrations that it has.
async fn schema(bed: &Bed) -> Vec<String> {
    let mut parts = texts(bed, "SELECT version FROM seaql_migrations").await;
    let catalogues: &[&str] = match bed.name {
        "sqlite" => &[
            "SELECT type || ' ' || name || ' of ' || tbl_name || ': ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1",
        ],
        _ => &[
            // Columns by their order: a column that was dropped leaves a gap in their numbers.
            "SELECT concat_ws(' ', table_name, row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position), column_name, data_type, \
             is_nullable, column_default) FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
            "SELECT concat_ws(' ', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid)) FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace ORDER BY 1",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
            "SELECT c.relname || ' ' || c.relkind::text FROM pg_class c WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
        ],
    };
    for catalogue in catalogues {
        parts.extend(texts(bed, catalogue).await);
    }
    parts
}

async fn tables(bed: &Bed) -> Vec<String> {
    let sql = match bed.name {
        "sqlite" => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'seaql_migrations' ORDER BY 1"
        }
        _ => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'seaql_migrations' ORDER BY 1"
        }
    };
    texts(bed, sql).await
}

/// The rows of each table, as text.
async fn rows(bed: &Bed) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for table in tables(bed).await {
        let row = match bed.name {
            "sqlite" => {
                let columns = texts(bed, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
                let told = |name: &String| format!("'{name} ' || typeof({name}) || ' ' || quote({name})");
                columns.iter().map(told).collect::<Vec<_>>().join(" || ', ' || ")
            }
            _ => "row_to_json(t)::text".to_owned(),
        };
        all.insert(table.clone(), texts(bed, &format!("SELECT {row} FROM {table} t ORDER BY 1")).await);
    }
    all
}

/// Tables that migrations after the baseline made.
const LATER_TABLES: [&str; 13] = [
    "activation_code",
    "config_content",
    "config_file",
    "config_generation",
    "delivery",
    "delivery_change",
    "identity_term",
    "node",
    "proven_hash",
    "secret_use",
    "staff_invitation",
    "staff_look",
    "used_form",
];
/// Columns that migrations after the baseline added.
const LATER_COLUMNS: [&str; 16] = [
    "secret_fingerprint",
    "delivery_id",
    "left_at",
    "ends_at",
    "ended_at",
    "revoked_at",
    "further_refs",
    "person",
    "topic",
    "agency",
    "host",
    "answer",
    "closed_why",
    "kept_until",
    "back",
    "terms_of",
];

/// The rows without what came after the baseline: tables that are empty, and columns at the end of a row in which there is nothing.
async fn rows_of_baseline(bed: &Bed) -> BTreeMap<String, Vec<String>> {
    let mut all = rows(bed).await;
    for table in LATER_TABLES {
        assert_eq!(all.remove(table), Some(vec![]), "{}: {table}", bed.name);
    }
    for table in ["account", "interaction", "legacy_identity", "link", "outbox", "signing_key"] {
        for row in all.get_mut(table).unwrap() {
            for column in LATER_COLUMNS {
                let nothing = [format!(", {column} null NULL"), format!(",\"{column}\":null")];
                nothing.iter().for_each(|nothing| *row = row.replace(nothing, ""));
            }
        }
    }
    all
}

#[apply(both!)]
#[tokio::test]
async fn a_database_of_the_migrations_before_becomes_one_like_any_other(database: Database) {
    let (bed, fresh) = (Bed::before_baseline(database).await, Bed::on(database).await);
    bed.fill().await;
    let before = rows(&bed).await;
    let empty: Vec<&String> = before.iter().filter(|(_, rows)| rows.is_empty()).map(|(t, _)| t).collect();
    assert!(before.len() == 24 && empty.is_empty(), "{}: no rows in {empty:?}", bed.name);
    for _ in 0..2 {
        bed.migrate().await.unwrap();
        assert_eq!(rows_of_baseline(&bed).await, before, "{}", bed.name);
        assert_eq!(schema(&bed).await, schema(&fresh).await, "{}", bed.name);
    }
    // A new database takes the same rows. Every bed is given the name of its key.
    fresh.context.db.forget_stored("seal_key").await.unwrap();
    fresh.fill().await;
    assert_eq!(rows_of_baseline(&fresh).await, before, "{}", bed.name);
}

/// The columns, indexes and tables that came after m0008, the latest first.
const AFTER_M0008: &str = "DROP INDEX ix_attempt_updated_at; DROP INDEX ix_interaction_left; \
    ALTER TABLE interaction DROP COLUMN went_on_at; ALTER TABLE email_change DROP COLUMN refused_at; ALTER TABLE enrolment DROP COLUMN refused_at; \
    ALTER TABLE outbox DROP COLUMN bounced_at; ALTER TABLE outbox DROP COLUMN dead_why; ALTER TABLE outbox DROP COLUMN about; \
    ALTER TABLE outbox DROP COLUMN destination; DROP INDEX ix_refresh_token_sealed; ALTER TABLE refresh_token DROP COLUMN sealed; \
    ALTER TABLE refresh_token DROP COLUMN parent; DROP TABLE legacy_recipe; ALTER TABLE enrolment DROP COLUMN addressed_at; \
    ALTER TABLE enrolment DROP COLUMN finish_mailed_at; ALTER TABLE recovery DROP COLUMN mails; ALTER TABLE recovery DROP COLUMN mailed_at; \
    ALTER TABLE account DROP COLUMN spoken_at; ALTER TABLE account DROP COLUMN named_at; DELETE FROM seaql_migrations WHERE version > 'm0009'";

/// A database of the first users ends at m0008. What the steps after it move, m0009 above all, is moved as they did.
#[apply(both!)]
#[tokio::test]
async fn a_database_of_m0008_is_carried_over_too(database: Database) {
    const PROFILE: &str = r#"{"given_name":"Paul","birthdate":"1950-01-02"}"#;
    let (bed, fresh) = (Bed::before_baseline(database).await, Bed::on(database).await);
    bed.fill().await;
    write(&bed, AFTER_M0008).await.unwrap();
    write(&bed, &format!("UPDATE account SET profile = '{PROFILE}', changed_at = 7, name = 'Paul' WHERE email = 'paul@exemple.test'")).await.unwrap();
    bed.migrate().await.unwrap();
    assert_eq!(schema(&bed).await, schema(&fresh).await, "{}", bed.name);
    assert_eq!(texts(&bed, "SELECT profile FROM account WHERE profile <> '{}'").await, Vec::<String>::new());
    let moved = texts(&bed, "SELECT profile FROM legacy_identity WHERE identifier = '101'").await;
    assert_eq!(moved, [PROFILE], "{}: back with the agency that imported it", bed.name);
    let kept = texts(&bed, "SELECT profile FROM legacy_identity WHERE identifier = '100'").await;
    assert_eq!(kept, [r#"{"given_name":"Marie"}"#], "{}", bed.name);
    let named = texts(&bed, "SELECT email FROM account WHERE named_at = 7").await;
    assert_eq!(named, ["paul@exemple.test"], "{}: the name is another than that of the file", bed.name);
    let rows = rows_of_baseline(&bed).await;
    let lost: Vec<&String> = rows.iter().filter(|(_, rows)| rows.is_empty()).map(|(t, _)| t).collect();
    assert_eq!(lost, ["legacy_recipe"], "{}", bed.name);
}

/// PostgreSQL's logical replication refuses changes of a table without one.
#[apply(both!)]
#[tokio::test]
async fn every_table_has_a_primary_key(bed: Bed) {
    let sql = match bed.name {
        "sqlite" => {
            "SELECT name FROM sqlite_master m WHERE type = 'table' AND NOT EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE pk > 0)"
        }
        _ => {
            "SELECT relname::text FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
             AND NOT EXISTS (SELECT 1 FROM pg_index WHERE indrelid = c.oid AND indisprimary)"
        }
    };
    assert_eq!(texts(&bed, sql).await, Vec::<String>::new(), "{}", bed.name);
}

#[apply(both!)]
#[tokio::test]
async fn rows_that_break_a_rule_are_named_and_nothing_changes(database: Database) {
    const STRAY: &str = "UPDATE link SET legacy_identity_id = account_id; UPDATE attempt SET failures = 101; \
        UPDATE refresh_token SET grant_id = (SELECT session_id FROM token_grant WHERE sid = 'sid2')";
    let bed = Bed::before_baseline(database).await;
    bed.fill().await;
    // Two of these links name an identity that is there: ids of the rows are the same in all tables.
    write(&bed, STRAY).await.unwrap();
    write(&bed, "DELETE FROM enrolment; DELETE FROM legacy_identity WHERE identifier = '101'").await.unwrap();
    let before = (schema(&bed).await, rows(&bed).await);
    let error = bed.migrate().await.unwrap_err();
    let told = error.to_string();
    let Error::Rows(found) = error else { panic!("{told}") };
    let named: Vec<(&str, i64)> = found.iter().map(|v| (v.constraint.as_str(), v.rows)).collect();
    let expected = [
        ("ck_attempt_failures", 3),
        ("fk_link_legacy_identity_id", 1),
        ("fk_interaction_enrolment_id", 1),
        ("fk_refresh_token_grant_id", 2),
    ];
    assert_eq!(named, expected, "{}", bed.name);
    for words in ["Nothing was changed", "SELECT * FROM link WHERE", "doctor --invariants"] {
        assert!(told.contains(words), "{told}");
    }
    assert_eq!((schema(&bed).await, rows(&bed).await), before, "{}", bed.name);
    // What the message says selects them.
    for Violation { table, condition, .. } in found.iter().rev() {
        write(&bed, &format!("DELETE FROM {table} WHERE {condition}")).await.unwrap();
    }
    bed.migrate().await.unwrap();
}

#[apply(both!)]
#[tokio::test]
async fn a_database_between_two_steps_or_changed_by_hand_is_refused(database: Database) {
    let bed = Bed::before_baseline(database).await;
    write(&bed, "ALTER TABLE account ADD COLUMN nickname text").await.unwrap();
    let told = bed.migrate().await.unwrap_err().to_string();
    assert!(told.contains("the table account has other columns"), "{told}");
    write(&bed, "ALTER TABLE account DROP COLUMN nickname").await.unwrap();
    write(&bed, "DELETE FROM seaql_migrations WHERE version > 'm0008'").await.unwrap();
    let before = schema(&bed).await;
    let told = bed.migrate().await.unwrap_err().to_string();
    assert!(told.contains("ends at migration m0007_my_account"), "{told}");
    assert_eq!(schema(&bed).await, before, "{}", bed.name);
    // Nor does it take a schema that is newer than itself.
    write(&bed, "DELETE FROM seaql_migrations; INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)")
        .await
        .unwrap();
    assert!(matches!(bed.migrate().await, Err(Error::Database(_))), "{}", bed.name);
}

/// Each kind of constraint, on both databases alike; the invariants of docs/security.md say what for.
#[apply(both!)]
#[tokio::test]
async fn the_database_itself_refuses_what_breaks_an_invariant(bed: Bed) {
    const REFUSED: &[&str] = &[
        // SECURITY I2, I5, I7, I10, I12
        "UPDATE token_grant SET revoked_at = NULL",
        "UPDATE attempt SET failures = failures + 100",
        "UPDATE attempt SET failures = -1",
        "UPDATE recovery SET superseded_at = 7",
        "UPDATE enrolment SET code_tries = 6",
        "UPDATE enrolment SET stage = 'somewhere'",
        "UPDATE enrolment SET finished_at = 7",
        "UPDATE legacy_identity SET verifier_kind = 'bare', verifier = recogniser WHERE moved_at IS NOT NULL",
        "UPDATE outbox SET sent_at = 7",
        // SECURITY I14, I24: nothing is without its account, and an acceptance outlasts every wish to delete it.
        "UPDATE link SET legacy_identity_id = (SELECT session_before FROM interaction WHERE session_before IS NOT NULL) WHERE client_ref = 'T-1'",
        "UPDATE session SET account_id = (SELECT session_before FROM interaction WHERE session_before IS NOT NULL)",
        "DELETE FROM account",
        "DELETE FROM legacy_identity",
        // A second chain.
        "INSERT INTO evidence_head (id, seq, hash) VALUES (2, 0, '')",
        "INSERT INTO evidence (seq, at, kind, body, previous, hash) VALUES (0, 7, '', '', '', '')",
        // SECURITY I18
        "INSERT INTO used_assertion (client_id, jti, expires_at) VALUES ('portail', 'a1', 7)",
        "INSERT INTO used_ticket (agency_id, jti, expires_at) VALUES ('tilleuls', 'one', 7)",
    ];
    bed.fill().await;
    let before = rows(&bed).await;
    for sql in REFUSED {
        assert!(write(&bed, sql).await.is_err(), "{}: {sql}", bed.name);
    }
    assert_eq!(rows(&bed).await, before, "{}", bed.name);
    // What goes with a grant and with a session, and what only forgets an enrolment. No evidence and no acceptance goes with anything.
    write(&bed, "DELETE FROM token_grant; DELETE FROM session; DELETE FROM enrolment").await.unwrap();
    let after = rows(&bed).await;
    for gone in ["code", "refresh_token", "client_session"] {
        assert_eq!(after[gone], Vec::<String>::new(), "{}: {gone}", bed.name);
    }
    assert_eq!(after["interaction"].len(), before["interaction"].len(), "{}", bed.name);
    for kept in ["evidence", "evidence_head", "acceptance", "link", "account", "legacy_identity"] {
        assert_eq!(after[kept], before[kept], "{}: {kept}", bed.name);
    }
    // Nothing else belongs to the account any more, and it stays for what it accepted.
    write(&bed, "DELETE FROM link; DELETE FROM device; DELETE FROM recovery; DELETE FROM email_change")
        .await
        .unwrap();
    assert!(write(&bed, "DELETE FROM account").await.is_err(), "{}", bed.name);
    write(&bed, "DELETE FROM account WHERE id NOT IN (SELECT account_id FROM acceptance)").await.unwrap();
    let after = rows(&bed).await;
    for kept in ["evidence", "acceptance"] {
        assert_eq!(after[kept], before[kept], "{}: {kept}", bed.name);
    }
}

/// A change of the address waits for nobody who signs in meanwhile, and no look-up by address reads the whole table (docs/adr/0013).
#[apply(both!)]
#[tokio::test]
async fn an_address_is_found_by_its_index_and_changes_beside_a_sign_in(bed: Bed) {
    const SIGN_IN: &str = "INSERT INTO device (id, token_hash, account_id, created_at, last_seen_at, user_agent) \
        SELECT id, 'new', id, 7, 7, '' FROM account WHERE email_canonical = 'paul@exemple.test'";
    const CHANGE: &str = "UPDATE account SET email_canonical = 'neuf@exemple.test' WHERE email_canonical = 'paul@exemple.test'";
    bed.fill().await;
    let backend = bed.context.db.without_timeout().get_database_backend();
    let explain = match bed.name {
        "sqlite" => ["SELECT 1", "EXPLAIN QUERY PLAN"],
        _ => ["SET LOCAL enable_seqscan = off", "EXPLAIN"],
    };
    let tx = bed.context.db.begin().await.unwrap();
    tx.conn().execute_unprepared(explain[0]).await.unwrap();
    let look = format!("{} SELECT name FROM account WHERE email_canonical = 'paul@exemple.test'", explain[1]);
    let rows = tx.conn().query_all_raw(Statement::from_string(backend, look)).await.unwrap();
    let column = if bed.name == "sqlite" { "detail" } else { "QUERY PLAN" };
    let plan: String = rows.iter().map(|row| row.try_get::<String>("", column).unwrap()).collect();
    assert!(plan.contains("uq_account_email_canonical"), "{}: {plan}", bed.name);
    tx.conn().execute_unprepared(SIGN_IN).await.unwrap();
    if bed.name == "postgres" {
        let other = bed.second_node().await;
        let change = other.db.begin().await.unwrap();
        change.conn().execute_unprepared("SET LOCAL lock_timeout = '200ms'").await.unwrap();
        change.conn().execute_unprepared(CHANGE).await.unwrap();
        change.commit().await.unwrap();
    }
    tx.commit().await.unwrap();
}
