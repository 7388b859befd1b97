//! The move of a person, below HTTP.

use accounts::{Accounts, Confirm, Finish, LegacyProof, Origin, PasswordChoice, Shown, SignedIn, Visitor};
use agencies::Agency;
use kernel::Token;

use crate::Persona;

/// The visit in which people of tests moved, an earlier day.
pub fn before() -> Visitor {
    let (user_agent, locale) = ("before".into(), "fr".into());
    Visitor { ip: None, user_agent, device: None, locale, origin: Origin::default() }
}

/// Makes an account: proves the old credentials, chooses address and password, follows the mailed link and accepts the terms.
/// `token` returns the token of the newest mail to confirm an address, once it is written.
///
/// # Panics
/// If a step is refused: the agency has to know the person, and terms have to be in force.
pub async fn moves(
    accounts: &Accounts,
    agency: &Agency,
    who: &Persona,
    token: impl AsyncFnOnce() -> Token,
) -> SignedIn {
    let visitor = before();
    let proof = accounts.prove_legacy(agency, &who.identifier, &who.old, None, &visitor).await.unwrap();
    let LegacyProof::Enrolment(id) = proof else { panic!("{}: the old credentials are right", who.email) };
    accounts.notice_read(id).await.unwrap();
    accounts.choose_email(id, &who.email, true, &visitor).await.unwrap();
    let enrolment = accounts.enrolment(id).await.unwrap().unwrap();
    let chosen = accounts.choose_password(&enrolment, &agency.name, &who.new, &visitor).await.unwrap();
    assert_eq!(chosen, PasswordChoice::Taken);
    assert_eq!(accounts.confirm(&token().await, &who.email, &who.new).await.unwrap(), Confirm::Done(id));
    let version = accounts.current_terms().unwrap();
    let shown = Shown {
        sha256: version.editions["fr"].sha256.clone(),
        version: version.version,
        language: "fr".into(),
        method: "ticked".into(),
    };
    match accounts.finish(id, &shown, false, None, &visitor).await.unwrap() {
        Finish::Done(signed_in, _) => *signed_in,
        _ => panic!("{}: not finished", who.email),
    }
}
