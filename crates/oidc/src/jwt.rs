//! Verification and assembly of signed tokens (RFC 7515, RFC 7519, RFC 8725).
//!
//! The algorithm comes from the key record, never from the token's header: the header must agree with it (SECURITY #31). Times are
//! compared with an argument, not with the machine's clock.
//!
//! jsonwebtoken parses header and key records; the frame is written here, because it verifies with keys that were parsed before (`verifier.rs`) and refuses
//! repeated names and foreign header members, which jsonwebtoken accepts.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Header, jwk::Jwk};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, json, value::RawValue};

pub use crate::alg::Alg;
use crate::verifier::Verifier;

/// The claims of a token.
pub type Claims = Map<String, Value>;

/// The tolerated difference between two clocks, in seconds (SECURITY "Numbers").
pub const SKEW: i64 = 10;
/// The maximum length of a token that is read.
pub const MAX_LENGTH: usize = 8192;

/// A key that verifies signatures, bound to one algorithm.
#[derive(Clone)]
pub struct Key {
    /// The key id, if there is one.
    pub kid: Option<String>,
    alg: Alg,
    verifier: Arc<Verifier>,
}

/// The reason why a key record is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyRefused {
    /// Not a JWK, or a member is repeated (RFC 7517 §4).
    #[error("is not a JSON Web Key")]
    NotAJwk,
    /// The record holds the private part.
    #[error("holds a private key: give the public part only")]
    Private,
    /// Type and algorithm do not fit each other, or are not supported.
    #[error("must be an RSA, P-256 or Ed25519 key for RS256, PS256, ES256 or EdDSA")]
    Unsupported,
    /// Below 128 bits of strength (SECURITY #38).
    #[error("is too weak: RSA needs 2048 bits, a shared secret 32 bytes")]
    Weak,
}

impl Key {
    /// Builds a shared secret for HS256.
    ///
    /// # Errors
    /// [`KeyRefused::Weak`] below 32 bytes (RFC 7518 §3.2).
    pub fn shared(secret: &[u8]) -> Result<Self, KeyRefused> {
        if secret.len() < 32 {
            return Err(KeyRefused::Weak);
        }
        let verifier = Verifier::shared(secret).ok_or(KeyRefused::Weak)?;
        Ok(Self { kid: None, alg: Alg::HS256, verifier: Arc::new(verifier) })
    }

    /// Reads a public key from JWK text (RFC 7517). `alg` in the record decides; without it the key's type does: RS256, ES256 or EdDSA.
    ///
    /// # Errors
    /// [`KeyRefused`].
    pub fn from_jwk(text: &str) -> Result<Self, KeyRefused> {
        Self::from_jwk_for(text, None)
    }

    /// Reads the keys of a JWK Set (RFC 7517 §5) that verify signatures here. Others are skipped, as the specification asks: a set may serve several purposes.
    /// A key whose private part is published proves nothing and is skipped too.
    ///
    /// # Errors
    /// [`KeyRefused::NotAJwk`] if there is no list of keys.
    pub fn set(text: &str, alg: Option<Alg>) -> Result<Vec<Self>, KeyRefused> {
        /// More keys than a client rotates between.
        const MOST: usize = 50;
        #[derive(Deserialize)]
        struct Set<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }
        let set: Set<'_> = serde_json::from_str(text).map_err(|_| KeyRefused::NotAJwk)?;
        let records = set.keys.into_iter().take(MOST);
        Ok(records.filter_map(|record| Self::from_jwk_for(record.get(), alg).ok()).collect())
    }

    /// Reads a key as [`Self::from_jwk`] does, for a client that registered its algorithm: `registered` then applies to a record without `alg`.
    ///
    /// # Errors
    /// [`KeyRefused`].
    pub fn from_jwk_for(text: &str, registered: Option<Alg>) -> Result<Self, KeyRefused> {
        let Strict(record) = serde_json::from_str(text).map_err(|_| KeyRefused::NotAJwk)?;
        if ["d", "p", "q", "dp", "dq", "qi", "k"].iter().any(|private| record.contains_key(*private)) {
            return Err(KeyRefused::Private);
        }
        let field = |name: &str| record.get(name).and_then(Value::as_str);
        if field("use").is_some_and(|purpose| purpose != "sig") {
            return Err(KeyRefused::Unsupported);
        }
        let natural = match (field("kty"), field("crv")) {
            (Some("RSA"), _) => Alg::RS256,
            (Some("EC"), Some("P-256")) => Alg::ES256,
            (Some("OKP"), Some("Ed25519")) => Alg::EdDSA,
            _ => return Err(KeyRefused::Unsupported),
        };
        let alg = match field("alg").or(registered.map(Alg::as_str)) {
            None => natural,
            Some("PS256") if natural == Alg::RS256 => Alg::PS256,
            Some(name) if name == natural.as_str() => natural,
            Some(_) => return Err(KeyRefused::Unsupported),
        };
        // The significant bytes: a modulus without leading zeros, coordinates in full (RFC 7518 §6.2.1.2, RFC 8037 §2).
        let bytes =
            |name: &str| field(name).and_then(|n| URL_SAFE_NO_PAD.decode(n).ok()).ok_or(KeyRefused::NotAJwk);
        let verifier = match natural {
            Alg::RS256 => {
                let strength = bytes("n")?.iter().skip_while(|byte| **byte == 0).count();
                if strength < 256 {
                    return Err(KeyRefused::Weak);
                }
                Verifier::rsa(alg, &bytes("n")?, &bytes("e")?)
            }
            Alg::ES256 if bytes("x")?.len() == 32 && bytes("y")?.len() == 32 => {
                Verifier::p256(&bytes("x")?, &bytes("y")?)
            }
            Alg::EdDSA if bytes("x")?.len() == 32 => Verifier::ed25519(&bytes("x")?),
            _ => None,
        };
        let verifier = Arc::new(verifier.ok_or(KeyRefused::NotAJwk)?);
        let kid = field("kid").map(str::to_owned);
        // The other members are unused but must be well-formed.
        let _: Jwk = serde_json::from_value(Value::Object(record)).map_err(|_| KeyRefused::NotAJwk)?;
        Ok(Self { kid, alg, verifier })
    }

    /// Returns the algorithm of this key.
    pub fn alg(&self) -> Alg {
        self.alg
    }
}

/// The reason why a token is refused. For the log: clients get one code for all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// Not three parts of base64url with JSON in them, too long, or with a repeated claim.
    #[error("it is not a well-formed signed token")]
    Malformed,
    /// The `typ` is that of another kind of token (RFC 8725 §3.11).
    #[error("its typ says that it is another kind of token")]
    Type,
    /// `crit`, `jwk`, `jku`, `x5u`, `x5c`, `b64`, `enc` or `zip` in the header (SECURITY #31, #32).
    #[error("its header asks for something that is not done here")]
    Header,
    /// No key has this id and algorithm.
    #[error("no known key has its kid and alg")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// A required claim is missing or of the wrong type (SECURITY #33).
    #[error("the claim {0} is missing or malformed")]
    Claim(&'static str),
    /// The issuer is not accepted.
    #[error("its iss is not the one expected")]
    Issuer,
    /// The audience is not accepted.
    #[error("its aud is not this provider")]
    Audience,
    /// The token has expired.
    #[error("it has expired")]
    Expired,
    /// The time is before `nbf` or `iat`.
    #[error("it is not valid yet")]
    NotYet,
}

/// The requirements for a token.
pub struct Rules<'a> {
    /// Accepted values of `typ`, lower-case, without `application/`.
    pub typ: &'a [&'a str],
    /// True if a header without `typ` is accepted too.
    pub typ_may_be_absent: bool,
    /// The accepted issuers; any if empty.
    pub issuers: &'a [&'a str],
    /// The required audience; any if `None`.
    pub audience: Option<&'a str>,
    /// The required claims.
    pub required: &'a [&'static str],
    /// The current time, or `None` to ignore `exp`: an expired ID token is still a hint (OIDC Core §3.1.2.1).
    pub now: Option<i64>,
}

/// Verifies signature, type and claims.
///
/// # Errors
/// [`Refused`].
pub fn verify(token: &str, keys: &[Key], rules: &Rules<'_>) -> Result<Claims, Refused> {
    if token.len() > MAX_LENGTH {
        return Err(Refused::Malformed);
    }
    let header = header(token)?;
    match header.typ.as_deref().map(str::to_ascii_lowercase) {
        None if rules.typ_may_be_absent => {}
        Some(typ) if rules.typ.contains(&typ.strip_prefix("application/").unwrap_or(&typ)) => {}
        _ => return Err(Refused::Type),
    }
    let named = |key: &&Key| header.kid.is_none() || key.kid.is_none() || key.kid == header.kid;
    let mut candidates = keys.iter().filter(named).filter(|k| k.alg.library() == header.alg).peekable();
    if candidates.peek().is_none() {
        return Err(Refused::UnknownKey);
    }
    let claims = candidates.find_map(|key| signed_by(token, key)).ok_or(Refused::Signature)??;
    judge(&claims, rules)?;
    Ok(claims)
}

/// Header members that name another key or another reading of the payload. They are refused whatever their value: a reader that takes `null` for absent
/// would read another token than one that does not.
const FOREIGN: [&str; 8] = ["jwk", "jku", "x5u", "x5c", "crit", "b64", "enc", "zip"];

fn header(token: &str) -> Result<Header, Refused> {
    let part = token.split('.').next().unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed)?;
    let Strict(members) = serde_json::from_slice(&bytes).map_err(|_| Refused::Malformed)?;
    if FOREIGN.iter().any(|name| members.contains_key(*name)) {
        return Err(Refused::Header);
    }
    jsonwebtoken::decode_header(token).map_err(|_| Refused::Malformed)
}

/// Verifies with one key; `None` if another key may fit.
fn signed_by(token: &str, key: &Key) -> Option<Result<Claims, Refused>> {
    let malformed = || Some(Err(Refused::Malformed));
    let Some((message, signature)) = token.rsplit_once('.') else { return malformed() };
    let Some((_, payload)) = message.split_once('.').filter(|(_, rest)| !rest.contains('.')) else {
        return malformed();
    };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return malformed() };
    if !key.verifier.accepts(message.as_bytes(), &signature) {
        return None;
    }
    // Parsed after the signature was verified, so untrusted bytes never reach the parser.
    let Ok(payload) = URL_SAFE_NO_PAD.decode(payload) else { return malformed() };
    Some(serde_json::from_slice(&payload).map(|Strict(claims)| claims).map_err(|_| Refused::Malformed))
}

fn judge(claims: &Claims, rules: &Rules<'_>) -> Result<(), Refused> {
    for name in rules.required {
        let fine = match *name {
            "exp" | "iat" | "nbf" | "auth_time" => number(claims, name)?.is_some(),
            "aud" => claims.contains_key("aud"),
            _ => text(claims, name).is_some_and(|t| !t.is_empty()),
        };
        if !fine {
            return Err(Refused::Claim(name));
        }
    }
    for name in ["iss", "sub", "jti", "nonce", "client_id", "sid"] {
        if claims.contains_key(name) && text(claims, name).is_none() {
            return Err(Refused::Claim(name));
        }
    }
    if !rules.issuers.is_empty() && !text(claims, "iss").is_some_and(|iss| rules.issuers.contains(&iss)) {
        return Err(Refused::Issuer);
    }
    let audience = audience(claims)?;
    if rules.audience.is_some_and(|ours| !audience.contains(&ours)) {
        return Err(Refused::Audience);
    }
    let (exp, nbf, iat) = (number(claims, "exp")?, number(claims, "nbf")?, number(claims, "iat")?);
    let Some(now) = rules.now else { return Ok(()) };
    if exp.is_some_and(|exp| now >= exp.saturating_add(SKEW)) {
        return Err(Refused::Expired);
    }
    if nbf.is_some_and(|t| t > now.saturating_add(SKEW)) || iat.is_some_and(|t| t > now.saturating_add(SKEW))
    {
        return Err(Refused::NotYet);
    }
    Ok(())
}

/// Returns a claim that is a string.
pub fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// Returns a `NumericDate` (RFC 7519 §2) in whole seconds; other types, negative and absurd numbers are refused.
///
/// # Errors
/// [`Refused::Claim`].
pub fn number(claims: &Claims, name: &'static str) -> Result<Option<i64>, Refused> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    #[allow(clippy::cast_possible_truncation, reason = "below 2^53")]
    let seconds = value.as_i64().or_else(|| value.as_f64().filter(|f| f.abs() < 9e15).map(|f| f as i64));
    seconds.filter(|s| (0..=1 << 53).contains(s)).map(Some).ok_or(Refused::Claim(name))
}

/// Returns `aud`, a string or a list of strings (RFC 7519 §4.1.3).
///
/// # Errors
/// [`Refused::Claim`] for anything else.
pub fn audience(claims: &Claims) -> Result<Vec<&str>, Refused> {
    match claims.get("aud") {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one]),
        Some(Value::Array(many)) => {
            many.iter().map(|v| v.as_str().ok_or(Refused::Claim("aud"))).collect::<Result<_, _>>()
        }
        Some(_) => Err(Refused::Claim("aud")),
    }
}

/// Returns the bytes to sign (RFC 7515 §5.1); the caller appends the signature with [`complete`].
pub fn signing_input(alg: Alg, kid: &str, typ: &str, claims: &Claims) -> String {
    let header = json!({ "alg": alg.as_str(), "typ": typ, "kid": kid });
    let part = |value: &[u8]| URL_SAFE_NO_PAD.encode(value);
    format!(
        "{}.{}",
        part(header.to_string().as_bytes()),
        part(Value::Object(claims.clone()).to_string().as_bytes())
    )
}

/// Returns the token: the signing input and the signature.
pub fn complete(signing_input: String, signature: &[u8]) -> String {
    format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A JSON object without repeated names: readers that keep the first and readers that keep the last value would disagree (RFC 7519 §4).
struct Strict(Claims);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;

        impl<'de> Visitor<'de> for Once {
            type Value = Strict;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object without repeated names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Strict, A::Error> {
                let mut claims = Claims::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if claims.insert(name, value).is_some() {
                        return Err(serde::de::Error::custom("a claim is repeated"));
                    }
                }
                Ok(Strict(claims))
            }
        }

        deserializer.deserialize_map(Once)
    }
}

#[cfg(test)]
#[path = "jwt_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "jwt_vectors.rs"]
mod vectors;
