//! Verification of logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6) with jsonwebtoken, since openidconnect does not support them.

use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::expiring_cache::ExpiringCache;
use crate::provider::{Known, Provider};
use crate::random;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The tolerated difference between the provider's clock and ours.
const SKEW_SECONDS: i64 = 60;
/// The maximum age of a token: it is sent when it is issued.
const OLDEST_SECONDS: i64 = 600;

/// The session or person to sign out. At least one of the two is set.
#[derive(Debug, PartialEq)]
pub(crate) struct LogoutSubject {
    pub sid: Option<String>,
    pub sub: Option<String>,
}

/// The reason why a logout token is refused, for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("not a JWT, or a bad signature: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    #[error("{0}")]
    Claim(&'static str),
    #[error("no key of the provider fits")]
    NoKey,
    #[error("seen before")]
    Replayed,
    #[error(transparent)]
    Provider(#[from] crate::provider::Unreachable),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    jti: String,
    events: Map<String, Value>,
    sub: Option<String>,
    sid: Option<String>,
    // A claim that is present and null is present: an ID token must never pass (§2.4).
    #[serde(default, deserialize_with = "whatever")]
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

fn whatever<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// This portal, as the provider knows it.
pub(crate) struct RelyingParty<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
}

/// The ids of tokens that were seen, each kept for longer than its token is valid.
pub(crate) type SeenTokens = ExpiringCache<()>;

/// Returns an empty set of seen tokens.
pub(crate) fn seen_tokens() -> SeenTokens {
    ExpiringCache::new(2 * OLDEST_SECONDS + 2 * SKEW_SECONDS, 100_000)
}

/// Verifies a logout token, uses up its id, and returns its subject.
pub(crate) async fn verify(
    provider: &Provider,
    seen: &SeenTokens,
    relying_party: &RelyingParty<'_>,
    token: &str,
    now: i64,
) -> Result<LogoutSubject, Refused> {
    let header = decode_header(token)?;
    check_header(&header)?;
    let mut known = provider.known().await?;
    if !known.keys.iter().any(|key| fits(key, &header)) {
        known = provider.known_refreshed().await?;
    }
    let claims = decode_claims(&known, &header, token)?;
    check_claims(&claims, relying_party, now)?;
    // Last, so that a refused token uses nothing up.
    if !seen.put(random::fingerprint(&claims.jti), (), now) {
        return Err(Refused::Replayed);
    }
    Ok(LogoutSubject { sid: claims.sid, sub: claims.sub })
}

fn check_header(header: &Header) -> Result<(), Refused> {
    let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
    // §2.4 recommends explicit typing and our provider does it: an ID token must never pass for a logout token.
    if !matches!(typ.as_deref(), Some("logout+jwt" | "application/logout+jwt")) {
        return Err(Refused::Claim("another kind of token"));
    }
    if header.crit.is_some() {
        return Err(Refused::Claim("critical extensions"));
    }
    Ok(())
}

/// Returns true if this key may have signed under this header. The key decides the algorithm, never the header alone.
fn fits(key: &Jwk, header: &Header) -> bool {
    let named = header.kid.is_none() || header.kid == key.common.key_id;
    let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let algorithm = match key.common.key_algorithm {
        Some(algorithm) => algorithm.to_string().parse() == Ok(header.alg),
        None => true,
    };
    named && signs && algorithm && by_kind(key).contains(&header.alg)
}

fn by_kind(key: &Jwk) -> &'static [Algorithm] {
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => &[Algorithm::ES256],
        AlgorithmParameters::OctetKeyPair(_) => &[Algorithm::EdDSA],
        _ => &[],
    }
}

fn decode_claims(known: &Arc<Known>, header: &Header, token: &str) -> Result<Claims, Refused> {
    let mut validation = Validation::new(header.alg);
    // Times are compared with our clock in `check_claims`.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let mut refused = Refused::NoKey;
    for key in known.keys.iter().filter(|key| fits(key, header)) {
        match decode::<Claims>(token, &DecodingKey::from_jwk(key)?, &validation) {
            Ok(data) => return Ok(data.claims),
            Err(error) => refused = Refused::Token(error),
        }
    }
    Err(refused)
}

/// Checks the claims in the order of §2.6.
fn check_claims(claims: &Claims, relying_party: &RelyingParty<'_>, now: i64) -> Result<(), Refused> {
    let aud_fits = match &claims.aud {
        Audience::One(aud) => aud == relying_party.client_id,
        Audience::Many(all) => all.len() == 1 && all[0] == relying_party.client_id,
    };
    let event = claims.events.get(EVENT);
    let checks = [
        (claims.iss == relying_party.issuer, "another issuer"),
        (aud_fits, "for another client"),
        (claims.iat <= now + SKEW_SECONDS, "issued in the future"),
        (claims.iat > now - OLDEST_SECONDS, "issued long ago"),
        (claims.exp > now - SKEW_SECONDS, "expired"),
        (event.is_some_and(Value::is_object), "not a back-channel logout event"),
        (claims.sid.is_some() || claims.sub.is_some(), "neither sid nor sub"),
        (claims.nonce.is_none(), "has a nonce"),
        (!claims.jti.is_empty() && claims.jti.len() <= 512, "no usable jti"),
    ];
    match checks.into_iter().find(|(good, _)| !good) {
        Some((_, why)) => Err(Refused::Claim(why)),
        None => Ok(()),
    }
}
