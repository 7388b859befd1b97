//! The authorization request (OIDC Core §3.1.2.1): first the return path, then the ordered list of [`CHECKS`].

mod checks;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Error, Params, Refusal, Scope,
    acr::AcrRequest,
    client::{Client, ResponseMode},
};

pub use checks::{CHECKS, Check};

/// The maximum length of `state` (SECURITY "Numbers").
pub const MAX_STATE_LENGTH: usize = 4096;
/// The maximum length of `nonce` (SECURITY "Numbers").
pub const MAX_NONCE_LENGTH: usize = 512;
const LONGEST_ADDRESS: usize = 2048;
const LONGEST_TOKEN: usize = 8192;

/// The way back to the client: a registered address, `state` and the response mode. Only [`resolve_return_path`] makes one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReturnPath {
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) mode: ResponseMode,
}

impl ReturnPath {
    /// Returns the registered address that was requested, byte for byte.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }
}

/// `prompt` (OIDC Core §3.1.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Prompt {
    /// No page may be shown.
    pub none: bool,
    /// The person must sign in again.
    pub login: bool,
    /// The person may choose another account.
    pub select_account: bool,
}

/// The `claims` parameter (OIDC Core §5.5): the requested claims, each with its value, which says whether it is essential and which values are acceptable.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// For the userinfo answer.
    #[serde(default)]
    pub userinfo: Map<String, Value>,
    /// For the ID token.
    #[serde(default)]
    pub id_token: Map<String, Value>,
}

/// A request that passed all checks. Stored as JSON in an interaction.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// `client_id`.
    pub client_id: String,
    /// The way back to the client.
    pub path: ReturnPath,
    /// The granted scope: requested, known, and allowed for the client.
    pub scope: Scope,
    /// Copied into the ID token.
    pub nonce: Option<String>,
    /// The PKCE challenge (S256).
    pub code_challenge: Option<String>,
    /// The pages that may or must be shown.
    pub prompt: Prompt,
    /// The maximum age of the sign-in in seconds.
    pub max_age: Option<i64>,
    /// The token as sent; the caller that verifies it stores its `sub` in `hinted_sub` and drops it.
    pub id_token_hint: Option<String>,
    /// The expected person: from a verified hint, or from `claims.id_token.sub`.
    pub hinted_sub: Option<String>,
    /// Prefills the email field.
    pub login_hint: Option<String>,
    /// Languages in the person's order of preference.
    pub ui_locales: Vec<String>,
    /// Classes in the client's order of preference.
    pub acr_values: Vec<String>,
    /// Claims requested individually.
    pub claims: ClaimsRequest,
    /// The protected resources that the access token is for (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    /// A parameter of ours: the move begun at the portal ([`crate::ticket`]).
    pub migration_ticket: Option<String>,
}

impl AuthorizationRequest {
    /// Returns the requested strength of the sign-in: from the claim `acr`, or else `acr_values` (OIDC Core §5.5.1.1, §3.1.2.1).
    pub fn acr(&self) -> AcrRequest {
        AcrRequest::read(self.claims.id_token.get("acr"), &self.acr_values)
    }
}

/// Returns `client_id`, the first parameter that is needed.
///
/// # Errors
/// [`Refusal::NoClient`].
pub fn client_id(params: &Params) -> Result<&str, Refusal> {
    params.get("client_id").ok_or(Refusal::NoClient)
}

/// A check of the return path.
pub type ReturnPathCheck = fn(&Params, Option<&Client>) -> Result<(), Refusal>;

/// The checks of the return path, in order. Nobody is redirected until all of them pass.
pub const RETURN_PATH_CHECKS: &[(&str, ReturnPathCheck)] = &[
    ("RFC 6749 §2.2 client_id is there", |params, _| client_id(params).map(|_| ())),
    ("RFC 6749 §4.1.2.1 the client is known", |params, client| {
        let known = client.is_some_and(|c| params.get("client_id") == Some(&c.client_id));
        if known { Ok(()) } else { Err(Refusal::UnknownClient) }
    }),
    ("OIDC Core §3.1.2.1 redirect_uri is there", |params, _| {
        params.get("redirect_uri").map(|_| ()).ok_or(Refusal::NoRedirect)
    }),
    ("OIDC Core §3.1.2.1 redirect_uri is registered, byte for byte", |params, client| {
        let uri = params.get("redirect_uri").filter(|uri| uri.len() <= LONGEST_ADDRESS);
        let registered = client.is_some_and(|c| uri.is_some_and(|uri| c.redirects_to(uri)));
        if registered { Ok(()) } else { Err(Refusal::UnknownRedirect) }
    }),
];

/// Establishes the return path before anything else is checked (RFC 6749 §4.1.2.1): runs [`RETURN_PATH_CHECKS`]. `client` is the one found by [`client_id`].
///
/// # Errors
/// [`Refusal`]: an error page, never a redirect.
pub fn resolve_return_path(params: &Params, client: Option<&Client>) -> Result<ReturnPath, Refusal> {
    for (_, check) in RETURN_PATH_CHECKS {
        check(params, client)?;
    }
    let inside = Inside::of(params);
    let asked = inside.response_mode().or(params.get("response_mode").and_then(ResponseMode::parse));
    let allowed = |mode: &ResponseMode| client.is_some_and(|c| c.response_modes.contains(mode));
    Ok(ReturnPath {
        redirect_uri: params.get("redirect_uri").unwrap_or_default().to_owned(),
        state: inside.state().or(params.get("state")).map(str::to_owned),
        mode: asked.filter(allowed).unwrap_or_default(),
    })
}

/// The parts of a request object that its refusal needs. Objects are refused ([`CHECKS`]), so nothing in one is trusted or verified; only `state` and the
/// response mode are read, and their values inside win (OIDC Core §6.1). The redirect address is always the registered one outside. A `nonce` inside has no
/// place in a refusal.
#[derive(Deserialize, Default)]
struct Inside {
    #[serde(default)]
    state: Value,
    #[serde(default)]
    response_mode: Value,
}

impl Inside {
    /// Reads a request object; empty if there is none, or if it is too long, malformed, or repeats one of the two.
    fn of(params: &Params) -> Self {
        let object = params.get("request").filter(|object| object.len() <= LONGEST_TOKEN);
        let payload = object.and_then(|object| object.split('.').nth(1));
        let bytes = payload.and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    fn response_mode(&self) -> Option<ResponseMode> {
        self.response_mode.as_str().and_then(ResponseMode::parse)
    }

    /// Returns `state` under the same limits as the parameter.
    fn state(&self) -> Option<&str> {
        let fits =
            |s: &&str| !s.is_empty() && s.len() <= MAX_STATE_LENGTH && !s.chars().any(char::is_control);
        self.state.as_str().filter(fits)
    }
}

/// Runs [`CHECKS`].
///
/// # Errors
/// The error of the first check that fails; it is returned through `path` ([`crate::respond::failure`]).
pub fn check(params: &Params, client: &Client, path: &ReturnPath) -> Result<AuthorizationRequest, Error> {
    let mut request = AuthorizationRequest {
        client_id: client.client_id.clone(),
        path: path.clone(),
        scope: Scope::default(),
        nonce: None,
        code_challenge: None,
        prompt: Prompt::default(),
        max_age: None,
        id_token_hint: None,
        hinted_sub: None,
        login_hint: None,
        ui_locales: Vec::new(),
        acr_values: Vec::new(),
        claims: ClaimsRequest::default(),
        resources: Vec::new(),
        migration_ticket: None,
    };
    for (_, check) in CHECKS {
        check(params, client, &mut request)?;
    }
    Ok(request)
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
