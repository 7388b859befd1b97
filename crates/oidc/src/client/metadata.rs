//! Values of client metadata, by their registered names (OIDC Registration §2).

/// OIDC Registration §2 `application_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ApplicationType {
    /// Runs on a server.
    #[default]
    Web,
    /// Runs on the person's device: loopback addresses with any port, or private URI schemes (RFC 8252).
    Native,
}

/// An authentication method at the token endpoint (OIDC Core §9). Each client has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuthMethod {
    /// `none`: a public client.
    None,
    /// `client_secret_basic`.
    SecretBasic,
    /// `client_secret_post`.
    SecretPost,
    /// `client_secret_jwt`.
    SecretJwt,
    /// `private_key_jwt`.
    PrivateKeyJwt,
}

impl AuthMethod {
    /// All supported methods, for discovery.
    pub const ALL: &'static [Self] =
        &[Self::SecretBasic, Self::SecretPost, Self::SecretJwt, Self::PrivateKeyJwt, Self::None];

    /// Returns the registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SecretBasic => "client_secret_basic",
            Self::SecretPost => "client_secret_post",
            Self::SecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// Parses the registered name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|m| m.as_str() == name)
    }
}

/// A grant type of the token endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantType {
    /// `authorization_code`
    AuthorizationCode,
    /// `refresh_token`
    RefreshToken,
}

impl GrantType {
    /// All supported grant types.
    pub const ALL: &'static [Self] = &[Self::AuthorizationCode, Self::RefreshToken];

    /// Returns the registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
        }
    }

    /// Parses the registered name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|g| g.as_str() == name)
    }
}

/// A response mode (OAuth Multiple Response Types §2.1, OAuth Form Post).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query: the default for `code`.
    #[default]
    Query,
    /// In the fragment.
    Fragment,
    /// In a form that submits itself.
    FormPost,
}

impl ResponseMode {
    /// All supported modes.
    pub const ALL: &'static [Self] = &[Self::Query, Self::Fragment, Self::FormPost];

    /// Returns the registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// Parses the registered name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|m| m.as_str() == name)
    }
}

/// The requirement of PKCE (SECURITY D3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pkce {
    /// The client must use it.
    #[default]
    Required,
    /// A confidential client that cannot use it; its file says why.
    Exempt,
}

/// A subject type (OIDC Core §8).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SubjectType {
    /// Another `sub` in every sector.
    #[default]
    Pairwise,
    /// The same `sub` for all clients of that type.
    Public,
}

impl SubjectType {
    /// All supported types.
    pub const ALL: &'static [Self] = &[Self::Pairwise, Self::Public];

    /// Returns the registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pairwise => "pairwise",
            Self::Public => "public",
        }
    }

    /// Parses the registered name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|t| t.as_str() == name)
    }
}
