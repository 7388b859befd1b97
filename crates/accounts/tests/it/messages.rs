//! The outbox, where a database and a slice that fills it are at hand.

use std::collections::BTreeSet;

use kernel::outbox;
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, visitor};

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_senders_never_hold_one_message(stage: Stage) {
    // SECURITY #98, I12.
    let context = &stage.bed.context;
    let tx = context.db.begin().await.unwrap();
    for n in 0..20 {
        outbox::enqueue(&tx, context, "mail", &n, None).await.unwrap();
    }
    tx.commit().await.unwrap();
    let now = context.now();
    let nodes = [context.clone(), stage.bed.second_node().await];
    let senders: Vec<_> = (0..8)
        .map(|n| {
            let node = nodes[n % 2].clone();
            tokio::spawn(async move { outbox::lease(&node.db, now, 20).await.unwrap() })
        })
        .collect();
    let mut held = Vec::new();
    for sender in senders {
        held.extend(sender.await.unwrap().into_iter().map(|message| message.id));
    }
    let different: BTreeSet<_> = held.iter().collect();
    assert_eq!((held.len(), different.len()), (20, 20), "{}", stage.bed.name);
    assert!(outbox::lease(&context.db, now + outbox::LEASE - 1, 20).await.unwrap().is_empty());
    assert_eq!(
        outbox::lease(&context.db, now + outbox::LEASE, 20).await.unwrap().len(),
        20,
        "its sender died"
    );
}

/// SECURITY #120, #98: a sender that stood still until another took its message has no more say in it, but for telling that it is out.
#[apply(both!)]
#[tokio::test]
async fn a_sender_that_stood_still_does_not_give_up_anothers_message(stage: Stage) {
    let (context, name) = (&stage.bed.context, stage.bed.name);
    let other = stage.bed.second_node().await;
    let tx = context.db.begin().await.unwrap();
    outbox::enqueue(&tx, context, "mail", &1, None).await.unwrap();
    tx.commit().await.unwrap();
    let stale = outbox::lease(&context.db, context.now(), 1).await.unwrap().pop().unwrap();
    stage.bed.clock.advance(outbox::LEASE);
    let held = outbox::lease(&other.db, context.now(), 1).await.unwrap();
    assert_eq!(held.len(), 1, "{name}: taken over");
    for fate in [outbox::Outcome::Dead, outbox::Outcome::Retry(0)] {
        outbox::failed(&context.db, &stale, fate, "too late", context.now()).await.unwrap();
        assert_eq!(stage.count("outbox", "dead_at IS NULL AND last_error IS NULL").await, 1, "{name}");
        assert!(
            outbox::lease(&context.db, context.now(), 1).await.unwrap().is_empty(),
            "{name}: a third copy"
        );
    }
    outbox::sent(&other.db, held[0].id, context.now()).await.unwrap();
    stage.bed.clock.advance(86_400);
    assert!(outbox::lease(&context.db, context.now(), 1).await.unwrap().is_empty(), "{name}: sent again");
}

#[apply(both!)]
#[tokio::test]
async fn a_message_leaves_with_its_cause_or_not_at_all(stage: Stage) {
    // SECURITY #98, I13.
    let context = &stage.bed.context;
    let tx = context.db.begin().await.unwrap();
    outbox::enqueue(&tx, context, "mail", &"lost", None).await.unwrap();
    drop(tx);
    assert_eq!(stage.count("outbox", "1=1").await, 0, "{}", stage.bed.name);
}

/// The mails that are due, each with its message, which is held.
async fn held(stage: &Stage) -> Vec<(outbox::Leased, accounts::Mail)> {
    let context = &stage.bed.context;
    let messages = outbox::lease(&context.db, context.now(), 100).await.unwrap();
    messages
        .into_iter()
        .map(|message| {
            let mail = message.payload(context).unwrap();
            (message, mail)
        })
        .collect()
}

/// FINDING B18: the refusal is told where the address waits for its proof, once, and to nobody who has corrected it since.
#[apply(both!)]
#[tokio::test]
async fn a_refused_address_is_remembered_until_another_takes_its_place(stage: Stage) {
    const CSV: &str =
        "identifier,client_ref,password,email,name\n100,CT-1,Vieux-Secret 1,marie@exemple.test,Marie\n";
    let (accounts, name) = (&stage.accounts, stage.bed.name);
    stage.import(&stage.tilleuls, CSV).await;
    let id = stage.enrol(&stage.tilleuls, "100", "Vieux-Secret 1").await;
    accounts.notice_read(id).await.unwrap();
    accounts.choose_email(id, "marie@faux.test", true, &visitor()).await.unwrap();
    let enrolment = accounts.enrolment(id).await.unwrap().unwrap();
    accounts.choose_password(&enrolment, "Agence", PASSWORD, &visitor()).await.unwrap();
    let refused = async || accounts.enrolment(id).await.unwrap().unwrap().refused;
    let (message, _) = held(&stage).await.pop().unwrap();
    assert!(!refused().await);
    accounts.mail_refused(&message, "RCPT: 550").await.unwrap();
    assert!(refused().await, "{name}");
    assert_eq!(stage.count("outbox", "dead_why = 'refused' AND last_error = 'RCPT: 550'").await, 1);
    // Another mail to the same address: what becomes of it is not known yet.
    stage.bed.clock.advance(60);
    assert_eq!(accounts.resend(id).await.unwrap(), accounts::Resend::Sent);
    assert!(!refused().await, "{name}");
    let (again, _) = held(&stage).await.pop().unwrap();
    outbox::sent(&stage.bed.context.db, again.id, stage.bed.context.now()).await.unwrap();
    assert!(accounts.mail_bounced(again.id, "came back: 5.1.1").await.unwrap());
    assert!(refused().await, "{name}: it came back");
    // Typed again as it was: tried once more; a notice that comes twice is no news.
    accounts.choose_email(id, "marie@faux.test", true, &visitor()).await.unwrap();
    assert!(!refused().await && !held(&stage).await.is_empty(), "{name}");
    assert!(!accounts.mail_bounced(again.id, "came back: 5.1.1").await.unwrap());
    assert!(!refused().await, "{name}");
    let (third, _) = {
        stage.bed.clock.advance(outbox::LEASE);
        held(&stage).await.pop().unwrap()
    };
    // Corrected: what becomes of mails to the address before it is not told any more.
    accounts.choose_email(id, "marie@exemple.test", true, &visitor()).await.unwrap();
    accounts.mail_refused(&third, "RCPT: 550").await.unwrap();
    assert!(!refused().await, "{name}");
    assert_eq!(accounts.enrolment(id).await.unwrap().unwrap().email.unwrap(), "marie@exemple.test");
}

#[apply(both!)]
#[tokio::test]
async fn a_refused_new_address_is_told_to_its_account_and_changes_nothing(stage: Stage) {
    const CSV: &str =
        "identifier,client_ref,password,email,name\n100,CT-1,Vieux-Secret 1,marie@exemple.test,Marie\n";
    let accounts = &stage.accounts;
    stage.import(&stage.tilleuls, CSV).await;
    let owner =
        stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", "marie@exemple.test").await.session.account;
    stage.mails().await;
    let typed = accounts::NewAddress { email: "marie@faux.test", sure: true, password: PASSWORD };
    accounts.ask_address(owner, &typed, &visitor()).await.unwrap();
    let pending = async || accounts.pending_address(owner).await.unwrap().map(|p| p.refused);
    let mut mails = held(&stage).await;
    assert_eq!((mails.len(), pending().await), (2, Some(false)), "{}", stage.bed.name);
    // First the one to the account's own address.
    mails.sort_by_key(|(_, mail)| mail.to == "marie@faux.test");
    for (message, mail) in &mails {
        accounts.mail_refused(message, "RCPT: 550").await.unwrap();
        // The mail to the address that the account has tells nothing of the new one.
        assert_eq!(pending().await, Some(mail.to == "marie@faux.test"), "{}", stage.bed.name);
    }
    assert_eq!(pending().await, Some(true), "{}", stage.bed.name);
    accounts.cancel_address(owner).await.unwrap();
    accounts
        .ask_address(owner, &accounts::NewAddress { email: "marie@ailleurs.test", ..typed }, &visitor())
        .await
        .unwrap();
    assert_eq!(pending().await, Some(false), "{}", stage.bed.name);
}

/// SECURITY D19: given up after five days, and what expires while it waits is told; an operator begins it anew.
#[apply(both!)]
#[tokio::test]
async fn a_message_that_waits_ends_after_five_days_and_an_operator_begins_it_anew(stage: Stage) {
    let (context, name) = (&stage.bed.context, stage.bed.name);
    let tx = context.db.begin().await.unwrap();
    let long = outbox::enqueue(&tx, context, "mail", &1, None).await.unwrap();
    let short = outbox::enqueue(&tx, context, "mail", &2, Some(context.now() + 600)).await.unwrap();
    tx.commit().await.unwrap();
    let expired = async || {
        let ended = outbox::expire(&context.db, context.now()).await.unwrap();
        ended.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    stage.bed.clock.advance(599);
    assert!(expired().await.is_empty(), "{name}");
    stage.bed.clock.advance(1);
    assert_eq!(expired().await, [short], "{name}");
    stage.bed.clock.advance(4 * 86_400);
    assert!(expired().await.is_empty(), "{name}: a day is not enough");
    stage.bed.clock.advance(86_400);
    assert_eq!(expired().await, [long], "{name}");
    assert_eq!(stage.count("outbox", "dead_why = 'expired'").await, 2, "{name}");
    // What is worthless stays so.
    assert_eq!(outbox::retry(&context.db, context.now(), None, None).await.unwrap(), 1, "{name}");
    assert!(expired().await.is_empty(), "{name}");
    let due = outbox::lease(&context.db, context.now(), 10).await.unwrap();
    assert_eq!(due.iter().map(|message| message.id).collect::<Vec<_>>(), [long], "{name}");
}

/// SECURITY D19: one message asks at a time, on all nodes together.
#[apply(both!)]
#[tokio::test]
async fn one_message_asks_whether_the_server_still_refuses(stage: Stage) {
    let (db, now, name) = (&stage.bed.context.db, stage.bed.context.now(), stage.bed.name);
    let other = stage.bed.second_node().await.db;
    assert!(outbox::pause(db, now, "AUTH: 535", 60).await.unwrap());
    assert!(!outbox::pause(&other, now, "AUTH: 535", 60).await.unwrap(), "{name}: it is paused");
    let standing = outbox::paused(other.reader()).await.unwrap().unwrap();
    assert_eq!((standing.until, standing.tries), (now + 2, 1), "{name}");
    assert!(outbox::take_probe(db, now + 1, &standing).await.unwrap().is_none(), "{name}: too early");
    let probe = outbox::take_probe(db, now + 2, &standing).await.unwrap().unwrap();
    assert!(outbox::take_probe(&other, now + 2, &standing).await.unwrap().is_none(), "{name}: one asks");
    outbox::extend_pause(db, now + 3, &probe, "AUTH: 535", 60).await.unwrap();
    let standing = outbox::paused(db.reader()).await.unwrap().unwrap();
    assert_eq!((standing.since, standing.until, standing.tries), (now, now + 7, 2), "{name}");
    outbox::shorten_pause(&other, now + 4).await.unwrap();
    let standing = outbox::paused(db.reader()).await.unwrap().unwrap();
    assert!(outbox::take_probe(db, now + 4, &standing).await.unwrap().is_some(), "{name}: an operator");
    assert!(outbox::end_pause(&other).await.unwrap() && !outbox::end_pause(db).await.unwrap());
    assert!(outbox::paused(db.reader()).await.unwrap().is_none(), "{name}");
}
