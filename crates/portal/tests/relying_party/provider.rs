//! An OpenID provider of the tests' own, which behaves correctly unless a test asks for a fault.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use url::Url;

use crate::{CLIENT_ID, CLIENT_SECRET, clock::TestClock};

/// A signing key and the name it is published under.
#[derive(Clone)]
pub struct SigningKey {
    pub kid: String,
    pub algorithm: Algorithm,
    pub key: EncodingKey,
}

static RSA: LazyLock<EncodingKey> = LazyLock::new(|| {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der = pair.as_der().expect("PKCS#8");
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key")
});

impl SigningKey {
    /// The RSA key of all tests: making one takes a while.
    pub fn rsa(kid: &str) -> Self {
        Self { kid: kid.to_owned(), algorithm: Algorithm::RS256, key: RSA.clone() }
    }

    /// A new P-256 key.
    pub fn ec(kid: &str) -> Self {
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .expect("a key");
        Self { kid: kid.to_owned(), algorithm: Algorithm::ES256, key: EncodingKey::from_ec_der(der.as_ref()) }
    }

    fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("a public key");
        jwk.common.key_id = Some(self.kid.clone());
        let mut jwk = serde_json::to_value(jwk).expect("a JWK");
        jwk["use"] = json!("sig");
        jwk
    }

    /// A JWT of this key.
    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.clone());
        header.typ = Some(typ.to_owned());
        encode(&header, claims, &self.key).expect("a token")
    }
}

/// The signature of ID tokens.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Seal {
    #[default]
    Right,
    /// `alg: none`, no signature.
    Nothing,
    /// HS256 with the client secret.
    ClientSecret,
    /// Our key's name over somebody else's signature.
    ForeignKey,
    /// One claim changed after signing.
    Altered,
}

/// The provider's behaviour, which tests change.
pub struct Script {
    pub issuer_in_metadata: Option<String>,
    pub promises_iss: bool,
    pub end_session: bool,
    /// The first one signs.
    pub keys: Vec<SigningKey>,
    /// The JWKS, if it differs from `keys`.
    published: Option<Vec<SigningKey>>,
    /// Claims that replace those of the ID token; null removes a claim.
    pub id_token: Value,
    pub no_id_token: bool,
    pub seal: Seal,
    pub sub: String,
    pub sid: String,
    pub userinfo: Value,
    pub userinfo_sub: Option<String>,
    pub expires_in: i64,
    pub refresh_tokens: bool,
    pub token_error: Option<(u16, &'static str)>,
    /// Every endpoint answers 503.
    pub down: bool,
    /// The number of requests by path.
    pub asked: BTreeMap<&'static str, usize>,
    /// The `grant_type` of each token request, in order.
    pub grants: Vec<String>,
    codes: HashMap<String, Url>,
    refresh_token: Option<String>,
    access_token: String,
    count: usize,
}

/// The provider, running.
#[derive(Clone)]
pub struct FakeProvider {
    pub issuer: String,
    pub clock: TestClock,
    script: Arc<Mutex<Script>>,
}

impl FakeProvider {
    pub async fn start(clock: TestClock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let script = Script {
            issuer_in_metadata: None,
            promises_iss: true,
            end_session: true,
            keys: vec![SigningKey::ec("ec-1")],
            published: None,
            id_token: json!({}),
            no_id_token: false,
            seal: Seal::Right,
            sub: "pairwise-7f3a".to_owned(),
            sid: "sid-1".to_owned(),
            userinfo: json!({
                "email": "claire.martin@example.org", "email_verified": true, "name": "Claire Martin",
                "client_refs": ["C-1042"],
            }),
            userinfo_sub: None,
            expires_in: 600,
            refresh_tokens: true,
            token_error: None,
            down: false,
            asked: BTreeMap::new(),
            grants: Vec::new(),
            codes: HashMap::new(),
            refresh_token: None,
            access_token: String::new(),
            count: 0,
        };
        let provider = Self { issuer, clock, script: Arc::new(Mutex::new(script)) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("the script")
    }

    pub fn asked(&self, path: &str) -> usize {
        self.script().asked.get(path).copied().unwrap_or_default()
    }

    /// The person signs in: the address that the provider sends the browser back to.
    pub fn approve(&self, authorization: &Url) -> Url {
        let parameters = parameters(authorization);
        let mut script = self.script();
        script.count += 1;
        let code = format!("code-{}", script.count);
        script.codes.insert(code.clone(), authorization.clone());
        let mut back = Url::parse(&parameters["redirect_uri"]).expect("an address");
        let answer = [("code", code.as_str()), ("state", &parameters["state"]), ("iss", &self.issuer)];
        back.query_pairs_mut().extend_pairs(answer);
        back
    }

    /// Signs with a key that the JWKS does not show.
    pub fn sign_unpublished(&self) {
        let mut script = self.script();
        script.published = Some(script.keys.clone());
        script.keys = vec![SigningKey::ec("unpublished")];
    }

    /// A logout token with these claims in place of good ones.
    pub fn logout_token(&self, changes: &Value) -> String {
        self.script().keys[0].sign("logout+jwt", &self.logout_claims(changes))
    }

    pub fn logout_claims(&self, changes: &Value) -> Value {
        let now = self.clock.now();
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": format!("logout-{changes}"),
            "sid": "sid-1", "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        lay_over(&mut claims, changes);
        claims
    }

    fn enter(&self, path: &'static str) -> Result<MutexGuard<'_, Script>, Box<Response>> {
        let mut script = self.script();
        *script.asked.entry(path).or_default() += 1;
        if script.down {
            return Err(Box::new(StatusCode::SERVICE_UNAVAILABLE.into_response()));
        }
        Ok(script)
    }
}

/// The parameters of an address; panics if one is repeated.
pub fn parameters(url: &Url) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for (name, value) in url.query_pairs() {
        assert!(found.insert(name.to_string(), value.to_string()).is_none(), "{name} comes twice");
    }
    found
}

fn lay_over(claims: &mut Value, changes: &Value) {
    let claims = claims.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => claims.remove(name),
            value => claims.insert(name.clone(), value.clone()),
        };
    }
}

async fn metadata(State(provider): State<FakeProvider>) -> Response {
    let script = match provider.enter("/.well-known/openid-configuration") {
        Ok(script) => script,
        Err(down) => return *down,
    };
    let issuer = &provider.issuer;
    let mut metadata = json!({
        "issuer": script.issuer_in_metadata.as_ref().unwrap_or(issuer),
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": script.promises_iss,
    });
    if script.end_session {
        metadata["end_session_endpoint"] = json!(format!("{issuer}/end-session"));
    }
    Json(metadata).into_response()
}

async fn jwks(State(provider): State<FakeProvider>) -> Response {
    match provider.enter("/jwks") {
        Ok(script) => {
            let keys: Vec<Value> =
                script.published.as_ref().unwrap_or(&script.keys).iter().map(SigningKey::public).collect();
            Json(json!({ "keys": keys })).into_response()
        }
        Err(down) => *down,
    }
}

async fn token(
    State(provider): State<FakeProvider>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut script = match provider.enter("/token") {
        Ok(script) => script,
        Err(down) => return *down,
    };
    script.grants.push(form["grant_type"].clone());
    if let Some((status, error)) = script.token_error {
        return refusal(status, error);
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}")));
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(&basic) {
        return refusal(401, "invalid_client");
    }
    let nonce = match form["grant_type"].as_str() {
        "authorization_code" => match redeem(&mut script, &form) {
            Some(nonce) => Some(nonce),
            None => return refusal(400, "invalid_grant"),
        },
        "refresh_token"
            if script.refresh_token.is_some()
                && script.refresh_token.as_ref() == form.get("refresh_token") =>
        {
            None
        }
        _ => return refusal(400, "invalid_grant"),
    };
    Json(tokens(&provider, &mut script, nonce)).into_response()
}

/// The nonce of the authorization request, if code, redirect address and PKCE verifier belong together.
fn redeem(script: &mut Script, form: &HashMap<String, String>) -> Option<String> {
    let asked = parameters(&script.codes.remove(form.get("code")?)?);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier")?));
    let right = asked["code_challenge_method"] == "S256"
        && asked["code_challenge"] == challenge
        && Some(&asked["redirect_uri"]) == form.get("redirect_uri");
    right.then(|| asked["nonce"].clone())
}

fn refusal(status: u16, error: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, Json(json!({ "error": error, "error_description": "<b>parce que</b>" }))).into_response()
}

fn tokens(provider: &FakeProvider, script: &mut Script, nonce: Option<String>) -> Value {
    script.count += 1;
    script.access_token = format!("access-{}", script.count);
    let now = provider.clock.now();
    let hash = Sha256::digest(&script.access_token);
    let mut claims = json!({
        "iss": provider.issuer, "aud": CLIENT_ID, "sub": script.sub, "sid": script.sid, "iat": now, "exp": now + 600,
        "auth_time": now, "at_hash": URL_SAFE_NO_PAD.encode(&hash[..16]),
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    lay_over(&mut claims, &script.id_token);
    let mut answer = json!({
        "access_token": script.access_token, "token_type": "Bearer", "expires_in": script.expires_in,
    });
    if script.refresh_tokens {
        let refresh = format!("refresh-{}", script.count);
        answer["refresh_token"] = json!(refresh);
        script.refresh_token = Some(refresh);
    }
    if !script.no_id_token {
        answer["id_token"] = json!(seal(script, &claims));
    }
    answer
}

fn seal(script: &Script, claims: &Value) -> String {
    let key = &script.keys[0];
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    match script.seal {
        Seal::Right => key.sign("JWT", claims),
        Seal::Nothing => format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims)),
        Seal::ClientSecret => encode(
            &Header::new(Algorithm::HS256),
            claims,
            &EncodingKey::from_secret(CLIENT_SECRET.as_bytes()),
        )
        .expect("a token"),
        Seal::ForeignKey => SigningKey { kid: key.kid.clone(), ..SigningKey::ec("") }.sign("JWT", claims),
        Seal::Altered => {
            let signed = key.sign("JWT", claims);
            let parts: Vec<&str> = signed.split('.').collect();
            let mut claims = claims.clone();
            claims["sub"] = json!("somebody-else");
            format!("{}.{}.{}", parts[0], part(&claims), parts[2])
        }
    }
}

async fn userinfo(State(provider): State<FakeProvider>, headers: HeaderMap) -> Response {
    let script = match provider.enter("/userinfo") {
        Ok(script) => script,
        Err(down) => return *down,
    };
    let bearer = format!("Bearer {}", script.access_token);
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(&bearer) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut claims = script.userinfo.clone();
    claims["sub"] = json!(script.userinfo_sub.as_ref().unwrap_or(&script.sub));
    Json(claims).into_response()
}
