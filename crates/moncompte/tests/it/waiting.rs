//! Transactions on PostgreSQL that wait for each other's locks: nobody waits for ever (SECURITY #118).

use kernel::{
    Fault,
    sea_orm::{ConnectionTrait, Statement},
};
use testbed::Bed;

#[tokio::test]
async fn who_waits_for_anothers_row_is_told_to_come_back() {
    let Some(bed) = Bed::postgres().await else { return };
    let db = &bed.context.db;
    db.insert_or_get("somebody's row", "1").await.unwrap();
    let shown =
        |name: &str| Statement::from_string(db.writer().get_database_backend(), format!("SHOW {name}"));
    for (name, expected) in [("lock_timeout", "8s"), ("idle_in_transaction_session_timeout", "1min")] {
        let row = db.writer().query_one_raw(shown(name)).await.unwrap().unwrap();
        assert_eq!(row.try_get::<String>("", name).unwrap(), expected);
    }
    let update = "UPDATE meta SET value = '2' WHERE key = 'somebody''s row'";
    let first = db.begin().await.unwrap();
    first.conn().execute_unprepared(update).await.unwrap();
    // The connection of another node, since no task may hold two of one node.
    let other = bed.second_node().await.db;
    let second = other.begin().await.unwrap();
    second.conn().execute_unprepared("SET LOCAL lock_timeout = '50ms'").await.unwrap();
    let refused = second.conn().execute_unprepared(update).await.map_err(Fault::from).unwrap_err();
    assert!(matches!(refused, Fault::Unavailable(_)), "{refused}");
    first.commit().await.unwrap();
}
