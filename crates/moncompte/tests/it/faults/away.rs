//! PostgreSQL cut, restarted, silent, slow (SECURITY #117, #118).

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{ANSWERED, HEALED, Site, is_not_now};
use crate::{
    backup::said as said_by,
    messages::measured,
    operate,
    person::{Page, Person, Persona},
    place::eventually,
};

/// People who sign in from the portal again and again, and all pages that they saw.
pub struct Crowd {
    saw: Arc<Mutex<Vec<Sight>>>,
    people: JoinSet<()>,
}

#[derive(Clone)]
pub struct Sight {
    pub begun: Instant,
    pub ended: Instant,
    pub page: Page,
}

impl Sight {
    pub fn took(&self) -> Duration {
        self.ended - self.begun
    }
}

impl Crowd {
    /// Four people, each with an account: the mover, and three who move first.
    pub async fn of(site: &Site) -> Self {
        let (saw, mut people) = (Arc::new(Mutex::default()), JoinSet::new());
        let others = (2..=4).map(Persona::number);
        for other in others.clone() {
            site.person().moves(&other, &site.place).await;
        }
        for mover in std::iter::once(site.mover.clone()).chain(others) {
            people.spawn(sign_in_for_ever(site.place.issuer(), mover, saw.clone()));
        }
        Self { saw, people }
    }

    pub fn saw(&self) -> Vec<Sight> {
        self.saw.lock().unwrap().clone()
    }

    /// Stops the crowd; returns the pages that it saw.
    pub async fn end(mut self) -> Vec<Sight> {
        self.people.shutdown().await;
        self.saw()
    }

    /// The number of people who have signed in since `moment`.
    pub fn in_since(&self, moment: Instant) -> usize {
        self.saw().iter().filter(|s| s.begun > moment && s.page.code().is_some()).count()
    }
}

async fn sign_in_for_ever(issuer: String, mover: Persona, saw: Arc<Mutex<Vec<Sight>>>) {
    loop {
        let (begun, person) = (Instant::now(), Person::new(&issuer));
        let mut page = person.try_asked_by_portal().await.unwrap();
        if page.asks("sign-in") {
            let typed = [("email", &*mover.email), ("password", &*mover.new)];
            page = person.try_submit(&page, "sign-in", &typed).await.unwrap();
        }
        saw.lock().unwrap().push(Sight { begun, ended: Instant::now(), page });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_lets_nobody_in_and_is_found_again() {
    let Some((site, proxy)) = Site::wired().await else { return };
    let before = site.redeem(&site.signs_in().await.code().unwrap()).await;
    let crowd = Crowd::of(&site).await;
    // Cut again and again while people come and go, so that every kind of statement is cut.
    for _ in 0..15 {
        let before = crowd.saw().len();
        proxy.cut();
        eventually("the next page", async || (crowd.saw().len() > before).then_some(())).await;
    }
    proxy.refuse();
    let refused = Instant::now();
    eventually("the operator is told", async || (site.health("ready").await == 503).then_some(())).await;
    let well_formed = "A".repeat(43);
    let (redeemed, refreshed, opened) = tokio::join!(
        site.redeem(&well_formed),
        site.refresh(before.text("refresh_token")),
        site.userinfo(before.text("access_token"))
    );
    for told in [redeemed, refreshed, opened] {
        assert!(told.is_not_now(), "{} {}", told.status, told.json);
    }
    for path in ["/jwks", "/.well-known/openid-configuration"] {
        assert_eq!(site.client.get(site.at(path)).send().await.unwrap().status(), 200, "{path}");
    }
    eventually("somebody is told", async || {
        crowd.saw().iter().any(|s| s.begun > refused && is_not_now(&s.page)).then_some(())
    })
    .await;
    assert_eq!((site.health("ready").await, site.health("live").await), (503, 200));
    proxy.pass();
    let back = Instant::now();
    eventually("the operator is told", async || (site.health("ready").await == 200).then_some(())).await;
    eventually("somebody is in", async || (crowd.in_since(back) > 0).then_some(())).await;
    assert!(back.elapsed() < HEALED, "healed after {:?}", back.elapsed());
    let saw = crowd.end().await;
    println!("back after {:?}; {} sign-ins", back.elapsed(), saw.len());
    for sight in saw {
        assert!(sight.took() < 2 * ANSWERED, "{:?}", sight.took());
        let Sight { begun, ended, page } = sight;
        let is_in = page.code().is_some();
        assert!(is_in || is_not_now(&page), "{} {} {}", page.url, page.status, page.body);
        assert!(!is_in || begun < refused || ended > back, "let in without a database");
    }
    // A token from before still works.
    assert_eq!(site.userinfo(before.text("access_token")).await.status, 200);
    assert_eq!(site.refresh(before.text("refresh_token")).await.status, 200);
}

/// The drill of docs/operate/runbook.md: the node says 503 and which fault it is, the page's commands see it, and nothing is restarted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_the_page_see_a_database_that_is_away() {
    let Some((site, proxy)) = Site::wired().await else { return };
    let look = operate::Page::under("runbook.md", "First look");
    let [status, doctor] = look.commands()[..] else { panic!("two commands") };
    let code = site.signs_in().await.code().unwrap();
    proxy.refuse();
    eventually("the operator is told", async || (site.health("ready").await == 503).then_some(())).await;
    let (_, said) = site.place.operators("/health/ready").await;
    assert!(said.contains("database"), "{said}");
    measured(&site.place, "moncompte_ready 0").await;
    assert!(site.redeem(&code).await.is_not_now());
    for (line, code) in [(status, 1), (doctor, 2)] {
        let out = operate::run(&site.place, line);
        assert_eq!(out.status.code(), Some(code), "{line}: {}", said_by(&out));
        assert!(said_by(&out).starts_with("moncompte: the database cannot be "), "{line}: {}", said_by(&out));
    }
    proxy.pass();
    eventually("the operator is told", async || (site.health("ready").await == 200).then_some(())).await;
    measured(&site.place, "moncompte_ready 1").await;
    let told = site.redeem(&code).await;
    assert_eq!(told.status, 200, "the code was not used up: {}", told.json);
    // The node reports itself again within seconds.
    eventually("it is live", async || operate::done(&site.place, status).contains("live").then_some(()))
        .await;
    operate::done(&site.place, doctor);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_falls_silent_takes_no_connection_for_ever() {
    let Some((site, proxy)) = Site::wired().await else { return };
    proxy.swallow();
    let begun = Instant::now();
    // More than there are connections.
    let mut people = JoinSet::new();
    for _ in 0..24 {
        let person = site.person();
        people.spawn(async move { (person.try_asked_by_portal().await.unwrap(), Instant::now()) });
    }
    let asked = Instant::now();
    assert_eq!(site.health("ready").await, 503);
    assert!(asked.elapsed() < HEALED, "who asks for health is told after {:?}", asked.elapsed());
    for path in ["/jwks", "/.well-known/openid-configuration"] {
        let asked = Instant::now();
        assert_eq!(site.client.get(site.at(path)).send().await.unwrap().status(), 200, "{path}");
        assert!(asked.elapsed() < HEALED, "{path} after {:?}", asked.elapsed());
    }
    for (page, ended) in people.join_all().await {
        assert!(is_not_now(&page), "{} {}", page.url, page.status);
        assert!(ended - begun < ANSWERED, "{:?}", ended - begun);
    }
    assert_eq!(site.health("live").await, 200);
    // The mute connections are never cut: provider and worker must notice by themselves.
    proxy.pass();
    let back = Instant::now();
    eventually("the operator is told", async || (site.health("ready").await == 200).then_some(())).await;
    assert!(site.signs_in().await.code().is_some());
    assert!(back.elapsed() < HEALED, "healed after {:?}", back.elapsed());
    println!("back after {:?}", back.elapsed());
    let mover = Persona::number(2);
    site.person().moves(&mover, &site.place).await;
    // A slow database is not an absent one.
    proxy.delay(Duration::from_millis(50));
    assert!(site.signs_in().await.code().is_some());
}
