//! The authorization request (OIDC Core §3.1.2.1): first the return path, then the ordered list of [`CHECKS`].

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Code, Error, Params, Refusal, Scope,
    acr::AcrRequest,
    client::{Client, GrantType, Pkce, ResponseMode},
    pkce, resource,
};

/// The maximum length of `state` (SECURITY "Numbers").
pub const MAX_STATE_LENGTH: usize = 2048;
/// The maximum length of `nonce` (SECURITY "Numbers").
pub const MAX_NONCE_LENGTH: usize = 512;
const LONGEST_ADDRESS: usize = 2048;
const LONGEST_CLAIMS: usize = 4096;
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
    ("SECURITY Numbers state", |params, _| {
        let long = params.get("state").is_some_and(|state| state.len() > MAX_STATE_LENGTH);
        if long { Err(Refusal::TooLong("state")) } else { Ok(()) }
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

/// A check. It may fill in its part of the request.
pub type Check = fn(&Params, &Client, &mut AuthorizationRequest) -> Result<(), Error>;

/// The checks, in order. The first failure is returned to the client.
pub const CHECKS: &[(&str, Check)] = &[
    ("OIDC Core §7.2.1", no_registration),
    ("OIDC Core §6.1, §6.2; SECURITY D4", no_request_object),
    ("RFC 6749 §3.1.1", response_type),
    ("RFC 6749 §4.1.2.1", may_ask),
    ("OAuth Multiple Response Types §2.1", response_mode),
    ("OIDC Core §3.1.2.1 scope", scope),
    ("OIDC Core §3.1.2.1 nonce", nonce),
    ("RFC 7636 §4.3, RFC 9700 §2.1.1", code_challenge),
    ("OIDC Core §3.1.2.1 prompt", prompt),
    ("OIDC Core §3.1.2.1 max_age", max_age),
    ("OIDC Core §5.5", claims),
    ("OIDC Core §5.5.1.1 essential acr", essential_acr),
    ("RFC 8707 §2.1", resources),
    ("OIDC Core §3.1.2.1 id_token_hint", id_token_hint),
    ("OIDC Core §3.1.2.1 login_hint, ui_locales, acr_values", hints),
    ("SPEC J2", migration_ticket),
];

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

fn no_registration(params: &Params, _: &Client, _: &mut AuthorizationRequest) -> Result<(), Error> {
    if params.has("registration") {
        return Err(Error::new(Code::RegistrationNotSupported, "registration is not supported"));
    }
    Ok(())
}

fn no_request_object(params: &Params, _: &Client, _: &mut AuthorizationRequest) -> Result<(), Error> {
    if params.has("request") {
        return Err(Error::new(Code::RequestNotSupported, "request objects are not supported"));
    }
    if params.has("request_uri") {
        return Err(Error::new(Code::RequestUriNotSupported, "request_uri is not supported"));
    }
    Ok(())
}

fn response_type(params: &Params, _: &Client, _: &mut AuthorizationRequest) -> Result<(), Error> {
    match params.get("response_type") {
        Some("code") => Ok(()),
        None => Err(Error::invalid_request("response_type is missing")),
        Some(_) => Err(Error::new(Code::UnsupportedResponseType, "the only response_type here is code")),
    }
}

fn may_ask(_: &Params, client: &Client, _: &mut AuthorizationRequest) -> Result<(), Error> {
    if client.may(GrantType::AuthorizationCode) {
        return Ok(());
    }
    Err(Error::new(Code::UnauthorizedClient, "this client may not ask for codes"))
}

fn response_mode(params: &Params, client: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let Some(name) = params.get("response_mode") else {
        return Ok(());
    };
    let mode =
        ResponseMode::parse(name).ok_or_else(|| Error::invalid_request("response_mode is not known"))?;
    if !client.response_modes.contains(&mode) {
        return Err(Error::invalid_request("this client may not use that response_mode"));
    }
    request.path.mode = mode;
    Ok(())
}

fn scope(params: &Params, client: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let asked = Scope::parse(params.get("scope").unwrap_or_default())?;
    if !asked.contains("openid") {
        return Err(Error::new(Code::InvalidScope, "scope must contain openid"));
    }
    // Unknown values are left out, not refused (OIDC Core §3.1.2.1); the token response names the granted scope.
    request.scope = asked.intersect(&Scope::KNOWN.iter().copied().collect()).intersect(&client.scopes);
    if !client.may(GrantType::RefreshToken) {
        request.scope = request.scope.iter().filter(|v| *v != "offline_access").collect();
    }
    Ok(())
}

fn nonce(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.nonce = params.get("nonce").map(str::to_owned);
    if request.nonce.as_ref().is_some_and(|n| n.len() > MAX_NONCE_LENGTH) {
        return Err(Error::invalid_request("nonce is too long"));
    }
    Ok(())
}

fn code_challenge(params: &Params, client: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    if !params.has("code_challenge") {
        return match client.pkce {
            Pkce::Exempt if !params.has("code_challenge_method") => Ok(()),
            _ => Err(Error::invalid_request("code_challenge is missing")),
        };
    }
    // The default method would be `plain` (RFC 7636 §4.3), which protects nothing.
    if params.get("code_challenge_method") != Some(pkce::METHOD) {
        return Err(Error::invalid_request("code_challenge_method must be S256"));
    }
    let challenge = params.get("code_challenge").filter(|c| pkce::is_challenge(c));
    let challenge =
        challenge.ok_or_else(|| Error::invalid_request("code_challenge is not an S256 challenge"))?;
    request.code_challenge = Some(challenge.to_owned());
    Ok(())
}

fn prompt(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let values: Vec<_> =
        params.get("prompt").unwrap_or_default().split(' ').filter(|v| !v.is_empty()).collect();
    for value in &values {
        match *value {
            "none" => request.prompt.none = true,
            "login" => request.prompt.login = true,
            "select_account" => request.prompt.select_account = true,
            // Understood, but no page asks for consent: agencies' portals are first parties.
            "consent" => {}
            _ => return Err(Error::invalid_request("prompt holds an unknown value")),
        }
    }
    if request.prompt.none && values.len() > 1 {
        return Err(Error::invalid_request("prompt=none goes with no other value"));
    }
    Ok(())
}

fn max_age(params: &Params, client: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.max_age = match params.get("max_age") {
        None => client.default_max_age,
        Some(text) if text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        Some(_) => return Err(Error::invalid_request("max_age is not a number of seconds")),
    };
    Ok(())
}

fn claims(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let Some(text) = params.get("claims") else {
        return Ok(());
    };
    if text.len() > LONGEST_CLAIMS {
        return Err(Error::invalid_request("claims is too long"));
    }
    let malformed = || Error::invalid_request("claims is not a JSON object as OIDC Core 5.5 describes it");
    let parsed: Map<String, Value> = serde_json::from_str(text).map_err(|_| malformed())?;
    let part = |name: &str| match parsed.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(asked)) if asked.values().all(|v| v.is_null() || v.is_object()) => {
            Ok(asked.clone())
        }
        Some(_) => Err(malformed()),
    };
    request.claims = ClaimsRequest { userinfo: part("userinfo")?, id_token: part("id_token")? };
    // A request for a specific `sub` is a request for that person (OIDC Core §5.5.1).
    request.hinted_sub = request
        .claims
        .id_token
        .get("sub")
        .and_then(|v| v.get("value"))
        .and_then(Value::as_str)
        .map(str::to_owned);
    Ok(())
}

/// Refuses an essential `acr` that is not supported, as a failed authentication.
fn essential_acr(_: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let wish = request.acr();
    if wish.essential && wish.values.is_empty() && wish.named {
        return Err(Error::new(Code::UnmetAuthenticationRequirements, "the essential acr cannot be reached"));
    }
    Ok(())
}

fn resources(params: &Params, client: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.resources = resource::read(params, client)?;
    Ok(())
}

fn id_token_hint(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    request.id_token_hint = params.get("id_token_hint").map(str::to_owned);
    if request.id_token_hint.as_ref().is_some_and(|t| t.len() > LONGEST_TOKEN) {
        return Err(Error::invalid_request("id_token_hint is too long"));
    }
    Ok(())
}

/// Reads the hints. They never cause an error: unusable values are left out.
fn hints(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    let list = |name| -> Vec<String> {
        let text = params.get(name).filter(|t| t.len() <= 512).unwrap_or_default();
        text.split(' ').filter(|v| !v.is_empty()).take(10).map(str::to_owned).collect()
    };
    request.login_hint = params.get("login_hint").filter(|h| h.len() <= 320).map(str::to_owned);
    request.ui_locales = list("ui_locales");
    request.acr_values = list("acr_values");
    Ok(())
}

fn migration_ticket(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), Error> {
    // An unusable ticket is reported to the person, who can continue without it; one that is too long counts as unusable.
    request.migration_ticket =
        params.get("migration_ticket").filter(|t| t.len() <= LONGEST_TOKEN).map(str::to_owned);
    Ok(())
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
