use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
    net::SocketAddr,
    num::NonZeroU32,
    sync::Arc,
};

use accounts::{
    Accounts, Edition, HashCost, Hasher, Mail, MailBody, Rules, TermsLibrary, TermsVersion,
    legacy::row::{Format, Rows},
};
use agencies::{Agencies, Agency, Logo};
use arc_swap::ArcSwap;
use desk::VendorRole;
use idp::{Grants, Idp, Throttle, VendorStaff, grant::Settings};
use kernel::{
    Token,
    sea_orm::{ConnectionTrait, Statement},
};
use testbed::{Bed, Database, OnDatabase};
pub use testkit::PASSWORD;
use testkit::{Browser, Persona, Visitor};

/// The agency's secret, and its ticket key.
pub const SECRET: &str = "a secret of more than thirty-two characters";

fn file(id: &str, name: &str, accent: &str, phone: &str) -> String {
    format!(
        "name = \"{name}\"\n[controller]\nname = \"SARL {name}\"\ndpo = \"dpo@{id}.test\"\n[look]\naccent = \"{accent}\"\n\
         [contact]\nphone = \"{phone}\"\nemail = \"accueil@{id}.test\"\nhours = \"du lundi au vendredi, de 9 h à 18 h\"\n\
         [[portal]]\nclient_id = \"{id}\"\nclient_secret_file = \"client\"\nhome = \"https://{id}.test/\"\n\
         redirect_uris = [\"https://{id}.test/callback\"]\npost_logout_redirect_uris = [\"https://{id}.test/out\"]\n\
         backchannel_logout_uri = \"https://{id}.test/backchannel\"\n\
         scopes = [\"openid\", \"profile\", \"email\", \"offline_access\"]\n[ticket]\nsecret_file = \"{id}.ticket\"\n"
    )
}

fn agency(id: &str, name: &str, accent: &str, phone: &str) -> Agency {
    let secret = |name: &str| match name {
        "client" => Ok(SECRET.to_owned()),
        ticket => Ok(format!("{SECRET} {ticket}")),
    };
    let mut text = file(id, name, accent, phone);
    if id == "tilleuls" {
        text = text.replace("[contact]", &format!("{FACE}[contact]"));
    }
    for (staff, role) in [("lea", "desk"), ("hugo", "manager")] {
        text += &format!(
            "[[staff]]\nemail = \"{staff}@{id}.test\"\nname = \"{staff} of {id}\"\nrole = \"{role}\"\n"
        );
    }
    let mut agency = Agency::read(id, &text, &secret)
        .unwrap_or_else(|problems| panic!("{:?}", problems.iter().map(|p| &p.reason).collect::<Vec<_>>()));
    if agency.look.logo.is_some() {
        agency.logo = Logo::read(LOGO.into()).ok();
    }
    agency
}

/// The vendor's people at the desk. Each agency has `lea@{id}.test` at its desk, and `hugo@{id}.test` as its manager.
const STAFF_OF_VENDOR: [(&str, VendorRole); 2] =
    [("nadia@editeur.test", VendorRole::Support), ("carole@editeur.test", VendorRole::Campaign)];

/// The appearance of the first agency: every key that an agency's file may have for it.
const FACE: &str = "second = \"#c26a1b\"\nlogo = \"logos/tilleuls.svg\"\n\
    [words.sign_in]\nfr = \"Bienvenue <b>chez vous</b>.\"\nen = \"Welcome <b>home</b>.\"\n\
    [words.notice]\nfr = \"Nous vous avons écrit en octobre.\"\nen = \"We wrote to you in October.\"\n\
    [words.contact]\nfr = \"Madame Le Goff vous aide.\"\nen = \"Mrs Le Goff helps.\"\n\
    [words.mail]\nfr = \"L’équipe des Tilleuls.\"\nen = \"The team at Les Tilleuls.\"\n";
/// Its logo.
pub const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><circle r=\"9\"/></svg>";

/// A version of the terms, in both languages.
pub fn terms(version: &str, effective: i64, consent: bool) -> TermsVersion {
    let edition = |title: &str, text: &str| Edition::new(title.into(), format!("{text} {version}"));
    let editions = BTreeMap::from([
        ("fr".to_owned(), edition("Conditions générales", "Article 1. Objet.")),
        ("en".to_owned(), edition("Terms of use", "Article 1. Purpose.")),
    ]);
    TermsVersion { version: version.into(), effective, consent, editions }
}

/// A provider that listens, on a database of its own.
pub struct World {
    pub bed: Bed,
    pub idp: Idp,
    pub terms: Arc<ArcSwap<TermsLibrary>>,
    server: tokio::task::JoinHandle<()>,
    wire: reqwest::Client,
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A mail that went out.
pub struct Sent {
    pub to: String,
    pub agency: Option<String>,
    pub locale: String,
    /// The kind of mail.
    pub about: &'static str,
    /// The whole address of its link.
    pub link: Option<String>,
    /// Its code.
    pub code: Option<String>,
    /// The whole mail as JSON.
    pub raw: String,
}

impl OnDatabase for World {
    async fn on(database: Database) -> Self {
        Self::throttled(Bed::on(database).await, 100_000).await
    }
}

impl World {
    /// With this limit of attempts that one network has in a minute.
    pub async fn throttled(bed: Bed, per_minute: u32) -> Self {
        let rules = Rules { answer_floor_millis: 0, ..Rules::default() };
        Self::hashing(bed, per_minute, HashCost { memory: 64, passes: 1, lanes: 1 }, rules).await
    }

    /// With this cost of a password's hash and these rules.
    pub async fn hashing(bed: Bed, per_minute: u32, cost: HashCost, rules: Rules) -> Self {
        let bed = bed.holding(&[accounts::INVARIANTS, idp::grant::INVARIANTS]);
        bed.lend_signing_key(bed.context.now()).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let all = vec![
            agency("tilleuls", "Agence des Tilleuls", "#1f6f54", "02 97 00 00 01"),
            agency("rivage", "Cabinet Rivage", "#234f8f", "02 97 00 00 02"),
        ];
        let agencies =
            Arc::new(ArcSwap::from_pointee(Agencies::new(all).unwrap_or_else(|p| panic!("{}", p.reason))));
        let terms = Arc::new(ArcSwap::from_pointee(TermsLibrary::new(vec![terms("2026-11", 0, true)])));
        let context = bed.context.clone();
        let hasher = Hasher::new(cost, 2, 1000, context.rng.clone()).unwrap();
        let accounts = Accounts::new(context.clone(), Arc::new(hasher), rules, terms.clone());
        let settings = Settings::new(issuer.as_str());
        let grants =
            Grants::open(context.clone(), accounts.clone(), agencies.clone(), settings).await.unwrap();
        let idp = Idp {
            context,
            accounts,
            agencies,
            grants,
            pages: Arc::new(pages::Pages::new().unwrap()),
            issuer: issuer.into(),
            trusted_proxies: idp::Proxies::default(),
            staff: STAFF_OF_VENDOR
                .iter()
                .map(|(email, role)| VendorStaff {
                    email: (*email).into(),
                    name: "Nadia".into(),
                    role: *role,
                })
                .collect(),
            throttle: Arc::new(Throttle::new(NonZeroU32::new(per_minute).unwrap())),
            body_time: std::time::Duration::from_secs(10),
        };
        let service = idp::router(idp.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        let world = Self { bed, idp, terms, server, wire: testkit::wire() };
        for id in ["tilleuls", "rivage"] {
            world.import(id, &testkit::csv(&Persona::all()), 3).await;
        }
        world
    }

    /// Imports people of an agency, so many of whom are new.
    pub async fn import(&self, agency: &str, people: &str, added: u64) {
        let rows = Rows::open(Cursor::new(people), Format::Csv).unwrap();
        let agency = self.agency(agency);
        let mut importer = self.idp.accounts.import(&agency, rows, Cursor::new(Vec::new()), false);
        while importer.next_batch().await.unwrap() > 0 {}
        assert_eq!(importer.report().added, added);
    }

    pub fn agency(&self, id: &str) -> Arc<Agency> {
        self.idp.agencies.load().agency(id).unwrap().clone()
    }

    pub fn issuer(&self) -> &str {
        &self.idp.issuer
    }

    /// A person at a browser that was never here.
    pub fn visitor(&self) -> Visitor {
        self.visitor_at(self.issuer())
    }

    /// The same, where the provider listens at another address.
    pub fn visitor_at(&self, address: &str) -> Visitor {
        Visitor::at(Browser::new(self.wire.clone(), address))
    }

    /// Somebody who has moved, as an earlier day left them.
    pub async fn moved(&self, agency: &str, identifier: &str, email: &str) {
        let old = format!("Vieux-Secret {}", identifier.parse::<u32>().unwrap() - 99);
        self.moved_with(agency, [identifier, &old], email, PASSWORD).await;
    }

    /// The same, with old credentials and a password of their own.
    pub async fn moved_with(&self, agency: &str, [identifier, old]: [&str; 2], email: &str, password: &str) {
        let who = Persona {
            identifier: identifier.into(),
            old: old.into(),
            email: email.into(),
            new: password.into(),
            ..Persona::marie()
        };
        let token = async || {
            let link = self.mail_to(email, "confirm").await.link.unwrap();
            Token::parse(link.split_once("token=").unwrap().1).unwrap()
        };
        testkit::moves(&self.idp.accounts, &self.agency(agency), &who, token).await;
        self.mails().await;
    }

    /// Delivers what is due, as the worker does; logout messages are left to [`Self::logouts`].
    pub async fn mails(&self) -> Vec<Sent> {
        self.deliver().await.0
    }

    /// The logout tokens that are due: where to, and what they claim.
    pub async fn logouts(&self) -> Vec<(String, serde_json::Value)> {
        self.deliver().await.1
    }

    /// All that is due: mails, and logout tokens.
    pub async fn messages(&self) -> (Vec<Sent>, Vec<(String, serde_json::Value)>) {
        self.deliver().await
    }

    async fn deliver(&self) -> (Vec<Sent>, Vec<(String, serde_json::Value)>) {
        let (context, mut mails, mut logouts) = (&self.bed.context, Vec::new(), Vec::new());
        loop {
            let held = kernel::outbox::lease(&context.db, context.now(), 100).await.unwrap();
            if held.is_empty() {
                return (mails, logouts);
            }
            for message in held {
                match message.kind.as_str() {
                    "mail" => mails.push(self.sent(message.payload(context).unwrap())),
                    "recovery" => self.idp.accounts.recover(&message).await.unwrap(),
                    "link_ended" => self.idp.grants.link_ended(&message).await.unwrap(),
                    "sessions_ended" => self.idp.grants.sessions_ended(&message).await.unwrap(),
                    "backchannel_logout" => {
                        let call = self.idp.grants.logout_call(&message).await.unwrap().unwrap();
                        logouts.push((call.uri, crate::journeys::portal::claims(&call.logout_token)));
                    }
                    other => panic!("a message of the kind {other}"),
                }
                kernel::outbox::sent(&context.db, message.id, context.now()).await.unwrap();
            }
        }
    }

    fn sent(&self, mail: Mail) -> Sent {
        let raw = serde_json::to_string(&mail).unwrap();
        let link = |page: &str, token: &str| Some(format!("{}/{page}?token={token}", self.issuer()));
        let (about, link) = match &mail.body {
            MailBody::Confirm { token, .. } => ("confirm", link("confirm", token)),
            MailBody::FinishEnrolment { token, .. } => ("finish", link("confirm", token)),
            MailBody::AccountLocked { token, .. } => ("locked", link("reset", token)),
            MailBody::ResetPassword { token, .. } => ("reset", link("reset", token)),
            MailBody::Welcome { .. } => ("welcome", None),
            MailBody::TermsAccepted { .. } => ("terms", None),
            MailBody::LinkAdded { .. } => ("attached", None),
            MailBody::LinkEnding { .. } => ("link ending", None),
            MailBody::PasswordChanged { .. } => ("changed", None),
            MailBody::AddressChosen { .. } => ("address", None),
            MailBody::ConfirmAddress { token, .. } => ("confirm address", link("new-address", token)),
            MailBody::AddressAsked { token, .. } => ("address asked", link("take-back", token)),
            MailBody::AddressReplaced { token, .. } => ("address replaced", link("take-back", token)),
            MailBody::AddressChanged { .. } => ("address changed", None),
            MailBody::AddressTakenBack { .. } => ("address taken back", None),
            MailBody::NewDevice { .. } => ("new device", None),
            MailBody::StaffInvited { token, .. } => ("invited", link("invitation", token)),
            MailBody::LinkTaken { .. } => ("link taken", None),
            MailBody::LinkGiven { .. } => ("link given", None),
            MailBody::AccountUnlocked { .. } => ("unlocked", None),
            MailBody::SessionsEnded { .. } => ("sessions ended", None),
            MailBody::AccountClosed { .. } => ("closed", None),
            MailBody::AccountReopened { .. } => ("reopened", None),
        };
        let code = match &mail.body {
            MailBody::Confirm { code, .. } => code.clone(),
            _ => None,
        };
        Sent { to: mail.to, agency: mail.agency_id, locale: mail.locale, about, link, code, raw }
    }

    /// The newest mail to somebody about something.
    pub async fn mail_to(&self, to: &str, about: &str) -> Sent {
        let mails = self.mails().await;
        let seen: Vec<_> = mails.iter().map(|m| format!("{} to {}", m.about, m.to)).collect();
        let found = mails.into_iter().rev().find(|m| m.to == to && m.about == about);
        found.unwrap_or_else(|| panic!("{}: no mail {about} to {to}, but {seen:?}", self.bed.name))
    }

    pub async fn count(&self, table: &str, condition: &str) -> i64 {
        let db = self.bed.context.db.writer();
        let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition}");
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        row.unwrap().try_get("", "n").unwrap()
    }

    /// Executes SQL, as an operator with access to the database can.
    pub async fn write(&self, sql: &str) {
        self.bed.context.db.writer().execute_unprepared(sql).await.unwrap();
    }

    /// Every row of every table: its table's name, and its columns as text.
    pub async fn rows(&self) -> BTreeSet<String> {
        let db = self.bed.context.db.writer();
        let ask = async |sql: &str| {
            let statement = Statement::from_string(db.get_database_backend(), sql);
            let rows = db.query_all_raw(statement).await.unwrap();
            rows.iter().map(|row| row.try_get::<String>("", "line").unwrap()).collect::<Vec<_>>()
        };
        // A statement for each table that reads it.
        let tables = ask(match self.bed.name {
            "sqlite" => {
                "SELECT 'SELECT ''' || m.name || ' '' || ' || \
                 (SELECT group_concat('quote(' || c.name || ')', ' || '' '' || ') FROM pragma_table_info(m.name) c) \
                 || ' AS line FROM ' || m.name AS line FROM sqlite_master m \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
            }
            _ => {
                "SELECT 'SELECT ''' || tablename || ' '' || t::text AS line FROM ' || tablename || ' t' AS line \
                 FROM pg_tables WHERE schemaname = current_schema()"
            }
        })
        .await;
        ask(&tables.join(" UNION ALL ")).await.into_iter().collect()
    }

    /// Everything about people that a forged or misplaced request might change.
    pub async fn people(&self) -> Vec<String> {
        let db = self.bed.context.db.writer();
        let mut all = Vec::new();
        for (table, columns) in [
            ("account", "email password_hash auth_epoch"),
            (
                "enrolment",
                "id stage email password_hash confirm_hash code_hash code_tries mails addresses confirmed_at finished_at",
            ),
            ("legacy_identity", "id verifier_kind moved_at"),
            ("link", "account_id legacy_identity_id"),
            ("acceptance", "account_id version"),
            ("session", "id account_id ended_at"),
            ("recovery", "id used_at superseded_at"),
            ("attempt", "subject bucket failures locked_at"),
            ("outbox", "id kind"),
        ] {
            let columns: Vec<String> =
                columns.split(' ').map(|c| format!("COALESCE({}, '-')", self.as_text(c))).collect();
            let sql = format!("SELECT {} AS line FROM {table}", columns.join(" || ' ' || "));
            let rows =
                db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
            all.extend(rows.iter().map(|r| format!("{table} {}", r.try_get::<String>("", "line").unwrap())));
        }
        all.sort();
        all
    }

    fn as_text(&self, column: &str) -> String {
        let blob = matches!(column, "id") || column.ends_with("_id");
        match (self.bed.name, blob) {
            ("sqlite", true) => format!("hex({column})"),
            _ => format!("CAST({column} AS TEXT)"),
        }
    }
}
