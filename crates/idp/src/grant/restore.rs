//! A database that was restored from a backup (docs/adr/0019).

use kernel::{Fault, Tx};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::{
    Grants, RenewedKeys,
    table::{client_session, code, interaction, token_grant},
};

impl Grants {
    /// Makes the signing keys for [`Self::end_before_restore`], which takes too long for its transaction.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn renewed_keys(&self) -> Result<RenewedKeys, Fault> {
        self.keys.renewed().await
    }

    /// Ends whatever may have been ended since the backup: grants with all their tokens and codes, clients' parts in sessions, interactions, and the signing keys,
    /// in whose place `keys` sign. Returns the number of grants. In the transaction that makes the database usable.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn end_before_restore(&self, tx: &Tx, keys: &RenewedKeys) -> Result<u64, Fault> {
        let now = self.context.now();
        keys.take_over(tx).await?;
        let ended = token_grant::Entity::update_many()
            .col_expr(token_grant::Column::RevokedAt, Expr::value(now))
            .col_expr(token_grant::Column::RevokedWhy, Expr::value("restored"))
            .filter(token_grant::Column::RevokedAt.is_null())
            .exec(tx.conn())
            .await?;
        // A code that was redeemed since is as good as new here.
        code::Entity::update_many()
            .col_expr(code::Column::ExpiresAt, Expr::value(0))
            .filter(code::Column::UsedAt.is_null())
            .exec(tx.conn())
            .await?;
        client_session::Entity::update_many()
            .col_expr(client_session::Column::EndedAt, Expr::value(now))
            .filter(client_session::Column::EndedAt.is_null())
            .exec(tx.conn())
            .await?;
        interaction::Entity::delete_many().exec(tx.conn()).await?;
        Ok(ended.rows_affected)
    }
}
