use std::sync::Arc;

use accounts::{MailBody, Origin, PasswordProblem, Reset, Visitor};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, answered, visitor};

const CSV: &str = "identifier,password\n100,Vieux-Secret 1\n101,Vieux-Secret 2\n";
const EMAIL: &str = "marie@exemple.test";
const NEW: &str = "girafe tambour lampion";

#[apply(both!)]
#[tokio::test]
async fn a_reset_ends_everything_older_and_signs_this_browser_in(stage: Stage) {
    // SPEC J6; SECURITY #69, #76; I7, I9.
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let older = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    let origin = Origin { interaction: Some("i-1".into()), agency_id: Some("tilleuls".into()) };
    let asking = Visitor { origin: origin.clone(), ..visitor() };
    accounts.forgot("MARIE@exemple.test ", &asking).await.unwrap();
    let first = stage.mailed_token(EMAIL).await;
    accounts.forgot(EMAIL, &asking).await.unwrap();
    assert!(stage.mails().await.is_empty(), "one mail a minute");
    stage.bed.clock.advance(60);
    accounts.forgot(EMAIL, &asking).await.unwrap();
    let token = stage.mailed_token(EMAIL).await;
    assert_eq!(token.text(), first.text(), "whichever copy arrives works");
    for _ in 0..3 {
        assert_eq!(accounts.reset_page(&token).await.unwrap().unwrap().email, EMAIL);
    }
    let Reset::Problems(problems) = accounts.reset(&token, "marie", None, &visitor()).await.unwrap() else {
        panic!()
    };
    assert_eq!(problems, [PasswordProblem::TooShort, PasswordProblem::ContainsContext]);
    let Reset::Done(signed_in, back) = accounts.reset(&token, NEW, None, &visitor()).await.unwrap() else {
        panic!()
    };
    assert_eq!(back, origin);
    assert!(accounts.session(&older.token).await.unwrap().is_none());
    assert!(accounts.session(&signed_in.token).await.unwrap().is_some());
    // Two reasons for everything older to be dead: the rows say so, and the epoch, which codes and refresh tokens carry too.
    assert_eq!(stage.count("session", "ended_at IS NULL").await, 1, "{}", stage.bed.name);
    assert_eq!(stage.count("account", "auth_epoch = 1").await, 1);
    let again = async || accounts.reset(&token, NEW, None, &visitor()).await.unwrap();
    // Whoever sends it once more with the password that it set got no answer: signed in again, by that password.
    assert!(matches!(again().await, Reset::Again(..)), "the same password");
    let other = accounts.reset(&token, "un autre mot de passe long", None, &visitor()).await.unwrap();
    assert!(matches!(other, Reset::Used(_)), "once");
    stage.bed.clock.advance(30);
    assert!(matches!(again().await, Reset::Dead), "once");
    assert_eq!(answered(&stage.sign_in(EMAIL, PASSWORD).await), "wrong, 4 left");
    assert_eq!(answered(&stage.sign_in(EMAIL, NEW).await), "in");
    assert!(stage.mails().await.iter().any(|m| matches!(m.body, MailBody::PasswordChanged { .. })));
}

/// SECURITY D12: a mail names the agency at which it was asked for, and its link leads back there. A request that sends none, a stranger's too, changes nothing.
#[apply(both!)]
#[tokio::test]
async fn a_request_that_sends_no_mail_leads_the_link_nowhere_else(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    let at =
        |agency: &str| Origin { interaction: Some(format!("i-{agency}")), agency_id: Some(agency.into()) };
    let ask = async |agency: &str| {
        let asking = Visitor { origin: at(agency), ..visitor() };
        stage.accounts.forgot(EMAIL, &asking).await.unwrap();
    };
    ask("tilleuls").await;
    let token = stage.mailed_token(EMAIL).await;
    ask("rivage").await;
    assert!(stage.mails().await.is_empty(), "one mail a minute");
    let reset = stage.accounts.reset(&token, NEW, None, &visitor()).await.unwrap();
    let Reset::Done(_, back) = reset else { panic!("{}", stage.bed.name) };
    assert_eq!(back, at("tilleuls"), "{}", stage.bed.name);
}

#[apply(both!)]
#[tokio::test]
async fn nobody_learns_whether_there_is_an_account_and_an_unfinished_enrolment_gets_its_own_mail(
    stage: Stage,
) {
    stage.import(&stage.tilleuls, CSV).await;
    stage.up_to_mail(&stage.tilleuls, "101", "Vieux-Secret 2", "paul@exemple.test").await;
    for who in ["paul@exemple.test", "personne@exemple.test", "nonsense"] {
        stage.accounts.forgot(who, &visitor()).await.unwrap();
    }
    let mails = stage.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(matches!(mails[0].body, MailBody::FinishEnrolment { .. }) && mails[0].to == "paul@exemple.test");
}

#[apply(both!)]
#[tokio::test]
async fn a_link_dies_of_age_of_a_sign_in_and_after_three_an_hour_there_is_no_other(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    let ask = async || accounts.forgot(EMAIL, &visitor()).await.unwrap();
    ask().await;
    let token = stage.mailed_token(EMAIL).await;
    stage.bed.clock.advance(30 * 60);
    assert!(accounts.reset_page(&token).await.unwrap().is_none());
    ask().await;
    let token = stage.mailed_token(EMAIL).await;
    stage.sign_in(EMAIL, PASSWORD).await;
    assert!(accounts.reset_page(&token).await.unwrap().is_none());
    for _ in 0..5 {
        ask().await;
    }
    let resets = stage.mails().await.into_iter().filter(|m| matches!(m.body, MailBody::ResetPassword { .. }));
    assert_eq!(resets.count(), 1, "three in an hour (SECURITY #73)");
}

#[apply(both!)]
#[tokio::test]
async fn sixty_four_resets_at_once_set_one_password(stage: Stage) {
    // SECURITY B10.
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    stage.accounts.forgot(EMAIL, &visitor()).await.unwrap();
    let token = stage.mailed_token(EMAIL).await;
    let stage = Arc::new(stage);
    let racers: Vec<_> = (0..64)
        .map(|n| {
            let (stage, token) = (stage.clone(), token.clone());
            tokio::spawn(async move {
                let reset =
                    stage.accounts.reset(&token, &format!("{NEW} {n}"), None, &visitor()).await.unwrap();
                matches!(reset, Reset::Done(..)).then_some(n)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for racer in racers {
        winners.extend(racer.await.unwrap());
    }
    assert_eq!(winners.len(), 1, "{}", stage.bed.name);
    assert_eq!(answered(&stage.sign_in(EMAIL, &format!("{NEW} {}", winners[0])).await), "in");
}

/// SECURITY #69: whoever attaches an agency by the password has signed in, and a link that was mailed before is as dead as after any sign-in.
#[apply(both!)]
#[tokio::test]
async fn attaching_by_the_password_ends_older_reset_links(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    stage.import(&stage.rivage, "identifier,password\n200,Vieux-Secret 3\n").await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", EMAIL).await;
    stage.mails().await;
    accounts.forgot(EMAIL, &visitor()).await.unwrap();
    let token = stage.mailed_token(EMAIL).await;
    let id = stage.enrol(&stage.rivage, "200", "Vieux-Secret 3").await;
    accounts.notice_read(id).await.unwrap();
    accounts.choose_email(id, EMAIL, true, &visitor()).await.unwrap();
    assert!(accounts.reset_page(&token).await.unwrap().is_some());
    let attached = accounts.attach(id, Some(PASSWORD), None, &visitor()).await.unwrap();
    assert!(matches!(attached, accounts::Attach::Done(Some(_))), "{}", stage.bed.name);
    assert!(accounts.reset_page(&token).await.unwrap().is_none(), "{}", stage.bed.name);
    assert!(matches!(accounts.reset(&token, NEW, None, &visitor()).await.unwrap(), Reset::Dead));
}
