//! The time that nodes share: the highest that any of them saw, and the database's own clock (SECURITY D13, I19).

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, Statement,
    sea_query::{Expr, OnConflict},
};

use crate::{Db, Fault, Reading, table::meta};

/// Where the highest time seen is kept: milliseconds, with zeros before them so that texts compare as numbers do.
const TIME_SEEN: &str = "time_seen";

impl Db {
    /// Stores a time, in milliseconds since 1970-01-01 UTC, unless a later one is there; answers the later of the two. One that is later than `most` is
    /// believed by nobody, and replaced.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn advance_time(&self, millis: i64, most: i64) -> Result<i64, Fault> {
        let seen = self.store_time(millis, most).await;
        self.counter.tried(seen.is_ok());
        seen
    }

    /// Whether writes are stored, as far as is known: none was refused for want of room since the last [`Db::advance_time`], and that one was stored. A database
    /// without room, or held by somebody else, answers who reads and nobody else (SECURITY #119).
    pub fn takes_writes(&self) -> bool {
        self.counter.takes_writes()
    }

    /// Waits until a write is refused for want of room.
    pub async fn write_refused(&self) {
        self.counter.refusal().await;
    }

    /// The time by the database's own clock, in milliseconds since 1970-01-01 UTC; `None` where it has none but this machine's (SECURITY D13).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn database_time(&self) -> Result<Option<i64>, Fault> {
        database_time(self.reader()).await
    }

    async fn store_time(&self, millis: i64, most: i64) -> Result<i64, Fault> {
        let row = meta::ActiveModel { key: Set(TIME_SEEN.to_owned()), value: Set(format!("{millis:020}")) };
        let known = || Expr::col((meta::Entity, meta::Column::Value));
        let later = known().lt(format!("{millis:020}")).or(known().gt(format!("{most:020}")));
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

    /// An operator's word that this is the time, whatever was seen.
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

impl Reading {
    /// The highest time seen on any node, in milliseconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn time_seen(&self) -> Result<Option<i64>, Fault> {
        self.stored_value(TIME_SEEN).await?.map(|text| read_time(&text)).transpose()
    }

    /// The time by the database's own clock, in milliseconds since 1970-01-01 UTC; `None` where it has none but this machine's.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn database_time(&self) -> Result<Option<i64>, Fault> {
        database_time(self.conn()).await
    }
}

/// Not the time at which its transaction began: that one may be old.
const DATABASE_TIME: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) AS millis";

/// SQLite runs in this process: it has this machine's clock.
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
