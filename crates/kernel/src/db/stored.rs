//! Single values that all nodes share.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};

use super::table::meta;
use crate::{Db, Fault, Tx};

impl Db {
    /// Returns the value that is stored under `key`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn stored(&self, key: &str) -> Result<Option<String>, Fault> {
        Ok(meta::Entity::find_by_id(key).one(self.reader()).await?.map(|row| row.value))
    }

    /// Stores `value` under `key`, in place of whatever is there.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn store(&self, key: &str, value: &str) -> Result<(), Fault> {
        let row = meta::ActiveModel { key: Set(key.to_owned()), value: Set(value.to_owned()) };
        let conflict = OnConflict::column(meta::Column::Key).update_column(meta::Column::Value).to_owned();
        meta::Entity::insert(row).on_conflict(conflict).exec_without_returning(self.writer()).await?;
        Ok(())
    }

    /// Stores `to` under `key` if the value there is `from`; returns false if it is another. One statement decides.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn replace_stored(&self, key: &str, from: &str, to: &str) -> Result<bool, Fault> {
        let replaced = meta::Entity::update_many()
            .col_expr(meta::Column::Value, Expr::value(to))
            .filter(meta::Column::Key.eq(key))
            .filter(meta::Column::Value.eq(from))
            .exec(self.writer())
            .await?;
        Ok(replaced.rows_affected == 1)
    }

    /// Deletes the value under `key`, in a transaction.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn forget_in(tx: &Tx, key: &str) -> Result<(), Fault> {
        meta::Entity::delete_by_id(key).exec(tx.conn()).await?;
        Ok(())
    }

    /// Deletes the value under `key`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn forget_stored(&self, key: &str) -> Result<(), Fault> {
        meta::Entity::delete_by_id(key).exec(self.writer()).await?;
        Ok(())
    }
}
