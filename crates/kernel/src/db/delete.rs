//! Deletion of many rows in small statements.

use sea_orm::{
    Condition, EntityTrait, Iterable, PrimaryKeyToColumn, QueryFilter,
    sea_query::{Expr, ExprTrait, IntoCondition, Query, SimpleExpr},
};

use crate::{Db, Fault};

/// The number of rows that one statement deletes.
const STEP: u64 = 500;

/// Deletes all rows that match `only`, a few hundred per statement, so that a concurrent writer waits for one batch and not for all.
///
/// # Errors
/// [`Fault`] of the database; rows deleted before it stay deleted.
pub async fn delete_in_batches<E: EntityTrait>(db: &Db, only: impl IntoCondition) -> Result<(), Fault> {
    let only: Condition = only.into_condition();
    let key: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
    let columns: Vec<SimpleExpr> = key.iter().map(|column| Expr::col(*column)).collect();
    loop {
        let mut some = Query::select();
        some.columns(key.iter().copied()).from(E::default()).cond_where(only.clone()).limit(STEP);
        let named = match columns.as_slice() {
            [one] => one.clone().in_subquery(some),
            several => Expr::tuple(several.iter().cloned()).in_subquery(some),
        };
        if E::delete_many().filter(named).exec(db.writer()).await?.rows_affected < STEP {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait};

    use super::*;
    use crate::db::table::meta;

    #[tokio::test]
    async fn many_rows_go_in_small_steps_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::connect(&format!("sqlite://{}", folder.path().join("db").display())).await.unwrap();
        let rows = "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL); INSERT INTO meta \
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) \
                    SELECT 'k' || i, CASE WHEN i > 1100 THEN 'new' ELSE 'old' END FROM n";
        db.writer().execute_unprepared(rows).await.unwrap();
        let before = db.query_count();
        delete_in_batches::<meta::Entity>(&db, meta::Column::Value.eq("old")).await.unwrap();
        assert_eq!(db.query_count().statements - before.statements, 3, "500, 500, 100");
        assert_eq!(meta::Entity::find().count(db.reader()).await.unwrap(), 100);
    }
}
