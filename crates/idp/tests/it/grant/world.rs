use std::{io::Cursor, sync::Arc};

use accounts::{
    AccountId, Accounts, Edition, HashCost, Hasher, Mail, MailBody, Reset, Rules, Session, SessionId,
    TermsLibrary, TermsVersion,
    legacy::row::{Format, Rows},
};
use agencies::{Agencies, Agency, Portal};
use arc_swap::ArcSwap;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use idp::grant::{Ask, Call, Completed, EndpointError, Grants, Interaction, Settings, Start};
use kernel::{
    Context, Token,
    sea_orm::{
        ConnectionTrait,
        sea_query::{Expr, ExprTrait, Query, SimpleExpr},
    },
};
use oidc::{
    Params, Scope,
    client::{AuthMethod, Client},
    respond::Response,
};
use serde_json::Value;
use testbed::{Bed, Database, OnDatabase};
pub use testkit::{CHALLENGE, PASSWORD, VERIFIER, before as somebody};
use testkit::{Persona, asking};

pub const ISSUER: &str = "https://op.example";
pub const CALLBACK: &str = "https://rp.example/cb";

/// Two nodes, two agencies, one person who moved from the first, long ago.
pub struct World {
    pub bed: Bed,
    pub accounts: Accounts,
    pub a: Grants,
    pub b: Grants,
    pub agencies: Arc<ArcSwap<Agencies>>,
    pub browser: Token,
    pub account: AccountId,
}

fn client(id: &str, agency: &str) -> Client {
    let mut client = Client::new(id, agency);
    client.redirect_uris = vec![CALLBACK.into()];
    client.scopes = Scope::parse("openid profile email offline_access").unwrap();
    client.post_logout_redirect_uris = vec!["https://rp.example/out".into()];
    client.secrets = vec![oidc::client::Secret::hashed("s3cret")];
    client.backchannel_logout_uri = Some(format!("https://{id}.example/logout"));
    client
}

fn agency(id: &str, clients: Vec<Client>) -> Agency {
    Agency {
        portals: clients
            .into_iter()
            .map(|client| Portal {
                client: client.into(),
                name: id.into(),
                home: None,
                allow_unlinked: false,
            })
            .collect(),
        ..testkit::agency(id)
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
    public.secrets.clear();
    Agencies::new(vec![
        agency("tilleuls", vec![make("rp", "tilleuls"), public]),
        agency("rivage", vec![make("other", "rivage")]),
    ])
    .unwrap_or_else(|_| panic!("the agencies of the test are sound"))
}

/// A node that has just started.
pub async fn node(context: &Context, agencies: &Arc<ArcSwap<Agencies>>) -> Grants {
    try_node(context, agencies).await.unwrap()
}

pub async fn try_node(context: &Context, agencies: &Arc<ArcSwap<Agencies>>) -> Result<Grants, kernel::Fault> {
    let accounts = people(context, vec![]);
    Grants::open(context.clone(), accounts, agencies.clone(), Settings::new(ISSUER)).await
}

/// A node with this lifetime of access tokens, in seconds.
pub async fn generous_node(context: &Context, agencies: &Arc<ArcSwap<Agencies>>, access_life: i64) -> Grants {
    let settings = Settings { access_life, ..Settings::new(ISSUER) };
    Grants::open(context.clone(), people(context, vec![]), agencies.clone(), settings).await.unwrap()
}

fn people(context: &Context, terms: Vec<TermsVersion>) -> Accounts {
    let cost = HashCost { memory: 8, passes: 1, lanes: 1 };
    let hasher = Hasher::new(cost, 1, 1, context.rng.clone()).unwrap();
    let rules = Rules { answer_floor_millis: 0, ..Rules::default() };
    let terms = Arc::new(ArcSwap::from_pointee(TermsLibrary::new(terms)));
    Accounts::new(context.clone(), Arc::new(hasher), rules, terms)
}

fn terms() -> TermsVersion {
    let editions = [("fr".to_owned(), Edition::new("CGU".into(), "Article 1. Objet".into()))];
    TermsVersion { version: "2026-11".into(), effective: 0, consent: true, editions: editions.into() }
}

impl OnDatabase for World {
    async fn on(database: Database) -> Self {
        let bed = Bed::on(database).await.holding(&[accounts::INVARIANTS, idp::grant::INVARIANTS]);
        bed.lend_signing_key(bed.context.now()).await;
        let agencies = Arc::new(ArcSwap::from_pointee(all(|_| {})));
        let a = node(&bed.context, &agencies).await;
        let b = node(&bed.second_node().await, &agencies).await;
        let browser = bed.context.token();
        let accounts = people(&bed.context, vec![terms()]);
        let nobody = AccountId(uuid::Uuid::nil());
        let mut world = Self { bed, accounts, a, b, agencies, browser, account: nobody };
        world.account = world.moved("T1,C42", "Marie@example.org").await;
        world
    }
}

impl World {
    pub async fn write(&self, table: &'static str, row: Vec<(&'static str, SimpleExpr)>) {
        let (columns, values): (Vec<_>, Vec<_>) = row.into_iter().unzip();
        let insert = Query::insert().into_table(table).columns(columns).values(values).unwrap().to_owned();
        self.bed.context.db.writer().execute(&insert).await.unwrap();
    }

    pub async fn change(
        &self,
        table: &'static str,
        values: Vec<(&'static str, SimpleExpr)>,
        only: &'static str,
    ) {
        let update = Query::update().table(table).values(values).and_where(Expr::cust(only)).to_owned();
        self.bed.context.db.writer().execute(&update).await.unwrap();
    }

    pub async fn count(&self, table: &'static str, only: &'static str) -> i64 {
        let count = Query::select()
            .expr_as(Expr::cust("count(*)").cast_as("bigint"), "n")
            .from(table)
            .and_where(Expr::cust(only))
            .to_owned();
        let row = self.bed.context.db.writer().query_one(&count).await.unwrap().unwrap();
        row.try_get("", "n").unwrap()
    }

    /// Somebody whom the first agency knew by this identifier and reference, as a year after the move left them: the account, its link and
    /// its proofs are there, sessions, devices and messages are gone.
    pub async fn moved(&self, known_as: &str, email: &str) -> AccountId {
        let accounts = &self.accounts;
        let agency = self.agencies.load().agency("tilleuls").unwrap().clone();
        let file = format!(
            "identifier,client_ref,password,name,given_name,phone_number\n{known_as},Vieux-Secret 1,Marie,Marie,+33\n"
        );
        let rows = Rows::open(Cursor::new(file), Format::Csv).unwrap();
        let mut importer = accounts.import(&agency, rows, Cursor::new(Vec::new()), false);
        while importer.next_batch().await.unwrap() > 0 {}
        assert_eq!(importer.report().added, 1);
        let identifier = known_as.split(',').next().unwrap();
        let who = Persona {
            identifier: identifier.into(),
            old: "Vieux-Secret 1".into(),
            email: email.into(),
            ..Persona::marie()
        };
        let token = async || {
            let MailBody::Confirm { token, .. } = self.mail().await.body else { panic!("no confirmation") };
            Token::parse(&token).unwrap()
        };
        let signed_in = testkit::moves(accounts, &agency, &who, token).await;
        let account = signed_in.session.account;
        let of_account = || Expr::col("account_id").eq(account.0);
        for (table, these) in
            [("session", of_account()), ("device", of_account()), ("outbox", Expr::col("kind").eq("mail"))]
        {
            let delete = Query::delete().from_table(table).and_where(these).to_owned();
            self.bed.context.db.writer().execute(&delete).await.unwrap();
        }
        account
    }

    /// The one mail that is due, opened.
    async fn mail(&self) -> Mail {
        let held = kernel::outbox::lease(&self.bed.context.db, self.bed.context.now(), 1).await.unwrap();
        held[0].payload(&self.bed.context).unwrap()
    }

    /// A mailed link that sets somebody's password, as the worker would have sent it.
    pub async fn reset_link(&self, account: AccountId, origin: Option<&str>) -> Token {
        let (now, token) = (self.bed.context.now(), self.bed.context.token());
        let link = vec![
            ("id", self.bed.context.id::<uuid::Uuid>().into()),
            ("token_hash", token.digest().into_string().into()),
            ("account_id", account.0.into()),
            ("origin", origin.map(str::to_owned).into()),
            ("created_at", now.into()),
            ("expires_at", (now + 1800).into()),
        ];
        self.write("recovery", link).await;
        token
    }

    /// A move that was begun for a new old identifier, of which nobody has read anything yet.
    pub async fn enrolment(&self, identifier: &str) -> uuid::Uuid {
        let (context, now) = (&self.bed.context, self.bed.context.now());
        let (identity, enrolment) = (context.id::<uuid::Uuid>(), context.id::<uuid::Uuid>());
        let known = vec![
            ("id", identity.into()),
            ("agency_id", "tilleuls".into()),
            ("identifier", identifier.into()),
            ("identifier_canonical", identifier.to_lowercase().into()),
            ("client_ref", "C43".into()),
            ("profile", "{}".into()),
            ("fingerprint", "".into()),
            ("verifier_kind", "none".into()),
            ("recogniser_kind", "none".into()),
            ("imported_at", now.into()),
        ];
        self.write("legacy_identity", known).await;
        let begun = vec![
            ("id", enrolment.into()),
            ("agency_id", "tilleuls".into()),
            ("legacy_identity_id", identity.into()),
            ("stage", "notice".into()),
            ("locale", "fr".into()),
            ("created_at", now.into()),
            ("expires_at", (now + 1800).into()),
        ];
        self.write("enrolment", begun).await;
        enrolment
    }

    /// The person sets a new password elsewhere, which ends all that was given before.
    pub async fn reset_password(&self) {
        let link = self.reset_link(self.account, None).await;
        let reset = self.accounts.reset(&link, "girafe tambour lampion", None, &somebody()).await.unwrap();
        assert!(matches!(reset, Reset::Done(..)));
    }

    /// A session of the person, as a sign-in would make it.
    pub async fn sign_in(&self) -> Session {
        let now = self.bed.context.now();
        let id: SessionId = self.bed.context.id();
        self.write(
            "session",
            vec![
                ("id", id.0.into()),
                ("token_hash", self.bed.context.token().digest().into_string().into()),
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
            locale: None,
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

    /// An interaction of which nothing is stored.
    pub async fn begin(&self, client: &str) -> Interaction {
        let Ask::Good(asking) = self.a.ask(&[&asked(client, &[])]).await.unwrap() else {
            panic!("the request was refused")
        };
        self.a.begin(*asking, &self.browser, None)
    }

    pub async fn start(&self, client: &str, more: &[(&str, &str)]) -> Start {
        self.a.start(&[&asked(client, more)], &self.browser, None).await.unwrap()
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

/// The parameters of a request.
fn asked(client: &str, more: &[(&str, &str)]) -> String {
    form(&asking(client, CALLBACK, more))
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
    answered(try_redeem(node, code).await)
}

pub async fn try_redeem(node: &Grants, code: &str) -> Result<Value, EndpointError> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    node.token(call(Some(&basic("rp")), &form(&fields))).await
}

pub async fn refresh(node: &Grants, token: &str) -> Result<Value, oidc::Error> {
    ask(node, "rp", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

pub async fn ask(node: &Grants, client: &str, fields: &[(&str, &str)]) -> Result<Value, oidc::Error> {
    answered(node.token(call(Some(&basic(client)), &form(fields))).await)
}

/// Returns the answer of an endpoint to its client; panics where the provider itself failed.
pub fn answered<T>(result: Result<T, EndpointError>) -> Result<T, oidc::Error> {
    result.map_err(|error| match error {
        EndpointError::Refused(error) => error,
        EndpointError::Fault(fault) => panic!("{fault}"),
    })
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
    answered(node.userinfo(access_token).await).is_ok()
}
