//! Batches of the rows that every call of a portal reads first, and of those that every refresh writes: one statement for all concurrent calls.

use std::collections::{HashMap, hash_map::Entry};

use kernel::{Batcher, Context, Db, Fault};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::table::{refresh_token, token_grant};

/// Reads grants by id, and refresh tokens with their grants by hash; rotates refresh tokens.
#[derive(Clone)]
pub(super) struct BatchedGrants {
    grants: Batcher<Uuid, token_grant::Model>,
    refresh: Batcher<String, (refresh_token::Model, token_grant::Model)>,
    rotations: Batcher<Rotation, ()>,
}

/// A rotation: the hash of a refresh token, and the new token that replaces it. The new token is unique, so each rotation is.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Rotation {
    parent: String,
    child: refresh_token::Model,
}

impl BatchedGrants {
    pub(super) fn new(context: &Context) -> Self {
        let db = context.db.clone();
        let grants = Batcher::new(1, move |ids: Vec<Uuid>| {
            let db = db.clone();
            async move {
                let named = token_grant::Column::Id.is_in(ids);
                let rows = token_grant::Entity::find().filter(named).all(db.reader()).await?;
                Ok(rows.into_iter().map(|row| (row.id, row)).collect())
            }
        });
        let db = context.db.clone();
        let refresh = Batcher::new(1, move |hashes: Vec<String>| {
            let db = db.clone();
            async move {
                let rows = refresh_token::Entity::find()
                    .find_also_related(token_grant::Entity)
                    .filter(refresh_token::Column::Hash.is_in(hashes))
                    .all(db.reader())
                    .await?;
                let granted = |(row, grant): (refresh_token::Model, Option<token_grant::Model>)| {
                    Some((row.hash.clone(), (row, grant?)))
                };
                Ok(rows.into_iter().filter_map(granted).collect())
            }
        });
        let db = context.db.clone();
        let rotations = Batcher::new(2, move |wanted| rotate(db.clone(), wanted));
        Self { grants, refresh, rotations }
    }

    /// Replaces the token with the hash `parent` by `child`; returns false if it was used before.
    pub(super) async fn rotate(&self, parent: String, child: refresh_token::Model) -> Result<bool, Fault> {
        Ok(self.rotations.get(Rotation { parent, child }).await?.is_some())
    }

    pub(super) async fn grant(&self, id: Uuid) -> Result<Option<token_grant::Model>, Fault> {
        self.grants.get(id).await
    }

    pub(super) async fn refresh(
        &self,
        hash: String,
    ) -> Result<Option<(refresh_token::Model, token_grant::Model)>, Fault> {
        self.refresh.get(hash).await
    }
}

/// Runs rotations in one transaction; returns those that were done. One conditional statement marks the tokens as used, and the rows that it returns are the
/// permission to give them a child (SECURITY I3). Of two rotations of one token only one is tried.
async fn rotate(db: Db, wanted: Vec<Rotation>) -> Result<HashMap<Rotation, ()>, Fault> {
    let Some(at) = wanted.iter().map(|rotation| rotation.child.created_at).max() else {
        return Ok(HashMap::new());
    };
    // Repeated up to the number of wanted rotations, so that a few prepared statements suffice.
    let hashes: Vec<String> = wanted.iter().map(|rotation| rotation.parent.clone()).collect();
    let mut first = HashMap::new();
    for rotation in wanted {
        if let Entry::Vacant(place) = first.entry(rotation.parent.clone()) {
            place.insert(rotation);
        }
    }
    let tx = db.begin().await?;
    let used = refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::UsedAt, Expr::value(at))
        // A used token has arrived: its parent need not give it again.
        .col_expr(refresh_token::Column::Sealed, Expr::value(Option::<Vec<u8>>::None))
        .filter(refresh_token::Column::Hash.is_in(hashes))
        .filter(refresh_token::Column::UsedAt.is_null())
        .exec_with_returning(tx.conn())
        .await?;
    let done: Vec<Rotation> = used.iter().filter_map(|row| first.remove(&row.hash)).collect();
    if done.is_empty() {
        // Nothing was written; the callers read again.
        tx.rollback().await;
        return Ok(HashMap::new());
    }
    let children = done.iter().map(|rotation| rotation.child.clone().into_active_model().reset_all());
    refresh_token::Entity::insert_many(children).exec_without_returning(tx.conn()).await?;
    tx.commit().await?;
    Ok(done.into_iter().map(|rotation| (rotation, ())).collect())
}
