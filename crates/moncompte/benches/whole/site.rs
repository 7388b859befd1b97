//! The provider under measurement: the built program on a database of its own, with people who have moved, and any number of copies of one of them.

use std::{fs, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use testbed::Bed;
use testkit::{VERIFIER, asking};

use crate::{
    http::{Answer, Browser, Caller, encoded},
    limit::Bare,
    pace::Work,
    person::{Person, Persona},
    place::{CALLBACK, CLIENT_SECRET, MAIL_FOLDER, Place, Running},
};

/// The portal with RS256 tokens, the default.
pub const RS256: &str = "exemple";
/// The portal with ES256 tokens.
pub const ES256: &str = "courbe";
/// The number of the account that is copied.
const FIRST: usize = 0;

/// A folder, a database, and the program.
pub struct Site {
    pub place: Place,
    pub running: Running,
    pub bare: Bare,
}

impl Site {
    /// Starts a provider with this many accounts, each with three old identities.
    pub async fn on(bed: Bed, accounts: u64) -> Self {
        let mut place = Place::new(bed, MAIL_FOLDER);
        // The invariants do not hold for copied rows.
        place.bed.unaudited();
        let agency = place.path("agencies/exemple.toml");
        let second = format!(
            "\n[[portal]]\nclient_id = \"{ES256}\"\nclient_secret_file = \"secrets/exemple.client\"\n\
             home = \"https://espace.exemple.test/\"\nredirect_uris = [\"{CALLBACK}\"]\n\
             scopes = [\"openid\", \"profile\", \"email\", \"offline_access\"]\nid_token_signed_response_alg = \"ES256\"\n"
        );
        fs::write(&agency, fs::read_to_string(&agency).expect("an agency") + &second).expect("an agency");
        let settings = place.path("moncompte.toml");
        let text = fs::read_to_string(&settings).expect("settings");
        // All clients are on one machine: its network's limit is not what is measured.
        let text = text.replace("attempts_per_minute = 6000", "attempts_per_minute = 1000000");
        fs::write(&settings, text + "\n[connections]\nmost_per_network = 4000\n").expect("settings");
        let who = Persona::number(FIRST);
        place.people([who.row()]);
        let running = place.serve().await;
        let page = Person::new(&place.issuer()).moves(&who, &place).await;
        assert!(page.status.is_success() || page.code().is_some(), "{} {}", page.url, page.body);
        let bare = Bare::open(&place.bed.address).await;
        let site = Self { place, running, bare };
        site.copy_people(1, accounts).await;
        site
    }

    /// Copies of the first account, numbered from `from` and below `to`.
    pub async fn copy_people(&self, from: u64, to: u64) {
        let copier = Copier { bare: &self.bare, from, to };
        let address = Own::Text("'copie.' || n.i || '@courrier.example'");
        let number = Own::Text("'c' || n.i || '-' || k.k");
        let account = [("id", Own::Account), ("email", address), ("email_canonical", address)];
        copier.copy("account", 1, &account).await;
        let names = [("identifier", number), ("identifier_canonical", number), ("client_ref", number)];
        copier.copy("legacy_identity", 3, &[&[("id", Own::Row)][..], &names].concat()).await;
        let link = [("id", Own::Row), ("account_id", Own::Account), ("legacy_identity_id", Own::Row)];
        copier.copy("link", 3, &[&link[..], &[("client_ref", number)]].concat()).await;
        copier.copy("acceptance", 1, &[("id", Own::Row), ("account_id", Own::Account)]).await;
        self.bare.run("ANALYZE").await;
    }

    pub fn port(&self) -> u16 {
        self.place.port
    }

    /// The processor time that the program has used.
    pub fn processor(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.running.id())).expect("a process");
        // After the name, which may hold spaces: user and system time are fields 14 and 15, in hundredths (proc(5)).
        let fields = stat.rsplit_once(')').expect("a name").1.split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
        Duration::from_millis(10 * ticks)
    }

    /// Resident memory of the program, in MiB.
    pub fn resident(&self) -> f64 {
        resident(self.running.id())
    }

    /// A person with a known browser.
    pub fn visitor(&self, account: u64, client: &'static str) -> Visitor {
        Visitor::new(self.port(), account, client)
    }

    /// Signs an account in; returns its portal's tokens.
    pub async fn tokens(&self, account: u64, client: &'static str) -> Tokens {
        let mut visitor = self.visitor(account, client);
        let code = visitor.signs_in().await;
        visitor.redeems(&code).await
    }
}

/// Resident memory of a process, in MiB.
pub fn resident(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

/// A column that a copy does not take from the first row.
#[derive(Clone, Copy)]
enum Own {
    /// The id of the account of this number. Ids grow with numbers, as the provider's do.
    Account,
    /// The id of this row, one of several for its number.
    Row,
    /// An SQL expression.
    Text(&'static str),
}

/// Copies rows of the first account, by statements of the database.
struct Copier<'a> {
    bare: &'a Bare,
    from: u64,
    to: u64,
}

impl Copier<'_> {
    /// Makes `each` rows for each number, with these columns of their own.
    async fn copy(&self, table: &str, each: u64, own: &[(&str, Own)]) {
        let columns = self.columns(table).await;
        let value = |column: &String| match own.iter().find(|(name, _)| name == column) {
            Some((_, Own::Account)) => self.id('a', "n.i"),
            Some((_, Own::Row)) => self.id('r', "(n.i * 4 + k.k)"),
            Some((_, Own::Text(sql))) => (*sql).to_owned(),
            None => format!("first.{column}"),
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let (names, values, from, to) = (columns.join(", "), values.join(", "), self.from, self.to);
        self.bare
            .run(&format!(
                "INSERT INTO {table} ({names}) WITH RECURSIVE \
                 n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {to}), \
                 k(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM k WHERE k + 1 < {each}) \
                 SELECT {values} FROM n, k, (SELECT * FROM {table} LIMIT 1) AS first WHERE n.i < {to}"
            ))
            .await;
    }

    fn id(&self, kind: char, number: &str) -> String {
        let head = u32::from(kind);
        match self.bare {
            Bare::Sqlite { .. } => format!("unhex(printf('{head:08x}%024x', {number}))"),
            Bare::Postgres(_) => format!("('{head:08x}' || lpad(to_hex({number}), 24, '0'))::uuid"),
        }
    }

    async fn columns(&self, table: &str) -> Vec<String> {
        let list = match self.bare {
            Bare::Sqlite { .. } => {
                format!("SELECT group_concat(name, ' ') FROM pragma_table_info('{table}')")
            }
            Bare::Postgres(_) => format!(
                "SELECT string_agg(column_name, ' ') FROM information_schema.columns WHERE table_name = '{table}'"
            ),
        };
        self.bare.text(&list).await.split(' ').map(str::to_owned).collect()
    }
}

/// A person with a browser, who signs in at a portal.
pub struct Visitor {
    browser: Browser,
    email: String,
    password: String,
    client: &'static str,
}

impl Visitor {
    /// `account`: the number of a copy, from 1.
    fn new(port: u16, account: u64, client: &'static str) -> Self {
        let email = format!("copie.{account}@courrier.example");
        Self { browser: Browser::new(port), email, password: Persona::number(FIRST).new, client }
    }

    /// Goes from the portal's request to the sign-in page; returns its hub and its form token.
    pub async fn is_asked(&mut self) -> (String, String) {
        self.browser.forget("mc_session");
        let asked = encoded(&asking(self.client, CALLBACK, &[]));
        let answer = self.browser.get(&format!("/authorize?{asked}")).await;
        let hub = answer.location().to_owned();
        let page = self.browser.get(&hub).await;
        let csrf = page.text().split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        (hub, csrf.unwrap_or_else(|| panic!("a form: {}", page.text())).to_owned())
    }

    /// Sends the password.
    pub async fn answers(&mut self, hub: &str, csrf: &str) -> Answer {
        let form = [("csrf", csrf), ("email", &self.email), ("password", &self.password)];
        self.browser.post(&format!("{hub}/sign-in"), &form).await
    }

    /// Goes the whole way to the portal's code.
    pub async fn signs_in(&mut self) -> String {
        let (hub, csrf) = self.is_asked().await;
        let to = self.answers(&hub, &csrf).await.goes_on();
        let (_, query) = to.split_once('?').expect("a query");
        let code = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code");
        code.expect("a code").1.into_owned()
    }

    /// Redeems the code, as the portal.
    pub async fn redeems(&mut self, code: &str) -> Tokens {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let basic = basic(self.client);
        let answer = self.browser.caller.post("/token", &[("authorization", &basic)], encoded(&form)).await;
        let port = self.browser.caller.port();
        Tokens {
            caller: Caller::new(port),
            basic,
            access: answer.member("access_token"),
            refresh: answer.member("refresh_token"),
        }
    }
}

/// A full sign-in: authorize, page, password, code, token, userinfo.
impl Work for Visitor {
    async fn once(&mut self) {
        let code = self.signs_in().await;
        let tokens = self.redeems(&code).await;
        let bearer = format!("Bearer {}", tokens.access);
        let told = self.browser.caller.get("/userinfo", &[("authorization", &bearer)]).await;
        assert!(told.status.is_success(), "{} {}", told.status, told.text());
    }
}

fn basic(client: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client}:{CLIENT_SECRET}")))
}

/// A portal's connection, and its tokens of one person.
pub struct Tokens {
    caller: Caller,
    basic: String,
    access: String,
    refresh: String,
}

impl Tokens {
    pub async fn refreshes(&mut self) {
        let form = encoded(&[("grant_type", "refresh_token"), ("refresh_token", &self.refresh)]);
        let answer = self.caller.post("/token", &[("authorization", &self.basic)], form).await;
        self.access = answer.member("access_token");
        self.refresh = answer.member("refresh_token");
    }
}

/// A portal that refreshes its tokens.
pub struct Refresh(pub Tokens);

impl Work for Refresh {
    async fn once(&mut self) {
        self.0.refreshes().await;
    }
}

pub struct Userinfo(pub Tokens);

impl Work for Userinfo {
    async fn once(&mut self) {
        let bearer = format!("Bearer {}", self.0.access);
        let told = self.0.caller.get("/userinfo", &[("authorization", &bearer)]).await;
        assert!(told.status.is_success(), "{} {}", told.status, told.text());
    }
}

pub struct Introspection(pub Tokens);

impl Work for Introspection {
    async fn once(&mut self) {
        let form = encoded(&[("token", &self.0.access)]);
        let told = self.0.caller.post("/introspect", &[("authorization", &self.0.basic)], form).await;
        assert!(told.text().contains("\"active\":true"), "{} {}", told.status, told.text());
    }
}

/// Requests of one document.
pub struct Document {
    pub caller: Caller,
    pub path: &'static str,
}

impl Work for Document {
    async fn once(&mut self) {
        let answer = self.caller.get(self.path, &[]).await;
        assert!(answer.status.is_success(), "{}", answer.status);
    }
}

/// The length of measurements, and their repetitions.
#[derive(Clone, Copy)]
pub struct Effort {
    pub round: Duration,
    pub rounds: usize,
    /// Accounts of the large database.
    pub many: u64,
    /// Rows of the large import.
    pub rows: u64,
    /// Requests whose durations are measured.
    pub samples: usize,
}

impl Effort {
    pub fn new(quick: bool) -> Self {
        let (seconds, rounds) = if quick { (1, 3) } else { (4, 5) };
        let (many, rows, samples) = if quick { (20_000, 20_000, 200) } else { (1_000_000, 1_000_000, 600) };
        Self { round: Duration::from_secs(seconds), rounds, many, rows, samples }
    }
}
