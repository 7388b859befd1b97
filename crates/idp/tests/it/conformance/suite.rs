use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use serde_json::{Map, Value};
use testbed::Bed;
use url::{Url, form_urlencoded::byte_serialize};

use super::{
    checks::{id_token, response, token, userinfo},
    op::{EMAIL, FIRST, ISSUER, Op, PASSWORD, Registered, SECOND, SECRET, SUITE, portal},
    robot::{Page, Robot, Seen, encoded},
};

/// A plan of the certification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plan {
    /// oidcc-basic: the response is in the query.
    Basic,
    /// oidcc-formpost-basic: it is a form that posts itself.
    FormPost,
    /// oidcc-rp-initiated-logout
    RpLogout,
    /// oidcc-backchannel-rp-initiated-logout
    BackChannel,
    /// oidcc-frontchannel-rp-initiated-logout
    FrontChannel,
}

impl Plan {
    /// The keys of a client's section in the agency's file for this plan.
    fn keys(self) -> String {
        match self {
            Self::Basic | Self::FormPost | Self::RpLogout => String::new(),
            Self::BackChannel => format!("backchannel_logout_uri = \"{SUITE}/backchannel_logout\""),
            Self::FrontChannel => format!("frontchannel_logout_uri = \"{SUITE}/frontchannel_logout\""),
        }
    }
}

/// An authorization request, and what the answers to it are held against.
#[derive(Clone)]
pub struct Asked {
    pub client: &'static Registered,
    pub fields: Vec<(String, String)>,
}

impl Asked {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// With another value; an empty one takes the parameter out.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        if !value.is_empty() {
            self.fields.push((name.into(), value.into()));
        }
        self
    }

    pub fn address(&self) -> String {
        format!("{ISSUER}/authorize?{}", encoded(&self.fields))
    }
}

/// A code, checked, and the request that it answers.
pub struct Code {
    pub asked: Asked,
    pub code: String,
}

/// The tokens of a code, checked.
pub struct Tokens {
    pub asked: Asked,
    /// The answer of the token endpoint.
    pub answer: Map<String, Value>,
    pub id_token: String,
    /// Header and claims of the ID token.
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
}

impl Tokens {
    pub fn access(&self) -> &str {
        self.answer["access_token"].as_str().unwrap()
    }

    /// `auth_time`, which a module compares.
    #[track_caller]
    pub fn auth_time(&self) -> i64 {
        self.claims["auth_time"].as_i64().expect("auth_time is a number")
    }
}

/// The certification's suite: a client's server and the browser of the one who tests.
pub struct Suite {
    pub op: Op,
    pub robot: Robot,
    pub plan: Plan,
}

impl Suite {
    #[allow(clippy::print_stdout, reason = "a test that fails says where")]
    pub async fn on(bed: Bed, plan: Plan) -> Self {
        println!("{plan:?} on {}", bed.name);
        let portals = [&FIRST, &SECOND].map(|client| portal(client, &plan.keys())).concat();
        let op = Op::on(bed, &portals).await;
        let robot = Robot::new(&op, plan == Plan::FormPost);
        Self { op, robot, plan }
    }

    /// The browser forgets its cookies, as before each of the suite's modules.
    pub fn fresh_browser(&mut self) {
        self.robot = Robot::new(&self.op, self.plan == Plan::FormPost);
    }

    /// The suite's plain request, of the first client.
    pub fn request(&self) -> Asked {
        self.request_of(&FIRST)
    }

    pub fn request_of(&self, client: &'static Registered) -> Asked {
        let mut asked = Asked { client, fields: Vec::new() };
        for (name, value) in [
            ("client_id", client.id),
            ("redirect_uri", client.callback),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", &self.op.random()[..10]),
            ("nonce", &self.op.random()[..10]),
        ] {
            asked = asked.with(name, value);
        }
        match self.plan {
            Plan::FormPost => asked.with("response_mode", "form_post"),
            _ => asked,
        }
    }

    /// As a browser brings it.
    pub async fn send(&mut self, asked: &Asked) -> Seen {
        self.robot.open(&asked.address()).await
    }

    /// Types address and password into the sign-in page (PROTOCOL pitfall 14): `None` if something else was shown.
    pub async fn sign_in(&mut self, seen: Seen) -> Seen {
        let page = seen.page();
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(page.text().contains("Connexion"), "{}", page.text());
        self.robot.submit(&page, &[("email", EMAIL), ("password", PASSWORD)]).await
    }

    /// A request that has to show the sign-in page.
    pub async fn authorize(&mut self, asked: Asked) -> Code {
        let seen = self.send(&asked).await;
        let seen = self.sign_in(seen).await;
        let code = response::success(self.plan, &asked, &seen.client());
        Code { asked, code }
    }

    /// A request that may show nothing.
    pub async fn silently(&mut self, asked: Asked) -> Code {
        let seen = self.send(&asked).await;
        let code = response::success(self.plan, &asked, &seen.client());
        Code { asked, code }
    }

    /// A request that comes back with an error, at once.
    pub async fn refused(&mut self, asked: Asked) -> String {
        let seen = self.send(&asked).await;
        response::failure(self.plan, &asked, &seen.client())
    }

    /// To an endpoint, without a browser.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Page {
        let url = Url::parse(ISSUER).unwrap().join(path).unwrap();
        Robot::new(&self.op, false).ask(method, &url, body, headers).await
    }

    /// The token endpoint, with the client's own authentication (RFC 6749 §2.3.1).
    pub async fn token(&self, client: &Registered, fields: &[(&str, &str)]) -> Page {
        let mut fields = fields.to_vec();
        if client.post {
            fields.extend([("client_id", client.id), ("client_secret", SECRET)]);
            return self.call(Method::POST, "/token", Some(encoded(&fields)), &[]).await;
        }
        let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let both = format!("{}:{}", part(client.id), part(SECRET));
        let basic = format!("Basic {}", STANDARD.encode(both));
        self.call(Method::POST, "/token", Some(encoded(&fields)), &[("authorization", &basic)]).await
    }

    pub async fn exchange(&self, code: &Code, more: &[(&str, &str)]) -> Page {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", &code.code),
            ("redirect_uri", code.asked.get("redirect_uri").unwrap()),
        ];
        fields.extend(more);
        self.token(code.asked.client, &fields).await
    }

    /// Redeems a code; everything that came is checked.
    pub async fn redeem(&self, code: &Code) -> Tokens {
        let reply = self.exchange(code, &[]).await;
        self.tokens(&code.asked, &reply).await
    }

    pub async fn tokens(&self, asked: &Asked, reply: &Page) -> Tokens {
        let answer = token::success(reply);
        let id_token = answer["id_token"].as_str().expect("id_token is text").to_owned();
        let keys = self.call(Method::GET, "/jwks", None, &[]).await.json();
        let (header, claims) = id_token::check(asked, &answer, &keys, self.op.now());
        Tokens { asked: asked.clone(), answer, id_token, header, claims }
    }

    /// `GET /userinfo`; everything that came is checked.
    pub async fn userinfo(&self, tokens: &Tokens) -> Map<String, Value> {
        let bearer = format!("Bearer {}", tokens.access());
        let reply = self.call(Method::GET, "/userinfo", None, &[("authorization", &bearer)]).await;
        userinfo::check(tokens, &reply, self.op.now())
    }

    /// The way that most modules go, to its end.
    pub async fn happy(&mut self, asked: Asked) -> Tokens {
        let code = self.authorize(asked).await;
        let tokens = self.redeem(&code).await;
        self.userinfo(&tokens).await;
        tokens
    }

    /// The same when the person is signed in: nothing is shown.
    pub async fn again(&mut self, asked: Asked) -> Tokens {
        let code = self.silently(asked).await;
        let tokens = self.redeem(&code).await;
        self.userinfo(&tokens).await;
        tokens
    }

    /// The metadata document.
    pub async fn document(&self) -> Value {
        self.call(Method::GET, "/.well-known/openid-configuration", None, &[]).await.json()
    }

    /// True if an access token opens userinfo now; a refusal has to be a 4xx (`EnsureHttpStatusCodeIs4xx`).
    pub async fn opens(&self, access: &str) -> bool {
        let bearer = format!("Bearer {access}");
        let reply = self.call(Method::GET, "/userinfo", None, &[("authorization", &bearer)]).await;
        assert!(reply.status.is_success() || reply.status.is_client_error());
        reply.status.is_success()
    }
}
