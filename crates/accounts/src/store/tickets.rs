//! Migration tickets that were used.

use kernel::{Db, Fault, Unix};
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};

use super::table::used_ticket::{ActiveModel, Column, Entity};

/// Uses a ticket up; `false` where it was used before (SECURITY I18).
pub(crate) async fn spend(db: &Db, agency: &str, jti: &str, expires_at: Unix) -> Result<bool, Fault> {
    let used = ActiveModel {
        agency_id: Set(agency.to_owned()),
        jti: Set(jti.to_owned()),
        expires_at: Set(expires_at),
    };
    let fresh = Entity::insert(used)
        .on_conflict(OnConflict::columns([Column::AgencyId, Column::Jti]).do_nothing().to_owned())
        .exec_without_returning(db.writer())
        .await?;
    Ok(fresh == 1)
}
