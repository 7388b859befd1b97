//! A node goes on beside one of a later version, whose migrations have added to every table (docs/operate/backup.md, "An upgrade").

use kernel::sea_orm::{ConnectionTrait, DbBackend, Statement};
use testbed::{Bed, apply, both};

use crate::{
    backup::said,
    person::{Person, Persona},
    place::{MAIL_FOLDER, Place},
};

/// Does what migrations may do to a schema: a column and an index more in every table, another table, and their names in the list.
async fn becomes_later(place: &Place) {
    let db = place.bed.context.db.writer();
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let tables = match postgres {
        true => {
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()"
        }
        false => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    };
    let tables = db.query_all_raw(Statement::from_string(db.get_database_backend(), tables)).await.unwrap();
    assert!(tables.len() > 30, "{}: {} tables", place.bed.name, tables.len());
    for table in tables {
        let table: String = table.try_get("", "name").unwrap();
        db.execute_unprepared(&format!("ALTER TABLE {table} ADD COLUMN later text")).await.unwrap();
        db.execute_unprepared(&format!("CREATE INDEX ix_later_{table} ON {table} (later)")).await.unwrap();
    }
    for sql in [
        "CREATE TABLE later (id text PRIMARY KEY)",
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
}

/// Everything that a visit writes and reads: a move, a sign-in, tokens, and what operators do.
async fn lives(place: &Place, who: &Persona) {
    let name = place.bed.name;
    Person::new(&place.issuer()).moves(who, place).await;
    let page = Person::new(&place.issuer()).signs_in(&who.email, &who.new).await;
    assert!(page.code().is_some(), "{name}: {} {}", page.url, page.heading());
    for (command, more) in [("status", &[][..]), ("apply", &[]), ("migrate", &["--plan"])] {
        let out = place.run(command, more);
        assert!(out.status.success(), "{name}: {command}: {}", said(&out));
    }
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_goes_on_beside_a_later_version_and_starts_there(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    place.people((1..=3).map(|n| Persona::number(n).row()));
    let running = place.serve().await;
    lives(&place, &Persona::number(1)).await;
    becomes_later(&place).await;
    lives(&place, &Persona::number(2)).await;
    let (status, told) = running.stop().await;
    assert!(status.success() && !told.contains("\"ERROR\""), "{}: {told}", place.bed.name);
    let running = place.serve().await;
    lives(&place, &Persona::number(3)).await;
    place.people((1..=4).map(|n| Persona::number(n).row()));
    let said = running.stop().await.1;
    assert!(!said.contains("\"ERROR\""), "{}: {said}", place.bed.name);
}
