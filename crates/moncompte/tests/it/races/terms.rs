//! Terms that a person accepts many times at once: one acceptance, one entry of evidence, one receipt (SECURITY #91; B19; I14).

use std::fs;

use testbed::{Bed, apply, both};

use super::{BURST, Browser, Nodes, settled::settled};
use crate::{person::Persona, place::copy};

/// Rounds, each of another person.
const ROUNDS: usize = 8;

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terms_that_are_accepted_many_times_at_once_are_accepted_once(bed: Bed) {
    let people: Vec<_> = (100..100 + ROUNDS).map(Persona::number).collect();
    let mut nodes = Nodes::prepared(bed, async |place| settled(place, &people).await).await;
    nodes.kill();
    for folder in ["terms", "second/terms"] {
        let next = nodes.place.path(folder).join("2026-11-24");
        copy(&nodes.place.path(folder).join("2026-11"), &next);
        for language in ["fr.md", "en.md"] {
            let text = fs::read_to_string(next.join(language)).unwrap() + "\n\nUn article de plus.\n";
            // Another date, since two versions of one date are refused.
            fs::write(next.join(language), text.replacen("2026-11-01", "2026-11-24", 1)).unwrap();
        }
    }
    nodes.start().await;
    let applied = nodes.place.run("apply", &[]);
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    for (round, person) in people.iter().enumerate() {
        let context = format!("{} round {round}", nodes.place.bed.name);
        let mut browser = Browser::new(&nodes).await;
        let typed = [("email", &*person.email), ("password", &*person.new)];
        let shot = browser.send(&nodes, "sign-in", &typed).await;
        let page = browser.sees(&nodes, &shot).await;
        let field = |name: &str| {
            let (_, after) = page.body.split_once(&format!("name=\"{name}\" value=\"")).expect("the terms");
            after.split('"').next().unwrap().to_owned()
        };
        let shown = ["version", "language", "sha256"].map(|name| (name, field(name)));
        let mut typed = vec![("accept", "on")];
        typed.extend(shown.iter().map(|(name, value)| (*name, value.as_str())));
        assert_eq!(shown[0].1, "2026-11-24", "{context}");
        let mails = nodes.count("outbox").await;
        let shots = nodes.at_once(vec![browser.form(&nodes, "terms", &typed); BURST]).await;
        assert!(shots.iter().all(|shot| shot.status == 303), "{context}");
        let rounds = i64::try_from(round + 1).unwrap();
        let accepted = format!("acceptance WHERE version = '2026-11-24' AND sha256 = '{}'", shown[2].1);
        assert_eq!(nodes.count(&accepted).await, rounds, "{context}");
        let everybody = i64::try_from(ROUNDS + 1).unwrap();
        let proofs = nodes.count("evidence WHERE kind = 'terms accepted'").await;
        assert_eq!(proofs, everybody + rounds, "{context}");
        assert_eq!(nodes.count("outbox").await, mails + 1, "one receipt: {context}");
        // Both nodes know the acceptance.
        for port in nodes.ports {
            let hub = format!(
                "GET {} HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\n{}\r\n",
                browser.hub,
                nodes.ports[0],
                browser.header()
            );
            let shot = super::shoot(port, hub.into_bytes(), None).await;
            assert!(!shot.body.contains("name=\"sha256\""), "{context}: {}", shot.body);
        }
    }
}
