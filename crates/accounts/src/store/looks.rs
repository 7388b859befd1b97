//! Looks of staff at people, a row an hour.

use kernel::{Fault, Read, Tx, Unix};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    LookRow,
    table::staff_look::{ActiveModel, Column, Entity},
};

const KEY: [Column; 4] = [Column::Person, Column::Staff, Column::Agency, Column::Hour];

/// Returns the look that stands for one in its hour.
pub(crate) async fn of_hour(db: &impl Read, row: &LookRow) -> Result<Option<LookRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::Person.eq(row.person))
        .filter(Column::Staff.eq(&row.staff))
        .filter(Column::Agency.eq(&row.agency))
        .filter(Column::Hour.eq(row.hour))
        .one(db.connection())
        .await?)
}

/// Stores a look, unless there is one for its hour.
pub(crate) async fn insert(tx: &Tx, row: LookRow) -> Result<(), Fault> {
    Entity::insert(ActiveModel::from(row).reset_all())
        .on_conflict(OnConflict::columns(KEY).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Replaces what was done in the hour of a look; `false` where it is no longer as it was read.
pub(crate) async fn add_done(tx: &Tx, read: &LookRow, done: &str) -> Result<bool, Fault> {
    let changed = Entity::update_many()
        .col_expr(Column::Done, Expr::value(done))
        .filter(Column::Id.eq(read.id))
        .filter(Column::Done.eq(&read.done))
        .exec(tx.conn())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Returns the newest looks at a person, who has several ids.
pub(crate) async fn at(db: &impl Read, person: &[Uuid], most: u64) -> Result<Vec<LookRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::Person.is_in(person.iter().copied()))
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .limit(most)
        .all(db.connection())
        .await?)
}

/// Counts the looks of a member of staff at others than a person, since a moment.
pub(crate) async fn count_others(
    db: &impl Read,
    staff: &str,
    person: Uuid,
    since: Unix,
) -> Result<u64, Fault> {
    let since = Entity::find().filter(Column::Staff.eq(staff)).filter(Column::At.gte(since));
    Ok(since.filter(Column::Person.ne(person)).count(db.connection()).await?)
}
