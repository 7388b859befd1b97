use std::borrow::Cow;

/// The registered error codes that this provider uses (RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 8707 §2, RFC 8628 §3.5, OIDC Core §3.1.2.6,
/// OIDC Unmet Authentication Requirements).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "each is named after its code, which the registry explains")]
pub enum Code {
    InvalidRequest,
    UnauthorizedClient,
    AccessDenied,
    UnsupportedResponseType,
    InvalidScope,
    ServerError,
    TemporarilyUnavailable,
    LoginRequired,
    InteractionRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    RegistrationNotSupported,
    UnmetAuthenticationRequirements,
    InvalidClient,
    InvalidGrant,
    UnsupportedGrantType,
    InvalidTarget,
    SlowDown,
    InvalidToken,
    InsufficientScope,
}

impl Code {
    /// Returns the registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::InteractionRequired => "interaction_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidTarget => "invalid_target",
            Self::SlowDown => "slow_down",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }

    /// Returns the HTTP status of a response whose body is the error (token endpoint, userinfo): RFC 6749 §5.2, RFC 6750 §3.1, RFC 6585 §4.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::SlowDown => 429,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

/// An error for a client: a code, and a sentence for its developer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct Error {
    code: Code,
    description: Cow<'static, str>,
}

impl Error {
    /// Builds an error. Characters that RFC 6749 §4.1.2.1 does not allow in a description become `?`.
    pub fn new(code: Code, description: impl Into<Cow<'static, str>>) -> Self {
        let mut description = description.into();
        if !description.chars().all(is_description_char) {
            description = description.chars().map(|c| if is_description_char(c) { c } else { '?' }).collect();
        }
        Self { code, description }
    }

    /// Returns the code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Returns the description: printable ASCII without quotes and backslash.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Returns the HTTP status of a response that carries the error.
    pub fn status(&self) -> u16 {
        self.code.status()
    }

    pub(crate) fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidRequest, description)
    }

    pub(crate) fn invalid_client(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidClient, description)
    }

    pub(crate) fn invalid_grant(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidGrant, description)
    }
}

/// Returns true for %x20-21 / %x23-5B / %x5D-7E.
fn is_description_char(c: char) -> bool {
    matches!(c, ' '..='~') && c != '"' && c != '\\'
}

/// A request whose errors cannot be returned to the client, because the client or its redirect address is not established: an error page of ours, no
/// redirect, no link out (RFC 6749 §4.1.2.1, SECURITY #1, #3, #6).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// A parameter is repeated (RFC 6749 §3.1).
    #[error("the parameter {0} is repeated")]
    Repeated(String),
    /// A parameter holds a control character.
    #[error("the parameter {0} holds a control character")]
    Control(String),
    /// More than [`crate::Params::MAX`] parameters.
    #[error("too many parameters")]
    TooMany,
    /// No `client_id`.
    #[error("client_id is missing")]
    NoClient,
    /// An unknown `client_id`.
    #[error("client_id is not known here")]
    UnknownClient,
    /// No `redirect_uri` (OIDC Core §3.1.2.1 requires it).
    #[error("redirect_uri is missing")]
    NoRedirect,
    /// The `redirect_uri` is not, byte for byte, one of the registered addresses (OIDC Core §3.1.2.1).
    #[error("redirect_uri is not one that the client registered")]
    UnknownRedirect,
}

impl From<Refusal> for Error {
    /// For endpoints that answer with JSON anyway, e.g. the token endpoint.
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::UnknownClient => Code::InvalidClient,
            _ => Code::InvalidRequest,
        };
        Self::new(code, refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// RFC 6749 §4.1.2.1, PROTOCOL 4.6: no quotes, no backslash, no CR LF TAB, nothing beyond ASCII.
        #[test]
        fn a_description_holds_only_what_the_rfc_allows(text in ".*") {
            let error = Error::new(Code::InvalidRequest, text);
            prop_assert!(error.description().bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
        }
    }

    #[test]
    fn only_a_client_or_a_token_that_is_wrong_is_a_401() {
        assert_eq!(Code::InvalidClient.status(), 401);
        assert_eq!(Code::InvalidGrant.status(), 400);
        assert_eq!(Error::from(Refusal::UnknownClient).code(), Code::InvalidClient);
        assert_eq!(
            Error::from(Refusal::Repeated("a\"b".into())).description(),
            "the parameter a?b is repeated"
        );
    }
}
