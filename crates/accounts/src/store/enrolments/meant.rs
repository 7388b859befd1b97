//! Finds whom an address means at the sign-in page: one statement, the same for every address (SECURITY #60).

use kernel::{Digest, Fault, Read, Unix};
use sea_orm::{
    ConnectionTrait, FromQueryResult, Iterable, JoinType,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};

use crate::{
    EnrolmentId, Stage,
    store::{
        AccountRow, DeviceId,
        table::{account, device, enrolment, legacy_identity},
    },
};

/// The holders of the passwords that are looked at. An account has its address; a move owns nothing, so it is meant only where there is no account.
pub(crate) enum Meant {
    Account(Box<AccountRow>),
    /// At least one, at most [`MOVES`].
    Moves(Vec<PendingMove>),
    Nobody,
}

/// The maximum number of unfinished moves that an address means at a time. Each costs a hash at an attempt, and each was begun by somebody's old credentials.
const MOVES: u64 = 5;

/// A move whose password was chosen and whose address is, or waits to be, confirmed.
pub(crate) struct PendingMove {
    pub(crate) id: EnrolmentId,
    pub(crate) password_hash: String,
}

impl Meant {
    /// The hashes of the passwords.
    pub(crate) fn verifiers(&self) -> Vec<&str> {
        match self {
            Self::Account(row) => vec![&row.password_hash],
            Self::Moves(pending) => pending.iter().map(|pending| &*pending.password_hash).collect(),
            Self::Nobody => Vec::new(),
        }
    }
}

const ACCOUNT: &str = "a";
const MOVE: &str = "e";
const IDENTITY: &str = "i";
const DEVICE: &str = "d";

/// Returns whom an address means. Several unfinished moves may name it, a stranger's among them: the password of each continues that one. A confirmed
/// one comes first, which nobody but the mailbox's owner can have made, then the newest. With an account comes the id of the browser that holds `browser`,
/// if it is one of that account's.
pub(crate) async fn meant_by(
    db: &impl Read,
    canonical: &str,
    browser: Option<&Digest>,
    now: Unix,
) -> Result<(Meant, Option<DeviceId>), Fault> {
    let statement = db.connection().get_database_backend().build(&all(canonical, browser, now));
    let mut moves = Vec::new();
    for row in db.connection().query_all_raw(statement).await? {
        if let Some(found) = AccountRow::from_query_result_optional(&row, ACCOUNT)? {
            let is_able = found.disabled_at.is_none();
            let device = row.try_get(DEVICE, "id")?;
            return Ok(if is_able {
                (Meant::Account(Box::new(found)), device)
            } else {
                (Meant::Nobody, None)
            });
        }
        let id: Option<EnrolmentId> = row.try_get(MOVE, "id")?;
        let hash: Option<String> = row.try_get(MOVE, "password_hash")?;
        moves.extend(id.zip(hash).map(|(id, password_hash)| PendingMove { id, password_hash }));
    }
    Ok((if moves.is_empty() { Meant::Nobody } else { Meant::Moves(moves) }, None))
}

/// The account, its browser and the unfinished moves of an address, whichever of them there are, in a row for each move.
fn all(canonical: &str, browser: Option<&Digest>, now: Unix) -> SelectStatement {
    let of = |alias: &'static str, column: &str| Expr::col((alias, column.to_owned()));
    let meant = Query::select()
        .expr(of("p", "id"))
        .from_as(enrolment::Entity, "p")
        .join_as(
            JoinType::InnerJoin,
            legacy_identity::Entity,
            IDENTITY,
            of(IDENTITY, "id").eq(of("p", "legacy_identity_id")),
        )
        .and_where(of("p", "email_canonical").eq(canonical))
        .and_where(of("p", "finished_at").is_null())
        .and_where(of("p", "password_hash").is_not_null())
        .and_where(of("p", "stage").is_in([Stage::Mail, Stage::Terms]))
        .and_where(of("p", "expires_at").gt(now))
        .and_where(of(IDENTITY, "moved_at").is_null())
        .order_by_expr(of("p", "confirmed_at").is_null(), Order::Asc)
        .order_by_expr(of("p", "created_at"), Order::Desc)
        .limit(MOVES)
        .take();
    let mut select = Query::select();
    for column in account::Column::iter() {
        let name = sea_orm::IdenStatic::as_str(&column);
        select.expr_as(of(ACCOUNT, name), format!("{ACCOUNT}{name}"));
    }
    for name in ["id", "password_hash"] {
        select.expr_as(of(MOVE, name), format!("{MOVE}{name}"));
    }
    select.expr_as(of(DEVICE, "id"), format!("{DEVICE}id"));
    // No token has an empty digest: a browser without one asks by the same statement.
    let browser = browser.map(Digest::as_str).unwrap_or_default();
    let own = of(DEVICE, "account_id").eq(of(ACCOUNT, "id"));
    select
        .from_subquery(Query::select().expr_as(Expr::val(1), "one").take(), "one")
        .join_as(JoinType::LeftJoin, account::Entity, ACCOUNT, of(ACCOUNT, "email_canonical").eq(canonical))
        .join_as(JoinType::LeftJoin, device::Entity, DEVICE, of(DEVICE, "token_hash").eq(browser).and(own))
        .join_as(JoinType::LeftJoin, enrolment::Entity, MOVE, of(MOVE, "id").in_subquery(meant))
        .order_by_expr(of(MOVE, "confirmed_at").is_null(), Order::Asc)
        .order_by_expr(of(MOVE, "created_at"), Order::Desc)
        .take()
}
