//! The time that nodes share: the latest time that any of them has reported, and the database's own clock (SECURITY D13, I19).

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, Statement,
    sea_query::{Expr, OnConflict},
};

use super::table::meta;
use crate::{Db, Fault, Snapshot};

/// The key of the latest time reported, in milliseconds, zero-padded so that texts compare as numbers do.
const TIME_SEEN: &str = "time_seen";

impl Db {
    /// Stores a time, in milliseconds since 1970-01-01 UTC, unless a later one is stored; returns the later of the two. A stored time later than `limit` is
    /// wrong and is replaced.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn advance_time(&self, millis: i64, limit: i64) -> Result<i64, Fault> {
        let seen = self.store_time(millis, limit).await;
        self.counter.write_probed(seen.is_ok());
        seen
    }

    /// Returns false if a write was refused because the disk is full or read-only, or if the last [`Db::advance_time`] failed. Such a database answers
    /// reads only (SECURITY #119).
    pub fn takes_writes(&self) -> bool {
        self.counter.takes_writes()
    }

    /// Waits until a write is refused because the disk is full or read-only.
    pub async fn write_refused(&self) {
        self.counter.refusal().await;
    }

    /// Returns the time by the database's own clock, in milliseconds since 1970-01-01 UTC; `None` on SQLite, which has this machine's (SECURITY D13).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn database_time(&self) -> Result<Option<i64>, Fault> {
        database_time(self.reader()).await
    }

    async fn store_time(&self, millis: i64, limit: i64) -> Result<i64, Fault> {
        let row = meta::ActiveModel { key: Set(TIME_SEEN.to_owned()), value: Set(format!("{millis:020}")) };
        let stored = || Expr::col((meta::Entity, meta::Column::Value));
        let later = stored().lt(format!("{millis:020}")).or(stored().gt(format!("{limit:020}")));
        meta::Entity::insert(row)
            .on_conflict(
                OnConflict::column(meta::Column::Key)
                    .update_column(meta::Column::Value)
                    .action_and_where(later)
                    .to_owned(),
            )
            .exec_without_returning(self.writer())
            .await?;
        let row = meta::Entity::find_by_id(TIME_SEEN).one(self.reader()).await?;
        row.map_or(Ok(millis), |row| read_time(&row.value))
    }

    /// Takes a turn of a piece of work that all nodes share, at a time in milliseconds since 1970-01-01 UTC; `false` while another node has it. It ends by
    /// itself after `millis`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn take_turn(&self, key: &str, now: i64, millis: i64) -> Result<bool, Fault> {
        let until = format!("{:020}", now + millis);
        let over = format!("{now:020}");
        let taken = meta::Entity::update_many()
            .col_expr(meta::Column::Value, Expr::value(until.as_str()))
            .filter(meta::Column::Key.eq(key))
            .filter(meta::Column::Value.lte(over.as_str()))
            .exec(self.writer())
            .await?;
        if taken.rows_affected == 1 {
            return Ok(true);
        }
        // The first turn of all; whoever stores it has it from the next one on.
        self.insert_or_get(key, &over).await?;
        Ok(false)
    }

    /// Overwrites the latest time reported by an operator's decision.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn accept_time(&self, millis: i64) -> Result<(), Fault> {
        meta::Entity::update_many()
            .col_expr(meta::Column::Value, Expr::value(format!("{millis:020}")))
            .filter(meta::Column::Key.eq(TIME_SEEN))
            .exec(self.writer())
            .await?;
        Ok(())
    }
}

impl Snapshot {
    /// Returns the latest time that any node has reported, in milliseconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn time_seen(&self) -> Result<Option<i64>, Fault> {
        self.stored_value(TIME_SEEN).await?.map(|text| read_time(&text)).transpose()
    }

    /// Returns the time by the database's own clock, in milliseconds since 1970-01-01 UTC; `None` on SQLite.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn database_time(&self) -> Result<Option<i64>, Fault> {
        database_time(self.conn()).await
    }
}

/// Reads the clock and not `now()`, which is the start of the transaction.
const DATABASE_TIME: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) AS millis";

/// Returns `None` on SQLite, which runs in this process and has this machine's clock.
async fn database_time(db: &impl ConnectionTrait) -> Result<Option<i64>, Fault> {
    let backend = db.get_database_backend();
    if backend == DbBackend::Sqlite {
        return Ok(None);
    }
    let row = db.query_one_raw(Statement::from_string(backend, DATABASE_TIME)).await?;
    Ok(row.map(|row| row.try_get("", "millis")).transpose()?)
}

fn read_time(text: &str) -> Result<i64, Fault> {
    text.parse().map_err(|_| Fault::Broken("the highest time seen cannot be read".into()))
}
