use std::sync::Arc;

use accounts::{AccountId, Accounts, HashCost, Hasher, Rules, Session, SessionId, TermsLibrary};
use agencies::{Agencies, Agency, Contact, Controller, Directory, Look, Portal};
use arc_swap::ArcSwap;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use idp::grant::{Call, Completed, Grants, Settings, Start};
use kernel::{
    Ground, Token,
    sea_orm::{
        ConnectionTrait,
        sea_query::{Expr, ExprTrait, Query, SimpleExpr},
    },
};
use oidc::{
    Params,
    client::{AuthMethod, Client},
    respond::Response,
};
use serde_json::Value;
use testbed::Bed;

pub const ISSUER: &str = "https://op.example";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const CALLBACK: &str = "https://rp.example/cb";

/// Two nodes, two agencies, one person linked to the first.
pub struct World {
    pub bed: Bed,
    pub a: Grants,
    pub b: Grants,
    pub agencies: Arc<ArcSwap<Agencies>>,
    pub browser: Token,
    pub account: AccountId,
}

fn client(id: &str, agency: &str) -> Client {
    let mut client = Client::new(id, agency);
    client.redirect_uris = vec![CALLBACK.into()];
    client.post_logout_redirect_uris = vec!["https://rp.example/out".into()];
    client.secret_hashes = vec![Client::hash_secret("s3cret")];
    client.backchannel_logout_uri = Some(format!("https://{id}.example/logout"));
    client
}

fn agency(id: &str, clients: Vec<Client>) -> Agency {
    Agency {
        id: id.into(),
        name: id.into(),
        city: None,
        language: "fr".into(),
        controller: Controller { name: id.into(), dpo: "dpo@example.org".into() },
        look: Look { accent: "#005577".into(), logo: None },
        contact: Contact::default(),
        directory: Directory::default(),
        portals: clients
            .into_iter()
            .map(|client| Portal { client, name: id.into(), home: None, allow_unlinked: false })
            .collect(),
        ticket: None,
    }
}

pub fn all(change: impl Fn(&mut Client)) -> Agencies {
    let make = |id: &str, agency| {
        let mut client = client(id, agency);
        change(&mut client);
        client
    };
    let mut public = make("app", "tilleuls");
    public.token_endpoint_auth_method = AuthMethod::None;
    public.secret_hashes.clear();
    Agencies::new(vec![
        agency("tilleuls", vec![make("rp", "tilleuls"), public]),
        agency("rivage", vec![make("other", "rivage")]),
    ])
    .unwrap_or_else(|_| panic!("the agencies of the test are sound"))
}

/// A node that has just started.
pub async fn node(ground: &Ground, agencies: &Arc<ArcSwap<Agencies>>) -> Grants {
    try_node(ground, agencies).await.unwrap()
}

pub async fn try_node(ground: &Ground, agencies: &Arc<ArcSwap<Agencies>>) -> Result<Grants, kernel::Fault> {
    let cost = HashCost { memory: 8, passes: 1, lanes: 1 };
    let hasher = Hasher::new(cost, 1, 1, ground.chance.clone()).unwrap();
    let terms = Arc::new(ArcSwap::from_pointee(TermsLibrary::new(vec![])));
    let accounts = Accounts::new(ground.clone(), Arc::new(hasher), Rules::default(), terms);
    Grants::open(ground.clone(), accounts, agencies.clone(), Settings::new(ISSUER)).await
}

impl World {
    /// One on each database that is there.
    pub async fn both() -> Vec<Self> {
        let mut worlds = Vec::new();
        for bed in Bed::both().await {
            worlds.push(Self::on(bed).await);
        }
        worlds
    }

    async fn on(bed: Bed) -> Self {
        let agencies = Arc::new(ArcSwap::from_pointee(all(|_| {})));
        let a = node(&bed.ground, &agencies).await;
        let b = node(&bed.second_node().await, &agencies).await;
        let browser = bed.ground.token();
        let account: AccountId = bed.ground.id();
        let world = Self { bed, a, b, agencies, browser, account };
        world.person().await;
        world
    }

    pub async fn write(&self, table: &'static str, row: Vec<(&'static str, SimpleExpr)>) {
        let (columns, values): (Vec<_>, Vec<_>) = row.into_iter().unzip();
        let insert = Query::insert().into_table(table).columns(columns).values(values).unwrap().to_owned();
        self.bed.ground.db.writer().execute(&insert).await.unwrap();
    }

    pub async fn count(&self, table: &'static str, only: &'static str) -> i64 {
        let count = Query::select()
            .expr_as(Expr::cust("count(*)").cast_as("bigint"), "n")
            .from(table)
            .and_where(Expr::cust(only))
            .to_owned();
        let row = self.bed.ground.db.writer().query_one(&count).await.unwrap().unwrap();
        row.try_get("", "n").unwrap()
    }

    async fn person(&self) {
        let now = self.bed.ground.now();
        self.write(
            "account",
            vec![
                ("id", self.account.0.into()),
                ("email", "Marie@example.org".into()),
                ("email_canonical", "marie@example.org".into()),
                ("name", "Marie".into()),
                ("profile", r#"{"given_name":"Marie","phone_number":"+33"}"#.into()),
                ("password_hash", "x".into()),
                ("locale", "fr".into()),
                ("created_at", now.into()),
                ("password_changed_at", now.into()),
            ],
        )
        .await;
        let identity: uuid::Uuid = self.bed.ground.id();
        self.write(
            "legacy_identity",
            vec![
                ("id", identity.into()),
                ("agency_id", "tilleuls".into()),
                ("identifier", "T1".into()),
                ("identifier_canonical", "t1".into()),
                ("client_ref", "C42".into()),
                ("profile", "{}".into()),
                ("fingerprint", "".into()),
                ("verifier_kind", "none".into()),
                ("recogniser_kind", "none".into()),
                ("imported_at", now.into()),
            ],
        )
        .await;
        self.write(
            "link",
            vec![
                ("id", self.bed.ground.id::<uuid::Uuid>().into()),
                ("account_id", self.account.0.into()),
                ("agency_id", "tilleuls".into()),
                ("legacy_identity_id", identity.into()),
                ("client_ref", "C42".into()),
                ("linked_at", now.into()),
            ],
        )
        .await;
    }

    /// A session of the person, as a sign-in would make it.
    pub async fn sign_in(&self) -> Session {
        let now = self.bed.ground.now();
        let id: SessionId = self.bed.ground.id();
        self.write(
            "session",
            vec![
                ("id", id.0.into()),
                ("token_hash", self.bed.ground.token().digest().into_string().into()),
                ("account_id", self.account.0.into()),
                ("auth_time", now.into()),
                ("created_at", now.into()),
                ("last_seen_at", now.into()),
                ("ends_at", (now + 86_400).into()),
                ("user_agent", "".into()),
                ("ip_short", "".into()),
            ],
        )
        .await;
        Session {
            id,
            account: self.account,
            auth_time: now,
            persistent: false,
            ends_at: now + 86_400,
            auth_epoch: 0,
        }
    }

    /// The parameters that come back at the client.
    pub async fn authorize(&self, client: &str, session: &Session, more: &[(&str, &str)]) -> Params {
        let Start::Interaction(id) = self.start(client, more).await else {
            panic!("the request was refused")
        };
        let at = self.b.find(id, &self.browser).await.unwrap().unwrap();
        let Completed::Answer(answer) = self.b.complete(&at, session).await.unwrap() else {
            panic!("no answer")
        };
        returned(&answer)
    }

    pub async fn start(&self, client: &str, more: &[(&str, &str)]) -> Start {
        let mut fields = vec![
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email offline_access"),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        fields.retain(|(name, _)| more.iter().all(|(n, _)| n != name));
        fields.extend(more);
        self.a.start(&[&form(&fields)], &self.browser, None).await.unwrap()
    }

    pub async fn code(&self, session: &Session) -> String {
        self.authorize("rp", session, &[]).await.get("code").unwrap().to_owned()
    }

    /// Signs in and redeems: the token answer.
    pub async fn tokens(&self, session: &Session) -> Value {
        let code = self.code(session).await;
        redeem(&self.a, &code).await.unwrap()
    }
}

pub fn returned(answer: &Response) -> Params {
    let Response::Redirect(to) = answer else { panic!("not a redirect") };
    let (uri, query) = to.split_once('?').unwrap();
    assert_eq!(uri, CALLBACK);
    let params = Params::parse(&[query]).unwrap();
    assert_eq!(params.get("iss"), Some(ISSUER));
    params
}

pub fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The client's name with its secret, unless one comes with it.
pub fn basic(client: &str) -> String {
    let both = if client.contains(':') { client.to_owned() } else { format!("{client}:s3cret") };
    format!("Basic {}", STANDARD.encode(both))
}

pub async fn redeem(node: &Grants, code: &str) -> Result<Value, oidc::Error> {
    ask(
        node,
        "rp",
        &[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ],
    )
    .await
}

pub async fn refresh(node: &Grants, token: &str) -> Result<Value, oidc::Error> {
    ask(node, "rp", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

pub async fn ask(node: &Grants, client: &str, fields: &[(&str, &str)]) -> Result<Value, oidc::Error> {
    node.token(call(Some(&basic(client)), &form(fields))).await.unwrap()
}

/// A call from a network that is not known.
pub fn call<'a>(authorization: Option<&'a str>, body: &'a str) -> Call<'a> {
    Call { authorization, body, source: None }
}

pub fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("{name} is missing"))
}

/// A part of a token, unchecked.
pub fn part(token: &str, n: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap()).unwrap()
}

pub async fn opens(node: &Grants, access_token: &str) -> bool {
    node.userinfo(access_token).await.unwrap().is_ok()
}

impl World {
    /// Sets a number in every row of a table.
    pub async fn set(&self, table: &'static str, column: &'static str, value: i64) {
        let update = Query::update().table(table).value(column, value).to_owned();
        self.bed.ground.db.writer().execute(&update).await.unwrap();
    }
}
