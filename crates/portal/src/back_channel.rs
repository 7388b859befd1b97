//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6), verified with jsonwebtoken: openidconnect has no notion of them.

use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::provider::{Known, Provider};
use crate::random;
use crate::shelf::Shelf;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Between the provider's clock and ours.
const SKEW_SECONDS: i64 = 60;
/// A token issued longer ago was not just sent.
const OLDEST_SECONDS: i64 = 600;

/// Whom to sign out. At least one of the two is there.
#[derive(Debug, PartialEq)]
pub(crate) struct Goodbye {
    pub sid: Option<String>,
    pub sub: Option<String>,
}

/// Why a logout token is refused; for the log.
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
    // Present and null is present: an ID token must never pass (§2.4).
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

/// Who this portal is to the provider.
pub(crate) struct Me<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
}

/// Token ids seen, each remembered for longer than its token is good.
pub(crate) type SeenTokens = Shelf<()>;

/// A memory for token ids.
pub(crate) fn seen_tokens() -> SeenTokens {
    Shelf::new(2 * OLDEST_SECONDS + 2 * SKEW_SECONDS, 100_000)
}

/// Checks a logout token, uses up its id, and says who it is about.
pub(crate) async fn verify(
    provider: &Provider,
    seen: &SeenTokens,
    me: &Me<'_>,
    token: &str,
    now: i64,
) -> Result<Goodbye, Refused> {
    let header = decode_header(token)?;
    check_header(&header)?;
    let mut known = provider.known().await?;
    if !known.keys.iter().any(|key| fits(key, &header)) {
        known = provider.known_anew().await?;
    }
    let claims = decode_claims(&known, &header, token)?;
    check_claims(&claims, me, now)?;
    // Only now: a token that we refuse uses nothing up.
    if !seen.put(random::fingerprint(&claims.jti), (), now) {
        return Err(Refused::Replayed);
    }
    Ok(Goodbye { sid: claims.sid, sub: claims.sub })
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

/// Whether this key may have signed under this header. The key says which algorithm is meant, never the header alone.
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
    // Our clock, not the library's: see `check_claims`.
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

/// §2.6, in its order.
fn check_claims(claims: &Claims, me: &Me<'_>, now: i64) -> Result<(), Refused> {
    let aud_fits = match &claims.aud {
        Audience::One(aud) => aud == me.client_id,
        Audience::Many(all) => all.len() == 1 && all[0] == me.client_id,
    };
    let event = claims.events.get(EVENT);
    let checks = [
        (claims.iss == me.issuer, "another issuer"),
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
