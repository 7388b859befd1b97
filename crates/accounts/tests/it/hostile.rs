//! People who mean harm, click twice or leave in the middle of a request.

use std::sync::Arc;

use accounts::{Confirm, EmailChoice, Finish, MailBody, PasswordChoice};
use testbed::{Bed, apply, both};

use crate::stage::{PASSWORD, Stage, answered, shown, visitor};

fn csv(people: usize) -> String {
    let rows = (0..people).map(|n| format!("{n},Vieux-Secret {n}\n"));
    format!("identifier,password\n{}", rows.collect::<String>())
}

/// The right password, from a browser that hangs up while it is checked.
async fn right_but_gone(stage: &Stage, email: &str) {
    let before = stage.accounts.hasher().done();
    let visitor = visitor();
    let hashing = async {
        while stage.accounts.hasher().done() == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        early = stage.accounts.sign_in(email, PASSWORD, false, None, &visitor) => {
            panic!("not that fast: {}", early.map_or_else(|fault| fault.to_string(), |answer| answered(&answer)))
        }
        () = hashing => {}
    }
}

#[apply(both!)]
#[tokio::test]
async fn a_link_to_one_address_never_confirms_another(stage: Stage) {
    // SECURITY D10, #80; PEOPLE U-09. "The same address" and another one, chosen at once: whichever is left is unconfirmed.
    stage.import(&stage.tilleuls, &csv(12)).await;
    for n in 0..12 {
        let (theirs, mine) = (format!("victime{n}@exemple.test"), format!("moi{n}@exemple.test"));
        let (id, _) =
            stage.up_to_mail(&stage.tilleuls, &n.to_string(), &format!("Vieux-Secret {n}"), &theirs).await;
        let racers: Vec<_> = (0..12)
            .map(|k| {
                let accounts = stage.accounts.clone();
                let typed = if k == 3 { mine.clone() } else { theirs.clone() };
                tokio::spawn(
                    async move { accounts.choose_email(id, &typed, true, &visitor()).await.unwrap() },
                )
            })
            .collect();
        for racer in racers {
            assert_eq!(racer.await.unwrap(), EmailChoice::Taken, "{}", stage.bed.name);
        }
        let Some(mail) = stage.mails().await.into_iter().rfind(|m| m.to == mine) else { continue };
        let token = kernel::Token::parse(crate::stage::token_of(&mail)).unwrap();
        let confirmed = stage.accounts.confirm(&token, &theirs, PASSWORD).await.unwrap();
        assert!(!matches!(confirmed, Confirm::Done(_)), "{}: {confirmed:?}", stage.bed.name);
        let finish = stage.accounts.finish(id, &shown(), false, None, &visitor()).await.unwrap();
        assert!(matches!(finish, Finish::NotNow), "{}", stage.bed.name);
    }
}

#[apply(both!)]
#[tokio::test]
async fn many_choose_an_address_at_once_and_all_are_answered(stage: Stage) {
    // SECURITY #117: no transaction waits for a second connection.
    stage.import(&stage.tilleuls, &csv(48)).await;
    let mut all = Vec::new();
    for n in 0..48 {
        all.push(stage.enrol(&stage.tilleuls, &n.to_string(), &format!("Vieux-Secret {n}")).await);
    }
    let racers: Vec<_> = all
        .into_iter()
        .enumerate()
        .map(|(n, id)| {
            let accounts = stage.accounts.clone();
            tokio::spawn(async move {
                accounts.notice_read(id).await?;
                accounts.choose_email(id, &format!("p{n}@exemple.test"), true, &visitor()).await
            })
        })
        .collect();
    for racer in racers {
        assert_eq!(racer.await.unwrap().unwrap(), EmailChoice::Taken, "{}", stage.bed.name);
    }
}

#[apply(both!)]
#[tokio::test]
async fn passwords_chosen_again_and_again_send_no_flood_of_mails(stage: Stage) {
    // SECURITY #73.
    stage.import(&stage.tilleuls, &csv(1)).await;
    let (id, _) = stage.up_to_mail(&stage.tilleuls, "0", "Vieux-Secret 0", "victime@exemple.test").await;
    let enrolment = stage.accounts.enrolment(id).await.unwrap().unwrap();
    for n in 0..20 {
        let typed = format!("{PASSWORD} {n}");
        let chosen = stage.accounts.choose_password(&enrolment, "x", &typed, &visitor()).await.unwrap();
        assert_eq!(chosen, PasswordChoice::Taken);
    }
    let sent = 1 + stage.mails().await.len();
    assert!(sent <= 6, "{}: {sent} mails", stage.bed.name);
}

#[apply(both!)]
#[tokio::test]
async fn a_lock_by_attempts_that_never_ended_is_told_too(bed: Bed) {
    // SPEC J5: a node that died, or a client that hung up, in the fifth attempt.
    let stage = Stage::in_earnest(bed);
    stage.import(&stage.tilleuls, &csv(1)).await;
    stage.moved(&stage.tilleuls, "0", "Vieux-Secret 0", "marie@exemple.test").await;
    stage.mails().await;
    for _ in 0..5 {
        right_but_gone(&stage, "marie@exemple.test").await;
    }
    stage.bed.clock.advance(60);
    assert_eq!(answered(&stage.sign_in("marie@exemple.test", PASSWORD).await), "locked");
    let mails = stage.mails().await;
    assert!(mails.iter().any(|m| matches!(m.body, MailBody::AccountLocked { .. })), "{}", stage.bed.name);
    assert_eq!(stage.count("evidence", "kind = 'account locked'").await, 1);
}

#[apply(both!)]
#[tokio::test]
async fn an_abandoned_wish_to_attach_without_the_password_is_no_wrong_password(stage: Stage) {
    // SPEC J3: the page was shown within five minutes of the sign-in and sent after them.
    stage.import(&stage.tilleuls, &csv(1)).await;
    stage.import(&stage.rivage, "identifier,password\nr,Vieux-Secret r\n").await;
    let signed_in = stage.moved(&stage.tilleuls, "0", "Vieux-Secret 0", "marie@exemple.test").await;
    let id = stage.enrol(&stage.rivage, "r", "Vieux-Secret r").await;
    stage.accounts.notice_read(id).await.unwrap();
    stage.accounts.choose_email(id, "marie@exemple.test", true, &visitor()).await.unwrap();
    stage.bed.clock.advance(301);
    let session = stage.accounts.session(&signed_in.token).await.unwrap().unwrap();
    let attached = stage.accounts.attach(id, None, Some(&session), &visitor()).await.unwrap();
    assert!(matches!(attached, accounts::Attach::NotNow));
    assert_eq!(answered(&stage.sign_in("marie@exemple.test", "faux").await), "wrong, 4 left");
}

#[apply(both!)]
#[tokio::test]
async fn a_reset_and_a_sign_in_at_once_do_not_stop_each_other(stage: Stage) {
    stage.import(&stage.tilleuls, &csv(1)).await;
    stage.moved(&stage.tilleuls, "0", "Vieux-Secret 0", "marie@exemple.test").await;
    stage.mails().await;
    let mut known = PASSWORD.to_owned();
    for n in 0..20 {
        stage.bed.clock.advance(3601);
        stage.accounts.forgot("marie@exemple.test", &visitor()).await.unwrap();
        let token = stage.mailed_token("marie@exemple.test").await;
        let new = format!("{PASSWORD} {n}");
        let (a, b) = (stage.accounts.clone(), stage.accounts.clone());
        let signing = tokio::spawn({
            let known = known.clone();
            async move { a.sign_in("marie@exemple.test", &known, false, None, &visitor()).await.map(|_| ()) }
        });
        let typed = new.clone();
        let resetting = tokio::spawn(async move {
            b.reset(&token, &typed, None, &visitor()).await.map(|r| matches!(r, accounts::Reset::Done(..)))
        });
        signing.await.unwrap().unwrap();
        if resetting.await.unwrap().unwrap() {
            known = new;
        }
    }
}

#[apply(both!)]
#[tokio::test]
async fn the_notice_is_not_skipped(stage: Stage) {
    // SECURITY #12; GDPR art. 14 is what the notice is for.
    stage.import(&stage.tilleuls, &csv(1)).await;
    let id = stage.enrol(&stage.tilleuls, "0", "Vieux-Secret 0").await;
    let chosen = stage.accounts.choose_email(id, "a@exemple.test", true, &visitor()).await.unwrap();
    assert_eq!(chosen, EmailChoice::Gone);
    assert_eq!(stage.accounts.enrolment(id).await.unwrap().unwrap().stage, accounts::Stage::Notice);
}

#[apply(both!)]
#[tokio::test]
async fn an_unfinished_enrolments_mail_never_revives_an_older_address(stage: Stage) {
    // The worker writes to the address that was asked for, unless the person has corrected it meanwhile.
    stage.import(&stage.tilleuls, &csv(10)).await;
    let stage = Arc::new(stage);
    for n in 0..10 {
        let (first, second) = (format!("a{n}@exemple.test"), format!("b{n}@exemple.test"));
        let (id, _) =
            stage.up_to_mail(&stage.tilleuls, &n.to_string(), &format!("Vieux-Secret {n}"), &first).await;
        stage.accounts.forgot(&first, &visitor()).await.unwrap();
        let messages =
            kernel::outbox::lease(&stage.bed.context.db, stage.bed.context.now(), 10).await.unwrap();
        let worker = {
            let stage = stage.clone();
            tokio::spawn(async move { stage.accounts.recover(&messages[0]).await.unwrap() })
        };
        stage.accounts.choose_email(id, &second, true, &visitor()).await.unwrap();
        worker.await.unwrap();
        let token = stage.mailed_token(&second).await;
        assert!(stage.accounts.confirm_page(&token).await.unwrap().is_some(), "{}", stage.bed.name);
        stage.bed.clock.advance(61);
        stage.mails().await;
    }
}

#[apply(both!)]
#[tokio::test]
async fn a_browser_that_only_gave_the_old_credentials_ends_nobodys_move(stage: Stage) {
    // SECURITY #80: X gives the old credentials and waits, Y gives the same ones and moves.
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, &csv(1)).await;
    let from = |interaction: &str| accounts::Visitor {
        origin: accounts::Origin { interaction: Some(interaction.into()), agency_id: None },
        ..visitor()
    };
    let id = stage.enrol(&stage.tilleuls, "0", "Vieux-Secret 0").await;
    accounts.notice_read(id).await.unwrap();
    accounts.choose_email(id, "y@exemple.test", true, &visitor()).await.unwrap();
    let enrolment = accounts.enrolment(id).await.unwrap().unwrap();
    let chosen = accounts.choose_password(&enrolment, "x", PASSWORD, &from("y")).await.unwrap();
    assert_eq!(chosen, PasswordChoice::Taken);
    let token = stage.mailed_token("y@exemple.test").await;
    assert_eq!(accounts.confirm(&token, "y@exemple.test", PASSWORD).await.unwrap(), Confirm::Done(id));
    let read = accounts.enrolment(id).await.unwrap().unwrap();
    assert!(accounts.confirmed_in(&read, "y on the phone").await.unwrap());
    let enrolment = accounts.enrolment(id).await.unwrap().unwrap();
    assert!(
        enrolment.may_end_in("y") && enrolment.may_end_in("y on the phone") && !enrolment.may_end_in("x")
    );
    for stranger in [from("x"), visitor()] {
        let ended = accounts.finish(id, &shown(), false, None, &stranger).await.unwrap();
        assert!(matches!(ended, Finish::NotNow), "{}", stage.bed.name);
    }
    assert_eq!(stage.count("account", "1=1").await, 0);
    let ended = accounts.finish(id, &shown(), false, None, &from("y on the phone")).await.unwrap();
    assert!(matches!(ended, Finish::Done(..)), "{}", stage.bed.name);
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_wishes_at_once_one_link_lives(stage: Stage) {
    // SECURITY #69, I7: the worker takes several messages at a time.
    stage.import(&stage.tilleuls, &csv(1)).await;
    stage.moved(&stage.tilleuls, "0", "Vieux-Secret 0", "marie@exemple.test").await;
    stage.mails().await;
    for round in 0..6 {
        stage.bed.clock.advance(3601);
        let now = stage.bed.context.now();
        for _ in 0..8 {
            stage.accounts.forgot("marie@exemple.test", &visitor()).await.unwrap();
        }
        let messages = kernel::outbox::lease(&stage.bed.context.db, now, 8).await.unwrap();
        let workers: Vec<_> = messages
            .into_iter()
            .map(|message| {
                let accounts = stage.accounts.clone();
                tokio::spawn(async move { accounts.recover(&message).await })
            })
            .collect();
        for worker in workers {
            // Whoever comes second is told to come again.
            let _ = worker.await.unwrap();
        }
        let living = stage.count("recovery", "used_at IS NULL AND superseded_at IS NULL").await;
        assert_eq!(living, 1, "{} {round}", stage.bed.name);
        let fresh = stage.count("recovery", &format!("created_at = {now}")).await;
        assert!(fresh <= 3, "{}: {fresh} in an hour", stage.bed.name);
        stage.mails().await;
    }
}

#[apply(both!)]
#[tokio::test]
async fn right_passwords_that_attach_in_the_same_moment_are_no_failures(bed: Bed) {
    // SPEC J3, SECURITY I6: a second click, or a second tab, comes too late, but it is not wrong.
    let stage = Stage::in_earnest(bed);
    stage.import(&stage.tilleuls, &csv(1)).await;
    stage.import(&stage.rivage, "identifier,password\nr,Vieux-Secret r\n").await;
    stage.moved(&stage.tilleuls, "0", "Vieux-Secret 0", "marie@exemple.test").await;
    let id = stage.enrol(&stage.rivage, "r", "Vieux-Secret r").await;
    stage.accounts.notice_read(id).await.unwrap();
    stage.accounts.choose_email(id, "marie@exemple.test", true, &visitor()).await.unwrap();
    let clicks: Vec<_> = (0..6)
        .map(|_| {
            let accounts = stage.accounts.clone();
            tokio::spawn(async move { accounts.attach(id, Some(PASSWORD), None, &visitor()).await.unwrap() })
        })
        .collect();
    let mut done = 0;
    for click in clicks {
        done += usize::from(matches!(click.await.unwrap(), accounts::Attach::Done(_)));
    }
    assert_eq!(done, 1, "{}", stage.bed.name);
    assert_eq!(stage.count("attempt", "failures > 0").await, 0, "{}", stage.bed.name);
    // Nor later, when what was reserved and never ended counts as a failure.
    stage.bed.clock.advance(60);
    assert_eq!(answered(&stage.sign_in("marie@exemple.test", PASSWORD).await), "in", "{}", stage.bed.name);
}
