//! The outbox, where a database and a slice that fills it are at hand.

use std::collections::BTreeSet;

use kernel::outbox;

use crate::stage::stages;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_senders_never_hold_one_letter() {
    // SECURITY #98, I12.
    for stage in stages().await {
        let ground = &stage.bed.ground;
        let tx = ground.db.begin().await.unwrap();
        for n in 0..20 {
            outbox::enqueue(&tx, ground, "mail", &n, None).await.unwrap();
        }
        tx.commit().await.unwrap();
        let now = ground.now();
        let nodes = [ground.clone(), stage.bed.second_node().await];
        let senders: Vec<_> = (0..8)
            .map(|n| {
                let node = nodes[n % 2].clone();
                tokio::spawn(async move { outbox::lease(&node.db, now, 20).await.unwrap() })
            })
            .collect();
        let mut held = Vec::new();
        for sender in senders {
            held.extend(sender.await.unwrap().into_iter().map(|letter| letter.id));
        }
        let different: BTreeSet<_> = held.iter().collect();
        assert_eq!((held.len(), different.len()), (20, 20), "{}", stage.bed.name);
        assert!(outbox::lease(&ground.db, now + outbox::LEASE - 1, 20).await.unwrap().is_empty());
        assert_eq!(
            outbox::lease(&ground.db, now + outbox::LEASE, 20).await.unwrap().len(),
            20,
            "its sender died"
        );
    }
}

/// SECURITY #120, #98: a sender that stood still until another took its letter has no more say in it, but for telling that it is out.
#[tokio::test]
async fn a_sender_that_stood_still_does_not_give_up_anothers_letter() {
    for stage in stages().await {
        let (ground, name) = (&stage.bed.ground, stage.bed.name);
        let other = stage.bed.second_node().await;
        let tx = ground.db.begin().await.unwrap();
        outbox::enqueue(&tx, ground, "mail", &1, None).await.unwrap();
        tx.commit().await.unwrap();
        let stale = outbox::lease(&ground.db, ground.now(), 1).await.unwrap().pop().unwrap();
        stage.bed.clock.advance(outbox::LEASE);
        let held = outbox::lease(&other.db, ground.now(), 1).await.unwrap();
        assert_eq!(held.len(), 1, "{name}: taken over");
        for fate in [outbox::Fate::Dead, outbox::Fate::Retry(0)] {
            outbox::failed(&ground.db, &stale, fate, "too late", ground.now()).await.unwrap();
            assert_eq!(stage.count("outbox", "dead_at IS NULL AND last_error IS NULL").await, 1, "{name}");
            assert!(
                outbox::lease(&ground.db, ground.now(), 1).await.unwrap().is_empty(),
                "{name}: a third copy"
            );
        }
        outbox::sent(&other.db, held[0].id, ground.now()).await.unwrap();
        stage.bed.clock.advance(86_400);
        assert!(outbox::lease(&ground.db, ground.now(), 1).await.unwrap().is_empty(), "{name}: sent again");
    }
}

#[tokio::test]
async fn a_letter_leaves_with_its_cause_or_not_at_all() {
    // SECURITY #98, I13.
    for stage in stages().await {
        let ground = &stage.bed.ground;
        let tx = ground.db.begin().await.unwrap();
        outbox::enqueue(&tx, ground, "mail", &"lost", None).await.unwrap();
        drop(tx);
        assert_eq!(stage.count("outbox", "1=1").await, 0, "{}", stage.bed.name);
    }
}
