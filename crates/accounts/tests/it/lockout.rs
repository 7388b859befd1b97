use std::sync::Arc;

use accounts::{MailBody, SignIn, Visitor};
use kernel::{SealKey, SealKeys};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, answered, said, token_of, visitor};

const CSV: &str = "identifier,password\n100,Vieux-Secret 1\n101,Vieux-Secret 2\n";
const EMAIL: &str = "marie@exemple.test";

#[apply(both!)]
#[tokio::test]
async fn five_wrong_passwords_lock_and_the_sequence_is_the_same_without_an_account(stage: Stage) {
    // SECURITY #51, #59; PEOPLE U-19, U-24.
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    let expected = ["wrong, 4 left", "wrong, 3 left", "wrong, 2 left", "wrong, 1 left", "locked", "locked"];
    for who in [EMAIL, "personne@exemple.test"] {
        for answer in expected {
            assert_eq!(
                answered(&stage.sign_in(who, "faux faux faux").await),
                answer,
                "{who} on {}",
                stage.bed.name
            );
        }
    }
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "locked", "the right one no longer works");
    assert_eq!(
        answered(&stage.sign_in(" MARIE@exemple.test", PASSWORD).await),
        "locked",
        "another spelling (#54)"
    );
    let mails = stage.mails().await;
    assert_eq!(mails.len(), 1, "one mail, to the owner only");
    assert!(matches!(mails[0].body, MailBody::AccountLocked { .. }) && mails[0].to == EMAIL);
    stage.bed.clock.advance(365 * 86400);
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "locked", "only a reset unlocks");
}

#[apply(both!)]
#[tokio::test]
async fn success_clears_the_count(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    for _ in 0..4 {
        stage.sign_in(EMAIL, "faux faux faux").await;
    }
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "in");
    // SECURITY I6: the evidence tells of it, and of nothing where there was nothing to clear.
    let told = "kind = 'failures cleared' AND body LIKE '%\"failures\":4%' AND account_id IS NOT NULL";
    assert_eq!(stage.count("evidence", told).await, 1, "{}", stage.bed.name);
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "in");
    assert_eq!(stage.count("evidence", "kind = 'failures cleared'").await, 1, "{}", stage.bed.name);
    assert_eq!(answered(&stage.sign_in(EMAIL, "faux faux faux").await), "wrong, 4 left");
}

#[apply(both!)]
#[tokio::test]
async fn a_right_old_password_clears_the_count_and_the_evidence_tells_of_it(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    for _ in 0..2 {
        stage.accounts.prove_legacy(&stage.tilleuls, "100", "faux", None, &visitor()).await.unwrap();
    }
    stage.accounts.prove_legacy(&stage.tilleuls, "100", "Vieux-Secret 1", None, &visitor()).await.unwrap();
    let told = "kind = 'failures cleared' AND body LIKE '%\"failures\":2%' AND account_id IS NULL";
    assert_eq!(stage.count("evidence", told).await, 1, "{}", stage.bed.name);
}

#[apply(both!)]
#[tokio::test]
async fn a_sign_in_clears_nobody_elses_count(stage: Stage) {
    // SECURITY #58: four guesses, then a sign-in to an account of one's own, and again.
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.moved(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
    for _ in 0..4 {
        stage.sign_in(EMAIL, "faux faux faux").await;
    }
    assert_eq!(answered(&stage.sign_in("paul@exemple.test", PASSWORD).await), "in");
    stage.accounts.forgot(EMAIL, &visitor()).await.unwrap();
    stage.mails().await;
    assert_eq!(answered(&stage.sign_in(EMAIL, "faux faux faux").await), "locked", "{}", stage.bed.name);
}

#[apply(both!)]
#[tokio::test]
async fn a_password_counts_to_its_last_byte(stage: Stage) {
    // SECURITY #61: what bcrypt would cut off after 72 bytes.
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    stage.accounts.forgot(EMAIL, &visitor()).await.unwrap();
    let token = stage.mailed_token(EMAIL).await;
    let long = "girafe tambour lampion ".repeat(5) + "!";
    let reset = stage.accounts.reset(&token, &long, None, &visitor()).await.unwrap();
    assert!(matches!(reset, accounts::Reset::Done(..)));
    assert_eq!(answered(&stage.sign_in(EMAIL, &long[..long.len() - 1]).await), "wrong, 4 left");
    assert_eq!(answered(&stage.sign_in(EMAIL, &long[..72]).await), "wrong, 3 left");
    assert_eq!(answered(&stage.sign_in(EMAIL, &long).await), "in");
    // FINDING B17: a pasted password brings a space along.
    assert_eq!(answered(&stage.sign_in(EMAIL, &format!(" {long}\u{a0}")).await), "in");
}

#[apply(both!)]
#[tokio::test]
async fn a_stranger_cannot_lock_the_owner_out_of_their_own_browser(stage: Stage) {
    // SECURITY D2, #57.
    stage.import(&stage.tilleuls, CSV).await;
    let own = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    for _ in 0..6 {
        stage.sign_in(EMAIL, "faux faux faux").await;
    }
    let owner = Visitor { device: Some(own.device.clone()), ..visitor() };
    let back = stage.accounts.sign_in(EMAIL, PASSWORD, false, None, &owner).await.unwrap();
    assert_eq!(answered(&back), "in");
    // Another account's device is no device of this one: who has an account would have five more guesses for each browser.
    let paul = stage.moved(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
    let other = Visitor { device: Some(paul.device.clone()), ..visitor() };
    assert_eq!(
        answered(&stage.accounts.sign_in(EMAIL, PASSWORD, false, None, &other).await.unwrap()),
        "locked"
    );
    assert!(stage.accounts.session(&own.token).await.unwrap().is_some(), "sessions go on");
}

#[apply(both!)]
#[tokio::test]
async fn two_hundred_wrong_passwords_at_once_are_five_checks(stage: Stage) {
    // SECURITY B3: the right one is among them, at place 137.
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    let stage = Arc::new(stage);
    let tries: Vec<_> = (0..200)
        .map(|n| {
            let stage = stage.clone();
            let password = if n == 137 { PASSWORD.to_owned() } else { format!("faux faux {n}") };
            tokio::spawn(async move { stage.sign_in(EMAIL, &password).await })
        })
        .collect();
    let (mut wrong, mut locked, mut inside) = (0, 0, 0);
    for answer in tries {
        match answer.await.unwrap() {
            SignIn::Wrong { .. } => wrong += 1,
            SignIn::Locked => locked += 1,
            SignIn::In(_) => inside += 1,
            _ => panic!("neither refused nor busy"),
        }
    }
    // The order is the scheduler's: either the right one was among the first five, which clears the count once, or it was not.
    assert!(inside <= 1, "{}", stage.bed.name);
    assert!(wrong <= 4 * (1 + inside) + inside, "{wrong} wrong on {}", stage.bed.name);
    assert_eq!(wrong + locked + inside, 200);
}

#[apply(both!)]
#[tokio::test]
async fn many_right_passwords_at_once_all_come_in(stage: Stage) {
    // PEOPLE U-20: reserved attempts are given back; waiting, not locking.
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    let stage = Arc::new(stage);
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let stage = stage.clone();
            tokio::spawn(async move { answered(&stage.sign_in(EMAIL, PASSWORD).await) })
        })
        .collect();
    for answer in tries {
        assert_eq!(answer.await.unwrap(), "in", "{}", stage.bed.name);
    }
}

#[apply(both!)]
#[tokio::test]
async fn an_old_identifier_locks_too_and_opens_by_itself(stage: Stage) {
    // SECURITY #82; unknown identifiers lock alike.
    stage.import(&stage.tilleuls, CSV).await;
    for id in ["100", "999"] {
        let prove = async |password: &str| {
            said(&stage.accounts.prove_legacy(&stage.tilleuls, id, password, None, &visitor()).await.unwrap())
        };
        for answer in
            ["wrong, 4 left", "wrong, 3 left", "wrong, 2 left", "wrong, 1 left", "locked for 60 min"]
        {
            assert_eq!(prove("faux").await, answer);
        }
        assert_eq!(prove("Vieux-Secret 1").await, "locked for 60 min");
    }
    stage.bed.clock.advance(3600);
    stage.enrol(&stage.tilleuls, "100", "Vieux-Secret 1").await;
}

/// A node that lacks the sealing key judges no password, so nobody's attempts are used up by it.
#[apply(both!)]
#[tokio::test]
async fn a_hash_that_this_node_cannot_open_counts_for_nobody(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    let (keys, key) = (&stage.bed.context.keys, |n| SealKey::new([n; 32]));
    assert!(keys.take(&SealKeys::new(key(9), vec![key(7)])) && keys.seal_with(&key(9).fingerprint()));
    assert!(keys.take(&SealKeys::new(key(9), vec![])), "the older key is gone");
    let prove = async || {
        stage.accounts.prove_legacy(&stage.tilleuls, "101", "Vieux-Secret 2", None, &visitor()).await
    };
    for _ in 0..7 {
        assert!(stage.accounts.sign_in(EMAIL, PASSWORD, false, None, &visitor()).await.is_err());
        assert!(prove().await.is_err());
    }
    assert!(keys.take(&SealKeys::new(key(9), vec![key(7)])), "it is back");
    // Attempts that were never judged count from now on.
    stage.bed.clock.advance(30);
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "in", "{}", stage.bed.name);
    stage.enrol(&stage.tilleuls, "101", "Vieux-Secret 2").await;
}

#[apply(both!)]
#[tokio::test]
async fn an_over_long_password_is_refused_before_anything_is_counted(stage: Stage) {
    // SECURITY #61.
    for _ in 0..6 {
        assert_eq!(answered(&stage.sign_in(EMAIL, &"x".repeat(1025)).await), "refused");
    }
    assert_eq!(answered(&stage.sign_in(EMAIL, "x").await), "wrong, 4 left");
    assert_eq!(stage.count("attempt", "failures > 1").await, 0);
}

#[apply(both!)]
#[tokio::test]
async fn the_lock_mail_unlocks(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    for _ in 0..5 {
        stage.sign_in(EMAIL, "faux faux faux").await;
    }
    let mails = stage.mails().await;
    let token = kernel::Token::parse(token_of(&mails[0])).unwrap();
    let reset = stage.accounts.reset(&token, "girafe tambour lampion", None, &visitor()).await.unwrap();
    assert!(matches!(reset, accounts::Reset::Done(..)));
    assert_eq!(answered(&stage.sign_in(EMAIL, "girafe tambour lampion").await), "in");
    assert_eq!(
        answered(&stage.sign_in(EMAIL, "faux").await),
        "wrong, 4 left",
        "five fresh attempts (PEOPLE U-18)"
    );
}

/// SECURITY #57: locked every minute for two hours, and reset by its owner whenever a mail lets them.
#[apply(both!)]
#[tokio::test]
async fn who_locks_an_account_again_and_again_sends_its_owner_one_mail_an_hour(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    let own = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    let (mut told, mut resets) = (Vec::new(), 0);
    for minute in 0..120 {
        for who in [EMAIL, "personne@exemple.test"] {
            for _ in 0..5 {
                stage.sign_in(who, "faux faux faux").await;
            }
        }
        let locked = |mail: &accounts::Mail| matches!(mail.body, MailBody::AccountLocked { .. });
        let mut mails = stage.mails().await;
        told.extend(mails.iter().filter(|mail| locked(mail)).map(|_| minute));
        if mails.is_empty() {
            stage.accounts.forgot(EMAIL, &visitor()).await.unwrap();
            mails = stage.mails().await;
        }
        if let Some(mail) = mails.first() {
            let token = kernel::Token::parse(token_of(mail)).unwrap();
            let reset = stage.accounts.reset(&token, PASSWORD, None, &visitor()).await.unwrap();
            assert!(matches!(reset, accounts::Reset::Done(..)));
            resets += 1;
            stage.mails().await;
        }
        assert!(mails.iter().all(|mail| mail.to == EMAIL));
        stage.bed.clock.advance(60);
    }
    let hours = told.windows(2).all(|pair| pair[1] - pair[0] >= 60);
    assert!(told.len() == 2 && hours, "{} in the minutes {told:?}", stage.bed.name);
    assert!(resets >= 4, "{resets}");
    assert!(
        stage.accounts.session(&own.token).await.unwrap().is_none(),
        "ended by the resets, not by the locks"
    );
    // An address without an account leaves the same trace.
    assert_eq!(stage.count("lock_notice", "1 = 1").await, 2);
    stage.bed.clock.advance(3601);
    stage.accounts.purge().await.unwrap();
    assert_eq!(stage.count("lock_notice", "1 = 1").await, 0);
}

#[apply(both!)]
#[tokio::test]
async fn every_sign_in_costs_one_hash_and_a_locked_one_none(stage: Stage) {
    // SECURITY #51, #60, B6: the deterministic half.
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    let cost = async |email: &str, password: &str| {
        let before = stage.accounts.hasher().done();
        stage.sign_in(email, password).await;
        stage.accounts.hasher().done() - before
    };
    assert_eq!(cost(EMAIL, PASSWORD).await, 1, "right");
    for who in [EMAIL, "personne@exemple.test"] {
        for nth in 1..=5 {
            assert_eq!(cost(who, "faux faux faux").await, 1, "{who}, failure {nth}");
        }
        assert_eq!(cost(who, PASSWORD).await, 0, "{who}, locked");
    }
    let old = async |identifier: &str, password: &str| {
        let before = stage.accounts.hasher().done();
        stage.accounts.prove_legacy(&stage.tilleuls, identifier, password, None, &visitor()).await.unwrap();
        stage.accounts.hasher().done() - before
    };
    for (identifier, what) in [("100", "moved"), ("999", "unknown")] {
        assert_eq!(old(identifier, "faux").await, 1, "{what}");
    }
}
