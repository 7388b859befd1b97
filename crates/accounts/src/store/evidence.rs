//! The entries of the evidence, and the head of their chain.

use kernel::{Fault, Read, Tx, Unix};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

use super::table::{
    evidence::{ActiveModel, Column, Entity},
    evidence_head,
};
use crate::AccountId;

/// An entry.
pub(crate) struct Entry {
    pub(crate) seq: i64,
    pub(crate) at: Unix,
    pub(crate) kind: String,
    pub(crate) account: Option<AccountId>,
    pub(crate) body: String,
    /// The hash of the entry before it.
    pub(crate) previous: String,
    pub(crate) hash: String,
}

/// The number and the hash of the last entry.
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hash: String,
}

/// Takes the next number; the hash is that of the last entry. Until the commit nobody else gets one.
pub(crate) async fn take_number(tx: &Tx) -> Result<Head, Fault> {
    let heads = evidence_head::Entity::update_many()
        .col_expr(evidence_head::Column::Seq, Expr::col(evidence_head::Column::Seq).add(1))
        .filter(evidence_head::Column::Id.eq(1))
        .exec_with_returning(tx.conn())
        .await?;
    let head = heads.into_iter().next().ok_or_else(|| Fault::Broken("the evidence has no head".into()))?;
    Ok(Head { seq: head.seq, hash: head.hash })
}

/// Stores an entry and moves the head to it.
pub(crate) async fn insert(tx: &Tx, entry: Entry) -> Result<(), Fault> {
    let hash = entry.hash.clone();
    let row = ActiveModel {
        seq: Set(entry.seq),
        at: Set(entry.at),
        kind: Set(entry.kind),
        account_id: Set(entry.account),
        body: Set(entry.body),
        previous: Set(entry.previous),
        hash: Set(entry.hash),
    };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    evidence_head::Entity::update_many()
        .col_expr(evidence_head::Column::Hash, Expr::value(hash))
        .filter(evidence_head::Column::Id.eq(1))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Returns up to `most` entries after a number, in their order.
pub(crate) async fn after(db: &impl Read, seq: i64, most: u64) -> Result<Vec<Entry>, Fault> {
    let rows = Entity::find()
        .filter(Column::Seq.gt(seq))
        .order_by_asc(Column::Seq)
        .limit(most)
        .all(db.connection())
        .await?;
    let entry = |row: super::table::evidence::Model| Entry {
        seq: row.seq,
        at: row.at,
        kind: row.kind,
        account: row.account_id,
        body: row.body,
        previous: row.previous,
        hash: row.hash,
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// Returns the time of the last entry.
pub(crate) async fn last_at(db: &impl Read) -> Result<Option<Unix>, Fault> {
    let last = Entity::find().select_only().column(Column::At).order_by_desc(Column::Seq);
    Ok(last.into_tuple().one(db.connection()).await?)
}

/// Returns the head.
pub(crate) async fn head(db: &impl Read) -> Result<Option<Head>, Fault> {
    let row = evidence_head::Entity::find_by_id(1).one(db.connection()).await?;
    Ok(row.map(|row| Head { seq: row.seq, hash: row.hash }))
}
