use std::{collections::BTreeMap, sync::Arc};

use accounts::{Accounts, HashCost, Hasher, Rules, TermsLibrary};
use arc_swap::ArcSwap;
use axum::{Router, body::Body};
use http::{HeaderMap, Request, StatusCode, header};
use idp::{Idp, Throttle};
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    grant::world::{CALLBACK, CHALLENGE, ISSUER, VERIFIER, World, basic, form},
    journeys::visitor::goes_on,
};

/// The response.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        assert!(self.header("content-type").starts_with("application/json"), "{} {}", self.status, self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The address that the browser goes on to, by a redirect or by a page.
    pub fn onward(&self) -> String {
        match self.status {
            StatusCode::SEE_OTHER => self.header("location").to_owned(),
            _ => goes_on(&self.body).unwrap_or_else(|| panic!("{}: {}", self.status, self.body)),
        }
    }

    /// The parameters that came back at the callback.
    pub fn returned(&self) -> oidc::Params {
        let to = self.onward();
        let (uri, query) = to.split_once('?').expect("a query");
        assert_eq!(uri, CALLBACK);
        let params = oidc::Params::parse(&[query]).unwrap();
        assert_eq!(params.get("iss"), Some(ISSUER));
        params
    }
}

/// A browser, or a client without cookies.
pub struct Visitor {
    router: Router,
    pub cookies: BTreeMap<String, String>,
}

/// The provider over HTTP, in front of a world's database.
pub fn provider(world: &World) -> Router {
    let context = world.bed.context.clone();
    let hasher = Hasher::new(HashCost { memory: 8, passes: 1, lanes: 1 }, 1, 1, context.rng.clone()).unwrap();
    let terms = Arc::new(ArcSwap::from_pointee(TermsLibrary::new(vec![])));
    idp::router(Idp {
        accounts: Accounts::new(context.clone(), Arc::new(hasher), Rules::default(), terms),
        context,
        agencies: world.agencies.clone(),
        grants: world.a.clone(),
        pages: Arc::new(pages::Pages::new().unwrap()),
        issuer: ISSUER.into(),
        trusted_proxies: idp::Proxies::default(),
        throttle: Arc::new(Throttle::new(1000.try_into().unwrap())),
        body_time: std::time::Duration::from_secs(10),
    })
}

impl Visitor {
    pub fn new(router: &Router) -> Self {
        Self { router: router.clone(), cookies: BTreeMap::new() }
    }

    /// With a session of the world's person in its cookie.
    pub async fn signed_in(world: &World, router: &Router) -> Self {
        let (context, now) = (&world.bed.context, world.bed.context.now());
        let token = context.token();
        world
            .write(
                "session",
                vec![
                    ("id", context.id::<uuid::Uuid>().into()),
                    ("token_hash", token.digest().into_string().into()),
                    ("account_id", world.account.0.into()),
                    ("auth_time", now.into()),
                    ("created_at", now.into()),
                    ("last_seen_at", now.into()),
                    ("ends_at", (now + 86_400).into()),
                    ("user_agent", "".into()),
                    ("ip_short", "".into()),
                ],
            )
            .await;
        let mut visitor = Self::new(router);
        visitor.cookies.insert("__Host-mc_session".into(), token.text());
        visitor
    }

    pub async fn send(&mut self, mut request: Request<Body>) -> Reply {
        let cookies: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            match rest.split(';').next().unwrap() {
                "" => drop(self.cookies.remove(name)),
                value => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post(&mut self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Reply {
        let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(form(fields))).unwrap()).await
    }

    /// An authorization request, followed over the hub as far as it goes without a person.
    pub async fn authorize(&mut self, more: &[(&str, &str)]) -> Reply {
        let query = form(&asking(more));
        let reply = self.get(&format!("/authorize?{query}"), &[]).await;
        self.follow(reply).await
    }

    pub async fn follow(&mut self, mut reply: Reply) -> Reply {
        while reply.status == StatusCode::SEE_OTHER && reply.header("location").starts_with('/') {
            let to = reply.header("location").to_owned();
            reply = self.get(&to, &[]).await;
        }
        reply
    }

    /// Signs in by the session and redeems.
    pub async fn tokens(&mut self, more: &[(&str, &str)]) -> Value {
        let code = self.authorize(more).await.returned().get("code").expect("a code").to_owned();
        let reply = self.redeem(&code).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        reply.json()
    }

    pub async fn redeem(&mut self, code: &str) -> Reply {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.post("/token", &[("authorization", &basic("rp"))], &fields).await
    }
}

/// The parameters of a good request, with some replaced; an empty value takes one out.
pub fn asking<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("client_id", "rp"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email offline_access"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    fields.retain(|(name, _)| more.iter().all(|(n, _)| n != name));
    fields.extend(more.iter().filter(|(_, v)| !v.is_empty()));
    fields
}
