//! The terms by which staff find identities: an index of our own, for no other is the same on both databases. The worker writes it; until it has, identities are looked
//! through one by one (`waiting`).

use kernel::{Fault, Read, Tx};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement, SimpleExpr},
};

use crate::{
    LegacyIdentityId,
    store::table::{
        identity_term::{ActiveModel, Column as Term, Entity as Terms, Model},
        legacy_identity::{Column, Entity},
    },
};

/// An identity, as far as terms are made of it.
#[derive(FromQueryResult)]
pub(crate) struct Named {
    pub(crate) id: LegacyIdentityId,
    pub(crate) agency_id: String,
    pub(crate) name: Option<String>,
    /// A JSON list.
    pub(crate) further_refs: Option<String>,
}

/// The expression of which terms are made, as the index of those that wait compares it: the same words as in its migration, so that both databases use it.
const SOURCE: &str = "coalesce(name, '') || '|' || coalesce(further_refs, '')";
const WAITS: &str = "terms_of IS NULL OR terms_of <> coalesce(name, '') || '|' || coalesce(further_refs, '')";

/// Returns up to `most` identities whose terms are not written, after `last`; of one agency, where one is named.
pub(crate) async fn waiting(
    db: &impl Read,
    agency: Option<&str>,
    last: LegacyIdentityId,
    most: u64,
) -> Result<Vec<Named>, Fault> {
    Ok(those_that_wait(agency, last, most).into_model().all(db.connection()).await?)
}

fn those_that_wait(agency: Option<&str>, last: LegacyIdentityId, most: u64) -> Select<Entity> {
    let rows = Entity::find()
        .select_only()
        .columns([Column::Id, Column::AgencyId, Column::Name, Column::FurtherRefs])
        .filter(Expr::cust(format!("({WAITS})")))
        .limit(most);
    match agency {
        Some(agency) => {
            rows.filter(Column::AgencyId.eq(agency)).filter(Column::Id.gt(last)).order_by_asc(Column::Id)
        }
        // In the order of its index: PostgreSQL would rather walk the table for some of the many that it expects.
        None => rows.order_by_asc(Column::AgencyId).order_by_asc(Column::Id),
    }
}

/// Takes identities for the transaction, noting what their terms are made of; returns them as they are now.
pub(crate) async fn take(tx: &Tx, ids: &[LegacyIdentityId]) -> Result<Vec<Named>, Fault> {
    Entity::update_many()
        .col_expr(Column::TermsOf, Expr::cust(SOURCE))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(Entity::find()
        .select_only()
        .columns([Column::Id, Column::AgencyId, Column::Name, Column::FurtherRefs])
        .filter(Column::Id.is_in(ids.iter().copied()))
        .into_model()
        .all(tx.conn())
        .await?)
}

/// Replaces the terms of identities.
pub(crate) async fn replace(
    tx: &Tx,
    ids: &[LegacyIdentityId],
    terms: Vec<(LegacyIdentityId, String, String)>,
) -> Result<(), Fault> {
    Terms::delete_many().filter(Term::LegacyIdentityId.is_in(ids.iter().copied())).exec(tx.conn()).await?;
    let rows: Vec<ActiveModel> = terms
        .into_iter()
        .map(|(legacy_identity_id, agency_id, term)| Model { agency_id, term, legacy_identity_id }.into())
        .collect();
    // Fewer parameters than either database takes.
    for some in rows.chunks(3000) {
        Terms::insert_many(some.to_vec()).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Counts the terms of an agency that begin so, up to `most`.
pub(crate) async fn count(db: &impl Read, agency: &str, beginning: &str, most: u64) -> Result<i64, Fault> {
    let some = Query::select()
        .expr(Expr::value(1))
        .from(Terms)
        .and_where(Expr::col(Term::AgencyId).eq(agency))
        .and_where(begins(Expr::col(Term::Term), beginning))
        .limit(most)
        .to_owned();
    let counted = Query::select()
        .expr_as(Func::count(Expr::val(1)), "n")
        .from_subquery(some, Alias::new("some"))
        .to_owned();
    let connection = db.connection();
    let row = connection.query_one_raw(connection.get_database_backend().build(&counted)).await?;
    let row = row.ok_or_else(|| Fault::Broken("no row of a count".into()))?;
    Ok(row.try_get("", "n")?)
}

/// Returns up to `most` identities of an agency that have a term beginning with each of these, some twice; the first one is looked for, and the others compared.
pub(crate) async fn with_all(
    db: &impl Read,
    agency: &str,
    beginnings: &[String],
    most: u64,
) -> Result<Vec<LegacyIdentityId>, Fault> {
    let Some(those) = those_with_all(agency, beginnings, most) else { return Ok(Vec::new()) };
    Ok(those.into_tuple().all(db.connection()).await?)
}

fn those_with_all(agency: &str, beginnings: &[String], most: u64) -> Option<Select<Terms>> {
    let (first, others) = beginnings.split_first()?;
    let mut rows = Terms::find()
        .select_only()
        .column(Term::LegacyIdentityId)
        .filter(Term::AgencyId.eq(agency))
        .filter(begins(Expr::col((Terms, Term::Term)), first))
        .limit(most);
    for (nth, other) in others.iter().enumerate() {
        rows = rows.filter(Expr::exists(has(&format!("t{nth}"), other)));
    }
    Some(rows)
}

/// Returns up to `most` identities of an agency that have exactly this term.
pub(crate) async fn with(
    db: &impl Read,
    agency: &str,
    term: &str,
    most: u64,
) -> Result<Vec<LegacyIdentityId>, Fault> {
    Ok(Terms::find()
        .select_only()
        .column(Term::LegacyIdentityId)
        .filter(Term::AgencyId.eq(agency))
        .filter(Term::Term.eq(term))
        .limit(most)
        .into_tuple()
        .all(db.connection())
        .await?)
}

fn has(alias: &str, beginning: &str) -> SelectStatement {
    let other = Alias::new(alias);
    Query::select()
        .expr(Expr::value(1))
        .from_as(Terms, other.clone())
        .and_where(Expr::col((other.clone(), Term::LegacyIdentityId)).equals((Terms, Term::LegacyIdentityId)))
        .and_where(begins(Expr::col((other, Term::Term)), beginning))
        .to_owned()
}

/// Terms of letters and digits are below the last character that there is.
fn begins(column: impl Into<SimpleExpr>, beginning: &str) -> SimpleExpr {
    let column: SimpleExpr = column.into();
    column.clone().gte(beginning).and(column.lt(format!("{beginning}\u{10ffff}")))
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait, Statement};
    use testbed::{Bed, apply, both};

    use super::*;
    use crate::store::identities::found::those_with_reference;

    /// Rows that a walk would read.
    const ROWS: usize = 20_000;

    /// Writes identities whose terms are written, but for a few, as an import and the worker leave them.
    async fn crowd(bed: &Bed) {
        let db = bed.context.db.writer();
        let source = "SELECT lpad(CAST(n AS text), 8, '0') AS n FROM generate_series(1, 20000) AS n";
        let (numbers, id) = match db.get_database_backend() {
            DbBackend::Postgres => (source.to_owned(), "CAST('0192f0a0-0000-7000-8000-0000' || n AS uuid)"),
            _ => (
                format!(
                    "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {ROWS}) \
                     SELECT printf('%08d', i) AS n FROM s"
                ),
                "unhex('0192f0a00000700080000000' || n)",
            ),
        };
        let identities = format!(
            "INSERT INTO legacy_identity (id, agency_id, identifier, identifier_canonical, client_ref, name, profile, fingerprint, \
             verifier_kind, recogniser_kind, imported_at, terms_of) \
             SELECT {id}, 'tilleuls', n, n, 'R-' || n, 'Nom ' || n, '{{}}', n, 'none', 'none', 1, 'Nom ' || n || '|' FROM ({numbers}) AS s"
        );
        let terms = format!(
            "INSERT INTO identity_term (agency_id, term, legacy_identity_id) SELECT 'tilleuls', 'n' || n, {id} FROM ({numbers}) AS s"
        );
        for sql in [
            &*identities,
            &*terms,
            "UPDATE legacy_identity SET terms_of = NULL WHERE client_ref < 'R-00000003'",
            "ANALYZE",
        ] {
            db.execute_unprepared(sql).await.unwrap();
        }
    }

    /// Returns the plan of a statement, as the database tells it.
    async fn plan(bed: &Bed, statement: Statement) -> String {
        let (db, explain) = (bed.context.db.writer(), bed.name == "sqlite");
        let explain = if explain { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
        let sql = format!("{explain} {}", statement.sql);
        let query = Statement { sql, values: statement.values, db_backend: db.get_database_backend() };
        let rows = db.query_all_raw(query).await.unwrap();
        let line = |row: &sea_orm::QueryResult| {
            row.try_get::<String>("", "detail").or_else(|_| row.try_get::<String>("", "QUERY PLAN")).unwrap()
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// A search at the desk takes as long with a million identities as with a few: each statement finds its rows by an index.
    #[apply(both!)]
    #[tokio::test]
    async fn no_search_walks_the_table(bed: Bed) {
        crowd(&bed).await;
        let backend = bed.context.db.writer().get_database_backend();
        let beginnings = ["n000012".to_owned(), "n0".to_owned()];
        let last = LegacyIdentityId(uuid::Uuid::nil());
        for (what, statement) in [
            ("a name", those_with_all("tilleuls", &beginnings, 50).unwrap().build(backend)),
            ("a reference", those_with_reference("tilleuls", "R-00000100", 50).build(backend)),
            ("those that wait", those_that_wait(Some("tilleuls"), last, 5000).build(backend)),
            ("some that wait", those_that_wait(None, last, 500).build(backend)),
        ] {
            let plan = plan(&bed, statement).await;
            let walks = plan.lines().any(|line| {
                line.contains("Seq Scan")
                    || (line.contains("SCAN legacy_identity")
                        && !line.contains("INDEX ix_legacy_identity_terms"))
                    || line.contains("SCAN identity_term")
            });
            assert!(!walks && !plan.is_empty(), "{}: {what}: {plan}", bed.name);
        }
    }
}
