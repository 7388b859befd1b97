//! Accounts, sessions and moves after an event that ends or changes them.

use accounts::{Attach, Confirm, Finish, LegacyProof};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, answered, said, shown, visitor};

const CSV: &str = "identifier,password\n100,Vieux-Secret 1\n101,Vieux-Secret 2\n";
const EMAIL: &str = "marie@exemple.test";

#[apply(both!)]
#[tokio::test]
async fn a_session_is_worth_what_its_account_is_now(stage: Stage) {
    // SECURITY #30, #40, #46.
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let first = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    let lives = async |token: &kernel::Token| accounts.session(token).await.unwrap().is_some();
    assert!(lives(&first.token).await);
    for (change, back) in [("auth_epoch = 1", "auth_epoch = 0"), ("disabled_at = 1", "disabled_at = NULL")] {
        stage.write(&format!("UPDATE account SET {change}")).await;
        assert!(!lives(&first.token).await, "{change} on {}", stage.bed.name);
        stage.write(&format!("UPDATE account SET {back}")).await;
        assert!(lives(&first.token).await, "{back}");
    }
    // Another sign-in in the same browser ends it, and leaves those of other browsers alone.
    let accounts::SignIn::In(elsewhere) = stage.sign_in(EMAIL, PASSWORD).await else { panic!("not in") };
    let again = accounts.sign_in(EMAIL, PASSWORD, false, Some(&first.session), &visitor()).await.unwrap();
    let accounts::SignIn::In(second) = again else { panic!("not in") };
    assert_ne!(second.token.text(), first.token.text());
    assert!(!lives(&first.token).await && lives(&second.token).await && lives(&elsewhere.token).await);
}

#[apply(both!)]
#[tokio::test]
async fn who_is_disabled_is_nobody(stage: Stage) {
    // SECURITY #30, #59: and looks like nobody.
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    stage.accounts.forgot(EMAIL, &visitor()).await.unwrap();
    let token = stage.mailed_token(EMAIL).await;
    stage.write("UPDATE account SET disabled_at = 1").await;
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "wrong, 4 left", "{}", stage.bed.name);
    assert!(stage.accounts.reset_page(&token).await.unwrap().is_none());
    stage.accounts.forgot(EMAIL, &visitor()).await.unwrap();
    assert!(stage.mails().await.is_empty());
}

#[apply(both!)]
#[tokio::test]
async fn guesses_while_attaching_count_with_all_others(stage: Stage) {
    // SECURITY #53: one counter for all doors.
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    let id = stage.enrol(&stage.tilleuls, "101", "Vieux-Secret 2").await;
    stage.accounts.notice_read(id).await.unwrap();
    stage.accounts.choose_email(id, EMAIL, true, &visitor()).await.unwrap();
    for _ in 0..3 {
        let refused = stage.accounts.attach(id, Some("faux faux faux"), None, &visitor()).await.unwrap();
        assert!(matches!(refused, Attach::Refused(_)));
    }
    assert_eq!(answered(&stage.sign_in(EMAIL, "faux").await), "wrong, 1 left", "{}", stage.bed.name);
}

#[apply(both!)]
#[tokio::test]
async fn nobody_elses_session_attaches(stage: Stage) {
    // SECURITY #79: a session of one's own proves nothing about another account.
    stage
        .import(
            &stage.tilleuls,
            "identifier,password\n1,Vieux-Secret 1\n2,Vieux-Secret 2\n3,Vieux-Secret 3\n",
        )
        .await;
    stage.moved(&stage.tilleuls, "1", "Vieux-Secret 1", EMAIL).await;
    let paul = stage.moved(&stage.tilleuls, "2", "Vieux-Secret 2", "paul@exemple.test").await;
    let id = stage.enrol(&stage.tilleuls, "3", "Vieux-Secret 3").await;
    stage.accounts.notice_read(id).await.unwrap();
    stage.accounts.choose_email(id, EMAIL, true, &visitor()).await.unwrap();
    let attached = stage.accounts.attach(id, None, Some(&paul.session), &visitor()).await.unwrap();
    assert!(matches!(attached, Attach::NotNow), "{}", stage.bed.name);
    assert_eq!(stage.count("link", "1=1").await, 2);
}

#[apply(both!)]
#[tokio::test]
async fn two_moves_of_one_identity_make_one_link(stage: Stage) {
    // SECURITY #78: however it came that two are under way.
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let (one, first) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.write("UPDATE enrolment SET finished_at = 1, stage = 'finished'").await;
    let other = "autre@exemple.test";
    let (two, second) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", other).await;
    assert_ne!(one, two);
    stage.write("UPDATE enrolment SET finished_at = NULL, stage = 'mail' WHERE finished_at = 1").await;
    assert_eq!(accounts.confirm(&first, EMAIL, PASSWORD).await.unwrap(), Confirm::Done(one));
    assert_eq!(accounts.confirm(&second, other, PASSWORD).await.unwrap(), Confirm::Done(two));
    let ended = accounts.finish(one, &shown(), false, None, &visitor()).await.unwrap();
    assert!(matches!(ended, Finish::Done(..)));
    let again = accounts.finish(two, &shown(), false, None, &visitor()).await.unwrap();
    assert!(matches!(again, Finish::NotNow), "{}", stage.bed.name);
    assert_eq!((stage.count("account", "1=1").await, stage.count("link", "1=1").await), (1, 1));
}

#[apply(both!)]
#[tokio::test]
async fn the_same_number_at_two_agencies_is_two_people(stage: Stage) {
    // SECURITY #81.
    stage.import(&stage.tilleuls, CSV).await;
    stage.import(&stage.rivage, "identifier,password\n100,Un autre secret\n").await;
    let proof = stage.accounts.prove_legacy(&stage.rivage, "100", "Vieux-Secret 1", None, &visitor()).await;
    assert_eq!(said(&proof.unwrap()), "wrong, 4 left", "{}", stage.bed.name);
    for (agency, password) in [(&stage.rivage, "Un autre secret"), (&stage.tilleuls, "Vieux-Secret 1")] {
        let proof = stage.accounts.prove_legacy(agency, "100", password, None, &visitor()).await.unwrap();
        let LegacyProof::Enrolment(id) = proof else { panic!("{}: {}", agency.id, said(&proof)) };
        assert_eq!(stage.accounts.enrolment(id).await.unwrap().unwrap().agency_id, agency.id);
    }
}

#[apply(both!)]
#[tokio::test]
async fn evidence_that_was_touched_is_noticed(stage: Stage) {
    // SECURITY #91, I21: by somebody who has the database and not the key.
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    assert_eq!(accounts.verify_evidence().await.unwrap(), Ok(3));
    stage.write("UPDATE evidence SET at = at - 86400 WHERE seq = 1").await;
    assert_eq!(accounts.verify_evidence().await.unwrap(), Err(1), "{}", stage.bed.name);
    stage.write("UPDATE evidence SET at = at + 86400 WHERE seq = 1").await;
    assert_eq!(accounts.verify_evidence().await.unwrap(), Ok(3));
    stage.write("CREATE TABLE aside AS SELECT * FROM evidence WHERE seq = 3").await;
    stage.write("DELETE FROM evidence WHERE seq = 3").await;
    assert_eq!(accounts.verify_evidence().await.unwrap(), Err(2), "the last one is missing");
    // Back, for the look at the end: it would see the gap as well.
    stage.write("INSERT INTO evidence SELECT * FROM aside").await;
    stage.write("DROP TABLE aside").await;
}
