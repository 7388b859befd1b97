//! Client authentication (RFC 6749 §2.3, RFC 7523, OIDC Core §9), the same at every endpoint that clients call: one literal list of
//! checks.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use crate::{
    Error, Params,
    client::{AuthMethod, Client},
    jwt::{self, Claims, Key, Rules},
};

/// The only `client_assertion_type` (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The maximum lifetime of a client assertion, in seconds (SECURITY "Numbers").
pub const MAX_ASSERTION_LIFETIME: i64 = 300;

/// Client credentials as presented, not verified. No Debug, for it holds a secret.
pub struct Presented {
    /// `Some(None)` for a header without valid Basic credentials.
    header: Option<Option<(String, String)>>,
    client_id: Option<String>,
    /// Present with or without a value: both count as use of the method.
    secret: Option<String>,
    assertion: Option<String>,
    assertion_type: Option<String>,
}

/// The one method that the request uses.
enum Used<'a> {
    Nothing,
    Header(&'a str),
    Body(&'a str),
    Assertion(&'a str),
}

impl Presented {
    /// Reads the `Authorization` header and the form. A secret in the query never gets here: only the body is read (SECURITY #25).
    pub fn read(authorization: Option<&str>, params: &Params) -> Self {
        let given = |name| params.has(name).then(|| params.get(name).unwrap_or_default().to_owned());
        Self {
            header: authorization.map(basic),
            // Optional with an assertion (RFC 7523 §2.2): the token's `sub` finds the key, which then has to verify it.
            client_id: params
                .get("client_id")
                .map(str::to_owned)
                .or_else(|| params.get("client_assertion").and_then(claimed_subject)),
            secret: given("client_secret"),
            assertion: given("client_assertion"),
            assertion_type: params.get("client_assertion_type").map(str::to_owned),
        }
    }

    /// Returns the claimed client id, by which to find the client.
    pub fn client_id(&self) -> Option<&str> {
        let in_header = self.header.as_ref().and_then(Option::as_ref).map(|(id, _)| id.as_str());
        in_header.or(self.client_id.as_deref())
    }

    /// Returns `Some` if a key of the client is needed, with the `kid` that the assertion names. Read before the signature is verified, only to
    /// find the key (RFC 7523 §3).
    pub fn requested_key(&self) -> Option<Option<String>> {
        let assertion = self.assertion.as_deref()?;
        Some(jsonwebtoken::decode_header(assertion).ok().and_then(|header| header.kid))
    }

    /// Returns the secret, in the header or the body.
    pub fn secret(&self) -> Option<&str> {
        match self.used() {
            Used::Header(secret) | Used::Body(secret) => Some(secret),
            Used::Assertion(_) | Used::Nothing => None,
        }
    }

    fn used(&self) -> Used<'_> {
        match (&self.header, &self.secret, &self.assertion) {
            (Some(Some((_, secret))), _, _) => Used::Header(secret),
            (_, _, Some(assertion)) => Used::Assertion(assertion),
            (_, Some(secret), _) => Used::Body(secret),
            _ => Used::Nothing,
        }
    }
}

/// The verified parts of a client assertion. Its `jti` must then be used up, once over all nodes (SECURITY I18).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assertion {
    /// The token's id, unique for this client.
    pub jti: String,
    /// The end of the token's lifetime.
    pub expires_at: i64,
}

/// A client that authenticates, and what is known of it.
pub struct Caller<'a> {
    /// The credentials as presented.
    pub presented: &'a Presented,
    /// The client found by [`Presented::client_id`].
    pub client: Option<&'a Client>,
    /// The client's public keys: those of its file, or those read at its `jwks_uri`.
    pub keys: &'a [Key],
    /// The accepted audiences: the issuer and the token endpoint's address (OIDC Core §9).
    pub audiences: &'a [&'a str],
    /// The current time.
    pub now: i64,
}

/// A check. The last one fills in the assertion.
pub type Check = fn(&Caller<'_>, &mut Option<Assertion>) -> Result<(), Error>;

/// The checks, in order. Errors describe the request itself, but never reveal whether the client exists or its secret is right.
pub const CHECKS: &[(&str, Check)] = &[
    ("RFC 6749 §2.3.1 the header is Basic and form-encoded", header_is_basic),
    ("RFC 6749 §2.3 one method a request", one_method),
    ("RFC 6749 §2.3.1 one client_id", one_name),
    ("RFC 7523 §2.2 client_assertion_type", assertion_type),
    ("RFC 6749 §3.2.1 client_id", named),
    ("RFC 6749 §2.3 the client is known", known),
    ("OIDC Registration §2 token_endpoint_auth_method", registered_method),
    ("RFC 6749 §2.3.1 client_secret", secret),
    ("RFC 7523 §3 client_assertion", assertion),
];

/// Runs [`CHECKS`].
///
/// # Errors
/// `invalid_client`, from the first check that fails.
pub fn authenticate(caller: &Caller<'_>) -> Result<Option<Assertion>, Error> {
    let mut proved = None;
    for (_, check) in CHECKS {
        check(caller, &mut proved)?;
    }
    Ok(proved)
}

fn failed() -> Error {
    Error::invalid_client("client authentication failed")
}

fn refuse_unless(fine: bool, why: &'static str) -> Result<(), Error> {
    if fine { Ok(()) } else { Err(Error::invalid_client(why)) }
}

fn header_is_basic(caller: &Caller<'_>, _: &mut Option<Assertion>) -> Result<(), Error> {
    refuse_unless(
        !matches!(caller.presented.header, Some(None)),
        "the Authorization header is not Basic with a form-encoded client_id and secret",
    )
}

fn one_method(caller: &Caller<'_>, _: &mut Option<Assertion>) -> Result<(), Error> {
    let Presented { header, secret, assertion, .. } = caller.presented;
    let methods = [header.is_some(), secret.is_some(), assertion.is_some()];
    refuse_unless(methods.iter().filter(|used| **used).count() <= 1, "use one authentication method, not two")
}

fn one_name(caller: &Caller<'_>, _: &mut Option<Assertion>) -> Result<(), Error> {
    let Presented { header, client_id, .. } = caller.presented;
    let differs = match (header, client_id) {
        (Some(Some((id, _))), Some(named)) => id != named,
        _ => false,
    };
    refuse_unless(!differs, "client_id differs between header and body")
}

fn assertion_type(caller: &Caller<'_>, _: &mut Option<Assertion>) -> Result<(), Error> {
    let Presented { assertion, assertion_type, .. } = caller.presented;
    refuse_unless(
        assertion.is_none() || assertion_type.as_deref() == Some(ASSERTION_TYPE),
        "client_assertion_type is not the one of RFC 7523",
    )
}

fn named(caller: &Caller<'_>, _: &mut Option<Assertion>) -> Result<(), Error> {
    refuse_unless(caller.presented.client_id().is_some(), "no client authentication")
}

fn known(caller: &Caller<'_>, _: &mut Option<Assertion>) -> Result<(), Error> {
    client(caller).map(|_| ())
}

fn client<'a>(caller: &Caller<'a>) -> Result<&'a Client, Error> {
    let named = caller.presented.client_id();
    caller.client.filter(|c| named == Some(&c.client_id)).ok_or_else(failed)
}

/// Accepts the registered method and no other (SECURITY #25).
fn registered_method(caller: &Caller<'_>, _: &mut Option<Assertion>) -> Result<(), Error> {
    let fits = matches!(
        (caller.presented.used(), client(caller)?.token_endpoint_auth_method),
        (Used::Nothing, AuthMethod::None)
            | (Used::Header(_), AuthMethod::SecretBasic)
            | (Used::Body(_), AuthMethod::SecretPost)
            | (Used::Assertion(_), AuthMethod::SecretJwt | AuthMethod::PrivateKeyJwt)
    );
    if fits { Ok(()) } else { Err(failed()) }
}

fn secret(caller: &Caller<'_>, _: &mut Option<Assertion>) -> Result<(), Error> {
    let (Used::Header(secret) | Used::Body(secret)) = caller.presented.used() else { return Ok(()) };
    if !secret.is_empty() && client(caller)?.knows_secret(secret, caller.now) {
        Ok(())
    } else {
        Err(failed())
    }
}

fn assertion(caller: &Caller<'_>, proved: &mut Option<Assertion>) -> Result<(), Error> {
    let Used::Assertion(token) = caller.presented.used() else { return Ok(()) };
    let client = client(caller)?;
    let own;
    let keys = match client.token_endpoint_auth_method {
        AuthMethod::SecretJwt => {
            own = client.secret_keys(caller.now);
            &own
        }
        _ => caller.keys,
    };
    *proved = Some(judge(token, client, keys, caller).map_err(|_| failed())?);
    Ok(())
}

/// Verifies an assertion: issuer, subject, audience, lifetime and id (SECURITY #27).
fn judge(token: &str, client: &Client, keys: &[Key], caller: &Caller<'_>) -> Result<Assertion, jwt::Refused> {
    let now = caller.now;
    let rules = Rules {
        typ: &["jwt", "client-authentication+jwt"],
        typ_may_be_absent: true,
        issuers: &[&client.client_id],
        audience: None,
        required: &["iss", "sub", "aud", "exp", "jti"],
        now: Some(now),
    };
    let claims = jwt::verify(token, keys, &rules)?;
    let [audience] = jwt::audience(&claims)?[..] else {
        return Err(jwt::Refused::Audience);
    };
    if !caller.audiences.contains(&audience) {
        return Err(jwt::Refused::Audience);
    }
    if jwt::text(&claims, "sub") != Some(&client.client_id) {
        return Err(jwt::Refused::Claim("sub"));
    }
    let expires_at = jwt::number(&claims, "exp")?.ok_or(jwt::Refused::Claim("exp"))?;
    if expires_at > now + MAX_ASSERTION_LIFETIME + jwt::SKEW {
        return Err(jwt::Refused::Claim("exp"));
    }
    let jti = jwt::text(&claims, "jti").filter(|j| j.len() <= 256).ok_or(jwt::Refused::Claim("jti"))?;
    Ok(Assertion { jti: jti.to_owned(), expires_at: expires_at + jwt::SKEW })
}

fn claimed_subject(token: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&bytes).ok()?;
    jwt::text(&claims, "sub").map(str::to_owned)
}

/// Decodes `Basic` credentials: both halves are form-encoded before they are joined (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, value) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

/// Decodes form encoding; `None` for a malformed `%` escape, invalid UTF-8 or control characters. Written here because the libraries pass a malformed escape
/// through, and a secret must have one reading only.
fn form_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        bytes.push(match b {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            b'+' => b' ',
            b => b,
        });
    }
    String::from_utf8(bytes).ok().filter(|t| !t.chars().any(char::is_control))
}

#[cfg(test)]
#[path = "authentication_tests.rs"]
mod tests;
