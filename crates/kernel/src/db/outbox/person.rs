//! The messages to one person, for staff who tell them on the telephone what became of a mail.

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::unlocked;
use crate::{Fault, Read, Tx, Unix, db::table::outbox};

/// The person whom a mail is written to.
#[derive(Clone, Copy)]
pub struct Addressee<'a> {
    /// The id of an account or of a move.
    pub person: Uuid,
    /// The kind of mail, e.g. `confirm`.
    pub topic: &'a str,
    /// The agency whose look it has.
    pub agency: Option<&'a str>,
    /// The domain of the address.
    pub host: Option<&'a str>,
}

/// A message to a person, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonsMessage {
    /// The id of its row.
    pub id: Uuid,
    /// The account or the move that it is written to.
    pub person: Uuid,
    /// The kind of mail, e.g. `confirm`.
    pub topic: String,
    /// The agency whose look it has.
    pub agency: Option<String>,
    /// The domain of the address.
    pub host: Option<String>,
    /// The time at which it was queued, or begun anew.
    pub created_at: Unix,
    /// The number of attempts so far.
    pub attempts: i32,
    /// The time at which a server took it.
    pub sent_at: Option<Unix>,
    /// The answer of that server, without addresses.
    pub answer: Option<String>,
    /// The time at which it was given up.
    pub dead_at: Option<Unix>,
    /// The reason: `refused`, `expired` or `dropped`.
    pub dead_why: Option<String>,
    /// The time at which it came back after it was taken.
    pub bounced_at: Option<Unix>,
    /// The error of the last attempt, or of the return, without addresses and secrets.
    pub last_error: Option<String>,
}

impl From<outbox::Model> for PersonsMessage {
    fn from(row: outbox::Model) -> Self {
        Self {
            id: row.id,
            person: row.person.unwrap_or_default(),
            topic: row.topic.unwrap_or_default(),
            agency: row.agency,
            host: row.host,
            created_at: row.created_at,
            attempts: row.attempts,
            sent_at: row.sent_at,
            answer: row.answer,
            dead_at: row.dead_at,
            dead_why: row.dead_why,
            bounced_at: row.bounced_at,
            last_error: row.last_error,
        }
    }
}

/// Returns the newest messages to these accounts and moves, the newest first.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn to_persons(db: &impl Read, persons: &[Uuid], most: u64) -> Result<Vec<PersonsMessage>, Fault> {
    let rows = outbox::Entity::find()
        .filter(outbox::Column::Person.is_in(persons.iter().copied()))
        .order_by_desc(outbox::Column::CreatedAt)
        .order_by_desc(outbox::Column::Id)
        .limit(most)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Returns a message, if it is written to one of these accounts and moves.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn to_person(db: &impl Read, persons: &[Uuid], id: Uuid) -> Result<Option<PersonsMessage>, Fault> {
    let row = outbox::Entity::find_by_id(id).one(db.connection()).await?;
    let theirs = |row: &outbox::Model| row.person.is_some_and(|person| persons.contains(&person));
    Ok(row.filter(theirs).map(Into::into))
}

/// Makes an unsent message due now; a dead one starts over. Returns false if it was sent, is being sent, has expired, or its content is gone.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn make_due(tx: &Tx, id: Uuid, now: Unix) -> Result<bool, Fault> {
    let begun = Expr::case(Expr::col(outbox::Column::DeadAt).is_not_null(), Expr::value(now))
        .finally(Expr::col(outbox::Column::CreatedAt));
    let unexpired =
        Condition::any().add(outbox::Column::ExpiresAt.is_null()).add(outbox::Column::ExpiresAt.gt(now));
    let written = outbox::Entity::update_many()
        .col_expr(outbox::Column::CreatedAt, begun.into())
        .col_expr(outbox::Column::NotBefore, Expr::value(now))
        .col_expr(outbox::Column::DeadAt, Expr::value(Option::<Unix>::None))
        .col_expr(outbox::Column::DeadWhy, Expr::value(Option::<String>::None))
        .filter(outbox::Column::Id.eq(id))
        .filter(outbox::Column::SentAt.is_null())
        .filter(unlocked(now))
        .filter(unexpired)
        .filter(Expr::cust("length(payload) > 0"))
        .exec(tx.conn())
        .await?;
    if written.rows_affected == 1 {
        tx.has_mail();
    }
    Ok(written.rows_affected == 1)
}

/// Ends every message to these accounts and moves that waits, and deletes its content; returns how many. One that is being sent at this moment leaves.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn end_to_persons(tx: &Tx, persons: &[Uuid], now: Unix, reason: &str) -> Result<u64, Fault> {
    let ended = outbox::Entity::update_many()
        .col_expr(outbox::Column::DeadAt, Expr::value(now))
        .col_expr(outbox::Column::DeadWhy, Expr::value("dropped"))
        .col_expr(outbox::Column::LastError, Expr::value(reason))
        .col_expr(outbox::Column::Payload, Expr::value(Vec::<u8>::new()))
        .filter(outbox::Column::Person.is_in(persons.iter().copied()))
        .filter(outbox::Column::SentAt.is_null())
        .filter(outbox::Column::DeadAt.is_null())
        .filter(unlocked(now))
        .exec(tx.conn())
        .await?;
    Ok(ended.rows_affected)
}
