//! Mail over a real SMTP server: never in clear, never lost, and never in the way of the person who waits (SECURITY #95 to #98).

use std::{
    fs,
    path::{Path, PathBuf},
};

use kernel::sea_orm::{ConnectionTrait, Statement};
use mail_parser::{Message, MessageParser, MimeHeaders};
use testbed::Bed;

use crate::{
    person::{Mover, Person, link},
    place::{Place, Running, certificate, eventually, free_port, secret_file},
    python,
};

const PASSWORD: &str = "sel & poivre";

/// Certificates for localhost: the server's own, and one that did not sign it.
struct Post {
    folder: tempfile::TempDir,
    port: u16,
}

impl Post {
    fn new() -> Self {
        let post = Self { folder: tempfile::tempdir().unwrap(), port: free_port() };
        for name in ["server", "other"] {
            certificate(post.folder.path(), name);
        }
        post
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// With STARTTLS and a password.
    async fn open(&self) -> Running {
        self.start(&[self.path("server.pem").as_path(), self.path("server.key").as_path()]).await
    }

    /// Without TLS, as a machine in between would have it.
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

    fn log(&self) -> String {
        fs::read_to_string(self.path("smtp.log")).unwrap_or_default()
    }

    fn mails(&self) -> Vec<Vec<u8>> {
        let mut names: Vec<_> =
            fs::read_dir(self.folder.path()).unwrap().flatten().map(|e| e.path()).collect();
        names.retain(|p| p.extension().is_some_and(|e| e == "eml"));
        names.sort();
        names.iter().map(|p| fs::read(p).unwrap()).collect()
    }

    async fn first(&self) -> Vec<u8> {
        eventually("a mail", async || self.mails().into_iter().next()).await
    }
}

/// A provider that sends through this server, believing this certificate.
fn place(bed: Bed, post: &Post, ca: &str) -> Place {
    let mail = format!(
        "[mail.smtp]\nhost = \"localhost\"\nport = {}\nusername = \"moncompte\"\npassword_file = \"secrets/smtp\"\nca_file = \"{}\"",
        post.port,
        post.path(ca).display()
    );
    let place = Place::new(bed, &mail);
    secret_file(&place.path("secrets/smtp"), &format!("{PASSWORD}\n"));
    place.people([Mover::number(1).row()]);
    place
}

/// What the outbox says of the only mail: tries, whether it is sent, whether it is given up, and why it waits unless it is under way.
async fn tries(place: &Place) -> (i32, bool, bool, Option<String>) {
    let db = place.bed.ground.db.reader();
    let sql = "SELECT attempts, sent_at, dead_at, locked_until, last_error FROM outbox WHERE kind = 'mail'";
    let query = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(query).await.unwrap().expect("the confirmation in the outbox");
    let at = |name: &str| row.try_get::<Option<i64>>("", name).unwrap().is_some();
    let why: Option<String> = row.try_get("", "last_error").unwrap();
    (row.try_get("", "attempts").unwrap(), at("sent_at"), at("dead_at"), why.filter(|_| !at("locked_until")))
}

/// Waits until the mail has failed so often.
async fn failed(place: &Place, times: i32) -> String {
    eventually("a failed try", async || {
        let (attempts, sent, dead, error) = tries(place).await;
        assert!(!sent && !dead, "sent {sent}, dead {dead}: {error:?}");
        error.filter(|_| attempts >= times)
    })
    .await
}

/// The pause before the next try is over.
async fn now(place: &Place) {
    let db = place.bed.ground.db.writer();
    db.execute_unprepared("UPDATE outbox SET not_before = 0").await.unwrap();
}

#[tokio::test]
async fn the_confirmation_arrives_whole_and_its_link_works() {
    for bed in Bed::both().await {
        let post = Post::new();
        let _server = post.open().await;
        let place = place(bed, &post, "server.pem");
        let running = place.serve().await;
        let (person, mover) = (Person::new(&place.issuer()), Mover::number(1));
        person.until_mail(&mover).await;
        let bytes = post.first().await;
        judge(&MessageParser::default().parse(&bytes).unwrap(), &place, &mover);
        let log = post.log();
        assert!(log.contains("STARTTLS\n") && log.contains("AUTH tls\n"), "{log}");
        let message =
            format!("MESSAGE tls moncompte ne-pas-repondre@compte.exemple.test ['{}']", mover.email);
        assert!(log.contains(&message), "{log}");
        person.finish(&link(&bytes), &mover).await;
        // The receipt comes the same way, with the text that was accepted.
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
}

/// SECURITY #95 to #97: one of each header, both bodies, a link to the issuer alone.
fn judge(mail: &Message<'_>, place: &Place, mover: &Mover) {
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

#[tokio::test]
async fn a_server_with_the_wrong_certificate_gets_nothing_and_the_person_notices_nothing() {
    for bed in Bed::both().await {
        let post = Post::new();
        let _server = post.open().await;
        let place = place(bed, &post, "other.pem");
        let running = place.serve().await;
        Person::new(&place.issuer()).until_mail(&Mover::number(1)).await;
        failed(&place, 1).await;
        now(&place).await;
        failed(&place, 2).await;
        assert!(post.mails().is_empty());
        assert!(!post.log().contains("AUTH") && !post.log().contains("MAIL"), "{}", post.log());
        running.kill();
        // Once the operator names the right one, the mail that waited leaves.
        let config =
            fs::read_to_string(place.path("moncompte.toml")).unwrap().replace("other.pem", "server.pem");
        fs::write(place.path("moncompte.toml"), config).unwrap();
        let _running = place.serve().await;
        now(&place).await;
        post.first().await;
    }
}

#[tokio::test]
async fn a_server_without_starttls_never_sees_a_mail_or_a_password() {
    let post = Post::new();
    let _server = post.open_in_clear().await;
    let place = place(Bed::sqlite().await, &post, "server.pem");
    let _running = place.serve().await;
    Person::new(&place.issuer()).until_mail(&Mover::number(1)).await;
    for round in 1..=3 {
        let why = failed(&place, round).await;
        assert!(!why.is_empty());
        now(&place).await;
    }
    assert!(post.mails().is_empty());
    let log = post.log();
    assert!(log.contains("CONNECTED") && !log.contains("MAIL") && !log.contains("AUTH"), "{log}");
}

#[tokio::test]
async fn a_mail_waits_for_a_server_that_is_down_and_arrives_once() {
    for bed in Bed::both().await {
        let post = Post::new();
        let place = place(bed, &post, "server.pem");
        let _running = place.serve().await;
        let (person, mover) = (Person::new(&place.issuer()), Mover::number(1));
        person.until_mail(&mover).await;
        failed(&place, 1).await;
        let _server = post.open().await;
        now(&place).await;
        let bytes = post.first().await;
        person.finish(&link(&bytes), &mover).await;
        eventually("the receipt", async || post.mails().into_iter().nth(1)).await;
        assert_eq!(post.mails().len(), 2, "the confirmation once, the receipt once");
    }
}
