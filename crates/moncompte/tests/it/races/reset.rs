//! A reset link sets one new password, however many requests come at once (SECURITY #68 to #70; B10; I7).

use std::fs;

use mail_parser::MessageParser;
use testbed::{Bed, apply, both};

use super::{BURST, Nodes, form};
use crate::{
    person::Person,
    place::{Place, eventually},
};

/// The reset links of all mails in the folder.
pub fn links(place: &Place) -> Vec<String> {
    let mails = fs::read_dir(place.path("mails")).unwrap().flatten();
    let links = mails.filter_map(|entry| {
        let bytes = fs::read(entry.path()).ok()?;
        let text = MessageParser::default().parse(&bytes)?.body_text(0)?.into_owned();
        text.split_whitespace().find(|word| word.contains("/reset?token=")).map(str::to_owned)
    });
    links.collect()
}

/// Follows the link as a browser would; returns its header of cookies, and the token of the page's form.
pub(super) async fn opened(nodes: &Nodes, link: &str) -> (String, String) {
    let first = nodes.page(&link[link.find("/reset?").unwrap()..], "").await;
    let cookies = format!("cookie: {}\r\n", first.cookies().join("; "));
    let csrf = nodes.page("/reset", &cookies).await.csrf();
    (cookies, csrf)
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_link_sets_one_password_however_many_come_at_once(bed: Bed) {
    /// As many rounds as an account gets links in an hour.
    const ROUNDS: usize = 3;
    let nodes = Nodes::on(bed).await;
    let mut password = nodes.mover.new.clone();
    for round in 0..ROUNDS {
        let context = format!("{} round {round}", nodes.place.bed.name);
        let known = links(&nodes.place);
        let asker = Person::new(&nodes.place.issuer());
        let page = asker.asked_by_portal().await;
        let page = asker.get(&format!("{}/forgot", page.url.path())).await;
        asker.submit(&page, "forgot", &[("email", &nodes.mover.email)]).await;
        let link = eventually("the link", async || {
            links(&nodes.place).into_iter().find(|link| !known.contains(link))
        })
        .await;
        let (cookies, csrf) = opened(&nodes, &link).await;
        let before = nodes.count("session").await;
        let choices: Vec<_> = (0..BURST).map(|n| format!("lampadaire nuage {round} tambour {n}")).collect();
        let bodies = choices.iter().map(|p| form(&[("csrf", &csrf), ("password", p)])).collect();
        let shots = nodes.burst("/reset", &cookies, bodies).await;
        let won: Vec<_> = shots.iter().zip(&choices).filter(|(s, _)| s.status == 303).collect();
        assert_eq!(won.len(), 1, "{context}: {:?}", shots.iter().map(|s| s.status).collect::<Vec<_>>());
        assert!(
            shots.iter().all(|s| matches!(s.status, 200 | 303)),
            "{context}: losers read that it is used"
        );
        assert_eq!(nodes.count("session").await, before + 1, "one sign-in by the link: {context}");
        let chosen = won[0].1;
        let lost = choices.iter().find(|choice| *choice != chosen).unwrap();
        for (tried, works) in [(&password, false), (lost, false), (chosen, true)] {
            let page = Person::new(&nodes.place.issuer()).signs_in(&nodes.mover.email, tried).await;
            assert_eq!(page.code().is_some(), works, "{context}: {tried}");
        }
        assert_eq!(
            nodes.post(1, "/reset", &cookies, &form(&[("csrf", &csrf), ("password", lost)])).await.status,
            200
        );
        password.clone_from(chosen);
    }
    // One mail of each kind for each reset that was done.
    let told = "outbox WHERE kind = 'mail'";
    let mails = nodes.count(told).await;
    assert_eq!(
        usize::try_from(mails).unwrap(),
        2 + 3 * ROUNDS,
        "confirmation, receipt, then each time the link, the notice, and the browser that was new"
    );
}
