//! The pause of outgoing mail (SECURITY D19): while the mail server refuses this service as a whole, one message at a time probes it. The pause is a row,
//! so that every node, and `moncompte mail`, sees the same.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use serde::{Deserialize, Serialize};

use super::{LEASE, short};
use crate::{Db, Fault, Unix, db::table::meta};

const KEY: &str = "mail_paused";

/// A pause of outgoing mail.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pause {
    /// The time at which the server began to refuse messages.
    pub since: Unix,
    /// The time at which the next probe is due.
    pub until: Unix,
    /// The number of refusals so far.
    pub tries: u32,
    /// The server's last answer, without addresses.
    pub why: String,
}

impl Pause {
    fn text(&self) -> Result<String, Fault> {
        Ok(serde_json::to_string(self)?)
    }
}

/// Returns the number of seconds until the next probe, doubling from 2 to `longest`.
fn wait(tries: u32, longest: i64) -> i64 {
    (2_i64 << tries.saturating_sub(1).min(12)).min(longest)
}

/// Returns the current pause, if there is one.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn paused(db: &impl ConnectionTrait) -> Result<Option<Pause>, Fault> {
    let row = meta::Entity::find_by_id(KEY).one(db).await?;
    row.map(|row| Ok(serde_json::from_str(&row.value)?)).transpose()
}

/// Begins a pause unless there is one; returns true if it did. `longest` is the maximum number of seconds between two probes.
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

/// Takes the right to probe, on this node alone and for the length of a lease; `None` if the probe is not due or another node holds it.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn take_probe(db: &Db, now: Unix, current: &Pause) -> Result<Option<Pause>, Fault> {
    if now < current.until {
        return Ok(None);
    }
    let taken = Pause { until: now + LEASE, ..current.clone() };
    Ok(replace(db, current, &taken).await?.then_some(taken))
}

/// Returns the right to probe, unused.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn return_probe(db: &Db, now: Unix, probe: &Pause) -> Result<(), Fault> {
    replace(db, probe, &Pause { until: now, ..probe.clone() }).await?;
    Ok(())
}

/// Extends the pause after a refused probe.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn extend_pause(db: &Db, now: Unix, probe: &Pause, why: &str, longest: i64) -> Result<(), Fault> {
    let tries = probe.tries.saturating_add(1);
    let until = now + wait(tries, longest);
    replace(db, probe, &Pause { since: probe.since, until, tries, why: short(why) }).await?;
    Ok(())
}

/// Ends the pause after the server accepted a message; returns true if there was one.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn end_pause(db: &Db) -> Result<bool, Fault> {
    Ok(meta::Entity::delete_by_id(KEY).exec(db.writer()).await?.rows_affected == 1)
}

/// Makes the next probe due now, after an operator fixed something.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn shorten_pause(db: &Db, now: Unix) -> Result<(), Fault> {
    if let Some(current) = paused(db.reader()).await? {
        // If a probe is running, its result is newer and wins.
        replace(db, &current, &Pause { until: now, tries: 1, ..current.clone() }).await?;
    }
    Ok(())
}

/// Replaces the pause in one conditional statement: a caller that saw an older pause changes nothing.
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
