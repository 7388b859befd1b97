use std::{ops::Deref, sync::Arc};

use accounts::{Accounts, HashCost, Hasher, Rules, TermsLibrary};
use arc_swap::ArcSwap;
use axum::Router;
use axum_extra::extract::cookie::Cookie;
use http::{Method, Request, StatusCode};
use idp::{Idp, Throttle};
use serde_json::Value;
use testkit::{Browser, Page};

use crate::grant::world::{CALLBACK, ISSUER, VERIFIER, World, basic, form};

/// An answer at the client.
pub trait AtClient {
    /// The parameters that came back at the callback.
    fn returned(&self) -> oidc::Params;
}

impl AtClient for Page {
    fn returned(&self) -> oidc::Params {
        let to = self.onward();
        let (uri, query) = to.split_once('?').expect("a query");
        assert_eq!(uri, CALLBACK);
        let params = oidc::Params::parse(&[query]).unwrap();
        assert_eq!(params.get("iss"), Some(ISSUER));
        params
    }
}

/// A browser in process, or a client without cookies.
pub struct Visitor(Browser);

impl Deref for Visitor {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.0
    }
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
        staff: Arc::from([]),
        throttle: Arc::new(Throttle::new(1000.try_into().unwrap())),
        body_time: std::time::Duration::from_secs(10),
    })
}

impl Visitor {
    pub fn new(router: &Router) -> Self {
        Self(Browser::new(router.clone(), ISSUER))
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
        let visitor = Self::new(router);
        visitor.add_cookie(Cookie::build(("__Host-mc_session", token.text())).path("/").build());
        visitor
    }

    pub async fn send(&mut self, request: Request<impl Into<Vec<u8>>>) -> Page {
        self.try_exchange(request.map(Into::into)).await.unwrap()
    }

    pub async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Page {
        self.once(Method::GET, path, None, headers).await
    }

    pub async fn post(&mut self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Page {
        self.once(Method::POST, path, Some(form(fields).into()), headers).await
    }

    /// An authorization request, followed over the hub as far as it goes without a person.
    pub async fn authorize(&mut self, more: &[(&str, &str)]) -> Page {
        let query = form(&asking(more));
        let reply = self.get(&format!("/authorize?{query}"), &[]).await;
        self.follow(reply).await
    }

    pub async fn follow(&mut self, page: Page) -> Page {
        self.try_follow(page).await.unwrap()
    }

    /// Signs in by the session and redeems.
    pub async fn tokens(&mut self, more: &[(&str, &str)]) -> Value {
        let code = self.authorize(more).await.returned().get("code").expect("a code").to_owned();
        let reply = self.redeem(&code).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        reply.json()
    }

    pub async fn redeem(&mut self, code: &str) -> Page {
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
    testkit::asking("rp", CALLBACK, more)
}
