//! Clocks that step back (SECURITY I19, #121, B23): what has expired stays so, on a node that was told of a later time, after it was killed, and until an operator
//! says otherwise. The later time is written as another node writes it whose clock is ahead.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use kernel::sea_orm::ConnectionTrait;
use mail_parser::MessageParser;
use testbed::Bed;

use crate::{
    person::{Mover, Person},
    place::{CALLBACK, CLIENT_SECRET, MAIL_FOLDER, Place, eventually},
};

/// The proof key of every request that a [`Person`] brings (RFC 7636 appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// What lives by time alone.
struct Perishable {
    session: Person,
    code: String,
    link: String,
}

impl Perishable {
    /// While everything is as it should be.
    async fn fresh(place: &Place, mover: &Mover) -> Self {
        let session = Person::new(&place.issuer());
        session.signs_in(&mover.email, &mover.new).await;
        let asking = Person::new(&place.issuer());
        let hub = asking.asked_by_portal().await.url;
        let page = asking.get(&format!("{}/forgot", hub.path())).await;
        asking.submit(&page, "forgot", &[("email", &mover.email)]).await;
        let link = eventually("the reset link", async || reset_link(place)).await;
        assert!(
            Person::new(&place.issuer()).get(&link).await.body.contains("type=\"password\""),
            "the link is good"
        );
        let code = session.asked_by_portal().await.code().expect("a session");
        Self { session, code, link }
    }

    async fn is_over(&self, place: &Place) {
        let form =
            [("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
        let told = reqwest::Client::new()
            .post(format!("{}/token", place.issuer()))
            .basic_auth("exemple", Some(CLIENT_SECRET))
            .form(&[&form[..], &[("code", &self.code)]].concat())
            .send()
            .await
            .unwrap();
        let name = place.bed.name;
        assert_eq!(told.status().as_u16(), 400, "{name}: {}", told.text().await.unwrap());
        assert!(self.session.asked_by_portal().await.asks("sign-in"), "{name}: the session lives");
        let page = Person::new(&place.issuer()).get(&self.link).await;
        assert!(!page.asks("reset") && !page.body.contains("type=\"password\""), "{name}: the link lives");
    }
}

fn reset_link(place: &Place) -> Option<String> {
    fs::read_dir(place.path("mails")).ok()?.flatten().find_map(|entry| {
        let bytes = fs::read(entry.path()).ok()?;
        let text = MessageParser::default().parse(&bytes)?.body_text(0)?.into_owned();
        text.split_whitespace().find(|word| word.contains("/reset?token=")).map(str::to_owned)
    })
}

async fn ready(place: &Place) -> (u16, String) {
    let text = fs::read_to_string(place.path("moncompte.toml")).unwrap();
    let ops = text.lines().find_map(|line| line.strip_prefix("ops_listen = \"")).unwrap();
    let answer = reqwest::get(format!("http://{}/health/ready", ops.trim_end_matches('"'))).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_expired_stays_so_when_the_clock_steps_back() {
    for bed in Bed::both().await {
        let place = Place::new(bed, &format!("{MAIL_FOLDER}\n\n[session]\nidle_hours = 1"));
        let mover = Mover::number(1);
        place.people([mover.row()]);
        let running = place.serve().await;
        Person::new(&place.issuer()).moves(&mover, &place).await;
        let old = Perishable::fresh(&place, &mover).await;
        assert_eq!(ready(&place).await.0, 200);

        let machine = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let ahead = (machine + Duration::from_secs(2 * 3600)).as_millis();
        let plant = format!("UPDATE meta SET value = '{ahead:020}' WHERE key = 'time_seen'");
        place.bed.ground.db.writer().execute_unprepared(&plant).await.unwrap();
        let told = eventually("what the node is told", async || {
            Some(ready(&place).await).filter(|(status, _)| *status == 503)
        })
        .await;
        assert!(told.1.contains("clock"), "{}", told.1);
        running.says("this machine's clock is behind the time that was seen").await;
        old.is_over(&place).await;

        // Its own clock is all that a new process has, and what the others saw.
        running.kill();
        let running = place.serve().await;
        old.is_over(&place).await;
        assert_eq!(ready(&place).await.0, 503, "{}", place.bed.name);
        let looked = place.run("doctor", &["--invariants"]);
        let looked = String::from_utf8_lossy(&looked.stdout).into_owned();
        assert!(looked.contains("I19  BROKEN    the clock of this machine"), "{looked}");
        let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
        assert!(page.code().is_some(), "people still sign in: {}", page.heading());

        // It was the other one that was wrong.
        running.stop().await;
        let said = place.run("clock", &["--json"]);
        let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        assert!((7000..7300).contains(&said["behind_seconds"].as_i64().unwrap()), "{said}");
        assert!(place.run("clock", &["--accept"]).status.success());
        let _running = place.serve().await;
        assert_eq!(ready(&place).await.0, 200, "{}", place.bed.name);
    }
}
