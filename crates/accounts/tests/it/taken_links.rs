//! Links that staff take away: they end, or another account gets them (SPEC J14).

use accounts::{AccountId, Closing, Intervention, LegacyProof, LinkTaken, MailBody, Search, Target};
use testbed::{apply, both};
use uuid::Uuid;

use crate::stage::{PASSWORD, Stage, answered, said, visitor};

const CSV: &str = "identifier,client_ref,password,email,name\n\
    100,CT-1,Vieux-Secret 1,,Marie Durand\n\
    101,CT-2,Vieux-Secret 2,,Paul Durand\n";
const MARIE: &str = "marie@exemple.test";
const PAUL: &str = "paul@exemple.test";

fn asked() -> Intervention {
    Intervention { by: "lea@poste".into(), role: "operator", agency: None, reason: "au téléphone".into() }
}

async fn link_of(stage: &Stage, account: AccountId) -> Uuid {
    let dossier = stage.accounts.dossier(Target::Account(account)).await.unwrap().unwrap();
    dossier.identities[0].link.as_ref().unwrap().id
}

async fn both_moved(stage: &Stage) -> (AccountId, AccountId) {
    stage.import(&stage.tilleuls, CSV).await;
    let marie = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", MARIE).await.session.account;
    let paul = stage.moved(&stage.tilleuls, "101", "Vieux-Secret 2", PAUL).await.session.account;
    stage.mails().await;
    (marie, paul)
}

async fn at_the_door(stage: &Stage, identifier: &str, old: &str) -> LegacyProof {
    stage.accounts.prove_legacy(&stage.tilleuls, identifier, old, None, &visitor()).await.unwrap()
}

/// SPEC J14
#[apply(both!)]
#[tokio::test]
async fn a_link_that_ends_frees_its_identity_for_a_code_and_not_for_the_old_password(stage: Stage) {
    let name = stage.bed.name;
    stage.import(&stage.tilleuls, CSV).await;
    // A delivery that changed the identity before it moved: its undo would give the old password back.
    stage.import(&stage.tilleuls, &CSV.replace("Marie Durand", "Marie Martin")).await;
    let marie = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", MARIE).await.session.account;
    stage.mails().await;
    let link = link_of(&stage, marie).await;
    assert_eq!(stage.count("delivery_change", "1 = 1").await, 1, "{name}");
    assert_eq!(stage.accounts.end_link(marie, link, &asked()).await.unwrap(), LinkTaken::Done, "{name}");
    assert_eq!(stage.accounts.end_link(marie, link, &asked()).await.unwrap(), LinkTaken::Unknown, "{name}");
    assert_eq!(stage.count("delivery_change", "1 = 1").await, 0, "{name}");
    assert_eq!(stage.count("outbox", "kind = 'link_ended'").await, 1, "{name}: portals are told");
    let mails = stage.mails().await;
    let [mail] = &mails[..] else { panic!("{name}: {} mails", mails.len()) };
    assert!(mail.to == MARIE && matches!(mail.body, MailBody::LinkTaken { .. }), "{name}");
    assert_eq!(mail.agency_id.as_deref(), Some("tilleuls"), "{name}");
    let entry = "kind = 'link taken away' AND account_id IS NOT NULL AND body LIKE '%\"by\":\"lea@poste\"%' \
                 AND body LIKE '%au téléphone%' AND body LIKE '%CT-1%'";
    assert_eq!(stage.count("evidence", entry).await, 1, "{name}");
    assert_eq!(stage.accounts.looks_at(marie).await.unwrap()[0].done, ["end-link"], "{name}");
    // The account goes on, and opens nothing of the agency.
    assert!(stage.accounts.client_refs(marie, "tilleuls").await.unwrap().is_empty(), "{name}");
    assert_eq!(answered(&stage.sign_in(MARIE, PASSWORD).await), "in", "{name}");
    // Whoever moved the wrong identity knows its old password.
    let wrong = at_the_door(&stage, "100", "Vieux-Secret 1").await;
    assert_eq!(said(&wrong), "wrong, 4 left", "{name}");
    let nobody = "verifier IS NOT NULL OR recogniser IS NOT NULL OR moved_at IS NOT NULL";
    assert_eq!(stage.count("legacy_identity", &format!("identifier = '100' AND ({nobody})")).await, 0);
    // The same file again brings nothing back.
    stage.import(&stage.tilleuls, &CSV.replace("Marie Durand", "Marie Petit")).await;
    assert_eq!(said(&at_the_door(&stage, "100", "Vieux-Secret 1").await), "wrong, 3 left", "{name}");
    let found = stage.accounts.find(&Search::Reference("tilleuls", "CT-1")).await.unwrap();
    let Target::Identity(identity) = found[0].target else { panic!("{name}: an account") };
    let mails = stage.accounts.dossier(Target::Identity(identity)).await.unwrap().unwrap().mails;
    assert!(mails.is_empty(), "{name}: the mails of whoever had it are theirs");
    let issued = stage.accounts.issue_code(identity, &asked()).await.unwrap();
    let Ok(issued) = issued else { panic!("{name}: no code") };
    let other = stage.moved(&stage.tilleuls, "100", &issued.code.text(), "anne@exemple.test").await;
    assert_eq!(
        stage.accounts.client_refs(other.session.account, "tilleuls").await.unwrap(),
        ["CT-1"],
        "{name}"
    );
    stage.write("DELETE FROM outbox WHERE kind = 'link_ended'").await;
}

#[apply(both!)]
#[tokio::test]
async fn a_link_of_a_closed_account_ends_without_a_mail(stage: Stage) {
    let (name, (marie, _)) = (stage.bed.name, both_moved(&stage).await);
    let link = link_of(&stage, marie).await;
    stage.accounts.close_account(marie, Closing::Deceased, &asked()).await.unwrap();
    assert_eq!(stage.accounts.end_link(marie, link, &asked()).await.unwrap(), LinkTaken::Done, "{name}");
    assert!(stage.mails().await.is_empty(), "{name}");
    assert_eq!(stage.count("legacy_identity", "identifier = '100' AND moved_at IS NULL").await, 1, "{name}");
}

/// SPEC J14
#[apply(both!)]
#[tokio::test]
async fn a_link_that_is_given_opens_the_other_account_alone_and_both_hear_of_it(stage: Stage) {
    let (name, (marie, paul)) = (stage.bed.name, both_moved(&stage).await);
    let link = link_of(&stage, marie).await;
    let given = async |to: AccountId| stage.accounts.move_link(marie, link, to, &asked()).await.unwrap();
    assert_eq!(given(marie).await, LinkTaken::Same, "{name}");
    stage.accounts.close_account(paul, Closing::Wish, &asked()).await.unwrap();
    assert_eq!(given(paul).await, LinkTaken::Closed, "{name}");
    stage.accounts.reopen_account(paul, &asked()).await.unwrap();
    stage.mails().await;
    let before = stage.count("evidence", "1 = 1").await;
    // Two at the desk, at the same moment.
    let both = [(); 2].map(|()| {
        let accounts = stage.accounts.clone();
        tokio::spawn(async move { accounts.move_link(marie, link, paul, &asked()).await.unwrap() })
    });
    let mut outcomes = Vec::new();
    for one in both {
        outcomes.push(one.await.unwrap());
    }
    outcomes.sort_by_key(|outcome| *outcome != LinkTaken::Done);
    assert_eq!(outcomes, [LinkTaken::Done, LinkTaken::Unknown], "{name}");
    assert_eq!(stage.count("evidence", "1 = 1").await, before + 2, "{name}");
    let refs = async |of: AccountId| {
        let mut refs = stage.accounts.client_refs(of, "tilleuls").await.unwrap();
        refs.sort();
        refs
    };
    assert_eq!(
        (refs(marie).await.len(), refs(paul).await),
        (0, vec!["CT-1".into(), "CT-2".into()]),
        "{name}"
    );
    let mails = stage.mails().await;
    let to = |address: &str| mails.iter().filter(|mail| mail.to == address).collect::<Vec<_>>();
    assert!(matches!(to(MARIE)[..], [mail] if matches!(mail.body, MailBody::LinkTaken { .. })), "{name}");
    assert!(matches!(to(PAUL)[..], [mail] if matches!(mail.body, MailBody::LinkGiven { .. })), "{name}");
    for (kind, count) in [("link taken away", 1), ("link given", 1)] {
        let entry = format!("kind = '{kind}' AND body LIKE '%\"link\":\"{link}\"%'");
        assert_eq!(stage.count("evidence", &entry).await, count, "{name}: {kind}");
    }
    // Whoever knew the old password does not read the other's address by it.
    assert_eq!(said(&at_the_door(&stage, "100", "Vieux-Secret 1").await), "wrong, 4 left", "{name}");
    let proved = stage.accounts.dossier(Target::Account(paul)).await.unwrap().unwrap().account.unwrap();
    assert_eq!(proved.proved_at, ["tilleuls"], "{name}: by his own move");
    stage.write("DELETE FROM outbox WHERE kind = 'link_ended'").await;
}

#[apply(both!)]
#[tokio::test]
async fn a_link_that_ended_by_itself_is_given_to_nobody_and_ends_for_good(stage: Stage) {
    let (name, (marie, paul)) = (stage.bed.name, both_moved(&stage).await);
    let (link, now) = (link_of(&stage, marie).await, stage.bed.context.now());
    stage.write(&format!("UPDATE legacy_identity SET left_at = {now} WHERE identifier = '100'")).await;
    stage
        .write(&format!("UPDATE link SET ends_at = {now}, ended_at = {now} WHERE client_ref = 'CT-1'"))
        .await;
    let given = stage.accounts.move_link(marie, link, paul, &asked()).await.unwrap();
    assert_eq!(given, LinkTaken::Ended, "{name}");
    assert_eq!(stage.accounts.end_link(paul, link, &asked()).await.unwrap(), LinkTaken::Unknown, "{name}");
    assert_eq!(stage.accounts.end_link(marie, link, &asked()).await.unwrap(), LinkTaken::Done, "{name}");
    stage.write("DELETE FROM outbox WHERE kind = 'link_ended'").await;
}
