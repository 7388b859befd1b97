use sea_orm::{DbErr, SqlErr};

/// What went wrong below the rules. Neither variant is ever the person's doing.
#[derive(Debug, thiserror::Error)]
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
        match error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(text),
            // Two transactions in each other's way: PostgreSQL ends one of them, and the same again succeeds.
            _ if text.contains("deadlock detected") || text.contains("could not serialize") => {
                Self::Unavailable(text)
            }
            // Another transaction sits on a row, or this one sat too long.
            _ if text.contains("due to lock timeout") || text.contains("idle-in-transaction timeout") => {
                Self::Unavailable(text)
            }
            _ if text.contains("database is locked") || text.contains("connection") => {
                Self::Unavailable(text)
            }
            _ => Self::Broken(text),
        }
    }
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
