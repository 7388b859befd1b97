//! Finds whom an address means at the sign-in page: one statement, the same for every address (SECURITY #60).

use kernel::{Fault, Read, Unix};
use sea_orm::{
    ConnectionTrait, FromQueryResult, Iterable, JoinType,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};

use crate::{
    EnrolmentId, Stage,
    store::{
        AccountRow,
        table::{account, enrolment, legacy_identity},
    },
};

/// The holder of the password that is looked at. An account has its address; a move owns nothing, so it is meant only where there is no account.
pub(crate) enum Meant {
    Account(Box<AccountRow>),
    Move(PendingMove),
    Nobody,
}

/// A move whose password was chosen and whose address is, or waits to be, confirmed.
pub(crate) struct PendingMove {
    pub(crate) id: EnrolmentId,
    pub(crate) password_hash: String,
}

impl Meant {
    /// The account, if one is meant.
    pub(crate) fn account(&self) -> Option<&AccountRow> {
        match self {
            Self::Account(row) => Some(row),
            Self::Move(_) | Self::Nobody => None,
        }
    }

    /// The hash of the password.
    pub(crate) fn verifier(&self) -> Option<&str> {
        match self {
            Self::Account(row) => Some(&row.password_hash),
            Self::Move(pending) => Some(&pending.password_hash),
            Self::Nobody => None,
        }
    }
}

const ACCOUNT: &str = "a";
const MOVE: &str = "e";
const IDENTITY: &str = "i";

/// Returns whom an address means. Of several unfinished moves that name it, one is meant, for an attempt costs one hash: a confirmed one, which nobody but
/// the mailbox's owner can have made, or else the newest.
pub(crate) async fn meant_by(db: &impl Read, canonical: &str, now: Unix) -> Result<Meant, Fault> {
    let statement = db.connection().get_database_backend().build(&both(canonical, now));
    let Some(row) = db.connection().query_one_raw(statement).await? else { return Ok(Meant::Nobody) };
    if let Some(found) = AccountRow::from_query_result_optional(&row, ACCOUNT)? {
        return Ok(if found.disabled_at.is_none() { Meant::Account(Box::new(found)) } else { Meant::Nobody });
    }
    let id: Option<EnrolmentId> = row.try_get(MOVE, "id")?;
    let hash: Option<String> = row.try_get(MOVE, "password_hash")?;
    Ok(match (id, hash) {
        (Some(id), Some(password_hash)) => Meant::Move(PendingMove { id, password_hash }),
        _ => Meant::Nobody,
    })
}

/// The account and the unfinished move of an address, in one row, whichever of them there is.
fn both(canonical: &str, now: Unix) -> SelectStatement {
    let of = |alias: &'static str, column: &str| Expr::col((alias, column.to_owned()));
    let newest = Query::select()
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
        .limit(1)
        .take();
    let mut select = Query::select();
    for column in account::Column::iter() {
        let name = sea_orm::IdenStatic::as_str(&column);
        select.expr_as(of(ACCOUNT, name), format!("{ACCOUNT}{name}"));
    }
    for name in ["id", "password_hash"] {
        select.expr_as(of(MOVE, name), format!("{MOVE}{name}"));
    }
    select
        .from_subquery(Query::select().expr_as(Expr::val(1), "one").take(), "one")
        .join_as(JoinType::LeftJoin, account::Entity, ACCOUNT, of(ACCOUNT, "email_canonical").eq(canonical))
        .join_as(
            JoinType::LeftJoin,
            enrolment::Entity,
            MOVE,
            of(MOVE, "id").eq(Expr::SubQuery(None, Box::new(newest.into()))),
        )
        .take()
}
