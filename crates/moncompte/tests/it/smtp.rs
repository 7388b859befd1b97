//! Mail over a real SMTP server: never in clear, never lost, and never a delay for the person who waits (SECURITY #95 to #98).

use std::{
    fs,
    path::{Path, PathBuf},
};

use kernel::sea_orm::{ConnectionTrait, Statement};
use mail_parser::{Message, MessageParser, MimeHeaders};
use testbed::{Bed, apply, both};

use crate::{
    person::{Person, Persona, link},
    place::{PATIENCE, Place, Running, certificate, eventually, free_port, secret_file},
    python,
};

const PASSWORD: &str = "sel & poivre";

/// A mail server's folder: certificates for localhost (the server's own, and one that did not sign it), its mails and its log.
pub struct Post {
    folder: tempfile::TempDir,
    port: u16,
}

impl Post {
    pub fn new() -> Self {
        let post = Self { folder: tempfile::tempdir().unwrap(), port: free_port() };
        for name in ["server", "other"] {
            certificate(post.folder.path(), name);
        }
        post
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the server with STARTTLS and a password.
    pub async fn open(&self) -> Running {
        self.start(&[self.path("server.pem").as_path(), self.path("server.key").as_path()]).await
    }

    /// Starts the server without TLS, as a machine in the middle would show it.
    async fn open_in_clear(&self) -> Running {
        self.start(&[Path::new("clear")]).await
    }

    async fn start(&self, how: &[&Path]) -> Running {
        let mut command = python::script("smtp_server.py");
        command.arg(self.port.to_string()).arg(self.folder.path()).args(how);
        let running = Running::start(command);
        running.says("listening").await;
        running
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("smtp.log")).unwrap_or_default()
    }

    pub fn mails(&self) -> Vec<Vec<u8>> {
        let mut names: Vec<_> =
            fs::read_dir(self.folder.path()).unwrap().flatten().map(|e| e.path()).collect();
        names.retain(|p| p.extension().is_some_and(|e| e == "eml"));
        names.sort();
        names.iter().map(|p| fs::read(p).unwrap()).collect()
    }

    pub async fn first(&self) -> Vec<u8> {
        eventually("a mail", async || self.mails().into_iter().next()).await
    }
}

/// A provider that sends through this server and trusts this certificate.
pub fn place(bed: Bed, post: &Post, ca: &str) -> Place {
    let mail = format!(
        "[mail.smtp]\nhost = \"localhost\"\nport = {}\nusername = \"moncompte\"\npassword_file = \"secrets/smtp\"\nca_file = \"{}\"",
        post.port,
        post.path(ca).display()
    );
    let place = Place::new(bed, &mail);
    secret_file(&place.path("secrets/smtp"), &format!("{PASSWORD}\n"));
    place.people([Persona::number(1).row()]);
    place
}

/// The row of the only mail: its tries, whether it is sent, whether it is given up, and the last error unless it is under way.
async fn tries(place: &Place) -> (i32, bool, bool, Option<String>) {
    let db = place.bed.context.db.reader();
    let sql = "SELECT attempts, sent_at, dead_at, locked_until, last_error FROM outbox WHERE kind = 'mail'";
    let query = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(query).await.unwrap().expect("the confirmation in the outbox");
    let at = |name: &str| row.try_get::<Option<i64>>("", name).unwrap().is_some();
    let why: Option<String> = row.try_get("", "last_error").unwrap();
    (row.try_get("", "attempts").unwrap(), at("sent_at"), at("dead_at"), why.filter(|_| !at("locked_until")))
}

/// Waits until the mail has failed this many times; returns the last error.
async fn failed(place: &Place, times: i32) -> String {
    eventually("a failed try", async || {
        let (attempts, sent, dead, error) = tries(place).await;
        assert!(!sent && !dead, "sent {sent}, dead {dead}: {error:?}");
        error.filter(|_| attempts >= times)
    })
    .await
}

/// Ends the pause before the next try.
pub async fn now(place: &Place) {
    let db = place.bed.context.db.writer();
    db.execute_unprepared("UPDATE outbox SET not_before = 0").await.unwrap();
}

#[apply(both!)]
#[tokio::test]
async fn the_confirmation_arrives_whole_and_its_link_works(bed: Bed) {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(bed, &post, "server.pem");
    let running = place.serve().await;
    let (person, mover) = (Person::new(&place.issuer()), Persona::number(1));
    person.until_mail(&mover).await;
    let bytes = post.first().await;
    judge(&MessageParser::default().parse(&bytes).unwrap(), &place, &mover);
    let log = post.log();
    assert!(log.contains("STARTTLS\n") && log.contains("AUTH tls\n"), "{log}");
    let message = format!("MESSAGE tls moncompte ne-pas-repondre@compte.exemple.test ['{}']", mover.email);
    assert!(log.contains(&message), "{log}");
    person.finish(&link(&bytes), &mover).await;
    // The receipt comes next, with the accepted text.
    let receipt = eventually("the receipt", async || post.mails().into_iter().nth(1)).await;
    let receipt = MessageParser::default().parse(&receipt).unwrap().into_owned();
    let attached = receipt.attachments().next().and_then(|a| a.attachment_name()).unwrap_or_default();
    assert!(attached.starts_with("cgu-") && attached.ends_with(".txt"), "{attached}");
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "{}", page.heading());
    assert!(
        !running.said().contains(PASSWORD) && !running.said().contains(&mover.email),
        "{}",
        running.said()
    );
}

/// SECURITY #95 to #97: one of each header, both bodies, links to the issuer only.
fn judge(mail: &Message<'_>, place: &Place, mover: &Persona) {
    for name in
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    {
        let count = mail.headers().iter().filter(|h| h.name.as_str().eq_ignore_ascii_case(name)).count();
        assert_eq!(count, 1, "{name}");
    }
    let one = |address: Option<&mail_parser::Address<'_>>| {
        let all: Vec<_> = address.unwrap().iter().filter_map(|a| a.address()).map(str::to_owned).collect();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    };
    assert_eq!(one(mail.from()), "ne-pas-repondre@compte.exemple.test");
    assert_eq!(one(mail.to()), mover.email);
    assert!(!mail.subject().unwrap().trim().is_empty());
    assert_eq!(mail.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    let id = mail.message_id().unwrap();
    assert!(id.ends_with("@compte.exemple.test"), "{id}");
    assert_eq!((mail.text_body_count(), mail.html_body_count()), (1, 1));
    let begin = format!("{}/confirm?token=", place.issuer());
    let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    assert!(text.contains(&begin) && html.contains(&begin), "{text}");
    // Markup in the agency's words stays text (SECURITY #96).
    assert!(text.contains("<b>À bientôt</b> & merci."), "{text}");
    assert!(html.contains("&lt;b&gt;À bientôt&lt;/b&gt; &amp; merci."), "{html}");
    for body in [&text, &html] {
        for (at, _) in body.match_indices("http") {
            assert!(
                body[at..].starts_with(&place.issuer()),
                "{}",
                body[at..].split_whitespace().next().unwrap()
            );
        }
    }
    assert!(!text.contains(&mover.new) && !html.contains(&mover.new));
}

#[apply(both!)]
#[tokio::test]
async fn a_server_with_the_wrong_certificate_gets_nothing_and_the_person_notices_nothing(bed: Bed) {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(bed, &post, "other.pem");
    let running = place.serve().await;
    Person::new(&place.issuer()).until_mail(&Persona::number(1)).await;
    failed(&place, 1).await;
    now(&place).await;
    failed(&place, 2).await;
    assert!(post.mails().is_empty());
    assert!(!post.log().contains("AUTH") && !post.log().contains("MAIL"), "{}", post.log());
    running.kill();
    // With the right certificate in the configuration the waiting mail leaves.
    let config = fs::read_to_string(place.path("moncompte.toml")).unwrap().replace("other.pem", "server.pem");
    fs::write(place.path("moncompte.toml"), config).unwrap();
    let _running = place.serve().await;
    now(&place).await;
    post.first().await;
}

#[tokio::test]
async fn a_server_without_starttls_never_sees_a_mail_or_a_password() {
    let post = Post::new();
    let _server = post.open_in_clear().await;
    let place = place(Bed::sqlite().await, &post, "server.pem");
    let _running = place.serve().await;
    Person::new(&place.issuer()).until_mail(&Persona::number(1)).await;
    for round in 1..=3 {
        let why = failed(&place, round).await;
        assert!(!why.is_empty());
        now(&place).await;
    }
    assert!(post.mails().is_empty());
    let log = post.log();
    assert!(log.contains("CONNECTED") && !log.contains("MAIL") && !log.contains("AUTH"), "{log}");
}

#[apply(both!)]
#[tokio::test]
async fn a_mail_waits_for_a_server_that_is_down_and_arrives_once(bed: Bed) {
    let post = Post::new();
    let place = place(bed, &post, "server.pem");
    let _running = place.serve().await;
    let (person, mover) = (Person::new(&place.issuer()), Persona::number(1));
    person.until_mail(&mover).await;
    failed(&place, 1).await;
    let _server = post.open().await;
    now(&place).await;
    let bytes = post.first().await;
    person.finish(&link(&bytes), &mover).await;
    eventually("the receipt", async || post.mails().into_iter().nth(1)).await;
    assert_eq!(post.mails().len(), 2, "the confirmation once, the receipt once");
}

impl Post {
    /// Sets the server's treatment of the next messages, one word each.
    pub fn fates(&self, fates: &[&str]) {
        fs::write(self.path("fates"), fates.join("\n")).unwrap();
    }

    /// The number of times that the server's log has this line.
    pub fn times(&self, line: &str) -> usize {
        self.log().lines().filter(|said| *said == line).count()
    }

    /// The Message-IDs of the confirmations that somebody got, one for each copy.
    pub fn copies(&self, mover: &Persona) -> Vec<String> {
        let parsed = self.mails().into_iter().filter_map(|bytes| {
            let mail = MessageParser::default().parse(&bytes)?.into_owned();
            let to = mail.to()?.first()?.address()? == mover.email;
            (to && mail.body_text(0)?.contains("/confirm?token="))
                .then(|| mail.message_id().unwrap().to_owned())
        });
        parsed.collect()
    }
}

/// The number of mails in the outbox that meet this SQL condition.
pub async fn messages(place: &Place, condition: &str) -> i64 {
    let db = place.bed.context.db.reader();
    let sql = format!("SELECT count(*) AS n FROM outbox WHERE kind = 'mail' AND {condition}");
    let query = Statement::from_string(db.get_database_backend(), sql);
    db.query_one_raw(query).await.unwrap().unwrap().try_get("", "n").unwrap()
}

/// SECURITY #97: the server drops the connection after the final dot, defers, and drops again: the mail is tried until it is taken, under one Message-ID,
/// with no more extra copies than drops.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_flaps_gets_each_mail_again_under_one_name(bed: Bed) {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(bed, &post, "server.pem");
    post.fates(&["drop", "451 4.3.0 not now", "421 4.7.0 too many", "drop", "452 4.2.2 full"]);
    let _running = place.serve().await;
    let (person, mover) = (Person::new(&place.issuer()), Persona::number(1));
    person.until_mail(&mover).await;
    for round in 1..=5 {
        failed(&place, round).await;
        assert!(person.here().await.asks("resend"), "the person's way goes on");
        now(&place).await;
    }
    eventually("the end of it", async || (messages(&place, "sent_at IS NOT NULL").await == 1).then_some(()))
        .await;
    let copies = post.copies(&mover);
    assert_eq!(copies.len(), 3, "{}: two drops, and the last", place.bed.name);
    assert!(copies.iter().all(|id| *id == copies[0]), "{copies:?}");
    person.finish(&link(&post.first().await), &mover).await;
}

/// SECURITY #97: a mail that is refused for good is given up at once, logged and counted; the person can ask for another.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_refused_for_good_is_given_up_and_told(bed: Bed) {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(bed, &post, "server.pem");
    post.fates(&["550 5.1.1 unknown user"]);
    let running = place.serve().await;
    let (person, mover) = (Person::new(&place.issuer()), Persona::number(1));
    let page = person.until_mail(&mover).await;
    eventually("the end of it", async || (messages(&place, "dead_at IS NOT NULL").await == 1).then_some(()))
        .await;
    assert!(post.mails().is_empty());
    running.says("message dead").await;
    let text = fs::read_to_string(place.path("moncompte.toml")).unwrap();
    let ops =
        text.lines().find_map(|line| line.strip_prefix("ops_listen = \"")).unwrap().trim_end_matches('"');
    let metrics = reqwest::get(format!("http://{ops}/metrics")).await.unwrap().text().await.unwrap();
    let counted = metrics.lines().any(|line| {
        line.starts_with("moncompte_letters_total{") && line.contains("fate=\"dead\"") && line.ends_with(" 1")
    });
    assert!(counted, "{metrics}");
    assert!(person.here().await.asks("resend"), "the person may ask for another: {}", page.heading());
    // The next one is sent.
    let (person, other) = (Person::new(&place.issuer()), Persona::number(2));
    place.people([other.row()]);
    person.until_mail(&other).await;
    person.finish(&link(&post.first().await), &other).await;
}

/// SECURITY #97: silence after the final dot delays only that message, which is sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_after_the_dot_is_left() {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(Bed::sqlite().await, &post, "server.pem");
    post.fates(&["hang"]);
    let _running = place.serve().await;
    let (person, mover) = (Person::new(&place.issuer()), Persona::number(1));
    person.until_mail(&mover).await;
    // The server has the mail, so its link works while the sender still waits.
    person.finish(&link(&post.first().await), &mover).await;
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "{}", page.heading());
    // Another person's mail does not wait for it.
    let other = Persona::number(2);
    place.people([other.row()]);
    Person::new(&place.issuer()).until_mail(&other).await;
    eventually("the other's mail", async || (post.copies(&other).len() == 1).then_some(())).await;
    assert_eq!(post.copies(&mover).len(), 1);
    // The sender waits for nearly a minute, as long as a lease allows.
    let again = async {
        let mut beat = tokio::time::interval(std::time::Duration::from_millis(500));
        while post.copies(&mover).len() < 2 {
            beat.tick().await;
            now(&place).await;
        }
    };
    tokio::time::timeout(3 * PATIENCE, again).await.expect("another try");
    let copies = post.copies(&mover);
    assert_eq!(copies[0], copies[1]);
}

/// SECURITY B13: kill -9 at each step of the conversation. At least one mail, no more extra copies than kills, one Message-ID.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_survives_a_kill_at_every_step_of_its_way(bed: Bed) {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(bed, &post, "server.pem");
    let steps = ["connect", "starttls", "auth", "mail", "data", "dot", "answered"];
    place.people((1..=steps.len()).map(|n| Persona::number(n).row()));
    for (n, step) in steps.into_iter().enumerate() {
        let context = format!("{}: {step}", place.bed.name);
        match step {
            "dot" => post.fates(&["hang"]),
            "answered" => {}
            _ => fs::write(post.path("hang"), step).unwrap(),
        }
        let line = if step == "answered" { "ANSWERED".into() } else { format!("HANGS {step}") };
        let before = post.times(&line);
        let running = place.serve().await;
        let (person, mover) = (Person::new(&place.issuer()), Persona::number(n + 1));
        person.until_mail(&mover).await;
        eventually(&context, async || (post.times(&line) > before).then_some(())).await;
        running.kill();
        let running = place.serve().await;
        // End the dead worker's lease.
        let db = place.bed.context.db.writer();
        db.execute_unprepared("UPDATE outbox SET locked_until = 0, not_before = 0 WHERE sent_at IS NULL")
            .await
            .unwrap();
        eventually(&context, async || (messages(&place, "sent_at IS NULL").await == 0).then_some(())).await;
        let copies = post.copies(&mover);
        assert!((1..=2).contains(&copies.len()), "{context}: {copies:?}");
        assert!(copies.iter().all(|id| *id == copies[0]), "{context}: {copies:?}");
        assert_eq!(messages(&place, "dead_at IS NOT NULL").await, 0, "{context}");
        running.kill();
    }
}
