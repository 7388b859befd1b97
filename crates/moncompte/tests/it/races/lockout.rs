//! The count of wrong passwords over two nodes: exactly five are checked, however they arrive, and right ones never lock (SECURITY #51 to #53; B3; I5).

use testbed::{Bed, apply, both};

use super::{BURST, Browser, Nodes, Shot};
use crate::{person::Person, place::eventually};

impl Nodes {
    fn attempt(&self, from: &Browser, email: &str, password: &str) -> Vec<u8> {
        from.form(self, "sign-in", &[("email", email), ("password", password)])
    }

    /// The alert of the page that follows: the number of tries that remain, or the lock.
    async fn told(&self, from: &Browser, shot: &Shot) -> String {
        assert_eq!(shot.status, 303, "{}", shot.head);
        let page = from.clone().sees(self, shot).await;
        // French has a no-break space between a number and its noun.
        let text = page.body.replace(['\u{a0}', '\u{202f}'], " ").replace(['\u{2068}', '\u{2069}'], "");
        let said = |words: &str| text.contains(words);
        if said("plus aucun mot de passe") {
            return "locked".into();
        }
        let counts = ["4 essais", "3 essais", "2 essais", "1 essai"];
        let count = counts.into_iter().find(|count| said(count));
        count.map(str::to_owned).unwrap_or_else(|| panic!("{}", page.body))
    }
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_wrong_passwords_at_once_five_are_looked_at(bed: Bed) {
    let nodes = Nodes::on(bed).await;
    let (mut locks, known) = (0, &*nodes.mover.email);
    // An account's address, and an address without an account: the same sequence (SECURITY D2, #58).
    for email in [known, "personne@nulle-part.example"] {
        let context = format!("{} {email}", nodes.place.bed.name);
        let mut strangers = Vec::new();
        for _ in 0..BURST {
            strangers.push(Browser::new(&nodes).await);
        }
        let requests = strangers.iter().enumerate();
        let requests = requests.map(|(n, s)| nodes.attempt(s, email, &format!("faux {n}"))).collect();
        let shots = nodes.at_once(requests).await;
        let mut told = Vec::new();
        for (stranger, shot) in strangers.iter().zip(&shots) {
            told.push(nodes.told(stranger, shot).await);
        }
        told.sort();
        let locked = told.iter().filter(|said| *said == "locked").count();
        assert_eq!(told[..BURST - locked], ["1 essai", "2 essais", "3 essais", "4 essais"], "{context}");
        locks += 1;
        assert_eq!(
            nodes.count("attempt WHERE locked_at IS NOT NULL AND failures = 5").await,
            locks,
            "{context}"
        );
    }
    // Locked for the right password too, on either node; and the owner gets one mail.
    let stranger = Browser::new(&nodes).await;
    for _ in 0..2 {
        let right = nodes.attempt(&stranger, known, &nodes.mover.new);
        let shots = nodes.at_once(vec![right.clone(), right]).await;
        for shot in shots {
            assert_eq!(nodes.told(&stranger, &shot).await, "locked", "{}", nodes.place.bed.name);
        }
    }
    eventually("the message to the owner", async || {
        (nodes.count("outbox WHERE kind = 'mail'").await == 3).then_some(())
    })
    .await;
    // The owner's own browser has a count of its own (SECURITY D2).
    assert!(nodes.person.asked_by_portal().await.code().is_some());
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_passwords_at_once_all_get_in(bed: Bed) {
    let nodes = Nodes::on(bed).await;
    let mut strangers = Vec::new();
    for _ in 0..16 {
        strangers.push(Browser::new(&nodes).await);
    }
    let right = |stranger: &Browser| nodes.attempt(stranger, &nodes.mover.email, &nodes.mover.new);
    let shots = nodes.at_once(strangers.iter().map(right).collect()).await;
    let signed_in = shots.iter().filter(|s| s.cookies().iter().any(|c| c.contains("session="))).count();
    assert_eq!(signed_in, shots.len(), "{}", nodes.place.bed.name);
    // Every reserved attempt was given back: five wrong passwords are still allowed.
    assert_eq!(nodes.count("attempt WHERE failures > 0").await, 0, "{}", nodes.place.bed.name);
    let page = Person::new(&nodes.place.issuer()).signs_in(&nodes.mover.email, "faux").await;
    assert!(page.body.contains("4"), "{}", page.body);
}
