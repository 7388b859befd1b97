//! Moves under way and finished ones.

use kernel::{Digest, Fault, RESEAL_PAGE, Read, Tx, Unix};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    EnrolmentRow, IdentityRow,
    table::{
        enrolment::{ActiveModel, Column, Entity},
        legacy_identity,
    },
};
use crate::{AccountId, Email, EnrolmentId, LegacyIdentityId, Stage};

mod confirm;
mod meant;
mod of_person;

pub(crate) use confirm::{
    confirm_by_code, confirm_by_link, count_code_attempt, set_confirmed_in, set_proved_in,
};
pub(crate) use meant::{Meant, PendingMove, meant_by};
pub(crate) use of_person::{delete_of, living_with, of_person};

const NOTHING: Option<String> = None;
const NEVER: Option<Unix> = None;

/// Returns a move, whatever became of it.
pub(crate) async fn by_id(db: &impl Read, id: EnrolmentId) -> Result<Option<EnrolmentRow>, Fault> {
    Ok(Entity::find_by_id(id).one(db.connection()).await?)
}

/// Returns a page of the moves after `last` that have a password, in the order of their ids: id and password hash.
pub(crate) async fn hashes_after(
    db: &impl Read,
    last: Option<EnrolmentId>,
) -> Result<Vec<(EnrolmentId, String)>, Fault> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::Id, Column::PasswordHash])
        .filter(Column::PasswordHash.is_not_null())
        .filter(Column::Id.gt(last.unwrap_or(EnrolmentId(Uuid::nil()))))
        .order_by_asc(Column::Id)
        .limit(RESEAL_PAGE)
        .into_tuple()
        .all(db.connection())
        .await?)
}

/// Stores the same hash sealed anew, unless it was changed meanwhile.
pub(crate) async fn reseal(tx: &Tx, id: EnrolmentId, was: &str, is: &str) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(is))
        .filter(Column::Id.eq(id))
        .filter(Column::PasswordHash.eq(was))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Returns a move with its identity, whatever became of them.
pub(crate) async fn with_identity(
    db: &impl Read,
    id: EnrolmentId,
) -> Result<Option<(EnrolmentRow, IdentityRow)>, Fault> {
    let found = Entity::find_by_id(id).find_also_related(legacy_identity::Entity);
    let found = found.one(db.connection()).await?;
    Ok(found.and_then(|(row, identity)| Some((row, identity?))))
}

/// Returns a move that is neither finished nor too old.
pub(crate) async fn living(
    db: &impl Read,
    id: EnrolmentId,
    now: Unix,
) -> Result<Option<EnrolmentRow>, Fault> {
    Ok(Entity::find_by_id(id)
        .filter(Column::FinishedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .one(db.connection())
        .await?)
}

/// Returns the move whose mailed link has this digest, whatever became of it.
pub(crate) async fn by_link(db: &impl Read, token: &Digest) -> Result<Option<EnrolmentRow>, Fault> {
    Ok(Entity::find().filter(Column::ConfirmHash.eq(token.as_str())).one(db.connection()).await?)
}

/// Returns the ids of the living moves of an identity, the newest first.
pub(crate) async fn living_of(
    db: &impl Read,
    identity: LegacyIdentityId,
    now: Unix,
) -> Result<Vec<EnrolmentId>, Fault> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::LegacyIdentityId.eq(identity))
        .filter(Column::FinishedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .order_by_desc(Column::CreatedAt)
        .into_tuple()
        .all(db.connection())
        .await?)
}

/// Returns the living move that a request for a forgotten password reminds the owner of an address of. Of several, a confirmed one, whose owner has this
/// mailbox; else the one that was written to least recently, so that a stranger's newer one keeps the mail from nobody.
pub(crate) async fn to_remind_of(
    db: &impl Read,
    canonical: &str,
    now: Unix,
) -> Result<Option<EnrolmentRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::EmailCanonical.eq(canonical))
        .filter(Column::FinishedAt.is_null())
        .filter(Column::ConfirmHash.is_not_null())
        .filter(Column::ExpiresAt.gt(now))
        .order_by_desc(Expr::col(Column::ConfirmedAt).is_not_null())
        .order_by_asc(Expr::cust("coalesce(finish_mailed_at, 0)"))
        .order_by_desc(Column::CreatedAt)
        .one(db.connection())
        .await?)
}

/// Returns the addresses of all unfinished moves, and their canonical forms.
pub(crate) async fn unfinished_addresses(
    db: &impl Read,
) -> Result<Vec<(Option<String>, Option<String>)>, Fault> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::Email, Column::EmailCanonical])
        .filter(Column::FinishedAt.is_null())
        .into_tuple()
        .all(db.connection())
        .await?)
}

/// Stores a move.
pub(crate) async fn insert(tx: &Tx, row: EnrolmentRow) -> Result<(), Fault> {
    Entity::insert(ActiveModel::from(row).reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Leads a move back to another interaction. One at its last step leads back to where its own browser began it.
pub(crate) async fn set_origin(tx: &Tx, id: EnrolmentId, origin: Option<&str>) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::Origin, Expr::value(origin))
        .filter(Column::Id.eq(id))
        .filter(Column::ConfirmedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Goes from one stage to the next, if the move is still at the first.
pub(crate) async fn advance(tx: &Tx, id: EnrolmentId, from: Stage, to: Stage) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::Stage, Expr::value(to))
        .filter(Column::Id.eq(id))
        .filter(Column::Stage.eq(from))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Goes from the mail on to the account that has the address by now; the mailed code is dead.
pub(crate) async fn attach_instead(tx: &Tx, id: EnrolmentId) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::Stage, Expr::value(Stage::Link))
        .col_expr(Column::CodeHash, Expr::value(NOTHING))
        .filter(Column::Id.eq(id))
        .filter(Column::Stage.eq(Stage::Mail))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Stores a chosen address, and returns the move as it is then. `judged` is the move as it was read: `None` where another tab chose another address since.
/// `count` is the number of addresses of the day where this is another one: its proof is bound to it (PEOPLE U-09), so it is unconfirmed, and the older
/// link is dead.
pub(crate) async fn choose_address(
    tx: &Tx,
    judged: &EnrolmentRow,
    address: &Email,
    stage: Stage,
    count: Option<i32>,
    now: Unix,
) -> Result<Option<EnrolmentRow>, Fault> {
    let mut update = unfinished()
        .col_expr(Column::Email, Expr::value(address.shown()))
        .col_expr(Column::EmailCanonical, Expr::value(address.canonical()))
        .col_expr(Column::Stage, Expr::value(stage))
        .filter(Column::Id.eq(judged.id));
    update = match &judged.email_canonical {
        Some(judged) => update.filter(Column::EmailCanonical.eq(judged)),
        None => update.filter(Column::EmailCanonical.is_null()),
    };
    if let Some(count) = count {
        update = update
            .col_expr(Column::Addresses, Expr::value(count))
            .col_expr(Column::AddressedAt, Expr::value(now))
            .col_expr(Column::ConfirmedAt, Expr::value(NEVER))
            .col_expr(Column::RefusedAt, Expr::value(NEVER))
            .col_expr(Column::ConfirmHash, Expr::value(NOTHING))
            .col_expr(Column::CodeHash, Expr::value(NOTHING));
    }
    Ok(update.exec_with_returning(tx.conn()).await?.into_iter().next())
}

/// A password that was chosen for a move.
pub(crate) struct ChosenPassword<'a> {
    pub(crate) hash: String,
    pub(crate) locale: &'a str,
    /// The interaction in which it was chosen.
    pub(crate) interaction: Option<&'a str>,
    /// The mailed code was for another browser.
    pub(crate) ends_code: bool,
}

/// Stores a chosen password, and returns the move as it is then; `None` where it has no address yet, is confirmed or finished.
pub(crate) async fn choose_password(
    tx: &Tx,
    id: EnrolmentId,
    chosen: ChosenPassword<'_>,
) -> Result<Option<EnrolmentRow>, Fault> {
    let mut update = unfinished()
        .col_expr(Column::PasswordHash, Expr::value(chosen.hash))
        .col_expr(Column::Stage, Expr::value(Stage::Mail))
        .col_expr(Column::Locale, Expr::value(chosen.locale))
        .col_expr(Column::ChosenIn, Expr::value(chosen.interaction))
        // Whoever proved the password before does not know this one (SECURITY #80).
        .col_expr(Column::ConfirmedIn, Expr::value(NOTHING));
    if chosen.ends_code {
        update = update.col_expr(Column::CodeHash, Expr::value(NOTHING));
    }
    let updated = update
        .filter(Column::Id.eq(id))
        .filter(Column::Stage.is_in([Stage::Password, Stage::Mail]))
        .filter(Column::Email.is_not_null())
        .filter(Column::ConfirmedAt.is_null())
        .exec_with_returning(tx.conn())
        .await?;
    Ok(updated.into_iter().next())
}

/// Takes the permission to send the mail of a forgotten password, if none was sent for `pause` seconds.
pub(crate) async fn take_reminder(tx: &Tx, id: EnrolmentId, now: Unix, pause: i64) -> Result<bool, Fault> {
    let due = Entity::update_many()
        .col_expr(Column::FinishMailedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::FinishMailedAt.is_null().or(Column::FinishMailedAt.lte(now - pause)))
        .exec(tx.conn())
        .await?;
    Ok(due.rows_affected == 1)
}

/// A mail with the link of a move.
pub(crate) enum LinkMail {
    /// Confirm the address: the `nth` mail of its day, and the digest of its code and when that ends.
    Confirm { nth: i32, code: Option<(Digest, Unix)> },
    /// Finish the move.
    Finish,
}

/// Stores what a mail holds; `false` where the address was corrected since `row` was read, whose own mail is out then, or where the move is finished.
pub(crate) async fn write_mail(
    tx: &Tx,
    row: &EnrolmentRow,
    mail: &LinkMail,
    link: &Digest,
    (now, expires_at): (Unix, Unix),
) -> Result<bool, Fault> {
    let mut update = unfinished()
        .col_expr(Column::ConfirmHash, Expr::value(link.as_str()))
        .col_expr(Column::ExpiresAt, Expr::value(expires_at));
    if let LinkMail::Confirm { nth, code } = mail {
        update = update
            .col_expr(Column::MailedAt, Expr::value(now))
            .col_expr(Column::RefusedAt, Expr::value(NEVER))
            .col_expr(Column::Mails, Expr::value(*nth));
        if let Some((hash, until)) = code {
            // A new mail, a new code: the older one is dead, and attempts begin anew.
            update = update
                .col_expr(Column::CodeHash, Expr::value(hash.as_str()))
                .col_expr(Column::CodeTries, Expr::value(0))
                .col_expr(Column::CodeUntil, Expr::value(*until));
        }
    }
    let written = update
        .filter(Column::Id.eq(row.id))
        .filter(Column::EmailCanonical.eq(row.email_canonical.as_deref()))
        .exec(tx.conn())
        .await?;
    Ok(written.rows_affected == 1)
}

/// Notes that a mail server refused the mail with this link.
pub(crate) async fn mark_refused(tx: &Tx, confirm_hash: &str, now: Unix) -> Result<(), Fault> {
    unfinished()
        .col_expr(Column::RefusedAt, Expr::value(now))
        .filter(Column::ConfirmHash.eq(confirm_hash))
        .filter(Column::ConfirmedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Ends a move at a stage by one conditional statement: whoever gets the row may go on, once. `confirmed`: only if its address is.
pub(crate) async fn claim(
    tx: &Tx,
    id: EnrolmentId,
    at: Stage,
    confirmed: bool,
    now: Unix,
) -> Result<Option<EnrolmentRow>, Fault> {
    let mut update = unfinished()
        .col_expr(Column::FinishedAt, Expr::value(now))
        .col_expr(Column::Stage, Expr::value(Stage::Finished))
        .col_expr(Column::CodeHash, Expr::value(NOTHING))
        .filter(Column::Id.eq(id))
        .filter(Column::Stage.eq(at))
        .filter(Column::ExpiresAt.gt(now));
    if confirmed {
        update = update.filter(Column::ConfirmedAt.is_not_null());
    }
    Ok(update.exec_with_returning(tx.conn()).await?.into_iter().next())
}

/// Names the account of a move that ended, and forgets its password.
pub(crate) async fn set_account(tx: &Tx, id: EnrolmentId, account: AccountId) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::AccountId, Expr::value(account))
        .col_expr(Column::PasswordHash, Expr::value(NOTHING))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// An update of moves that are not finished.
fn unfinished() -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::FinishedAt.is_null())
}
