//! Many people who have moved on an earlier day, made without a running provider, because walking each of them through would cost more than the race.

use std::{collections::BTreeMap, fs, sync::Arc};

use accounts::{Accounts, Edition, HashCost, Hasher, Mail, MailBody, Rules, TermsLibrary, TermsVersion};
use agencies::Agency;
use arc_swap::ArcSwap;
use kernel::Token;

use crate::{
    person::Persona,
    place::{AGENCY, CLIENT_SECRET, Place},
};

/// The version that the project's own terms have.
const VERSION: &str = "2026-11";

/// Gives all of them accounts, and takes their mails out of the outbox.
pub async fn settled(place: &Place, movers: &[Persona]) {
    place.people(movers.iter().map(Persona::row));
    let text = fs::read_to_string(place.path("agencies/exemple.toml")).unwrap();
    let Ok(agency) = Agency::read(AGENCY, &text, &|_| Ok(CLIENT_SECRET.to_owned())) else { panic!("{text}") };
    let accounts = accounts(place);
    for mover in movers {
        moves(place, &accounts, &agency, mover).await;
    }
}

fn accounts(place: &Place) -> Accounts {
    let edition = Edition::new("Conditions".into(), "Article 1.".into());
    let version = TermsVersion {
        version: VERSION.into(),
        effective: 0,
        consent: true,
        editions: BTreeMap::from([("fr".to_owned(), edition)]),
    };
    let context = place.bed.context.clone();
    // The program's own cost, so that nobody is rehashed at their next sign-in.
    let hasher = Hasher::new(HashCost::default(), 2, 100, context.rng.clone()).unwrap();
    let terms = Arc::new(ArcSwap::from_pointee(TermsLibrary::new(vec![version])));
    Accounts::new(context, Arc::new(hasher), Rules { answer_floor_millis: 0, ..Rules::default() }, terms)
}

async fn moves(place: &Place, accounts: &Accounts, agency: &Agency, who: &Persona) {
    let token = async || {
        let confirm = |mail: Mail| match mail.body {
            MailBody::Confirm { token, .. } => Token::parse(&token),
            _ => None,
        };
        mails(place).await.into_iter().find_map(confirm).expect("a mail to confirm the address")
    };
    testkit::moves(accounts, agency, who, token).await;
    mails(place).await;
}

/// Takes due mails out of the outbox, as if they had been delivered.
async fn mails(place: &Place) -> Vec<Mail> {
    let context = &place.bed.context;
    let held = kernel::outbox::lease(&context.db, context.now(), 100).await.unwrap();
    let mut mails = Vec::new();
    for message in held {
        if message.kind == "mail" {
            mails.push(message.payload(context).unwrap());
        }
        kernel::outbox::sent(&context.db, message.id, context.now()).await.unwrap();
    }
    mails
}
