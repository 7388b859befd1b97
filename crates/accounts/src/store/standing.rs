//! The state of an account that decides about a sign-in, read from all of its tables by one statement.

use kernel::{Fault, Read, Unix};
use sea_orm::{
    ColumnTrait, ConnectionTrait,
    sea_query::{Expr, ExprTrait, Func, JoinType, Query, SelectStatement, SimpleExpr},
};

use super::table::{acceptance, link, recovery, session};
use crate::AccountId;

/// The stored state of an account.
pub(crate) struct StandingRow {
    /// The versions of the terms that it accepted.
    pub(crate) accepted: Vec<String>,
    /// Its links with the agency that have not ended.
    pub(crate) links: i64,
    /// Its reset links that were neither used nor superseded.
    pub(crate) reset_links: i64,
    /// Its sessions that were not ended and are not too old; some of them may be idle for too long.
    pub(crate) sessions: i64,
}

/// Returns the standing of an account at an agency.
pub(crate) async fn of(
    db: &impl Read,
    owner: AccountId,
    agency_id: &str,
    now: Unix,
) -> Result<StandingRow, Fault> {
    let statement = db.connection().get_database_backend().build(&select(owner, agency_id, now));
    let rows = db.connection().query_all_raw(statement).await?;
    let first = rows.first().ok_or_else(|| Fault::Broken("no row of a standing".into()))?;
    let accepted: Vec<Option<String>> =
        rows.iter().map(|row| row.try_get("", "version")).collect::<Result<_, _>>()?;
    Ok(StandingRow {
        accepted: accepted.into_iter().flatten().collect(),
        links: first.try_get("", "links")?,
        reset_links: first.try_get("", "reset_links")?,
        sessions: first.try_get("", "sessions")?,
    })
}

/// A row for each acceptance, or one; each with the counts.
fn select(owner: AccountId, agency_id: &str, now: Unix) -> SelectStatement {
    let links = count(
        Query::select()
            .from(link::Entity)
            .and_where(link::Column::AccountId.eq(owner))
            .and_where(link::Column::AgencyId.eq(agency_id))
            .and_where(link::Column::EndedAt.is_null()),
    );
    let reset_links = count(
        Query::select()
            .from(recovery::Entity)
            .and_where(recovery::Column::AccountId.eq(owner))
            .and_where(recovery::Column::UsedAt.is_null())
            .and_where(recovery::Column::SupersededAt.is_null()),
    );
    let sessions = count(
        Query::select()
            .from(session::Entity)
            .and_where(session::Column::AccountId.eq(owner))
            .and_where(session::Column::EndedAt.is_null())
            .and_where(session::Column::EndsAt.gt(now)),
    );
    Query::select()
        .column((acceptance::Entity, acceptance::Column::Version))
        .expr_as(links, "links")
        .expr_as(reset_links, "reset_links")
        .expr_as(sessions, "sessions")
        .from_subquery(Query::select().expr_as(Expr::val(1), "one").take(), "one")
        .join(
            JoinType::LeftJoin,
            acceptance::Entity,
            Expr::col((acceptance::Entity, acceptance::Column::AccountId)).eq(owner),
        )
        .take()
}

/// Returns the number of rows, as an expression.
fn count(of: &mut SelectStatement) -> SimpleExpr {
    let counted = of.expr(Func::count(Expr::val(1))).take();
    SimpleExpr::SubQuery(None, Box::new(counted.into()))
}
