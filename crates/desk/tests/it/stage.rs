//! Two agencies, and a desk.

use std::{collections::BTreeMap, io::Cursor, sync::Arc};

use accounts::{
    Accounts, Edition, HashCost, Hasher, Mail, Rules, SignedIn, Target, TermsLibrary, TermsVersion,
    legacy::row::{Format, Rows},
};
use agencies::Agency;
use desk::{Actor, Desk, Reason, Role};
use kernel::{
    Token, outbox,
    sea_orm::{ConnectionTrait, Statement},
};
use testbed::{Bed, Database, OnDatabase};
use testkit::{Persona, agency};
use uuid::Uuid;

pub(crate) struct Stage {
    pub(crate) bed: Bed,
    pub(crate) accounts: Accounts,
    pub(crate) desk: Desk,
    pub(crate) tilleuls: Agency,
    pub(crate) rivage: Agency,
}

impl OnDatabase for Stage {
    async fn on(database: Database) -> Self {
        let bed = Bed::on(database).await.holding(&[accounts::INVARIANTS]);
        let cost = HashCost { memory: 64, passes: 1, lanes: 1 };
        let hasher = Hasher::new(cost, 2, 1000, bed.context.rng.clone()).unwrap();
        let editions = BTreeMap::from([("fr".to_owned(), Edition::new("CGU".into(), "Article 1".into()))]);
        let version = TermsVersion { version: "2026-11".into(), effective: 0, consent: true, editions };
        let terms = Arc::new(arc_swap::ArcSwap::from_pointee(TermsLibrary::new(vec![version])));
        let rules = Rules { answer_floor_millis: 0, ..Rules::default() };
        let accounts = Accounts::new(bed.context.clone(), Arc::new(hasher), rules, terms);
        let desk = Desk::over(accounts.clone());
        Self { bed, accounts, desk, tilleuls: agency("tilleuls"), rivage: agency("rivage") }
    }
}

pub(crate) fn staff(agency: &str) -> Actor {
    Actor::Agency { name: format!("lea of {agency}"), agency: agency.into(), role: Role::Desk }
}

pub(crate) fn operator() -> Actor {
    Actor::Operator { name: "marie@host".into() }
}

pub(crate) fn reason() -> Reason {
    Reason::read("au téléphone").unwrap()
}

impl Stage {
    pub(crate) async fn import(&self, agency: &Agency, people: &[Persona]) {
        let csv = testkit::csv(people);
        let rows = Rows::open(Cursor::new(csv), Format::Csv).unwrap();
        let mut importer = self.accounts.import(agency, rows, Cursor::new(Vec::new()), false);
        while importer.next_batch().await.unwrap() > 0 {}
    }

    pub(crate) async fn moved(&self, agency: &Agency, who: &Persona) -> SignedIn {
        let token = async || {
            let mails = self.mails().await;
            mails.iter().find_map(|mail| match &mail.body {
                accounts::MailBody::Confirm { token, .. } => Token::parse(token),
                _ => None,
            })
        };
        let signed_in = testkit::moves(&self.accounts, agency, who, async || token().await.unwrap()).await;
        self.mails().await;
        signed_in
    }

    /// The link of a person with an agency.
    pub(crate) async fn link_of(&self, person: Target, agency: &str) -> Uuid {
        let dossier = self.accounts.dossier(person).await.unwrap().unwrap();
        let identity = dossier.identities.iter().find(|identity| identity.agency == agency).unwrap();
        identity.link.as_ref().unwrap().id
    }

    /// Delivers all mails that are due.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        let (context, mut mails) = (&self.bed.context, Vec::new());
        for message in outbox::lease(&context.db, context.now(), 100).await.unwrap() {
            if message.kind == "mail" {
                mails.push(message.payload(context).unwrap());
            }
            outbox::sent(&context.db, message.id, context.now()).await.unwrap();
        }
        mails
    }

    pub(crate) async fn count(&self, table: &str, condition: &str) -> i64 {
        let db = self.bed.context.db.reader();
        let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition}");
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        row.unwrap().try_get("", "n").unwrap()
    }
}
