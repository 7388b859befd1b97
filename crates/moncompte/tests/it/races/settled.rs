//! Many people who have moved on an earlier day, made without a running provider, because walking each of them through would cost more than the race.

use std::{collections::BTreeMap, fs, sync::Arc};

use accounts::{
    Accounts, Confirm, Edition, Finish, HashCost, Hasher, LegacyProof, Mail, MailBody, Origin,
    PasswordChoice, Rules, Shown, TermsLibrary, TermsVersion, Visitor,
};
use agencies::Agency;
use arc_swap::ArcSwap;
use kernel::Token;

use crate::{
    person::Mover,
    place::{AGENCY, CLIENT_SECRET, Place},
};

/// The version that the project's own terms have.
const VERSION: &str = "2026-11";

/// Gives all of them accounts, and takes their mails out of the outbox.
pub async fn settled(place: &Place, movers: &[Mover]) {
    place.people(movers.iter().map(Mover::row));
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

async fn moves(place: &Place, accounts: &Accounts, agency: &Agency, mover: &Mover) {
    let visitor = Visitor {
        ip: None,
        user_agent: "before".into(),
        device: None,
        locale: "fr".into(),
        origin: Origin::default(),
    };
    let proof = accounts.prove_legacy(agency, &mover.identifier, &mover.old, None, &visitor).await.unwrap();
    let LegacyProof::Enrolment(id) = proof else { panic!("the old credentials are right") };
    accounts.notice_read(id).await.unwrap();
    accounts.choose_email(id, &mover.email, true, &visitor).await.unwrap();
    let enrolment = accounts.enrolment(id).await.unwrap().unwrap();
    let taken = accounts.choose_password(&enrolment, &agency.name, &mover.new, &visitor).await.unwrap();
    assert_eq!(taken, PasswordChoice::Taken);
    let token = mails(place).await.into_iter().find_map(|mail| match mail.body {
        MailBody::Confirm { token, .. } => Token::parse(&token),
        _ => None,
    });
    let confirmed = accounts.confirm(&token.unwrap(), &mover.email, &mover.new).await.unwrap();
    assert_eq!(confirmed, Confirm::Done(id));
    let version = accounts.current_terms().unwrap();
    let shown = Shown {
        sha256: version.editions["fr"].sha256.clone(),
        version: version.version,
        language: "fr".into(),
        method: "ticked".into(),
    };
    assert!(matches!(accounts.finish(id, &shown, false, None, &visitor).await.unwrap(), Finish::Done(..)));
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
