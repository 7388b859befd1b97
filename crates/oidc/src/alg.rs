use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};

/// A signature algorithm that this provider supports. There is no `none`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "named by RFC 7518 §3.1 and RFC 8037")]
pub enum Alg {
    RS256,
    PS256,
    ES256,
    EdDSA,
    HS256,
}

impl Alg {
    /// The algorithms that the provider itself signs with.
    pub const SIGNING: &'static [Self] = &[Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// Returns the registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
            Self::HS256 => "HS256",
        }
    }

    /// Parses the registered name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA, Self::HS256]
            .into_iter()
            .find(|a| a.as_str() == name)
    }

    pub(crate) fn library(self) -> Algorithm {
        match self {
            Self::RS256 => Algorithm::RS256,
            Self::PS256 => Algorithm::PS256,
            Self::ES256 => Algorithm::ES256,
            Self::EdDSA => Algorithm::EdDSA,
            Self::HS256 => Algorithm::HS256,
        }
    }
}
