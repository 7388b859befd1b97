//! How clients prove themselves beside a secret of their own: keys that they publish, and what becomes of those who only guess.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::{Router, body::Body, extract::ConnectInfo};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, StatusCode};
use idp::grant::KeySource;
use oidc::{authentication::ASSERTION_TYPE, client::AuthMethod};
use serde_json::{Value, json};
use testbed::{apply, both};
use tower::ServiceExt;

use crate::endpoints::{
    browser::{Visitor, provider},
    world::{ISSUER, World, all, basic, form},
};

const JWKS: &str = "https://rp.example/jwks";

/// A client's key pair.
struct Pair(&'static str, EcdsaKeyPair);

impl Pair {
    fn new(kid: &'static str) -> Self {
        Self(kid, EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        let point = self.1.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|half| URL_SAFE_NO_PAD.encode(half));
        json!({ "kty": "EC", "crv": "P-256", "kid": self.0, "x": x, "y": y })
    }

    fn assertion(&self, jti: &str, now: i64) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims =
            json!({ "iss": "rp", "sub": "rp", "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60 });
        let input = format!("{}.{}", part(json!({ "alg": "ES256", "kid": self.0 })), part(claims));
        let signature = self.1.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The key set at the client's address, and the number of reads.
#[derive(Default)]
struct Published {
    text: Mutex<Option<String>>,
    read: AtomicUsize,
}

impl Published {
    fn put(&self, keys: &[&Pair]) {
        let keys: Vec<_> = keys.iter().map(|pair| pair.jwk()).collect();
        *self.text.lock().unwrap() = Some(json!({ "keys": keys }).to_string());
    }

    fn times(&self) -> usize {
        self.read.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl KeySource for Published {
    async fn read(&self, uri: &str) -> Result<String, String> {
        assert_eq!(uri, JWKS);
        self.read.fetch_add(1, Ordering::SeqCst);
        self.text.lock().unwrap().clone().ok_or_else(|| "it is down".into())
    }
}

/// The error of the token endpoint for an assertion with an unknown code.
async fn says(client: &mut Visitor, assertion: &str) -> String {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", "unknown"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    client.post("/token", &[], &fields).await.error()
}

/// PROTOCOL 4.8 (refetch on an unknown kid, with a rate limit; not before it is needed); SECURITY D4, #27, #32
#[apply(both!)]
#[tokio::test]
async fn keys_at_a_jwks_uri_are_read_when_they_are_needed_and_no_more_often(mut world: World) {
    world.agencies.store(Arc::new(all(|client| {
        client.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
        client.secrets.clear();
        client.jwks_uri = Some(JWKS.into());
    })));
    let published = Arc::new(Published::default());
    world.a = world.a.clone().reading_keys_from(published.clone());
    let (one, two) = (Pair::new("1"), Pair::new("2"));
    let now = || world.bed.context.now();
    let mut client = Visitor::new(&provider(&world));
    client.get("/.well-known/openid-configuration", &[]).await;
    assert_eq!(says(&mut client, "garbage").await, "invalid_client");
    assert_eq!(published.times(), 0, "nothing names the client");
    // Down: refused, and not asked again at once.
    assert_eq!(says(&mut client, &one.assertion("a", now())).await, "invalid_client");
    published.put(&[&one]);
    assert_eq!(says(&mut client, &one.assertion("b", now())).await, "invalid_client");
    assert_eq!(published.times(), 1);
    world.bed.clock.advance(11);
    for jti in ["c", "d", "e"] {
        assert_eq!(says(&mut client, &one.assertion(jti, now())).await, "invalid_grant", "known to be rp");
    }
    assert_eq!(says(&mut client, &one.assertion("e", now())).await, "invalid_client", "used up (I18)");
    assert_eq!(published.times(), 2);
    // The client changes its key: an unknown kid has the set read again, once a while.
    published.put(&[&two]);
    world.bed.clock.advance(11);
    for jti in ["f", "g"] {
        assert_eq!(says(&mut client, &two.assertion(jti, now())).await, "invalid_grant");
    }
    assert_eq!(says(&mut client, &one.assertion("h", now())).await, "invalid_client", "taken back");
    for _ in 0..20 {
        says(&mut client, &Pair::new("unknown").assertion("i", now())).await;
    }
    assert_eq!(published.times(), 3);
    // Down for a while: what was read last is good for an hour.
    *published.text.lock().unwrap() = None;
    world.bed.clock.advance(1800);
    assert_eq!(says(&mut client, &two.assertion("j", now())).await, "invalid_grant");
    world.bed.clock.advance(3600);
    assert_eq!(says(&mut client, &two.assertion("k", now())).await, "invalid_client");
}

/// A client at this address of the network.
async fn from(router: &Router, ip: &str, authorization: &str) -> (StatusCode, String) {
    let peer: std::net::SocketAddr = format!("{ip}:50000").parse().unwrap();
    let body = form(&[("grant_type", "authorization_code"), ("code", "unknown")]);
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", authorization)
        .extension(ConnectInfo(peer))
        .body(Body::from(body))
        .unwrap();
    let reply = router.clone().oneshot(request).await.unwrap();
    let wait = reply.headers().get("retry-after").map(|v| v.to_str().unwrap().to_owned());
    (reply.status(), wait.unwrap_or_default())
}

/// SECURITY #26: a thousand wrong secrets.
#[apply(both!)]
#[tokio::test]
async fn who_guesses_secrets_waits_and_the_client_does_not(world: World) {
    let router = provider(&world);
    let (right, home) = (basic("rp"), "198.51.100.1");
    assert_eq!(from(&router, home, &right).await.0, StatusCode::BAD_REQUEST, "only the code is unknown");
    let mut looked_at = 0;
    for n in 0..1000 {
        let (status, wait) = from(&router, "203.0.113.1", &basic(&format!("rp:guess{n}"))).await;
        match status {
            StatusCode::UNAUTHORIZED => looked_at += 1,
            status => assert_eq!((status, &*wait), (StatusCode::TOO_MANY_REQUESTS, "60")),
        }
    }
    assert_eq!(looked_at, 60);
    // Not even the right one from there, and nothing is lost elsewhere.
    assert_eq!(from(&router, "203.0.113.1", &right).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from(&router, home, &right).await.0, StatusCode::BAD_REQUEST);
    world.bed.clock.advance(61);
    assert_eq!(from(&router, "203.0.113.1", &right).await.0, StatusCode::BAD_REQUEST);
}

/// FINDING R9, S15: on shared hosting one portal's wrong secrets, or a stranger's, shut out no neighbour.
#[apply(both!)]
#[tokio::test]
async fn a_portal_is_not_shut_out_by_its_neighbours_at_one_address(world: World) {
    let router = provider(&world);
    let shared = "198.51.100.7";
    let right = |client: &str| basic(&format!("{client}:s3cret"));
    assert_eq!(from(&router, shared, &right("rp")).await.0, StatusCode::BAD_REQUEST, "rp proves itself");
    for n in 0..150 {
        from(&router, shared, &basic(&format!("nobody{n}:guess"))).await;
    }
    // A neighbour that never proved itself passes, and so does the one that did.
    assert_eq!(from(&router, shared, &right("other")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(from(&router, shared, &right("rp")).await.0, StatusCode::BAD_REQUEST);
    let mut looked_at = 0;
    for n in 0..1000 {
        let (status, _) = from(&router, shared, &basic(&format!("rp:guess{n}"))).await;
        looked_at += usize::from(status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(looked_at, 60, "guesses at one client from one address are bounded");
    assert_eq!(
        from(&router, shared, &right("rp")).await.0,
        StatusCode::BAD_REQUEST,
        "its own secret is known"
    );
    assert_eq!(from(&router, shared, &right("other")).await.0, StatusCode::BAD_REQUEST);
    // From many addresses: the client at home is not shut out, and the sum is bounded.
    let mut looked_at = 0;
    for n in 0..1200 {
        let guess = basic(&format!("rp:guess{n}"));
        let (status, _) = from(&router, &format!("203.0.{}.{}", n / 250, n % 250), &guess).await;
        looked_at += usize::from(status == StatusCode::UNAUTHORIZED);
    }
    assert!(looked_at <= 600, "{looked_at}");
    assert_eq!(from(&router, shared, &right("rp")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(from(&router, "192.0.2.1", &right("rp")).await.0, StatusCode::TOO_MANY_REQUESTS);
    world.bed.clock.advance(61);
    assert_eq!(from(&router, "192.0.2.1", &right("rp")).await.0, StatusCode::BAD_REQUEST);
}
