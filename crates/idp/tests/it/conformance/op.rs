use std::{
    collections::BTreeMap,
    io::Cursor,
    num::NonZeroU32,
    sync::{Arc, LazyLock},
};

use accounts::{
    Accounts, Edition, HashCost, Hasher, Mail, MailBody, Rules, TermsLibrary, TermsVersion,
    legacy::row::{Format, Rows},
};
use agencies::{Agencies, Agency, Portal};
use arc_swap::ArcSwap;
use axum::Router;
use idp::{Grants, Idp, Throttle, grant::Settings};
use kernel::{Token, outbox};
use oidc::client::Client;
use testbed::Bed;
pub use testkit::PASSWORD;
use testkit::Persona;

/// The issuer as the certification reaches it: by https, through a proxy.
pub const ISSUER: &str = "https://op.test";
/// The address of the suite.
pub const SUITE: &str = "https://suite.test";
/// The test person's address.
pub const EMAIL: &str = "marie.durand@exemple.test";
/// Every client's secret: with characters that RFC 6749 §2.3.1 wants encoded twice over.
pub const SECRET: &str = "a secret: +100% / of more than 32 characters";

/// The person whom the suite signs in, as an agency exports her: every claim of OIDC Core §5.4 that an export can carry.
const PERSON: &str = r#"{"identifier":"T-1","client_ref":"CT-1","password":"Vieux-Secret 1",
"name":"Marie Claire Durand","given_name":"Marie","family_name":"Durand","middle_name":"Claire","nickname":"Mimi",
"preferred_username":"marie.durand","profile":"https://exemple.test/marie","picture":"https://exemple.test/marie.png",
"website":"https://marie.exemple.test/","gender":"female","birthdate":"1950-12-31","zoneinfo":"Europe/Paris","locale":"fr-FR",
"phone_number":"+33 2 97 00 00 01","street_address":"1 rue des Tilleuls","postal_code":"56000","locality":"Vannes",
"region":"Bretagne","country":"FR"}"#;

/// The templates are the same for every provider, and reading them takes a while.
static PAGES: LazyLock<Arc<pages::Pages>> = LazyLock::new(|| Arc::new(pages::Pages::new().unwrap()));

/// A client as the suite was told of it.
pub struct Registered {
    pub id: &'static str,
    /// Its redirect address.
    pub callback: &'static str,
    /// Its address for after a sign-out.
    pub out: &'static str,
    /// client_secret_post instead of client_secret_basic.
    pub post: bool,
}

/// The first client.
pub const FIRST: Registered = Registered {
    id: "suite-1",
    callback: "https://suite.test/callback",
    out: "https://suite.test/post_logout_redirect",
    post: false,
};

/// The second one: its redirect address has a query of its own (PROTOCOL 4.5).
pub const SECOND: Registered = Registered {
    id: "suite-2",
    callback: "https://suite.test/callback?dummy1=lorem&dummy2=ipsum",
    out: "https://suite.test/post_logout_redirect?client=2",
    post: true,
};

/// A client's section in the agency's file. `more`: keys of one plan.
pub fn portal(client: &Registered, more: &str) -> String {
    let method = if client.post { "client_secret_post" } else { "client_secret_basic" };
    format!(
        "[[portal]]\nclient_id = \"{}\"\nclient_secret_file = \"suite\"\ntoken_endpoint_auth_method = \"{method}\"\n\
         redirect_uris = [\"{}\"]\npost_logout_redirect_uris = [\"{}\"]\n\
         scopes = [\"openid\", \"profile\", \"email\", \"address\", \"phone\", \"offline_access\"]\n\
         pkce_exempt_because = \"the certification's basic plan sends no PKCE\"\n{more}\n",
        client.id, client.callback, client.out
    )
}

fn agency(portals: &str) -> Agency {
    read(portals).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn read(portals: &str) -> Result<Agency, Vec<agencies::FileError>> {
    let file = format!(
        "name = \"Agence de la Certification\"\n[controller]\nname = \"SARL Certification\"\ndpo = \"dpo@exemple.test\"\n\
         [look]\naccent = \"#1f6f54\"\n[contact]\nphone = \"02 97 00 00 01\"\n{portals}"
    );
    Agency::read("certification", &file, &|_| Ok(SECRET.to_owned()))
}

fn agencies(agency: Agency) -> Agencies {
    Agencies::new(vec![agency]).unwrap_or_else(|problem| panic!("{problem}"))
}

/// The provider that is certified, on a database of its own.
pub struct Op {
    pub bed: Bed,
    pub idp: Idp,
    pub router: Router,
}

impl Op {
    /// With clients as an operator registers them: the text of `[[portal]]` sections.
    pub async fn on(bed: Bed, portals: &str) -> Self {
        let bed = bed.holding(&[accounts::INVARIANTS, idp::grant::INVARIANTS]);
        bed.lend_signing_key(bed.context.now()).await;
        let agencies = Arc::new(ArcSwap::from_pointee(agencies(agency(portals))));
        let context = bed.context.clone();
        let cost = HashCost { memory: 64, passes: 1, lanes: 1 };
        let hasher = Hasher::new(cost, 2, 100, context.rng.clone()).unwrap();
        let terms = Arc::new(ArcSwap::from_pointee(TermsLibrary::new(vec![terms()])));
        let rules = Rules { answer_floor_millis: 0, ..Rules::default() };
        let accounts = Accounts::new(context.clone(), Arc::new(hasher), rules, terms);
        let settings = Settings::new(ISSUER);
        let grants =
            Grants::open(context.clone(), accounts.clone(), agencies.clone(), settings).await.unwrap();
        let idp = Idp {
            context,
            accounts,
            agencies,
            grants,
            pages: PAGES.clone(),
            issuer: ISSUER.into(),
            trusted_proxies: idp::Proxies::default(),
            staff: Arc::from([]),
            throttle: Arc::new(Throttle::new(NonZeroU32::new(100_000).unwrap())),
            body_time: std::time::Duration::from_secs(10),
        };
        let op = Self { bed, router: idp::router(idp.clone()), idp };
        op.person().await;
        op
    }

    /// The keys for which such a file is refused.
    pub fn refused(portals: &str) -> Vec<String> {
        let problems = read(portals).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.key).collect()
    }

    /// Other clients from now on, as after an edit of the file.
    pub async fn reconfigure(&self, portals: &str) {
        self.idp.agencies.store(Arc::new(agencies(agency(portals))));
        self.idp.grants.ensure_keys().await.unwrap();
    }

    /// Changes every client where a file has no key for it.
    pub async fn change(&self, change: impl Fn(&mut Client)) {
        let mut agency = Agency::clone(self.idp.agencies.load().agency("certification").unwrap());
        for Portal { client, .. } in &mut agency.portals {
            change(Arc::make_mut(client));
        }
        self.idp.agencies.store(Arc::new(agencies(agency)));
        self.idp.grants.ensure_keys().await.unwrap();
    }

    /// The suite says "wait": the clock goes on.
    pub fn wait(&self, seconds: i64) {
        self.bed.clock.advance(seconds);
    }

    pub fn now(&self) -> i64 {
        self.bed.context.now()
    }

    /// As random as the suite's own values.
    pub fn random(&self) -> String {
        self.bed.context.token().text()
    }

    /// The test person, made as people are made: exported by her agency, imported, moved. So what the suite is told of her came all that way.
    async fn person(&self) {
        let accounts = &self.idp.accounts;
        let agency = self.idp.agencies.load().agency("certification").unwrap().clone();
        let row = PERSON.replace('\n', "");
        let rows = Rows::open(Cursor::new(row), Format::Jsonl).unwrap();
        let mut importer = accounts.import(&agency, rows, Cursor::new(Vec::new()), false);
        while importer.next_batch().await.unwrap() > 0 {}
        let report = importer.report();
        assert_eq!(report.added, 1, "{:?}", report.bad);
        let who = Persona {
            identifier: "T-1".into(),
            old: "Vieux-Secret 1".into(),
            email: EMAIL.into(),
            ..Persona::marie()
        };
        let token = async || Token::parse(&self.confirmation().await).unwrap();
        testkit::moves(accounts, &agency, &who, token).await;
        self.messages().await;
    }

    async fn confirmation(&self) -> String {
        for message in self.messages().await {
            let mail: Mail = message.payload(&self.bed.context).unwrap();
            if let MailBody::Confirm { token, .. } = mail.body {
                return token;
            }
        }
        panic!("no mail to confirm the address")
    }

    /// Takes the messages that are due out of the outbox, as the worker does.
    pub async fn messages(&self) -> Vec<outbox::Leased> {
        let context = &self.bed.context;
        let due = outbox::lease(&context.db, context.now(), 100).await.unwrap();
        for message in &due {
            outbox::sent(&context.db, message.id, context.now()).await.unwrap();
        }
        due
    }
}

fn terms() -> TermsVersion {
    let edition = |title: &str| Edition::new(title.into(), "Article 1.".into());
    let editions = BTreeMap::from([
        ("fr".to_owned(), edition("Conditions générales")),
        ("en".to_owned(), edition("Terms of use")),
    ]);
    TermsVersion { version: "2026-11".into(), effective: 0, consent: true, editions }
}
