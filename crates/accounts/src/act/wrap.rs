use kernel::Fault;
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use crate::{
    Accounts,
    table::legacy_identity as row,
    verifier::{self, Kind, Stored},
};

/// How far the wrapping of weak hashes is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WrapProgress {
    /// Encrypted, not wrapped yet.
    pub sealed: u64,
    /// Under Argon2id.
    pub wrapped: u64,
}

impl Accounts {
    /// Wraps up to `most` sealed hashes, one after the other; answers how many. A hash that a new import replaced meanwhile is left for the next round.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn wrap_sealed(&self, most: u64) -> Result<u64, Fault> {
        let mut done = self.wrap_column(most, row::Column::VerifierKind, row::Column::Verifier).await?;
        if done < most {
            done +=
                self.wrap_column(most - done, row::Column::RecogniserKind, row::Column::Recogniser).await?;
        }
        Ok(done)
    }

    async fn wrap_column(&self, most: u64, kind: row::Column, bytes: row::Column) -> Result<u64, Fault> {
        let db = &self.context.db;
        let sealed = Kind::Sealed.as_str();
        let batch: Vec<(uuid::Uuid, Option<Vec<u8>>)> = row::Entity::find()
            .select_only()
            .columns([row::Column::Id, bytes])
            .filter(kind.eq(sealed))
            .order_by_asc(row::Column::Id)
            .limit(most)
            .into_tuple()
            .all(db.reader())
            .await?;
        let mut done = 0;
        for (id, old) in batch {
            let Stored::Verifier(verifier) = verifier::read(&self.context, sealed, old.as_deref())? else {
                continue;
            };
            // People who sign in go first: a full queue ends this round.
            let Ok(wrapped) = verifier::wrap(&self.hasher, &verifier).await else {
                return Ok(done);
            };
            let changed = row::Entity::update_many()
                .col_expr(kind, Expr::value(Kind::Wrapped.as_str()))
                .col_expr(bytes, Expr::value(wrapped))
                .filter(row::Column::Id.eq(id))
                .filter(kind.eq(sealed))
                .filter(bytes.eq(old))
                .exec(db.writer())
                .await?;
            done += changed.rows_affected;
        }
        Ok(done)
    }

    /// How far it is, for the operator.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn wrap_progress(&self) -> Result<WrapProgress, Fault> {
        let db = self.context.db.reader();
        let count =
            |kind: Kind| row::Entity::find().filter(row::Column::VerifierKind.eq(kind.as_str())).count(db);
        Ok(WrapProgress { sealed: count(Kind::Sealed).await?, wrapped: count(Kind::Wrapped).await? })
    }
}
