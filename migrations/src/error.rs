use std::fmt;

use sea_orm_migration::sea_orm::DbErr;

/// An error of [`crate::up`].
#[derive(Debug)]
pub enum Error {
    /// The database has too few of the migrations before the baseline; the last one that it has.
    Between(String),
    /// Rows break rules of the baseline.
    Rows(Vec<Violation>),
    /// A table has other columns than the last migration before the baseline gave it.
    Columns(&'static str),
    /// An error of the database.
    Database(DbErr),
}

/// The rows of one table that break one rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    /// The table.
    pub table: &'static str,
    /// The name of the constraint.
    pub constraint: String,
    /// The number of rows.
    pub rows: i64,
    /// The condition that selects them.
    pub condition: String,
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Its own words are this error's.
            Self::Database(error) => error.source(),
            Self::Between(_) | Self::Rows(_) | Self::Columns(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => error.fmt(f),
            Self::Between(last) => write!(
                f,
                "the database ends at migration {last}, and this version upgrades from m0008_mail_code and later ones only. Nothing was \
                 changed. Start the version before this one on it once, then this one"
            ),
            Self::Columns(table) => write!(
                f,
                "the table {table} has other columns than its migrations gave it. Nothing was changed. Take back what was changed by hand, \
                 then start again"
            ),
            Self::Rows(violations) => {
                f.write_str("rows break rules of the new schema. Nothing was changed.")?;
                for Violation { table, constraint, rows, condition } in violations {
                    write!(
                        f,
                        "\n  {constraint}: {rows} in {table}: SELECT * FROM {table} WHERE {condition}"
                    )?;
                }
                f.write_str(
                    "\nKeep a copy of the database, run `moncompte doctor --invariants` of the version before this one, which says what such rows \
                     mean, mend or delete them, then start again",
                )
            }
        }
    }
}
