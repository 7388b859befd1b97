//! One old identity, one account (SECURITY #78 to #80; B11; I10), however many people with its old credentials come at once, over two nodes; and
//! two moves to one address (SECURITY D10).

use testbed::{Bed, apply, both};

use super::{BURST, Browser, Nodes, Shot, settled::settled};
use crate::person::{Persona, link};

/// Few rounds, because each costs a hash and some pages for each of those who attach: thirty would take minutes.
const ROUNDS: usize = 2;
/// Accounts that attach the same identity at once, limited by the number of addresses that a move may have.
const CONTENDERS: usize = 5;

/// Identities that are not moved yet, one for each round.
fn stakes() -> Vec<Persona> {
    (800..800 + ROUNDS).map(Persona::number).collect()
}

impl Nodes {
    /// Starts both nodes with these people, who have moved, and identities to attach.
    async fn with_settled(bed: Bed, settlers: &[Persona]) -> Self {
        Self::prepared(bed, async |place| {
            settled(place, settlers).await;
            place.people(stakes().iter().map(Persona::row));
        })
        .await
    }

    /// The texts that a query returns as `line`.
    async fn text(&self, sql: &str) -> Vec<String> {
        use kernel::sea_orm::{ConnectionTrait, Statement};
        let db = self.place.bed.context.db.reader();
        let query = Statement::from_string(db.get_database_backend(), sql.to_owned());
        let rows = db.query_all_raw(query).await.unwrap();
        rows.iter().map(|row| row.try_get("", "line").unwrap()).collect()
    }

    /// Checks that the old credentials sign nobody in any more, on either node.
    async fn has_moved(&self, stake: &Persona, context: &str) {
        let gone = format!(
            "legacy_identity WHERE client_ref = 'REF-{}' AND verifier IS NULL AND verifier_kind = 'none' AND moved_at IS NOT NULL",
            stake.identifier
        );
        assert_eq!(self.count(&gone).await, 1, "{context}");
        let browser = Browser::new(self).await;
        let typed = [("identifier", &*stake.identifier), ("password", &*stake.old)];
        let tries = vec![browser.form(self, "legacy", &typed); 2];
        let enrolments = self.count("enrolment").await;
        for shot in self.at_once(tries).await {
            let page = browser.clone().sees(self, &shot).await;
            assert!(page.body.contains("ne peut plus être utilisé"), "{context}: {}", page.body);
        }
        assert_eq!(self.count("enrolment").await, enrolments, "{context}");
    }
}

/// The sessions of each account.
const SESSIONS: &str = "SELECT a.email || ' ' || count(s.id) AS line FROM account a LEFT JOIN session s ON s.account_id = a.id GROUP BY a.email ORDER BY a.email";

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_that_many_accounts_attach_at_once_is_one_accounts(bed: Bed) {
    // One password for all accounts, so that no attempt counts as wrong.
    let of_all = |n| Persona { new: "quatre mouettes bleues ensemble".into(), ..Persona::number(n) };
    let settlers: Vec<_> = (100..100 + CONTENDERS).map(of_all).collect();
    let nodes = Nodes::with_settled(bed, &settlers).await;
    let hashes = "SELECT email || ' ' || password_hash AS line FROM account ORDER BY email";
    let untouched = nodes.text(hashes).await;
    for (round, stake) in stakes().iter().enumerate() {
        let context = format!("{} round {round}", nodes.place.bed.name);
        // Everybody knows the old credentials. They share one move, so its address is the one that was typed last.
        let mut browsers = Vec::new();
        for settler in &settlers {
            let mut browser = Browser::new(&nodes).await;
            browser.proves(&nodes, &stake.identifier, &stake.old).await;
            browsers.push((browser, settler));
        }
        let sessions = nodes.text(SESSIONS).await;
        let posts = (0..BURST).map(|n| {
            let (browser, settler) = &browsers[n % CONTENDERS];
            match n / CONTENDERS {
                0 => browser.form(&nodes, "email", &[("email", &settler.email)]),
                _ => browser.form(&nodes, "link", &[("password", &settler.new)]),
            }
        });
        let mut shots = nodes.at_once(posts.collect()).await;
        // If every password came before the first address, send the passwords again.
        if nodes.count("link").await < won(round + 1) {
            let again = (0..BURST).map(|n| {
                let (browser, settler) = &browsers[n % CONTENDERS];
                browser.form(&nodes, "link", &[("password", &settler.new)])
            });
            shots = nodes.at_once(again.collect()).await;
        }
        assert!(shots.iter().all(|shot| matches!(shot.status, 200 | 303)), "{context}: {:?}", tally(&shots));
        assert_eq!(nodes.count("link").await, won(round + 1), "{context}");
        let events = i64::try_from(round + 1).unwrap();
        assert_eq!(nodes.count("evidence WHERE kind = 'agency attached'").await, events, "{context}");
        nodes.has_moved(stake, &context).await;
        // The losers' accounts are unchanged, and no page tells them who won.
        assert_eq!(nodes.text(hashes).await, untouched, "{context}");
        let winner = winner(&nodes, stake).await;
        // Only the winner's account has new sessions: each repeated step of the winner signs in by its password.
        let opened = nodes.text(SESSIONS).await;
        let others = |lines: &[String]| -> Vec<String> {
            lines.iter().filter(|line| !line.starts_with(&winner)).cloned().collect()
        };
        assert_eq!(others(&opened), others(&sessions), "{context}");
        assert_ne!(opened, sessions, "{context}");
        let got_in = |n: usize| {
            let mut own = shots.iter().enumerate().filter(|(at, _)| at % CONTENDERS == n);
            own.any(|(_, shot)| shot.cookies().iter().any(|cookie| cookie.contains("session=")))
        };
        for (n, (browser, settler)) in browsers.iter().enumerate() {
            if settler.email == winner || got_in(n) {
                continue;
            }
            let page = nodes.page(&browser.hub, &browser.header()).await;
            assert!(page.body.contains("name=\"password\""), "{context}: {}", page.body);
            let mut others = settlers.iter().filter(|other| other.email != settler.email);
            let read = others.find(|other| page.body.contains(&other.email)).map(|other| &other.email);
            assert_eq!(read, None, "{context}: {} reads it, and {winner} won", settler.email);
        }
    }
    assert_eq!(nodes.count("legacy_identity WHERE moved_at IS NOT NULL").await, won(ROUNDS));
}

/// The number of links after this many rounds: one of each account, and one a round.
fn won(rounds: usize) -> i64 {
    i64::try_from(CONTENDERS + 1 + rounds).unwrap()
}

fn tally(shots: &[Shot]) -> std::collections::BTreeMap<u16, usize> {
    let mut all = std::collections::BTreeMap::new();
    for shot in shots {
        *all.entry(shot.status).or_default() += 1;
    }
    all
}

/// The address of the account to which the identity is linked.
async fn winner(nodes: &Nodes, stake: &Persona) -> String {
    let sql = format!(
        "SELECT a.email AS line FROM link l JOIN account a ON a.id = l.account_id WHERE l.client_ref = 'REF-{}'",
        stake.identifier
    );
    nodes.text(&sql).await.pop().unwrap()
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_that_one_account_attaches_many_times_at_once_is_attached_once(bed: Bed) {
    let nodes = Nodes::with_settled(bed, &[]).await;
    for (round, stake) in stakes().iter().enumerate() {
        let context = format!("{} round {round}", nodes.place.bed.name);
        let (owner, mut browsers) = (&nodes.mover, Vec::new());
        for _ in 0..6 {
            let mut browser = Browser::new(&nodes).await;
            browser.proves(&nodes, &stake.identifier, &stake.old).await;
            browser.send(&nodes, "email", &[("email", &owner.email)]).await;
            browsers.push(browser);
        }
        let (sessions, mails) = (nodes.count("session").await, nodes.count("outbox").await);
        let posts = (0..BURST).map(|n| browsers[n % 6].form(&nodes, "link", &[("password", &owner.new)]));
        let shots = nodes.at_once(posts.collect()).await;
        assert!(shots.iter().all(|shot| shot.status == 303), "{context}: {:?}", tally(&shots));
        // The first request signs in, and so do its repetitions from the browser in which the move went on, by their password.
        let signed_in = shots.iter().filter(|s| s.cookies().iter().any(|c| c.contains("session=")));
        let signed_in = i64::try_from(signed_in.count()).unwrap();
        assert!((1..=i64::try_from(BURST / 6 + 2).unwrap()).contains(&signed_in), "{context}: {signed_in}");
        assert_eq!(nodes.count("session").await, sessions + signed_in, "{context}");
        let links = i64::try_from(round).unwrap() + 2;
        assert_eq!(nodes.count("link").await, links, "{context}");
        assert_eq!(nodes.count("evidence WHERE kind = 'agency attached'").await, links - 1, "{context}");
        // Mails to the account's address about the agency and about each new browser, and one to the address that the agency knew.
        assert_eq!(nodes.count("outbox").await, mails + 2 + signed_in, "{context}");
        assert_eq!(nodes.count("attempt WHERE failures > 0").await, 0, "right, every one of them: {context}");
        nodes.has_moved(stake, &context).await;
    }
}

/// One account attaches many different identities at once: all of them succeed.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_identities_that_one_account_attaches_at_once_are_all_attached(bed: Bed) {
    const MANY: usize = 12;
    let stakes: Vec<_> = (900..900 + MANY).map(Persona::number).collect();
    let nodes = Nodes::prepared(bed, async |place| place.people(stakes.iter().map(Persona::row))).await;
    let (owner, mut browsers) = (&nodes.mover, Vec::new());
    for stake in &stakes {
        let mut browser = Browser::new(&nodes).await;
        browser.proves(&nodes, &stake.identifier, &stake.old).await;
        browser.send(&nodes, "email", &[("email", &owner.email)]).await;
        browsers.push(browser);
    }
    let posts = (0..2 * MANY).map(|n| browsers[n % MANY].form(&nodes, "link", &[("password", &owner.new)]));
    let shots = nodes.at_once(posts.collect()).await;
    let context = nodes.place.bed.name;
    assert!(shots.iter().all(|shot| shot.status == 303), "{context}: {:?}", tally(&shots));
    let many = i64::try_from(MANY).unwrap();
    assert_eq!(nodes.count("link").await, many + 1, "{context}");
    assert_eq!(nodes.count("evidence WHERE kind = 'agency attached'").await, many, "{context}");
    assert_eq!(nodes.count("legacy_identity WHERE moved_at IS NOT NULL").await, many + 1, "{context}");
    assert_eq!(nodes.count("attempt WHERE failures > 0").await, 0, "{context}");
    nodes.has_moved(&stakes[MANY - 1], context).await;
}

/// SECURITY D10: "the first one *confirmed* wins it"; the other is asked for that account's password.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_moves_to_one_address_at_once_one_makes_the_account_and_the_other_attaches(bed: Bed) {
    let nodes = Nodes::with_settled(bed, &[]).await;
    let context = nodes.place.bed.name;
    let (address, stakes) = ("une.adresse@courrier.example", stakes());
    let mut browsers = Vec::new();
    for stake in &stakes {
        let mut browser = Browser::new(&nodes).await;
        browser.proves(&nodes, &stake.identifier, &stake.old).await;
        browser.send(&nodes, "email", &[("email", address)]).await;
        browser.send(&nodes, "password", &[("password", &stake.new)]).await;
        let mail = nodes.place.mail_to(address).await;
        std::fs::read_dir(nodes.place.path("mails"))
            .unwrap()
            .flatten()
            .filter(|entry| std::fs::read(entry.path()).is_ok_and(|bytes| bytes == mail))
            .for_each(|entry| std::fs::remove_file(entry.path()).unwrap());
        let link = link(&mail);
        let opened = nodes.page(&link[link.find("/confirm?").unwrap()..], &browser.header()).await;
        browser.keep(&opened);
        browsers.push(browser);
    }
    let each = |step: &'static str, typed: &dyn Fn(usize) -> Vec<(&'static str, String)>| {
        (0..BURST)
            .map(|n| {
                let typed = typed(n % 2);
                let typed: Vec<_> = typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
                browsers[n % 2].form(&nodes, step, &typed)
            })
            .collect::<Vec<_>>()
    };
    let confirms =
        each("/confirm", &|n| vec![("email", address.to_owned()), ("password", stakes[n].new.clone())]);
    let shots = nodes.at_once(confirms).await;
    assert!(shots.iter().all(|shot| matches!(shot.status, 200 | 303)), "{context}: {:?}", tally(&shots));
    assert_eq!(nodes.count("enrolment WHERE confirmed_at IS NOT NULL AND finished_at IS NULL").await, 2);
    // Both people see the same terms, and accept them at the same moment.
    let page = nodes.page(&browsers[0].hub, &browsers[0].header()).await;
    let field = |name: &str| {
        let (_, after) = page.body.split_once(&format!("name=\"{name}\" value=\"")).expect("the terms");
        after.split('"').next().unwrap().to_owned()
    };
    let shown = ["version", "language", "sha256"].map(|name| (name, field(name)));
    let accepts = each("terms", &|_| [&[("accept", "on".to_owned())][..], &shown].concat());
    let before = nodes.count("session").await;
    let shots = nodes.at_once(accepts).await;
    assert!(shots.iter().all(|shot| shot.status == 303), "{context}: {:?}", tally(&shots));
    let of = format!("account WHERE email = '{address}'");
    assert_eq!((nodes.count(&of).await, nodes.count("link").await), (1, 2), "{context}");
    assert_eq!(nodes.count("session").await, before + 1, "{context}");
    assert_eq!(nodes.count("evidence WHERE kind = 'account created'").await, 2, "{context}");
    assert_eq!(nodes.count("enrolment WHERE stage = 'link' AND finished_at IS NULL").await, 1, "{context}");
    let asks = async |browser: &Browser| {
        let page = nodes.page(&browser.hub, &browser.header()).await;
        page.body.contains("Mot de passe de ce compte")
    };
    let [first, second] = [asks(&browsers[0]).await, asks(&browsers[1]).await];
    assert!(first != second, "{context}: one of them is led to attach");
}
