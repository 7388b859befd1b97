//! The token endpoint (RFC 6749 §2.3, §4.1.3, §6; OIDC Core §3.1.3, §9, §12): who asks, and whether they get it. Each decision is a
//! literal list of checks.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    Code, Error, Params, Scope,
    client::{AuthMethod, Client, GrantType},
    jwt::{self, Claims, Rules},
    pkce,
};

/// The only `client_assertion_type` (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// A client assertion lives at most so long, in seconds (SECURITY "Numbers").
pub const LONGEST_ASSERTION: i64 = 300;

/// How the caller says who it is. No Debug: it holds a secret.
pub struct Presented {
    /// Whom it claims to be.
    pub client_id: String,
    proof: Proof,
}

enum Proof {
    None,
    Basic(String),
    Post(String),
    Assertion(String),
}

impl Presented {
    /// Reads the `Authorization` header and the form. A secret in the query never gets here: only the body is read (SECURITY #25).
    ///
    /// # Errors
    /// `invalid_client`: nothing, more than one method, or nonsense.
    pub fn read(authorization: Option<&str>, params: &Params) -> Result<Self, Error> {
        let basic = match authorization {
            Some(header) => Some(
                basic(header)
                    .ok_or_else(|| Error::invalid_client("the Authorization header is malformed"))?,
            ),
            None => None,
        };
        let methods = [basic.is_some(), params.has("client_secret"), params.has("client_assertion")];
        if methods.iter().filter(|m| **m).count() > 1 {
            return Err(Error::invalid_client("use one authentication method, not two"));
        }
        let named = params.get("client_id").map(str::to_owned);
        let (client_id, proof) = if let Some((id, secret)) = basic {
            if named.is_some_and(|named| named != id) {
                return Err(Error::invalid_client("client_id differs between header and body"));
            }
            (Some(id), Proof::Basic(secret))
        } else if let Some(assertion) = params.get("client_assertion") {
            if params.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(Error::invalid_client("client_assertion_type is not the one of RFC 7523"));
            }
            // The name is read before the signature is checked, only to find the key (RFC 7523 §3).
            (named.or_else(|| claimed_subject(assertion)), Proof::Assertion(assertion.to_owned()))
        } else if params.has("client_secret") {
            (named, Proof::Post(params.get("client_secret").unwrap_or_default().to_owned()))
        } else {
            (named, Proof::None)
        };
        let client_id = client_id.ok_or_else(|| Error::invalid_client("no client authentication"))?;
        Ok(Self { client_id, proof })
    }
}

/// What stands of a client assertion: its `jti` is to be used up, once over all nodes (SECURITY I18).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assertion {
    /// Unique for this client.
    pub jti: String,
    /// Until then.
    pub expires_at: i64,
}

/// Whether the caller is the client, by the one method that the client registered (SECURITY #25). `client` is what was found under
/// [`Presented::client_id`]. `audiences`: the issuer, and the token endpoint's address (OIDC Core §9).
///
/// # Errors
/// `invalid_client`, without saying whether there is such a client.
pub fn authenticate(
    presented: &Presented,
    client: Option<&Client>,
    audiences: &[&str],
    now: i64,
) -> Result<Option<Assertion>, Error> {
    let failed = || Error::invalid_client("client authentication failed");
    let client = client.filter(|c| c.client_id == presented.client_id).ok_or_else(failed)?;
    match (&presented.proof, client.token_endpoint_auth_method) {
        (Proof::None, AuthMethod::None) => Ok(None),
        (Proof::Basic(secret), AuthMethod::SecretBasic) | (Proof::Post(secret), AuthMethod::SecretPost)
            if !secret.is_empty() && client.knows_secret(secret) =>
        {
            Ok(None)
        }
        (Proof::Assertion(token), AuthMethod::PrivateKeyJwt) => {
            assertion(token, client, &client.keys, audiences, now).map(Some).map_err(|_| failed())
        }
        (Proof::Assertion(token), AuthMethod::SecretJwt) => {
            assertion(token, client, &client.secret_keys, audiences, now).map(Some).map_err(|_| failed())
        }
        _ => Err(failed()),
    }
}

fn assertion(
    token: &str,
    client: &Client,
    keys: &[jwt::Key],
    audiences: &[&str],
    now: i64,
) -> Result<Assertion, jwt::Refused> {
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
    if !audiences.contains(&audience) {
        return Err(jwt::Refused::Audience);
    }
    if jwt::text(&claims, "sub") != Some(&client.client_id) {
        return Err(jwt::Refused::Claim("sub"));
    }
    let expires_at = jwt::number(&claims, "exp")?.ok_or(jwt::Refused::Claim("exp"))?;
    if expires_at > now + LONGEST_ASSERTION + jwt::SKEW {
        return Err(jwt::Refused::Claim("exp"));
    }
    let jti = jwt::text(&claims, "jti").filter(|j| j.len() <= 256).ok_or(jwt::Refused::Claim("jti"))?;
    Ok(Assertion { jti: jti.to_owned(), expires_at: expires_at + jwt::SKEW })
}

fn claimed_subject(token: &str) -> Option<String> {
    let body = token.split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(body).ok()?;
    let claims: Claims = serde_json::from_slice(&bytes).ok()?;
    jwt::text(&claims, "sub").map(str::to_owned)
}

/// `Basic`: both halves are form-encoded before they are joined (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, value) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

/// `None` for a `%` that does not begin a byte, or bytes that are no text.
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

/// What is asked for. No Debug: it holds a code or a token.
pub enum TokenRequest {
    /// `authorization_code`
    Code {
        /// The code as it came.
        code: String,
        /// Must equal the one of the authorization request.
        redirect_uri: Option<String>,
        /// PKCE.
        verifier: Option<String>,
    },
    /// `refresh_token`
    Refresh {
        /// The token as it came.
        token: String,
        /// Less than was granted, if less is enough.
        scope: Option<Scope>,
    },
}

impl TokenRequest {
    /// Reads the form of a client that has proved itself.
    ///
    /// # Errors
    /// `unsupported_grant_type`, `unauthorized_client`, `invalid_request`, `invalid_scope`.
    pub fn read(params: &Params, client: &Client) -> Result<Self, Error> {
        let owned = |name| params.get(name).map(str::to_owned);
        let needed = |name: &'static str| {
            owned(name).ok_or_else(|| Error::invalid_request(format!("{name} is missing")))
        };
        let (grant, request) = match params.get("grant_type") {
            Some("authorization_code") => {
                let (redirect_uri, verifier) = (owned("redirect_uri"), owned("code_verifier"));
                (GrantType::AuthorizationCode, Self::Code { code: needed("code")?, redirect_uri, verifier })
            }
            Some("refresh_token") => {
                let scope = params.get("scope").map(Scope::parse).transpose()?;
                (GrantType::RefreshToken, Self::Refresh { token: needed("refresh_token")?, scope })
            }
            None => return Err(Error::invalid_request("grant_type is missing")),
            Some(_) => {
                return Err(Error::new(Code::UnsupportedGrantType, "this grant_type is not supported"));
            }
        };
        if !client.may(grant) {
            return Err(Error::new(Code::UnauthorizedClient, "this client may not use that grant_type"));
        }
        Ok(request)
    }
}

/// What the authorization endpoint stored with a code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeRecord {
    /// Who asked.
    pub client_id: String,
    /// Where it went.
    pub redirect_uri: String,
    /// PKCE.
    pub code_challenge: Option<String>,
    /// When it ends.
    pub expires_at: i64,
    /// It has given tokens.
    pub used: bool,
    /// Its grant has been revoked.
    pub revoked: bool,
}

/// What came to the token endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeAttempt<'a> {
    /// Who has proved itself.
    pub client_id: &'a str,
    /// As it came.
    pub redirect_uri: Option<&'a str>,
    /// As it came.
    pub verifier: Option<&'a str>,
    /// Seconds since 1970.
    pub now: i64,
}

/// What to do about a code or a refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict<T> {
    /// Give tokens, if one conditional statement marks it used.
    Give(T),
    /// Refuse and change nothing (SECURITY D7).
    Refuse(Error),
    /// A second valid use: refuse, and revoke all that the first one gave (SECURITY #17, #20).
    Reuse,
}

type CodeCheck = fn(&CodeRecord, &CodeAttempt<'_>) -> Result<(), Verdict<()>>;

/// The order matters: only who could have redeemed the code can reveal its reuse (SECURITY D7).
pub const CODE_CHECKS: &[(&str, CodeCheck)] = &[
    ("RFC 6749 §4.1.3 the code was issued to this client", |record, attempt| {
        refuse_unless(record.client_id == attempt.client_id, "the code was not issued to this client")
    }),
    ("RFC 6749 §4.1.3 redirect_uri is identical", |record, attempt| {
        refuse_unless(
            attempt.redirect_uri == Some(&record.redirect_uri),
            "redirect_uri is not the one of the request",
        )
    }),
    ("RFC 7636 §4.6", |record, attempt| {
        pkce::compare(record.code_challenge.as_deref(), attempt.verifier).map_err(Verdict::Refuse)
    }),
    ("RFC 6749 §4.1.2 used once", |record, _| if record.used { Err(Verdict::Reuse) } else { Ok(()) }),
    ("RFC 6749 §4.1.2 lifetime", |record, attempt| {
        refuse_unless(attempt.now < record.expires_at, "the code has expired")
    }),
    ("SECURITY #30", |record, _| refuse_unless(!record.revoked, "the grant was revoked")),
];

fn refuse_unless(fine: bool, why: &'static str) -> Result<(), Verdict<()>> {
    if fine { Ok(()) } else { Err(Verdict::Refuse(Error::invalid_grant(why))) }
}

/// Runs [`CODE_CHECKS`].
pub fn exchange(record: &CodeRecord, attempt: &CodeAttempt<'_>) -> Verdict<()> {
    match CODE_CHECKS.iter().try_for_each(|(_, check)| check(record, attempt)) {
        Ok(()) => Verdict::Give(()),
        Err(verdict) => verdict,
    }
}

/// What is known of a refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefreshRecord {
    /// Whose it is.
    pub client_id: String,
    /// What was granted.
    pub scope: Scope,
    /// When it ends for lack of use.
    pub expires_at: i64,
    /// When the family ends, used or not (SECURITY #24).
    pub family_ends_at: i64,
    /// It has been rotated.
    pub used: bool,
    /// Its family has been revoked.
    pub revoked: bool,
}

/// Decides on a refresh token and says which scope the new access token has.
pub fn refresh(record: &RefreshRecord, client: &Client, asked: Option<&Scope>, now: i64) -> Verdict<Scope> {
    let refuse = |why| Verdict::Refuse(Error::invalid_grant(why));
    // RFC 6749 §6: bound to the client. Somebody else's token tells nothing, and changes nothing.
    if record.client_id != client.client_id {
        return refuse("the token was not issued to this client");
    }
    if record.revoked {
        return refuse("the token was revoked");
    }
    if record.used {
        return Verdict::Reuse;
    }
    if now >= record.expires_at || now >= record.family_ends_at {
        return refuse("the token has expired");
    }
    // What the client may have today bounds what was granted then (SECURITY #23, I15).
    let granted = record.scope.intersect(&client.scopes);
    match asked {
        None => Verdict::Give(granted),
        Some(asked) if asked.is_within(&granted) && !asked.is_empty() => Verdict::Give(asked.clone()),
        Some(_) => Verdict::Refuse(Error::new(Code::InvalidScope, "scope is more than was granted")),
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
