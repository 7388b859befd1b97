//! The pause of the mails (SECURITY D19): while the mail server refuses this service as a whole, one letter at a time asks whether it still does. The pause is a
//! row, so that every node, and `moncompte mail`, sees the same.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use serde::{Deserialize, Serialize};

use super::{LEASE, short};
use crate::{Db, Fault, Unix, table::meta};

const KEY: &str = "mail_paused";

/// A pause that stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pause {
    /// When the server began to refuse.
    pub since: Unix,
    /// When the next letter asks.
    pub until: Unix,
    /// Refusals so far.
    pub tries: u32,
    /// What the server said last, without any address.
    pub why: String,
}

impl Pause {
    fn text(&self) -> Result<String, Fault> {
        Ok(serde_json::to_string(self)?)
    }
}

/// Seconds until the next letter asks: doubling from 2 to `longest`.
fn wait(tries: u32, longest: i64) -> i64 {
    (2_i64 << tries.saturating_sub(1).min(12)).min(longest)
}

/// The pause, if one stands.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn paused(db: &impl ConnectionTrait) -> Result<Option<Pause>, Fault> {
    let row = meta::Entity::find_by_id(KEY).one(db).await?;
    row.map(|row| Ok(serde_json::from_str(&row.value)?)).transpose()
}

/// Begins a pause, unless one stands; answers whether it did. `longest`: seconds that a letter waits at most before it asks.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn pause(db: &Db, now: Unix, why: &str, longest: i64) -> Result<bool, Fault> {
    let begun = Pause { since: now, until: now + wait(1, longest), tries: 1, why: short(why) };
    let row = meta::ActiveModel { key: Set(KEY.to_owned()), value: Set(begun.text()?) };
    let written = meta::Entity::insert(row)
        .on_conflict(OnConflict::column(meta::Column::Key).do_nothing().to_owned())
        .exec_without_returning(db.writer())
        .await?;
    Ok(written == 1)
}

/// Takes the right to ask with one letter, on this node alone, for as long as a lease lasts; `None` where it is too early or another node asks.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn take_probe(db: &Db, now: Unix, standing: &Pause) -> Result<Option<Pause>, Fault> {
    if now < standing.until {
        return Ok(None);
    }
    let taken = Pause { until: now + LEASE, ..standing.clone() };
    Ok(replace(db, standing, &taken).await?.then_some(taken))
}

/// Gives the right to ask back unused.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn return_probe(db: &Db, now: Unix, probe: &Pause) -> Result<(), Fault> {
    replace(db, probe, &Pause { until: now, ..probe.clone() }).await?;
    Ok(())
}

/// The letter that asked was refused like the others.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn extend_pause(db: &Db, now: Unix, probe: &Pause, why: &str, longest: i64) -> Result<(), Fault> {
    let tries = probe.tries.saturating_add(1);
    let until = now + wait(tries, longest);
    replace(db, probe, &Pause { since: probe.since, until, tries, why: short(why) }).await?;
    Ok(())
}

/// The server takes letters again; answers whether a pause stood.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn end_pause(db: &Db) -> Result<bool, Fault> {
    Ok(meta::Entity::delete_by_id(KEY).exec(db.writer()).await?.rows_affected == 1)
}

/// An operator has mended something: the next letter asks now.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn hasten(db: &Db, now: Unix) -> Result<(), Fault> {
    if let Some(standing) = paused(db.reader()).await? {
        // Where a letter asks at this moment, its answer is the newer one.
        replace(db, &standing, &Pause { until: now, tries: 1, ..standing.clone() }).await?;
    }
    Ok(())
}

/// One conditional statement: whoever saw an older pause changes nothing.
async fn replace(db: &Db, seen: &Pause, new: &Pause) -> Result<bool, Fault> {
    let written = meta::Entity::update_many()
        .col_expr(meta::Column::Value, Expr::value(new.text()?))
        .filter(meta::Column::Key.eq(KEY))
        .filter(meta::Column::Value.eq(seen.text()?))
        .exec(db.writer())
        .await?;
    Ok(written.rows_affected == 1)
}

#[cfg(test)]
mod tests {
    use super::wait;

    #[test]
    fn a_pause_doubles_up_to_its_longest() {
        let waits: Vec<i64> = (1..=8).map(|tries| wait(tries, 60)).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(wait(u32::MAX, 300), 300);
    }
}
