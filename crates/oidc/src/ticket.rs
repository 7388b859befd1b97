//! The migration ticket: a portal hands over a person whose old credentials it has just checked (SPEC J2). A JWT signed by the agency's
//! ticket key, sent as the parameter `migration_ticket` of an authorization request.
//!
//! | claim | is |
//! |---|---|
//! | `iss` | the portal's `client_id`, or the agency's id |
//! | `aud` | the provider's issuer |
//! | `sub` | the legacy identifier |
//! | `client_ref` | optional: the agency's own client reference |
//! | `email` | optional: the agency's address for this person, proposed, proves nothing |
//! | `name` | optional: how the agency calls this person |
//! | `jti` | unique; a second use is refused by whoever keeps them |
//! | `iat`, `exp` | `exp` at most five minutes after now and after `iat` |

use crate::jwt::{self, Key, Refused, Rules};

/// The maximum number of seconds from now to `exp`.
pub const MAX_LIFETIME: i64 = 300;

/// The content of a verified ticket. Whether its `jti` was used before is checked by the caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ticket {
    /// The legacy identifier.
    pub identifier: String,
    /// The agency's client reference.
    pub client_ref: Option<String>,
    /// The proposed email.
    pub email: Option<String>,
    /// The proposed name.
    pub name: Option<String>,
    /// Unique within the agency.
    pub jti: String,
    /// The end of its lifetime: remember `jti` until then.
    pub expires_at: i64,
}

/// Verifies a ticket.
///
/// `issuers` are the accepted values of `iss`: the client's id and its agency's. `issuer` is this provider.
///
/// # Errors
/// [`Refused`], for the log: the person reads one sentence and may type the old credentials instead.
pub fn verify(
    token: &str,
    keys: &[Key],
    issuers: &[&str],
    issuer: &str,
    now: i64,
) -> Result<Ticket, Refused> {
    let rules = Rules {
        typ: &["jwt", "migration-ticket+jwt"],
        typ_may_be_absent: true,
        issuers,
        audience: Some(issuer),
        required: &["iss", "aud", "sub", "jti", "iat", "exp"],
        now: Some(now),
    };
    let claims = jwt::verify(token, keys, &rules)?;
    // Only the issuer: a token with several audiences is meant for others too (RFC 8725 §3.9).
    if jwt::audience(&claims)?.len() != 1 {
        return Err(Refused::Audience);
    }
    let time = |name| jwt::number(&claims, name)?.ok_or(Refused::Claim(name));
    let (iat, exp) = (time("iat")?, time("exp")?);
    if exp > now + MAX_LIFETIME + jwt::SKEW || exp > iat + MAX_LIFETIME + jwt::SKEW || exp <= iat {
        return Err(Refused::Claim("exp"));
    }
    let claim = |name: &'static str, most: usize| {
        let value = jwt::text(&claims, name).filter(|v| v.len() <= most && !v.chars().any(char::is_control));
        value.map(str::to_owned).ok_or(Refused::Claim(name))
    };
    let optional = |name: &'static str, most| match claims.get(name) {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(_) => claim(name, most).map(|v| Some(v).filter(|v| !v.is_empty())),
    };
    Ok(Ticket {
        identifier: claim("sub", 256)?,
        client_ref: optional("client_ref", 256)?,
        email: optional("email", 320)?,
        name: optional("name", 200)?,
        jti: claim("jti", 256)?,
        expires_at: exp + jwt::SKEW,
    })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const SECRET: &[u8] = b"a ticket secret of 32 bytes, yes";

    fn claims() -> Value {
        json!({
            "iss": "tilleuls-portal", "aud": "https://op.example", "sub": "T-0001", "client_ref": "C42",
            "email": "m@x.fr", "jti": "j1", "iat": NOW, "exp": NOW + 300,
        })
    }

    fn check(claims: &Value) -> Result<Ticket, Refused> {
        let token = encode(&Header::default(), claims, &EncodingKey::from_secret(SECRET)).unwrap();
        verify(
            &token,
            &[Key::shared(SECRET).unwrap()],
            &["tilleuls", "tilleuls-portal"],
            "https://op.example",
            NOW,
        )
    }

    #[test]
    fn a_ticket_as_described_is_read() {
        let ticket = check(&claims()).unwrap();
        assert_eq!((ticket.identifier.as_str(), ticket.client_ref.as_deref()), ("T-0001", Some("C42")));
        assert_eq!(ticket.email.as_deref(), Some("m@x.fr"));
        let mut plain = claims();
        plain.as_object_mut().unwrap().remove("email");
        plain["iss"] = json!("tilleuls");
        assert_eq!(check(&plain).unwrap().email, None);
    }

    #[test]
    fn claims_are_required_and_every_rule_holds() {
        for name in ["iss", "aud", "sub", "jti", "iat", "exp"] {
            let mut without = claims();
            without.as_object_mut().unwrap().remove(name);
            assert!(check(&without).is_err(), "{name}");
        }
        for (name, value, why) in [
            ("iss", json!("rivage"), Refused::Issuer),
            ("aud", json!("https://other.example"), Refused::Audience),
            ("aud", json!(["https://op.example", "https://other.example"]), Refused::Audience),
            ("exp", json!(NOW + 311), Refused::Claim("exp")),
            ("exp", json!(NOW - 11), Refused::Expired),
            ("exp", json!("1800000300"), Refused::Claim("exp")),
            ("iat", json!(NOW + 11), Refused::NotYet),
            ("iat", json!(NOW - 400), Refused::Claim("exp")),
            ("sub", json!(42), Refused::Claim("sub")),
            ("sub", json!("a\u{0}b"), Refused::Claim("sub")),
            ("sub", json!("x".repeat(257)), Refused::Claim("sub")),
            ("jti", json!(""), Refused::Claim("jti")),
            ("email", json!(["a"]), Refused::Claim("email")),
        ] {
            let mut changed = claims();
            changed[name] = value;
            assert_eq!(check(&changed), Err(why), "{name}");
        }
    }

    #[test]
    fn another_agencys_secret_is_no_key() {
        let token = encode(&Header::default(), &claims(), &EncodingKey::from_secret(SECRET)).unwrap();
        let other = Key::shared(b"another ticket secret, 32 bytes!").unwrap();
        let answer = verify(&token, &[other], &["tilleuls-portal"], "https://op.example", NOW);
        assert_eq!(answer, Err(Refused::Signature));
    }
}
