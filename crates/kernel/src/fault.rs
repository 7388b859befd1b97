use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx::Error};

/// What went wrong below the rules. Neither variant is ever the person's doing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// The database cannot be reached, or is too busy, right now: answer 503, never a login or a token.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// A statement failed, or a stored value cannot be read: answer 500 with a reference.
    #[error("internal fault: {0}")]
    Broken(String),
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        let text = error.to_string();
        let passes = match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                passes(cause)
            }
            _ => false,
        };
        if passes { Self::Unavailable(text) } else { Self::Broken(text) }
    }
}

/// Whether it is the database's state and not ours: the same again, later, may succeed (SECURITY #116 to #119).
fn passes(error: &Error) -> bool {
    match error {
        // The connection broke, perhaps in the middle of an answer, or none was to be had.
        Error::Io(_)
        | Error::Tls(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => true,
        Error::Database(error) => error.code().is_some_and(|code| passes_later(&code)),
        _ => false,
    }
}

/// PostgreSQL's codes have five signs (PostgreSQL documentation, appendix A), SQLite's are numbers whose low byte says what it is.
fn passes_later(code: &str) -> bool {
    if let (Ok(number), true) = (code.parse::<u32>(), code.len() < 5) {
        // SQLITE_BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
        return matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14);
    }
    match code {
        // Two transactions in each other's way; one that waited, was idle or took too long; a node that became a standby.
        "40001" | "40P01" | "55P03" | "25P03" | "57014" | "25006" => true,
        // A connection's trouble, no room, an operator's stop, the system's trouble.
        _ => ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)),
    }
}

/// Whether the database, or the disk under it, takes no writes: no room, read-only, a disk that errs. Another statement fares no better, until somebody has
/// looked (SECURITY #119).
pub(crate) fn is_for_want_of_room(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))
    | DbErr::Conn(RuntimeErr::SqlxError(cause))) = error
    else {
        return false;
    };
    let code = cause.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| wants_room(&code))
}

fn wants_room(code: &str) -> bool {
    if let (Ok(number), true) = (code.parse::<u32>(), code.len() < 5) {
        // SQLITE_READONLY, IOERR, FULL.
        return matches!(number & 0xff, 8 | 10 | 13);
    }
    // No room on the disk; a transaction that may only read; the system's input and output err.
    matches!(code, "53100" | "25006" | "58030")
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        // The line and column only: the value itself may be a secret.
        Self::Broken(format!("stored JSON at line {} column {}", error.line(), error.column()))
    }
}

/// Whether the statement failed because a UNIQUE constraint said no.
pub fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_is_broken() {
        for code in ["5", "261", "517", "6", "8", "1032", "13", "14", "3850"] {
            assert!(passes_later(code), "SQLite {code}");
        }
        for code in ["40001", "40P01", "55P03", "25P03", "25006", "08006", "53300", "53100", "57P01", "58030"]
        {
            assert!(passes_later(code), "PostgreSQL {code}");
        }
        for code in ["1", "19", "2067", "787", "23505", "42P01", "42601", "22021", "XX000"] {
            assert!(!passes_later(code), "{code}");
        }
        for code in ["8", "10", "13", "778", "53100", "25006", "58030"] {
            assert!(wants_room(code) && passes_later(code), "{code}");
        }
        for code in ["5", "261", "19", "53300", "40001", "23505"] {
            assert!(!wants_room(code), "{code}");
        }
        let cut = || Error::Io(std::io::ErrorKind::UnexpectedEof.into()).into();
        for error in [DbErr::Exec(RuntimeErr::SqlxError(cut())), DbErr::Query(RuntimeErr::SqlxError(cut()))] {
            assert!(matches!(Fault::from(error), Fault::Unavailable(_)));
        }
        assert!(matches!(Fault::from(DbErr::Custom("connection".into())), Fault::Broken(_)));
    }
}
