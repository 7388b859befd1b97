//! Interactions in which somebody has sent a form, with or without success. All others are deleted after an hour (FINDING L1, SECURITY #49). They are kept in
//! memory and written before the next purge, so that no request pays for a statement. A killed node forgets some: those are deleted like the others, and their
//! people begin again.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use kernel::Fault;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::{Grants, InteractionId, table::interaction};

/// The greatest number of interactions that are kept between two purges; any more are deleted like those without a form.
const MOST: usize = 100_000;
/// The number of rows that one statement marks.
const STEP: usize = 500;

/// Interactions with a form that are not written yet.
#[derive(Default)]
pub(super) struct GoingOn(Mutex<HashSet<Uuid>>);

impl GoingOn {
    fn take(&self) -> HashSet<Uuid> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, id: Uuid) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() < MOST {
            ids.insert(id);
        }
    }
}

impl Grants {
    /// Remembers that somebody sent a form in this interaction.
    pub fn went_on(&self, id: InteractionId) {
        self.going_on.add(id.0);
    }

    /// Writes all of them; keeps those that could not be written.
    pub(super) async fn tell_going_on(&self) -> Result<(), Fault> {
        let ids: Vec<Uuid> = self.going_on.take().into_iter().collect();
        for (nth, some) in ids.chunks(STEP).enumerate() {
            let marked = interaction::Entity::update_many()
                .col_expr(interaction::Column::WentOnAt, Expr::value(self.context.now()))
                .filter(interaction::Column::Id.is_in(some.iter().copied()))
                .filter(interaction::Column::WentOnAt.is_null())
                .exec(self.context.db.writer())
                .await;
            if let Err(error) = marked {
                ids[nth * STEP..].iter().for_each(|id| self.going_on.add(*id));
                return Err(error.into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SECURITY D14
    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let going_on = GoingOn::default();
        for n in 0..MOST as u128 + 10 {
            going_on.add(Uuid::from_u128(n));
        }
        assert_eq!(going_on.take().len(), MOST);
        assert!(going_on.take().is_empty());
    }
}
