//! The types that describe a table, and the statements of each database that they become.

use sea_orm_migration::sea_orm::DbBackend;

/// A table. Constraints have names, which both databases show where a row breaks one.
pub(crate) struct Table {
    pub name: &'static str,
    /// One line a column. `UUID`, `BYTES`, `TIME` (seconds since 1970, and numbers as large) and `WORD` (a text that is compared byte by byte) are types of each
    /// database's own.
    pub columns: &'static str,
    pub key: &'static str,
    pub checks: &'static [Check],
    pub references: &'static [Reference],
    pub indexes: &'static [Index],
}

/// A condition of every row.
pub(crate) struct Check {
    pub name: &'static str,
    pub condition: &'static str,
}

/// A column that names a row of another table by its key.
pub(crate) struct Reference {
    pub column: &'static str,
    pub table: &'static str,
    pub on_delete: OnDelete,
}

/// The treatment of a row whose referenced row is deleted.
#[derive(Clone, Copy)]
pub(crate) enum OnDelete {
    /// The database refuses to delete it.
    Restrict,
    /// The row goes with it.
    Cascade,
    /// The row stays and names none.
    SetNull,
}

pub(crate) struct Index {
    pub name: &'static str,
    pub unique: bool,
    pub columns: &'static str,
    /// The condition of a partial index.
    pub only: Option<&'static str>,
    /// True if PostgreSQL must not count its column as a key, which it does with those of a whole unique index: a changed key waits for every transaction
    /// that has inserted a row which refers to its own (docs/adr/0013).
    pub changes: bool,
}

pub(crate) const fn check(name: &'static str, condition: &'static str) -> Check {
    Check { name, condition }
}

pub(crate) const fn reference(column: &'static str, table: &'static str, on_delete: OnDelete) -> Reference {
    Reference { column, table, on_delete }
}

pub(crate) const fn index(name: &'static str, columns: &'static str) -> Index {
    Index { name, unique: false, columns, only: None, changes: false }
}

pub(crate) const fn unique(name: &'static str, columns: &'static str) -> Index {
    Index { name, unique: true, columns, only: None, changes: false }
}

impl Index {
    /// The index of the rows that meet a condition.
    pub(crate) const fn only(mut self, condition: &'static str) -> Self {
        self.only = Some(condition);
        self
    }

    /// The unique index of a column that changes, in a table that others refer to.
    pub(crate) const fn changes(mut self) -> Self {
        self.changes = true;
        self
    }

    fn create(&self, table: &str, backend: DbBackend) -> String {
        let Self { name, unique, columns, only, changes } = self;
        let kind = if *unique { "UNIQUE INDEX" } else { "INDEX" };
        let only = match only {
            // Every row meets it. SQLite would not see that a look-up does, and scan the table.
            None if *changes && backend == DbBackend::Postgres => format!(" WHERE {columns} IS NOT NULL"),
            only => only.map(|condition| format!(" WHERE {condition}")).unwrap_or_default(),
        };
        format!("CREATE {kind} {name} ON {table} ({columns}){only}")
    }
}

/// A constraint of a table: its name, its definition, and the condition of the rows that break it, where rows of an older database can.
pub(crate) struct Constraint {
    pub name: String,
    pub definition: String,
    pub broken_by: Option<String>,
}

impl Table {
    /// The key first, then the checks, then the references.
    pub(crate) fn constraints(&self) -> Vec<Constraint> {
        let Self { name: table, key, .. } = self;
        let primary = Constraint {
            name: format!("{table}_pkey"),
            definition: format!("PRIMARY KEY ({key})"),
            broken_by: None,
        };
        let checks = self.checks.iter().map(|Check { name, condition }| Constraint {
            name: (*name).to_owned(),
            definition: format!("CHECK ({condition})"),
            broken_by: Some(format!("NOT ({condition})")),
        });
        let references = self.references.iter().map(|Reference { column, table: parent, on_delete }| {
            let action = match on_delete {
                OnDelete::Restrict => "RESTRICT",
                OnDelete::Cascade => "CASCADE",
                OnDelete::SetNull => "SET NULL",
            };
            Constraint {
                name: format!("fk_{table}_{column}"),
                definition: format!("FOREIGN KEY ({column}) REFERENCES {parent} (id) ON DELETE {action}"),
                broken_by: Some(format!(
                    "{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {parent} parent WHERE parent.id = {table}.{column})"
                )),
            }
        });
        std::iter::once(primary).chain(checks).chain(references).collect()
    }

    /// The names of the columns, in order.
    pub(crate) fn column_names(&self) -> Vec<&'static str> {
        self.columns.lines().filter_map(|line| line.split_whitespace().next()).collect()
    }

    pub(crate) fn create(&self, backend: DbBackend) -> String {
        let types = match backend {
            DbBackend::Sqlite => {
                [(" UUID", " uuid_text"), (" BYTES", " blob"), (" TIME", " integer"), (" WORD", " text")]
            }
            _ => [
                (" UUID", " uuid"),
                (" BYTES", " bytea"),
                (" TIME", " bigint"),
                (" WORD", " text COLLATE \"C\""),
            ],
        };
        let columns = types
            .iter()
            .fold(self.columns.trim().to_owned(), |text, (word, native)| text.replace(word, native));
        let mut lines: Vec<String> = columns.lines().map(|line| line.trim().to_owned()).collect();
        for Constraint { name, definition, .. } in self.constraints() {
            lines.push(format!("CONSTRAINT {name} {definition},"));
        }
        let body = lines.join("\n    ");
        format!("CREATE TABLE {} (\n    {}\n)", self.name, body.trim_end_matches(','))
    }

    pub(crate) fn create_indexes(&self, backend: DbBackend) -> impl Iterator<Item = String> + '_ {
        self.indexes.iter().map(move |index| index.create(self.name, backend))
    }
}
