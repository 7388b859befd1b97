//! The life of a generation: proposed, then accepted or refused. Each step is one conditional statement.

use kernel::{Done, Fault, Tx, Unix};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict, Query},
};

use crate::{
    Files, Generation, GenerationId, Generations,
    table::{
        config_content as content, config_file as file,
        config_generation::{ActiveModel, Column, Entity, GenerationState as Stored},
    },
};

/// The seconds within which all nodes prepare a generation. One that is older was abandoned by whoever proposed it.
pub const PREPARING: i64 = 20;
/// The number of generations that are kept.
const KEPT: u64 = 20;

/// A generation that somebody wants.
pub struct Proposal<'a> {
    /// Its files.
    pub files: &'a Files,
    /// The person and the machine.
    pub by: &'a str,
    /// The generation that it was compared with: the newest accepted one.
    pub base: Option<GenerationId>,
    /// The generation that a rollback leads to.
    pub before: Option<GenerationId>,
    /// The agencies that stay as last accepted, or are left out.
    pub kept: &'a [String],
}

/// The outcome of a proposal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proposed {
    /// The nodes prepare it now.
    Preparing(GenerationId),
    /// Another one is being prepared.
    UnderWay(Generation),
    /// Another one was accepted meanwhile: compare anew.
    Overtaken(GenerationId),
}

impl Generations {
    /// Stores a generation for the nodes to prepare, unless another one is being prepared, or was accepted since `base`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn propose(&self, proposal: &Proposal<'_>) -> Result<Proposed, Fault> {
        let now = self.context.now();
        self.refuse_abandoned(now).await?;
        if let Some(found) = self.under_way().await? {
            return Ok(Proposed::UnderWay(found));
        }
        let digest = self.digest(proposal.files);
        let proposed = self
            .context
            .db
            .write(async |tx: &Tx| {
                let newest = Entity::find().order_by_desc(Column::Id).one(tx.conn()).await?;
                let accepted = Entity::find()
                    .filter(Column::State.eq(Stored::Accepted))
                    .order_by_desc(Column::Id)
                    .one(tx.conn())
                    .await?
                    .map(|row| row.id);
                if accepted != proposal.base {
                    return Ok(Done::RollBack(accepted.map(Proposed::Overtaken)));
                }
                let id = newest.map_or(1, |row| row.id + 1);
                let row = ActiveModel {
                    id: Set(id),
                    state: Set(Stored::Preparing),
                    sha256: Set(digest.clone()),
                    made_by: Set(proposal.by.to_owned()),
                    made_at: Set(now),
                    before_id: Set(proposal.before),
                    kept: Set(serde_json::to_string(proposal.kept)?),
                    switch_at: Set(None),
                    why: Set(None),
                };
                // Of two at once the second finds the number taken, and waits for the first to commit.
                let stored = Entity::insert(row)
                    .on_conflict(OnConflict::new().do_nothing().to_owned())
                    .exec_without_returning(tx.conn())
                    .await?;
                if stored != 1 {
                    return Ok(Done::RollBack(None));
                }
                self.store(tx, id, proposal.files).await?;
                Ok(Done::Commit(Some(Proposed::Preparing(id))))
            })
            .await?;
        match proposed {
            Some(proposed) => Ok(proposed),
            None => match (self.under_way().await?, self.latest().await?) {
                (Some(found), _) => Ok(Proposed::UnderWay(found)),
                (None, Some(latest)) => Ok(Proposed::Overtaken(latest.id)),
                (None, None) => Err(Fault::Unavailable("another change ended at the same moment".into())),
            },
        }
    }

    /// Accepts a generation that is being prepared: all nodes switch at `switch_at`, in Unix milliseconds. Returns false if it was refused meanwhile.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn accept(&self, id: GenerationId, switch_at: i64) -> Result<bool, Fault> {
        let accepted = Entity::update_many()
            .col_expr(Column::State, Expr::value(Stored::Accepted))
            .col_expr(Column::SwitchAt, Expr::value(switch_at))
            .filter(Column::Id.eq(id))
            .filter(Column::State.eq(Stored::Preparing))
            .exec(self.context.db.writer())
            .await?;
        Ok(accepted.rows_affected == 1)
    }

    /// Refuses a generation that is being prepared. Returns false if it was accepted or refused already.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn refuse(&self, id: GenerationId, why: &str) -> Result<bool, Fault> {
        let refused = Entity::update_many()
            .col_expr(Column::State, Expr::value(Stored::Refused))
            .col_expr(Column::Why, Expr::value(why))
            .filter(Column::Id.eq(id))
            .filter(Column::State.eq(Stored::Preparing))
            .exec(self.context.db.writer())
            .await?;
        Ok(refused.rows_affected == 1)
    }

    /// Deletes all but the newest generations, and the contents that none of those names.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn purge(&self) -> Result<(), Fault> {
        let oldest = Entity::find()
            .filter(Column::State.eq(Stored::Accepted))
            .order_by_desc(Column::Id)
            .offset(KEPT)
            .limit(1)
            .one(self.context.db.reader())
            .await?;
        let Some(oldest) = oldest else { return Ok(()) };
        let named = Query::select().column(file::Column::ContentId).from(file::Entity).to_owned();
        self.context
            .db
            .write(async |tx: &Tx| {
                Entity::delete_many().filter(Column::Id.lte(oldest.id)).exec(tx.conn()).await?;
                content::Entity::delete_many()
                    .filter(content::Column::Id.not_in_subquery(named.clone()))
                    .exec(tx.conn())
                    .await?;
                Ok(Done::Commit(()))
            })
            .await
    }

    async fn under_way(&self) -> Result<Option<Generation>, Fault> {
        let row =
            Entity::find().filter(Column::State.eq(Stored::Preparing)).one(self.context.db.reader()).await?;
        row.map(Generation::of).transpose()
    }

    /// Refuses what nobody accepted in time: whoever proposed it was killed.
    async fn refuse_abandoned(&self, now: Unix) -> Result<(), Fault> {
        Entity::update_many()
            .col_expr(Column::State, Expr::value(Stored::Refused))
            .col_expr(
                Column::Why,
                Expr::value("abandoned: the command that proposed it ended before it was accepted"),
            )
            .filter(Column::State.eq(Stored::Preparing))
            .filter(Column::MadeAt.lt(now - PREPARING))
            .exec(self.context.db.writer())
            .await?;
        Ok(())
    }
}
