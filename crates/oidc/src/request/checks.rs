//! The ordered list of checks of an authorization request, of which the first failure is returned to the client.

use serde_json::{Map, Value};

use super::{AuthorizationRequest, ClaimsRequest, LONGEST_TOKEN, MAX_NONCE_LENGTH, MAX_STATE_LENGTH};
use crate::{
    Code, Error, Params, Scope,
    client::{Client, GrantType, Pkce, ResponseMode},
    pkce, resource,
};

const LONGEST_CLAIMS: usize = 4096;

/// A check. It may fill in its part of the request.
pub type Check = fn(&Params, &Client, &mut AuthorizationRequest) -> Result<(), Error>;

/// The checks, in order. The first failure is returned to the client.
pub const CHECKS: &[(&str, Check)] = &[
    ("OIDC Core §7.2.1", no_registration),
    ("OIDC Core §6.1, §6.2; SECURITY D4", no_request_object),
    ("SECURITY Numbers state", state),
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

fn no_registration(params: &Params, _: &Client, _: &mut AuthorizationRequest) -> Result<(), Error> {
    if params.has("registration") {
        return Err(Error::new(Code::RegistrationNotSupported, "registration is not supported"));
    }
    Ok(())
}

/// The refusal goes to the client with the whole `state`, which it has to recognize (RFC 6749 §4.1.2.1). Nothing of it is kept.
fn state(params: &Params, _: &Client, _: &mut AuthorizationRequest) -> Result<(), Error> {
    if params.get("state").is_some_and(|state| state.len() > MAX_STATE_LENGTH) {
        return Err(Error::invalid_request("state is longer than 4096 characters"));
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
