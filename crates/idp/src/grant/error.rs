//! The failure of an endpoint that clients call.

use kernel::Fault;
use sea_orm::DbErr;

/// The failure of an endpoint that clients call.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// An error of the client, which it receives in OAuth's form (RFC 6749 §5.2).
    #[error(transparent)]
    Refused(#[from] oidc::Error),
    /// A failure of the provider; its cause is for the log alone.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<DbErr> for EndpointError {
    fn from(error: DbErr) -> Self {
        Self::Fault(error.into())
    }
}

impl From<serde_json::Error> for EndpointError {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(error.into())
    }
}
