//! The common start of this slice's tests: a bed with agencies, terms and a directory.

use std::{collections::BTreeMap, io::Cursor, sync::Arc};

use accounts::{
    Accounts, Edition, EnrolmentId, HashCost, Hasher, LegacyProof, Mail, Rules, Shown, SignIn, SignedIn,
    TermsLibrary, TermsVersion, Visitor,
    legacy::row::{Format, Rows},
};
use agencies::{Agency, Contact, Controller, CustomTexts, Directory, Look};
use kernel::Token;
use testbed::{Bed, Database, OnDatabase};

pub(crate) const TERMS: &str = "Article 1. Objet";
pub(crate) const PASSWORD: &str = "soleil mandarine brouette";

pub(crate) struct Stage {
    pub(crate) bed: Bed,
    pub(crate) accounts: Accounts,
    pub(crate) tilleuls: Agency,
    pub(crate) rivage: Agency,
}

impl OnDatabase for Stage {
    async fn on(database: Database) -> Self {
        Self::new(Bed::on(database).await, HashCost { memory: 64, passes: 1, lanes: 1 })
    }
}

pub(crate) fn agency(id: &str, name: &str) -> Agency {
    Agency {
        id: id.into(),
        name: name.into(),
        city: None,
        life: agencies::Life::default(),
        language: "fr".into(),
        controller: Controller { name: "SARL".into(), dpo: "dpo@exemple.test".into() },
        look: Look { accent: "#1f6f54".into(), ..Look::default() },
        logo: None,
        words: CustomTexts::default(),
        contact: Contact::default(),
        directory: Directory::default(),
        import: agencies::ImportRules::default(),
        portals: vec![],
        tickets: vec![],
        staff: vec![],
    }
}

pub(crate) fn visitor() -> Visitor {
    Visitor {
        ip: "203.0.113.9".parse().ok(),
        user_agent: "test".into(),
        device: None,
        locale: "fr".into(),
        origin: accounts::Origin::default(),
    }
}

impl Stage {
    /// With the hashing cost of production: for tests whose caller leaves while a password is checked.
    pub(crate) fn in_earnest(bed: Bed) -> Self {
        Self::new(bed, HashCost::default())
    }

    fn new(bed: Bed, cost: HashCost) -> Self {
        let bed = bed.holding(&[accounts::INVARIANTS]);
        let hasher = Hasher::new(cost, 2, 1000, bed.context.rng.clone()).unwrap();
        let editions = BTreeMap::from([("fr".to_owned(), Edition::new("CGU".into(), TERMS.into()))]);
        let version = TermsVersion { version: "2026-11".into(), effective: 0, consent: true, editions };
        let terms = Arc::new(arc_swap::ArcSwap::from_pointee(TermsLibrary::new(vec![version])));
        let rules = Rules { answer_floor_millis: 0, ..Rules::default() };
        let accounts = Accounts::new(bed.context.clone(), Arc::new(hasher), rules, terms);
        let (tilleuls, rivage) =
            (agency("tilleuls", "Agence des Tilleuls"), agency("rivage", "Cabinet Rivage"));
        Self { bed, accounts, tilleuls, rivage }
    }

    pub(crate) async fn import(&self, agency: &Agency, csv: &str) -> accounts::legacy::ImportReport {
        let mut importer = self.accounts.import(
            agency,
            Rows::open(Cursor::new(csv), Format::Csv).unwrap(),
            Cursor::new(Vec::new()),
            false,
        );
        while importer.next_batch().await.unwrap() > 0 {}
        importer.report()
    }

    /// Proves right old credentials; returns the enrolment that they begin.
    pub(crate) async fn enrol(&self, agency: &Agency, identifier: &str, password: &str) -> EnrolmentId {
        match self.accounts.prove_legacy(agency, identifier, password, None, &visitor()).await.unwrap() {
            LegacyProof::Enrolment(id) => id,
            other => panic!("{}: {}", self.bed.name, said(&other)),
        }
    }

    /// Goes through a move up to the mailed link; returns the enrolment and the link's token.
    pub(crate) async fn up_to_mail(
        &self,
        agency: &Agency,
        identifier: &str,
        old: &str,
        email: &str,
    ) -> (EnrolmentId, Token) {
        let id = self.enrol(agency, identifier, old).await;
        self.accounts.notice_read(id).await.unwrap();
        self.accounts.choose_email(id, email, true, &visitor()).await.unwrap();
        let enrolment = self.accounts.enrolment(id).await.unwrap().unwrap();
        let taken =
            self.accounts.choose_password(&enrolment, &agency.name, PASSWORD, &visitor()).await.unwrap();
        assert_eq!(taken, accounts::PasswordChoice::Taken);
        (id, self.mailed_token(email).await)
    }

    /// Goes through a whole first move; returns the new account's session.
    pub(crate) async fn moved(&self, agency: &Agency, identifier: &str, old: &str, email: &str) -> SignedIn {
        let (id, token) = self.up_to_mail(agency, identifier, old, email).await;
        assert_eq!(
            self.accounts.confirm(&token, email, PASSWORD).await.unwrap(),
            accounts::Confirm::Done(id)
        );
        match self.accounts.finish(id, &shown(), false, None, &visitor()).await.unwrap() {
            accounts::Finish::Done(signed_in, _) => *signed_in,
            _ => panic!("{}: not finished", self.bed.name),
        }
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> SignIn {
        self.accounts.sign_in(email, password, false, None, &visitor()).await.unwrap()
    }

    /// Delivers all mails that are due; the worker's part on recovery included.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        let mut mails = Vec::new();
        loop {
            let held =
                kernel::outbox::lease(&self.bed.context.db, self.bed.context.now(), 100).await.unwrap();
            if held.is_empty() {
                return mails;
            }
            for message in held {
                match message.kind.as_str() {
                    "mail" => mails.push(message.payload(&self.bed.context).unwrap()),
                    "recovery" => self.accounts.recover(&message).await.unwrap(),
                    // The provider's.
                    accounts::SESSIONS_ENDED | accounts::LINK_ENDED => {}
                    other => panic!("a message of the kind {other}"),
                }
                kernel::outbox::sent(&self.bed.context.db, message.id, self.bed.context.now()).await.unwrap();
            }
        }
    }

    /// The token in the newest mail to `to`.
    pub(crate) async fn mailed_token(&self, to: &str) -> Token {
        let mails = self.mails().await;
        let to_them = |m: &&Mail| m.to == to && !matches!(m.body, accounts::MailBody::NewDevice { .. });
        let mail = mails.iter().rfind(to_them).unwrap_or_else(|| panic!("no mail to {to}"));
        Token::parse(token_of(mail)).unwrap()
    }

    /// Executes SQL, as an operator with access to the database can.
    pub(crate) async fn write(&self, sql: &str) {
        use kernel::sea_orm::ConnectionTrait;
        self.bed.context.db.writer().execute_unprepared(sql).await.unwrap();
    }

    pub(crate) async fn count(&self, table: &str, condition: &str) -> i64 {
        use kernel::sea_orm::{ConnectionTrait, Statement};
        let db = self.bed.context.db.reader();
        let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition}");
        let row =
            db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
        row.try_get("", "n").unwrap()
    }
}

pub(crate) fn shown() -> Shown {
    Shown {
        version: "2026-11".into(),
        language: "fr".into(),
        sha256: Edition::new(String::new(), TERMS.into()).sha256,
        method: "ticked".into(),
    }
}

pub(crate) fn token_of(mail: &Mail) -> &str {
    use accounts::MailBody::*;
    match &mail.body {
        Confirm { token, .. }
        | AccountLocked { token, .. }
        | ResetPassword { token, .. }
        | FinishEnrolment { token, .. }
        | StaffInvited { token, .. }
        | ConfirmAddress { token, .. }
        | AddressAsked { token, .. }
        | AddressReplaced { token, .. } => token,
        _ => panic!("a mail without a link"),
    }
}

pub(crate) fn said(proof: &LegacyProof) -> String {
    match proof {
        LegacyProof::Enrolment(_) => "enrolment".into(),
        LegacyProof::Wrong { remaining } => format!("wrong, {remaining} left"),
        LegacyProof::Locked { minutes } => format!("locked for {minutes} min"),
        LegacyProof::Moved { hint, .. } => format!("moved to {}", hint.as_deref().unwrap_or("?")),
        LegacyProof::Closed => "closed".into(),
        LegacyProof::Left => "left".into(),
        LegacyProof::NoIdentifier => "no identifier".into(),
        LegacyProof::NoPassword => "no password".into(),
        LegacyProof::Refused => "refused".into(),
        LegacyProof::Busy => "busy".into(),
    }
}

pub(crate) fn answered(sign_in: &SignIn) -> String {
    match sign_in {
        SignIn::In(_) => "in".into(),
        SignIn::Move(_) => "a move".into(),
        SignIn::NoAddress(why) => format!("no address: {why:?}"),
        SignIn::NoPassword => "no password".into(),
        SignIn::Wrong { remaining } => format!("wrong, {remaining} left"),
        SignIn::Locked => "locked".into(),
        SignIn::Refused => "refused".into(),
        SignIn::Busy => "busy".into(),
    }
}
