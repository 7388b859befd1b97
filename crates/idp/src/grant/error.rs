use kernel::Fault;
use sea_orm::DbErr;

/// Why an endpoint that clients call gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// An error of the client, which it reads as OAuth words it (RFC 6749 §5.2).
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
