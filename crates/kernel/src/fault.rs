use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx::Error};

/// A failure below the rules. Neither variant is ever caused by the person.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// The database cannot be reached, or is too busy: answer 503, never a login or a token.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// A statement failed, or a stored value cannot be read: answer 500 with a reference.
    #[error("internal fault: {0}")]
    Broken(String),
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        let text = error.to_string();
        let transient = match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                is_transient(cause)
            }
            _ => false,
        };
        if transient { Self::Unavailable(text) } else { Self::Broken(text) }
    }
}

/// Returns true if the failure is the database's state and not the statement's: a retry may succeed (SECURITY #116 to #119).
fn is_transient(error: &Error) -> bool {
    match error {
        // The connection broke, perhaps in the middle of an answer, or none was available.
        Error::Io(_)
        | Error::Tls(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => true,
        Error::Database(error) => error.code().is_some_and(|code| is_transient_code(&code)),
        _ => false,
    }
}

/// Returns true for codes of transient failures. PostgreSQL's have five characters (its documentation, appendix A); SQLite's are numbers whose low byte is the class.
fn is_transient_code(code: &str) -> bool {
    if let (Ok(number), true) = (code.parse::<u32>(), code.len() < 5) {
        // SQLITE_BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
        return matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14);
    }
    match code {
        // Conflicts between transactions; lock, idle and statement timeouts; a node that became a standby.
        "40001" | "40P01" | "55P03" | "25P03" | "57014" | "25006" => true,
        // Connection failures, exhausted resources, an operator's stop, system errors.
        _ => ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)),
    }
}

/// Returns true if the database, or its disk, takes no writes: full, read-only, or failing. Every other write fails too until an operator intervenes
/// (SECURITY #119).
pub(crate) fn is_out_of_space(error: &DbErr) -> bool {
    code(error).is_some_and(|code| is_out_of_space_code(&code))
}

/// Returns true if PostgreSQL refused a write because it takes reads alone, as a standby does (`read_only_sql_transaction`).
pub(crate) fn is_read_only(error: &DbErr) -> bool {
    code(error).is_some_and(|code| code == "25006")
}

/// Returns the database's code of a failure.
fn code(error: &DbErr) -> Option<Cow<'_, str>> {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))
    | DbErr::Conn(RuntimeErr::SqlxError(cause))) = error
    else {
        return None;
    };
    cause.as_database_error()?.code()
}

fn is_out_of_space_code(code: &str) -> bool {
    if let (Ok(number), true) = (code.parse::<u32>(), code.len() < 5) {
        // SQLITE_READONLY, IOERR, FULL.
        return matches!(number & 0xff, 8 | 10 | 13);
    }
    // Disk full; read-only transaction; I/O error.
    matches!(code, "53100" | "25006" | "58030")
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        // Only the line and column: the value itself may be a secret.
        Self::Broken(format!("stored JSON at line {} column {}", error.line(), error.column()))
    }
}

/// Returns true if a UNIQUE constraint refused the statement.
pub fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_is_broken() {
        for code in ["5", "261", "517", "6", "8", "1032", "13", "14", "3850"] {
            assert!(is_transient_code(code), "SQLite {code}");
        }
        for code in ["40001", "40P01", "55P03", "25P03", "25006", "08006", "53300", "53100", "57P01", "58030"]
        {
            assert!(is_transient_code(code), "PostgreSQL {code}");
        }
        for code in ["1", "19", "2067", "787", "23505", "42P01", "42601", "22021", "XX000"] {
            assert!(!is_transient_code(code), "{code}");
        }
        for code in ["8", "10", "13", "778", "53100", "25006", "58030"] {
            assert!(is_out_of_space_code(code) && is_transient_code(code), "{code}");
        }
        for code in ["5", "261", "19", "53300", "40001", "23505"] {
            assert!(!is_out_of_space_code(code), "{code}");
        }
        let cut = || Error::Io(std::io::ErrorKind::UnexpectedEof.into()).into();
        for error in [DbErr::Exec(RuntimeErr::SqlxError(cut())), DbErr::Query(RuntimeErr::SqlxError(cut()))] {
            assert!(matches!(Fault::from(error), Fault::Unavailable(_)));
        }
        assert!(matches!(Fault::from(DbErr::Custom("connection".into())), Fault::Broken(_)));
    }
}
