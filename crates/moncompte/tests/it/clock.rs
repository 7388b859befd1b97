//! Clocks that step back (SECURITY I19, #121, B23): what has expired stays expired, on a node that has read a later time, after a kill, and until an operator
//! resets the shared time. The tests write the later time into the database, where it stands after a clock (on PostgreSQL the server's too) has gone back.
//!
//! Clocks that are wrong (SECURITY D13): PostgreSQL's own clock decides, so a node whose clock is far from it harms only itself. SQLite has no clock but the
//! machine's.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::sea_orm::{ConnectionTrait, Statement};
use mail_parser::MessageParser;
use testbed::{Bed, apply, both};
use testkit::VERIFIER;

use crate::{
    person::{Person, Persona},
    place::{CALLBACK, CLIENT_SECRET, MAIL_FOLDER, Place, eventually, free_port, serve},
    races::another,
};

/// One of each thing that expires by time alone.
struct Perishable {
    session: Person,
    code: String,
    link: String,
}

impl Perishable {
    /// Makes each of them while all clocks are right.
    async fn fresh(place: &Place, mover: &Persona) -> Self {
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
    ready_in(place.folder.path()).await
}

async fn ready_in(folder: &Path) -> (u16, String) {
    let text = fs::read_to_string(folder.join("moncompte.toml")).unwrap();
    let ops = text.lines().find_map(|line| line.strip_prefix("ops_listen = \"")).unwrap();
    let answer = reqwest::get(format!("http://{}/health/ready", ops.trim_end_matches('"'))).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_expired_stays_so_when_the_clock_steps_back(bed: Bed) {
    let place = Place::new(bed, &format!("{MAIL_FOLDER}\n\n[session]\nidle_hours = 1"));
    let mover = Persona::number(1);
    place.people([mover.row()]);
    let running = place.serve().await;
    Person::new(&place.issuer()).moves(&mover, &place).await;
    let old = Perishable::fresh(&place, &mover).await;
    assert_eq!(ready(&place).await.0, 200);

    let machine = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let ahead = (machine + Duration::from_secs(2 * 3600)).as_millis();
    let plant = format!("UPDATE meta SET value = '{ahead:020}' WHERE key = 'time_seen'");
    place.bed.context.db.writer().execute_unprepared(&plant).await.unwrap();
    let told = eventually("what the node is told", async || {
        Some(ready(&place).await).filter(|(status, _)| *status == 503)
    })
    .await;
    assert!(told.1.contains("clock"), "{}", told.1);
    running.says("machine clock behind the latest time reported").await;
    old.is_over(&place).await;

    // A new process has its own clock and the time that the nodes share.
    running.kill();
    let running = place.serve().await;
    old.is_over(&place).await;
    assert_eq!(ready(&place).await.0, 503, "{}", place.bed.name);
    let looked = place.run("doctor", &["--invariants"]);
    let looked = String::from_utf8_lossy(&looked.stdout).into_owned();
    assert!(looked.contains("I19  BROKEN    the clock of this machine"), "{looked}");
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "people still sign in: {}", page.heading());

    // The other clock was wrong.
    running.stop().await;
    let said = place.run("clock", &["--json"]);
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert!((7000..7300).contains(&said["behind_seconds"].as_i64().unwrap()), "{said}");
    assert!(place.run("clock", &["--accept"]).status.success());
    let _running = place.serve().await;
    assert_eq!(ready(&place).await.0, 200, "{}", place.bed.name);
}

/// A clock that tests set, put under a program by `LD_PRELOAD`.
struct Hands {
    folder: tempfile::TempDir,
}

impl Hands {
    /// Returns a clock that is right until it is set.
    fn new() -> Self {
        let hands = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(hands.control(), [0; 8]).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clock.c");
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&hands.library(), &source])
            .args(["-ldl"])
            .output()
            .expect("the C compiler");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        hands
    }

    fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("clock.so")
    }

    fn lay(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.library()).env("CLOCK_CONTROL", self.control());
    }

    /// Sets the clock this many seconds ahead of the machine's.
    fn set(&self, ahead: i64) {
        // In place: running programs have the file mapped.
        let mut file = fs::OpenOptions::new().write(true).open(self.control()).unwrap();
        file.write_all(&ahead.to_ne_bytes()).unwrap();
    }
}

const FAR: i64 = 40 * 86_400;

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Returns the seconds by which the time that the nodes share is ahead.
async fn shared(place: &Place) -> i64 {
    let db = place.bed.context.db.reader();
    let query =
        Statement::from_string(db.get_database_backend(), "SELECT value FROM meta WHERE key = 'time_seen'");
    let value: String = db.query_one_raw(query).await.unwrap().unwrap().try_get("", "value").unwrap();
    value.parse::<i64>().unwrap() / 1000 - now()
}

/// Waits until some node has shared the time twice, because a node goes by the time that it reads when it shares.
async fn has_been_shared(place: &Place) {
    for _ in 0..2 {
        let before = shared(place).await + now();
        let later = async || (shared(place).await + now() > before).then_some(());
        eventually("the time is shared", later).await;
    }
}

/// Redeems a code at the node of this port; returns the seconds by which its tokens' `iat` is ahead.
async fn issued(code: &str, port: u16) -> i64 {
    let form =
        [("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
    let told = reqwest::Client::new()
        .post(format!("http://localhost:{port}/token"))
        .basic_auth("exemple", Some(CLIENT_SECRET))
        .form(&[&form[..], &[("code", code)]].concat())
        .send()
        .await
        .unwrap();
    let told: serde_json::Value = told.json().await.unwrap();
    let token = told["id_token"].as_str().unwrap_or_else(|| panic!("{told}"));
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["iat"].as_i64().unwrap() - now()
}

/// Seconds of difference that count as none, since some pass during a test.
const NEAR: std::ops::Range<i64> = -60..60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_clock_is_wrong_harms_nobody_else() {
    // No further behind: the terms would not be in force yet, and the node would not start.
    for ahead in [FAR, -2 * 86_400] {
        let Some(bed) = Bed::postgres().await else { return };
        let place = Place::new(bed, MAIL_FOLDER);
        let (mover, port) = (Persona::number(1), free_port());
        place.people([mover.row()]);
        another(&place, "second", port);
        let right = place.serve().await;
        Person::new(&place.issuer()).moves(&mover, &place).await;
        let session = Person::new(&place.issuer());
        session.signs_in(&mover.email, &mover.new).await;

        let hands = Hands::new();
        hands.set(ahead);
        let wrong = serve(&place.path("second"), |command| hands.lay(command)).await;
        wrong.says("machine clock far from the database's").await;
        let told = ready_in(&place.path("second")).await;
        assert!(told.0 == 503 && told.1.contains("clock"), "{told:?}");
        has_been_shared(&place).await;
        assert!(NEAR.contains(&shared(&place).await), "{ahead}: {}", shared(&place).await);
        assert_eq!(ready(&place).await.0, 200, "{ahead}");
        for port in [place.port, port] {
            let code = session.asked_by_portal().await.code().expect("the session lives");
            let iat = issued(&code, port).await;
            assert!(NEAR.contains(&iat), "{ahead}: tokens are {iat} s ahead");
        }

        // Its clock is corrected, and it is one of the nodes again.
        hands.set(0);
        let well = async || (ready_in(&place.path("second")).await.0 == 200).then_some(());
        eventually("it is well", well).await;
        wrong.stop().await;
        right.stop().await;
        let _right = place.serve().await;
        assert_eq!(ready(&place).await.0, 200, "{ahead}");
        assert!(session.asked_by_portal().await.code().is_some(), "{ahead}: the session lives");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_under_a_node_is_not_believed() {
    let Some(bed) = Bed::postgres().await else { return };
    let place = Place::new(bed, MAIL_FOLDER);
    let (mover, hands) = (Persona::number(1), Hands::new());
    place.people([mover.row()]);
    let running = serve(place.folder.path(), |command| hands.lay(command)).await;
    Person::new(&place.issuer()).moves(&mover, &place).await;
    let session = Person::new(&place.issuer());
    session.signs_in(&mover.email, &mover.new).await;
    has_been_shared(&place).await;
    for jump in [FAR, -FAR] {
        hands.set(jump);
        // At once, before the clocks are compared again, and after.
        for compared in [false, true] {
            if compared {
                running.says("machine clock far from the database's").await;
            }
            let told = ready(&place).await;
            assert!(told.0 == 503 && told.1.contains("far from the database's"), "{told:?}");
            let code = session.asked_by_portal().await.code().expect("the session lives");
            let iat = issued(&code, place.port).await;
            assert!(NEAR.contains(&iat), "{jump}: tokens are {iat} s ahead");
        }
        hands.set(0);
        eventually("it is well", async || (ready(&place).await.0 == 200).then_some(())).await;
        assert!(NEAR.contains(&shared(&place).await), "{jump}: {}", shared(&place).await);
    }
    drop(running);
}

/// A node of an older version, or a database whose own clock was wrong, may have left a time that is far ahead: no node goes by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_is_far_ahead_of_the_databases_is_not_believed() {
    let Some(bed) = Bed::postgres().await else { return };
    let place = Place::new(bed, MAIL_FOLDER);
    let running = place.serve().await;
    running.stop().await;
    let ahead = (now() + FAR) * 1000;
    let plant = format!("UPDATE meta SET value = '{ahead:020}' WHERE key = 'time_seen'");
    place.bed.context.db.writer().execute_unprepared(&plant).await.unwrap();
    let running = place.serve().await;
    assert_eq!(ready(&place).await.0, 200);
    assert!(NEAR.contains(&shared(&place).await), "{}", shared(&place).await);
    drop(running);
}
