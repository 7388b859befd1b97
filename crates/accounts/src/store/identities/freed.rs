//! The statements about identities whose link staff take away.

use kernel::{Fault, Tx, Unix};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany, sea_query::Expr};

use crate::{
    LegacyIdentityId,
    store::table::legacy_identity::{Column, Entity},
    verifier::Kind,
};

/// Forgets the old password of an identity that has moved: it recognises nobody.
pub(crate) async fn forget_recogniser(tx: &Tx, id: LegacyIdentityId) -> Result<(), Fault> {
    unrecognised(id).exec(tx.conn()).await?;
    Ok(())
}

/// Makes an identity one that has not moved, without an old password.
pub(crate) async fn free(tx: &Tx, id: LegacyIdentityId) -> Result<(), Fault> {
    unrecognised(id).col_expr(Column::MovedAt, Expr::value(Option::<Unix>::None)).exec(tx.conn()).await?;
    Ok(())
}

fn unrecognised(id: LegacyIdentityId) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::RecogniserKind, Expr::value(Kind::None))
        .col_expr(Column::Recogniser, Expr::value(Option::<Vec<u8>>::None))
        .filter(Column::Id.eq(id))
}
