use std::sync::Arc;

use accounts::{
    Attach, Confirm, EmailChoice, Finish, LegacyProof, MailBody, Resend, SignIn, Stage as Step, Ticket,
};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, said, shown, visitor};

const CSV: &str = "identifier,client_ref,password,email,name\n\
    100,CT-1,Vieux-Secret 1,marie@exemple.test,Marie Durand\n\
    101,CT-2,Vieux-Secret 2,paul@exemple.test,Paul Martin\n\
    102,CT-3,Vieux-Secret 3,,Sans Adresse\n";

#[apply(both!)]
#[tokio::test]
async fn a_first_move_makes_everything_true_at_once(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let (id, token) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", "marie@exemple.test").await;
    assert_eq!(stage.count("account", "1=1").await, 0, "no account before the end (PEOPLE U-02)");
    // The old credentials go on working until then (SECURITY D9), and resume the same enrolment.
    assert_eq!(stage.enrol(&stage.tilleuls, "100", "Vieux-Secret 1").await, id);
    // Looking at the link changes nothing (SECURITY #70).
    for _ in 0..3 {
        assert_eq!(accounts.confirm_page(&token).await.unwrap().unwrap().stage, Step::Mail);
    }
    assert!(matches!(accounts.finish(id, &shown(), false, None, &visitor()).await.unwrap(), Finish::NotNow));
    assert_eq!(
        accounts.confirm(&token, "paul@exemple.test", PASSWORD).await.unwrap(),
        Confirm::Wrong { remaining: 4 }
    );
    assert_eq!(accounts.confirm(&token, " Marie@exemple.TEST", PASSWORD).await.unwrap(), Confirm::Done(id));
    let old = accounts::Shown { sha256: "0".repeat(64), ..shown() };
    assert!(matches!(accounts.finish(id, &old, false, None, &visitor()).await.unwrap(), Finish::Changed));
    let Finish::Done(signed_in, receipt) =
        accounts.finish(id, &shown(), false, None, &visitor()).await.unwrap()
    else {
        panic!("not finished on {}", stage.bed.name)
    };
    assert_eq!(receipt.sha256, shown().sha256);
    let session = accounts.session(&signed_in.token).await.unwrap().unwrap();
    assert_eq!(accounts.client_refs(session.account, "tilleuls").await.unwrap(), ["CT-1"]);
    assert!(accounts.client_refs(session.account, "rivage").await.unwrap().is_empty());
    assert_eq!(accounts.terms_due(session.account).await.unwrap().map(|t| t.version), None);
    // SECURITY I10: link exists <=> old verifier gone <=> evidence exists.
    assert_eq!(stage.count("link", "1=1").await, 1);
    assert_eq!(stage.count("legacy_identity", "moved_at IS NOT NULL AND verifier IS NULL").await, 1);
    assert_eq!(stage.count("evidence", "kind = 'account created'").await, 1);
    assert_eq!(stage.count("evidence", "kind = 'terms accepted'").await, 1);
    // The delivery has an entry of its own.
    assert_eq!(accounts.verify_evidence().await.unwrap(), Ok(3));
    let mails = stage.mails().await;
    assert!(
        mails.iter().any(|m| matches!(&m.body, MailBody::Welcome { .. }) && m.to == "marie@exemple.test")
    );
    // A second tab that also accepts finds it done.
    assert!(matches!(accounts.finish(id, &shown(), false, None, &visitor()).await.unwrap(), Finish::NotNow));
    assert_eq!(accounts.confirm(&token, "marie@exemple.test", PASSWORD).await.unwrap(), Confirm::Already);
    assert!(matches!(stage.sign_in("marie@exemple.test", PASSWORD).await, SignIn::In(_)));
}

#[apply(both!)]
#[tokio::test]
async fn a_moved_identifier_is_refused_with_a_hint_only_for_its_password(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", "m.durand@gmail.test").await;
    let prove = async |id: &str, password: &str| {
        said(&stage.accounts.prove_legacy(&stage.tilleuls, id, password, None, &visitor()).await.unwrap())
    };
    assert_eq!(prove("100", "Vieux-Secret 1").await, "moved to m•••••@g•••.test");
    assert_eq!(prove("100", " Vieux-Secret 1 ").await, "moved to m•••••@g•••.test");
    assert_eq!(prove("100", "faux").await, "wrong, 4 left");
    assert_eq!(prove("nobody", "faux").await, "wrong, 4 left");
    // Still so once the worker wrapped what was sealed, and importing again does not revive it (SECURITY #83).
    assert!(stage.accounts.wrap_sealed(100).await.unwrap() >= 3);
    assert_eq!(stage.import(&stage.tilleuls, CSV).await.moved, 1);
    assert_eq!(prove("100", "Vieux-Secret 1").await, "moved to m•••••@g•••.test");
    // The agency had another address: it is told (PEOPLE U-12).
    let told = stage.mails().await;
    assert!(
        told.iter().any(|m| m.to == "marie@exemple.test" && matches!(m.body, MailBody::AddressChosen { .. }))
    );
}

#[apply(both!)]
#[tokio::test]
async fn the_next_agency_is_attached_with_the_accounts_password(stage: Stage) {
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    stage.import(&stage.rivage, "identifier,client_ref,password,email\nDUP.1,R/1,Autre Secret,marie@exemple.test\nDUP.2,R/2,Encore Un,\n").await;
    let first = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", "marie@exemple.test").await;
    stage.mails().await;
    let id = stage.enrol(&stage.rivage, "dup.1", "Autre Secret").await;
    accounts.notice_read(id).await.unwrap();
    assert_eq!(
        accounts.choose_email(id, "Marie@exemple.test", false, &visitor()).await.unwrap(),
        EmailChoice::Taken
    );
    assert_eq!(accounts.enrolment(id).await.unwrap().unwrap().stage, Step::Link);
    let wrong = accounts.attach(id, Some("pas le bon"), None, &visitor()).await.unwrap();
    assert!(matches!(wrong, Attach::Refused(SignIn::Wrong { remaining: 4 })));
    // Without the password only a session of this account that is younger than five minutes will do.
    assert!(matches!(accounts.attach(id, None, None, &visitor()).await.unwrap(), Attach::NotNow));
    let done = accounts.attach(id, Some(PASSWORD), None, &visitor()).await.unwrap();
    assert!(matches!(done, Attach::Done(Some(_))), "{}", stage.bed.name);
    assert!(stage.mails().await.iter().any(|m| matches!(m.body, MailBody::LinkAdded { .. })));

    let session = accounts.session(&first.token).await.unwrap().unwrap();
    let id = stage.enrol(&stage.rivage, "dup.2", "Encore Un").await;
    stage.accounts.notice_read(id).await.unwrap();
    accounts.choose_email(id, "marie@exemple.test", false, &visitor()).await.unwrap();
    stage.bed.clock.advance(299);
    assert!(matches!(
        accounts.attach(id, None, Some(&session), &visitor()).await.unwrap(),
        Attach::Done(None)
    ));
    assert_eq!(accounts.client_refs(session.account, "rivage").await.unwrap(), ["R/1", "R/2"]);
    assert_eq!(stage.count("account", "1=1").await, 1);
    assert_eq!(accounts.linked_agencies(session.account).await.unwrap().len(), 2);
}

#[apply(both!)]
#[tokio::test]
async fn an_old_session_does_not_attach_by_itself(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    let first = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", "marie@exemple.test").await;
    let id = stage.enrol(&stage.tilleuls, "101", "Vieux-Secret 2").await;
    stage.accounts.notice_read(id).await.unwrap();
    stage.accounts.choose_email(id, "marie@exemple.test", false, &visitor()).await.unwrap();
    stage.bed.clock.advance(301);
    let refused = stage.accounts.attach(id, None, Some(&first.session), &visitor()).await.unwrap();
    assert!(matches!(refused, Attach::NotNow));
}

#[apply(both!)]
#[tokio::test]
async fn the_first_confirmed_address_wins_and_the_other_attaches(stage: Stage) {
    // SECURITY D10, #80; PEOPLE U-08.
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let email = "famille@exemple.test";
    let (one, token_one) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", email).await;
    let (two, token_two) = stage.up_to_mail(&stage.tilleuls, "101", "Vieux-Secret 2", email).await;
    assert_eq!(accounts.confirm(&token_one, email, PASSWORD).await.unwrap(), Confirm::Done(one));
    assert_eq!(accounts.confirm(&token_two, email, PASSWORD).await.unwrap(), Confirm::Done(two));
    assert!(matches!(
        accounts.finish(one, &shown(), false, None, &visitor()).await.unwrap(),
        Finish::Done(..)
    ));
    assert!(matches!(accounts.finish(two, &shown(), false, None, &visitor()).await.unwrap(), Finish::NotNow));
    assert_eq!(accounts.enrolment(two).await.unwrap().unwrap().stage, Step::Link);
    let done = accounts.attach(two, Some(PASSWORD), None, &visitor()).await.unwrap();
    assert!(matches!(done, Attach::Done(Some(_))), "{}", stage.bed.name);
    assert_eq!(stage.count("account", "1=1").await, 1);
    assert_eq!(stage.count("link", "1=1").await, 2);
}

#[apply(both!)]
#[tokio::test]
async fn a_corrected_address_needs_its_own_confirmation(stage: Stage) {
    // PEOPLE U-09: the proof is bound to the address.
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let (id, first) = stage.up_to_mail(&stage.tilleuls, "102", "Vieux-Secret 3", "faute@exemple.test").await;
    assert_eq!(
        accounts.choose_email(id, "x@gmial.com", false, &visitor()).await.unwrap(),
        EmailChoice::Suggestion("x@gmail.com".into())
    );
    assert_eq!(
        accounts.choose_email(id, "pas une adresse", false, &visitor()).await.unwrap(),
        EmailChoice::Invalid
    );
    assert_eq!(
        accounts.choose_email(id, "juste@exemple.test", false, &visitor()).await.unwrap(),
        EmailChoice::Taken
    );
    let second = stage.mailed_token("juste@exemple.test").await;
    assert_eq!(accounts.confirm(&first, "faute@exemple.test", PASSWORD).await.unwrap(), Confirm::Dead);
    assert_eq!(accounts.resend(id).await.unwrap(), Resend::Wait(60));
    stage.bed.clock.advance(61);
    assert_eq!(accounts.resend(id).await.unwrap(), Resend::Sent);
    assert_eq!(
        stage.mailed_token("juste@exemple.test").await.text(),
        second.text(),
        "whichever copy arrives works"
    );
    assert_eq!(accounts.confirm(&second, "juste@exemple.test", PASSWORD).await.unwrap(), Confirm::Done(id));
    for n in 0..3 {
        assert_eq!(
            accounts.choose_email(id, &format!("a{n}@exemple.test"), false, &visitor()).await.unwrap(),
            EmailChoice::Taken
        );
    }
    assert_eq!(
        accounts.choose_email(id, "trop@exemple.test", false, &visitor()).await.unwrap(),
        EmailChoice::TooMany
    );
}

#[apply(both!)]
#[tokio::test]
async fn an_enrolment_that_nobody_finishes_ends_after_seven_days(stage: Stage) {
    stage.import(&stage.tilleuls, CSV).await;
    let (id, token) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", "marie@exemple.test").await;
    stage.bed.clock.advance(7 * 86400);
    assert_eq!(stage.accounts.confirm(&token, "marie@exemple.test", PASSWORD).await.unwrap(), Confirm::Dead);
    assert!(stage.accounts.enrolment(id).await.unwrap().is_none());
    assert_ne!(stage.enrol(&stage.tilleuls, "100", "Vieux-Secret 1").await, id, "and can begin again");
}

#[apply(both!)]
#[tokio::test]
async fn a_ticket_begins_a_move_once_even_for_an_identity_that_no_file_brought(stage: Stage) {
    let ticket = Ticket {
        jti: "one".into(),
        expires_at: stage.bed.context.now() + 300,
        identifier: "NEW-7".into(),
        client_ref: Some("CT-7".into()),
        email: Some("neuf@exemple.test".into()),
        name: Some("Neuf".into()),
    };
    let prove =
        async || stage.accounts.prove_by_ticket(&stage.tilleuls, &ticket, None, &visitor()).await.unwrap();
    let LegacyProof::Enrolment(id) = prove().await else { panic!("no enrolment") };
    assert_eq!(
        stage.accounts.enrolment(id).await.unwrap().unwrap().agency_email.as_deref(),
        Some("neuf@exemple.test")
    );
    assert_eq!(said(&prove().await), "refused", "a ticket is used once");
}

#[apply(both!)]
#[tokio::test]
async fn sixty_four_last_steps_at_once_make_one_account(stage: Stage) {
    // SECURITY B11, B12 in small: one identity, one account, whoever races.
    stage.import(&stage.tilleuls, CSV).await;
    let (id, token) = stage.up_to_mail(&stage.tilleuls, "100", "Vieux-Secret 1", "marie@exemple.test").await;
    stage.accounts.confirm(&token, "marie@exemple.test", PASSWORD).await.unwrap();
    let stage = Arc::new(stage);
    let racers: Vec<_> = (0..64)
        .map(|_| {
            let stage = stage.clone();
            tokio::spawn(async move {
                stage.accounts.finish(id, &shown(), false, None, &visitor()).await.unwrap()
            })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        winners += usize::from(matches!(racer.await.unwrap(), Finish::Done(..)));
    }
    assert_eq!(winners, 1, "{}", stage.bed.name);
    for (table, n) in [("account", 1), ("link", 1), ("acceptance", 1), ("session", 1), ("evidence", 3)] {
        assert_eq!(stage.count(table, "1=1").await, n, "{table} on {}", stage.bed.name);
    }
}

#[apply(both!)]
#[tokio::test]
async fn what_has_no_further_use_is_forgotten_and_what_proves_is_not(stage: Stage) {
    // SECURITY #113.
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let signed_in = stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", "marie@exemple.test").await;
    stage.enrol(&stage.tilleuls, "101", "Vieux-Secret 2").await;
    stage.sign_in("personne@exemple.test", "faux").await;
    stage.bed.clock.advance(37 * 86400);
    accounts.purge().await.unwrap();
    assert_eq!(stage.count("enrolment", "finished_at IS NULL").await, 1, "not yet");
    stage.bed.clock.advance(400 * 86400);
    accounts.purge().await.unwrap();
    assert_eq!(stage.count("enrolment", "finished_at IS NULL").await, 0);
    assert_eq!(stage.count("session", "1=1").await, 0);
    assert_eq!(stage.count("device", "1=1").await, 0);
    for (table, n) in [("account", 1), ("link", 1), ("acceptance", 1), ("evidence", 3), ("attempt", 0)] {
        assert_eq!(stage.count(table, "1=1").await, n, "{table} on {}", stage.bed.name);
    }
    assert!(accounts.session(&signed_in.token).await.unwrap().is_none());
}
