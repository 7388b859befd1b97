//! The claims of tokens and of userinfo (OIDC Core §2, §5; RFC 9068; OIDC Back-Channel Logout §2.4).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};

use crate::{
    Scope,
    client::{Client, SubjectType},
    jwt::{Alg, Claims},
    request::ClaimsRequest,
};

/// The `typ` of an ID token.
pub const ID_TOKEN: &str = "JWT";
/// The `typ` of an access token (RFC 9068 §2.1).
pub const ACCESS_TOKEN: &str = "at+jwt";
/// The `typ` of a logout token (OIDC Back-Channel Logout §2.4).
pub const LOGOUT_TOKEN: &str = "logout+jwt";
/// The private claim of access tokens that names their grant; every endpoint that accepts one reads it (SECURITY D5).
pub const GRANT: &str = "grant";

const PROFILE: &[&str] = &[
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];

/// The standard claims by scope (OIDC Core §5.4).
pub const BY_SCOPE: &[(&str, &[&str])] = &[
    ("profile", PROFILE),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// Claims of the scope `profile` that a client gets only if its file names its scopes: few portals need them (SECURITY D11, data minimisation).
pub const NOT_BY_DEFAULT: &[&str] = &["birthdate", "gender"];

/// A private claim: the agency's own references for this person, disclosed to that agency only (SPEC J13).
pub const CLIENT_REFS: &str = "client_refs";

/// A person's data at the agency of the requesting client.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// The verified email address.
    pub email: String,
    /// The display name.
    pub name: Option<String>,
    /// Other standard claims by name, as the agency imported them.
    pub profile: Map<String, Value>,
    /// Seconds since 1970; `None` if the agency has no link with this person and gets name and email only.
    pub updated_at: Option<i64>,
    /// The agency's references for this person.
    pub client_refs: Vec<String>,
}

/// The claims that may be disclosed to one client. Only [`Person::disclosed_to`] makes one, so nothing else about a person gets into a token or a
/// response (SECURITY D11).
#[derive(Clone, Debug, PartialEq)]
pub struct Disclosed(Claims);

impl Person {
    /// Returns the claims that the client's file allows today. The request decides which of them a response holds.
    pub fn disclosed_to(&self, client: &Client) -> Disclosed {
        let mut claims = self.all();
        claims.retain(|name, _| client.is_allowed(name));
        Disclosed(claims)
    }

    fn all(&self) -> Claims {
        let mut all: Claims = self.profile.clone();
        all.retain(|name, value| is_standard(name, value));
        // These claims come from the account, whatever the profile says.
        for own in ["name", "updated_at"] {
            all.remove(own);
        }
        if let Some(name) = &self.name {
            all.insert("name".into(), json!(name));
        }
        all.insert("email".into(), json!(self.email));
        all.insert("email_verified".into(), json!(true));
        // Unverified unless the profile says otherwise (OIDC Core §5.1).
        if all.get("phone_number").is_some_and(|number| number != "") {
            all.entry("phone_number_verified").or_insert(json!(false));
        }
        if let Some(at) = self.updated_at {
            all.insert("updated_at".into(), json!(at));
        }
        if !self.client_refs.is_empty() {
            all.insert(CLIENT_REFS.into(), json!(self.client_refs));
        }
        all.retain(|_, value| !value.is_null() && value != "");
        all
    }
}

/// Returns true if a claim of a profile is in [`BY_SCOPE`] and has the type given by OIDC Core §5.1.
fn is_standard(name: &str, value: &Value) -> bool {
    BY_SCOPE.iter().any(|(_, names)| names.contains(&name))
        && match name {
            "phone_number_verified" => value.is_boolean(),
            "address" => value.as_object().is_some_and(|a| !a.is_empty()),
            _ => value.is_string(),
        }
}

/// Returns the subject for this client. Pairwise (OIDC Core §8.1): HMAC-SHA-256 over sector and account, so that two agencies cannot compare their people
/// and nobody without `salt` can compute it. `salt` must never change.
pub fn subject(client: &Client, account: &str, salt: &[u8; 32]) -> String {
    let sector = match client.subject_type {
        SubjectType::Pairwise => client.sector.as_str(),
        SubjectType::Public => "",
    };
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(salt).expect("HMAC takes a key of any length");
    // The length comes first, so that sector and account cannot be split in another way.
    mac.update(&u64::try_from(sector.len()).unwrap_or(u64::MAX).to_be_bytes());
    mac.update(sector.as_bytes());
    mac.update(account.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// The facts of a sign-in that every token of its grant repeats.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// The [`subject`].
    pub sub: &'a str,
    /// The session id for this client.
    pub sid: &'a str,
    /// The time at which the password was typed.
    pub auth_time: i64,
    /// The authentication context class reached.
    pub acr: Option<&'a str>,
}

/// Returns the claims of an ID token (OIDC Core §2): the subject, and about the person only what `claims` asked for (PROTOCOL pitfall 5).
pub fn id_token(
    grant: &Grant<'_>,
    alg: Alg,
    nonce: Option<&str>,
    access_token: &str,
    asked: &ClaimsRequest,
    Disclosed(person): &Disclosed,
    (now, life): (i64, i64),
) -> Claims {
    let mut claims: Claims = person.clone();
    claims.retain(|name, _| asked.id_token.contains_key(name));
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("iss", json!(grant.issuer));
    put("sub", json!(grant.sub));
    put("aud", json!(grant.client_id));
    put("azp", json!(grant.client_id));
    put("iat", json!(now));
    put("exp", json!(now + life));
    put("auth_time", json!(grant.auth_time));
    put("sid", json!(grant.sid));
    put("at_hash", json!(half_hash(alg, access_token)));
    if let Some(nonce) = nonce {
        put("nonce", json!(nonce));
    }
    if let Some(acr) = grant.acr {
        put("acr", json!(acr));
    }
    claims
}

/// Returns the left half of the hash that belongs to the algorithm (OIDC Core §3.1.3.6).
pub fn half_hash(alg: Alg, token: &str) -> String {
    match alg {
        Alg::EdDSA => URL_SAFE_NO_PAD.encode(&Sha512::digest(token.as_bytes())[..32]),
        _ => URL_SAFE_NO_PAD.encode(&Sha256::digest(token.as_bytes())[..16]),
    }
}

/// The extent of an access token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Access<'a> {
    /// The scope.
    pub scope: &'a Scope,
    /// The protected resources (RFC 8707); if empty, the token is for the provider's own userinfo.
    pub resources: &'a [String],
}

/// Returns the claims of an access token (RFC 9068 §2.2).
pub fn access_token(
    grant: &Grant<'_>,
    access: Access<'_>,
    (grant_id, jti): (&str, &str),
    (now, life): (i64, i64),
) -> Claims {
    let scope = access.scope;
    let audience = match access.resources {
        [] => json!(grant.issuer),
        [one] => json!(one),
        more => json!(more),
    };
    let mut claims = object(json!({
        "iss": grant.issuer, "sub": grant.sub, "aud": audience, "client_id": grant.client_id, "scope": scope.to_string(),
        "iat": now, "exp": now + life, "auth_time": grant.auth_time, "jti": jti, GRANT: grant_id,
    }));
    if let Some(acr) = grant.acr {
        claims.insert("acr".into(), json!(acr));
    }
    claims
}

/// Returns the userinfo response (OIDC Core §5.3.2): the claims of the scope, and those asked for individually.
pub fn userinfo(sub: &str, scope: &Scope, asked: &ClaimsRequest, Disclosed(person): &Disclosed) -> Claims {
    let opened = |name: &str| BY_SCOPE.iter().any(|(s, names)| scope.contains(s) && names.contains(&name));
    let mut claims: Claims = person.clone();
    claims.retain(|name, _| name == CLIENT_REFS || opened(name) || asked.userinfo.contains_key(name));
    claims.insert("sub".into(), json!(sub));
    claims
}

/// Returns the claims of a logout token (OIDC Back-Channel Logout §2.4): no nonce, and short-lived.
pub fn logout_token(grant: &Grant<'_>, jti: &str, (now, life): (i64, i64)) -> Claims {
    object(json!({
        "iss": grant.issuer, "sub": grant.sub, "aud": grant.client_id, "sid": grant.sid, "iat": now, "exp": now + life, "jti": jti,
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    }))
}

fn object(value: Value) -> Claims {
    match value {
        Value::Object(claims) => claims,
        _ => Claims::new(),
    }
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
