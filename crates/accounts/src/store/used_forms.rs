//! Forms of the desk that were sent.

use kernel::{Db, Fault, Unix};
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use uuid::Uuid;

use super::table::used_form::{ActiveModel, Column, Entity};

/// Uses a form up; `false` where it was used before.
pub(crate) async fn spend(db: &Db, id: Uuid, at: Unix) -> Result<bool, Fault> {
    let fresh = Entity::insert(ActiveModel { id: Set(id), at: Set(at) })
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .exec_without_returning(db.writer())
        .await?;
    Ok(fresh == 1)
}
