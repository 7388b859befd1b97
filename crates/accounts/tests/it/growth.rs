//! Rows of attempts at addresses without an account are few and are deleted (SECURITY D14, #113).

use accounts::MailBody;
use testbed::{apply, both};

use crate::stage::{Stage, answered, visitor};

const CSV: &str = "identifier,password\n100,Vieux-Secret 1\n";
const EMAIL: &str = "marie@exemple.test";
const DAY: i64 = 86_400;

/// FINDING S11: the evidence is about accounts. A lock of an account is in it, and names the account; of an address without one nothing is.
#[apply(both!)]
#[tokio::test]
async fn strangers_add_nothing_to_the_evidence(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    let before = stage.count("evidence", "1 = 1").await;
    for nth in 0..4 {
        for _ in 0..6 {
            stage.sign_in(&format!("personne{nth}@exemple.test"), "faux faux faux").await;
            stage
                .accounts
                .prove_legacy(&stage.tilleuls, &format!("9{nth}"), "faux", None, &visitor())
                .await
                .unwrap();
        }
    }
    assert!(stage.mails().await.is_empty());
    assert_eq!(stage.count("evidence", "1 = 1").await, before, "{}", stage.bed.name);
    for _ in 0..6 {
        stage.sign_in(EMAIL, "faux faux faux").await;
    }
    let mails = stage.mails().await;
    assert!(matches!(mails[..], [ref mail] if matches!(mail.body, MailBody::AccountLocked { .. })));
    let locked = "kind = 'account locked' AND account_id IS NOT NULL";
    assert_eq!(stage.count("evidence", locked).await, 1, "{}", stage.bed.name);
}

/// Counts are forgotten after a month without a try, locks after four hundred days, whether or not the address has an account: neither tells.
#[apply(both!)]
#[tokio::test]
async fn counts_and_what_they_caused_are_forgotten_in_time(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    let nobody = "personne@exemple.test";
    for who in [EMAIL, nobody, "autre@exemple.test"] {
        stage.sign_in(who, "faux faux faux").await;
    }
    for _ in 0..5 {
        stage.sign_in("verrou@exemple.test", "faux faux faux").await;
    }
    stage.accounts.forgot(nobody, &visitor()).await.unwrap();
    stage.mails().await;
    stage.bed.clock.advance(29 * DAY);
    stage.accounts.purge().await.unwrap();
    assert_eq!(stage.count("attempt", "failures > 0").await, 4, "{}", stage.bed.name);
    stage.bed.clock.advance(2 * DAY);
    stage.accounts.purge().await.unwrap();
    assert_eq!(stage.count("attempt", "1 = 1").await, 1, "{}: the lock stays", stage.bed.name);
    assert_eq!(answered(&stage.sign_in("verrou@exemple.test", "faux faux faux").await), "locked");
    for who in [EMAIL, nobody] {
        assert_eq!(answered(&stage.sign_in(who, "faux faux faux").await), "wrong, 4 left");
    }
    stage.bed.clock.advance(400 * DAY);
    stage.accounts.purge().await.unwrap();
    assert_eq!(stage.count("attempt", "1 = 1").await, 0, "{}", stage.bed.name);
    // What only asked who is meant leaves the outbox after a day.
    kernel::outbox::purge(&stage.bed.context.db, stage.bed.context.now()).await.unwrap();
    assert_eq!(stage.count("outbox", "kind = 'recovery'").await, 0, "{}", stage.bed.name);
}
