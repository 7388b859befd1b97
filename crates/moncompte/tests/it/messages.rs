//! Messages that a mail server refuses: only a verdict on the address ends a message; any other refusal is told to the operator, and the message leaves when
//! the fault is mended (SECURITY D19). And the command `moncompte mail`.

use std::{fs, process::Output};

use kernel::sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;
use testbed::{Bed, apply, both};

use crate::{
    person::{Page, Person, Persona, link},
    place::{MAIL_FOLDER, Place, eventually},
    smtp::{Post, messages, place},
};

impl Post {
    /// Makes the server refuse: `what` is a step and an answer. [`Post::mended`] ends it.
    pub fn refuses(&self, what: &str) {
        fs::write(self.path("refuse"), what).unwrap();
    }

    pub fn mended(&self) {
        fs::remove_file(self.path("refuse")).unwrap();
    }
}

/// Waits until the node's metrics have this line.
pub async fn measured(place: &Place, line: &str) {
    let text = fs::read_to_string(place.path("moncompte.toml")).unwrap();
    let ops =
        text.lines().find_map(|line| line.strip_prefix("ops_listen = \"")).unwrap().trim_end_matches('"');
    let address = format!("http://{ops}/metrics");
    eventually(line, async || {
        let metrics = reqwest::get(&address).await.ok()?.text().await.ok()?;
        metrics.lines().any(|known| known == line).then_some(())
    })
    .await;
}

/// The error of the first mail that waits, if a try has failed.
async fn has_failed(place: &Place) -> Option<String> {
    let db = place.bed.context.db.reader();
    let sql = "SELECT last_error, dead_at FROM outbox WHERE kind = 'mail' AND sent_at IS NULL";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    assert!(rows.iter().all(|row| row.try_get::<Option<i64>>("", "dead_at").unwrap().is_none()));
    rows.first()?.try_get("", "last_error").unwrap()
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_the_operators_fault_ends_no_message_and_each_arrives_once_when_it_is_mended(bed: Bed) {
    let faults = [
        ("auth", "535 5.7.8 Authentication credentials invalid", true),
        ("connect", "554 5.7.1 No SMTP service here", true),
        ("mail", "550 5.7.1 Sender not allowed", true),
        ("mail", "451 4.3.0 Not now", true),
        ("starttls", "454 4.7.0 TLS not available", true),
        ("rcpt", "451 4.7.1 Greylisted", false),
        ("rcpt", "554 5.7.1 Relay access denied", false),
        ("rcpt", "550 relay not permitted", false),
        ("dot", "552 5.3.4 Message too big for system", false),
        ("dot", "550 5.7.1 Looks like spam", false),
    ];
    // What an answer means does not depend on the database: PostgreSQL keeps the same rows for three of them, and for all in a deep run.
    let stride = if bed.name == "sqlite" { 1 } else { testbed::tries(4, 1) };
    let faults: Vec<_> = faults.into_iter().step_by(stride).collect();
    let post = Post::new();
    let _server = post.open().await;
    let place = place(bed, &post, "server.pem");
    let people = 2 * faults.len();
    place.people((1..=people).map(|n| Persona::number(n).row()));
    let running = place.serve().await;
    for (n, (step, answer, of_all)) in faults.into_iter().enumerate() {
        let context = format!("{}: {step} {answer}", place.bed.name);
        post.refuses(&format!("{step} {answer}\n"));
        let movers = [Persona::number(2 * n + 1), Persona::number(2 * n + 2)];
        Person::new(&place.issuer()).until_mail(&movers[0]).await;
        let why = eventually(&context, async || has_failed(&place).await).await;
        assert!(why.contains(&answer[..3]), "{context}: {why}");
        Person::new(&place.issuer()).until_mail(&movers[1]).await;
        measured(&place, &format!("moncompte_outbox_paused {}", u8::from(of_all))).await;
        measured(&place, "moncompte_outbox_waiting{queue=\"mail\"} 2").await;
        post.mended();
        for mover in &movers {
            eventually(&context, async || (!post.copies(mover).is_empty()).then_some(())).await;
        }
        eventually(&context, async || (messages(&place, "sent_at IS NULL").await == 0).then_some(())).await;
    }
    for n in 1..=people {
        assert_eq!(post.copies(&Persona::number(n)).len(), 1, "{}: {n}", place.bed.name);
    }
    measured(&place, "moncompte_outbox_paused 0").await;
    measured(&place, "moncompte_outbox_waiting{queue=\"mail\"} 0").await;
    let said = running.said();
    for told in ["the mail server refuses all messages", "the mail server accepts messages again"] {
        assert!(said.contains(told), "{told}");
    }
    assert!(!said.contains("courrier.example"), "no address in the log");
}

/// FINDING B18: the server refuses the address while its owner waits: the page says so, takes a correction, and the move goes on. No attempt is counted, no
/// message lost.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_refused_is_told_where_its_owner_waits(bed: Bed) {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(bed, &post, "server.pem");
    post.refuses("rcpt personne.1@courrier.example 550 5.1.1 unknown user\n");
    let _running = place.serve().await;
    let (person, mut mover) = (Person::new(&place.issuer()), Persona::number(1));
    let page = person.until_mail(&mover).await;
    let next = async |status: &str| person.get(status).await.body.contains("\"next\":true");
    // If the server refused before the page was made, the page says so at once.
    let told = async |page: &Page| {
        if !page.texts(".alert").concat().contains("refusée par son serveur") {
            let status = page.attribute("[data-status]", "data-status").expect("a page that waits");
            eventually("the status", async || next(&status).await.then_some(())).await;
        }
    };
    told(&page).await;
    let page = person.here().await;
    assert!(page.texts(".alert").concat().contains("refusée par son serveur"), "{}", page.body);
    assert!(page.asks("email") && page.asks("resend"), "{}", page.body);
    assert!(!page.body.contains("Nous venons d"), "nothing is announced: {}", page.body);
    // The page that shows the refusal goes on waiting.
    let status = page.attribute("[data-status]", "data-status").unwrap();
    assert!(!next(&status).await);
    // The same address again is tried once more, and refused once more.
    let page = person.submit(&page, "email", &[("email", &mover.email)]).await;
    told(&page).await;
    assert_eq!(messages(&place, "dead_why = 'refused'").await, 2);
    mover.email = "personne.une@courrier.example".into();
    let page = person.here().await;
    let page = person.submit(&page, "email", &[("email", &mover.email)]).await;
    assert!(page.asks("resend") && page.texts(".alert").is_empty(), "{}", page.body);
    assert!(page.body.contains(&mover.email));
    let bytes = post.first().await;
    let status = page.attribute("[data-status]", "data-status").expect("a page that waits");
    assert!(!next(&status).await, "it waits for the new one");
    person.finish(&link(&bytes), &mover).await;
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "{}", page.heading());
    measured(&place, "moncompte_outbox_paused 0").await;
    // Two refusals of the move's mails, and one of the notice to the agency's address for the person, which is the same address.
    measured(&place, "moncompte_outbox_dead{queue=\"mail\",why=\"refused\"} 3").await;
    // The page of a reset says the same for an address that the server refuses.
    post.refuses("rcpt 550 5.1.1 unknown user\n");
    let answers = [&*mover.email, "nobody@courrier.example"].map(|email| email.to_owned());
    let mut pages = Vec::new();
    for email in answers {
        let person = Person::new(&place.issuer());
        let page = person.get("/forgot").await;
        let page = person.submit(&page, "forgot", &[("email", &email)]).await;
        pages.push(page.texts("main").concat().replace(&email, ""));
    }
    eventually("the reset", async || (messages(&place, "dead_why = 'refused'").await == 4).then_some(()))
        .await;
    assert_eq!(pages[0], pages[1]);
}

/// Runs `moncompte mail …` on this place; returns its JSON and the exit code.
fn mail(place: &Place, more: &[&str]) -> (Value, Option<i32>) {
    let out: Output = place.run("mail", &[more, &["--json"]].concat());
    let told = serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&out.stderr)));
    (told, out.status.code())
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_lists_retries_and_drops_messages_beside_a_provider_that_runs(bed: Bed) {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(bed, &post, "server.pem");
    place.people((1..=3).map(|n| Persona::number(n).row()));
    post.refuses("auth 535 5.7.8 no\n");
    let _running = place.serve().await;
    for n in 1..=3 {
        Person::new(&place.issuer()).until_mail(&Persona::number(n)).await;
    }
    eventually("a pause", async || {
        let (told, _) = mail(&place, &["list", "--state", "paused"]);
        let all = told["letters"].as_array().unwrap().len() == 3;
        (all && told["paused"]["tries"].as_u64() >= Some(2)).then_some(())
    })
    .await;
    let (told, code) = mail(&place, &["list"]);
    assert_eq!(code, Some(0));
    let rows = told["letters"].as_array().unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(rows[0]["to"], "p•••••@c•••.example");
    assert!(rows.iter().any(|row| row["last_error"].as_str().is_some_and(|why| why.contains("535"))));
    for more in [&["--state", "dead"], &["--kind", "recovery"], &["--state", "waiting"]] {
        let (told, _) = mail(&place, &[&["list"], &more[..]].concat());
        assert_eq!(told["letters"].as_array().unwrap().len(), 0, "{more:?}");
    }
    let words = String::from_utf8(place.run("mail", &["list"]).stdout).unwrap();
    assert!(words.contains("The mails are paused since") && words.contains(ids[2]), "{words}");
    assert!(!words.contains("personne.") && !words.contains("token"), "{words}");
    // One is dropped, one is dead by age, one waits; all but the first arrive when the fault is mended.
    let drop = || mail(&place, &["drop", ids[0], "--reason", "asked by phone"]);
    let dropped = eventually("not under way", async || {
        let (told, code) = drop();
        (code == Some(0)).then_some(told)
    })
    .await;
    assert_eq!(dropped["dropped"], 1);
    let db = place.bed.context.db.writer();
    let old = format!(
        "UPDATE outbox SET dead_at = 7, dead_why = 'expired', created_at = 7, not_before = 7, locked_until = NULL WHERE {}",
        if place.bed.name == "sqlite" {
            format!("lower(hex(id)) = '{}'", ids[1].replace('-', ""))
        } else {
            format!("id = '{}'", ids[1])
        }
    );
    assert_eq!(db.execute_unprepared(&old).await.unwrap().rows_affected(), 1);
    let (told, _) = mail(&place, &["list", "--state", "dead"]);
    let dead: Vec<&str> =
        told["letters"].as_array().unwrap().iter().map(|row| row["dead_because"].as_str().unwrap()).collect();
    assert_eq!(dead, ["expired", "dropped"], "{told}");
    post.mended();
    let (told, code) = mail(&place, &["retry", "--all-dead"]);
    assert_eq!((&told["due"], code), (&Value::from(1), Some(0)), "what was dropped stays so");
    eventually("both", async || (messages(&place, "sent_at IS NOT NULL").await == 2).then_some(())).await;
    assert_eq!(mail(&place, &["retry", ids[0]]).1, Some(1), "nothing of it is left");
    assert_eq!(mail(&place, &["drop", ids[1], "--reason", "late"]).1, Some(1), "sent is sent");
    let copies: Vec<usize> = (1..=3).map(|n| post.copies(&Persona::number(n)).len()).collect();
    assert_eq!(copies.iter().sum::<usize>(), 2, "{copies:?}");
    assert_eq!(mail(&place, &["list"]).0["paused"], Value::Null);
}

#[tokio::test]
async fn the_commands_say_what_they_do_and_refuse_what_they_do_not_understand() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let help =
        |more: &[&str]| String::from_utf8(place.run("mail", &[more, &["--help"]].concat()).stdout).unwrap();
    for (more, words) in [
        (&[][..], &["list", "retry", "drop", "bounce"][..]),
        (&["list"], &["--kind", "--state", "waiting", "paused", "dead"]),
        (&["retry"], &["--all-dead", "--kind"]),
        (&["drop"], &["--reason"]),
        (&["bounce"], &["Exit code 0", "75"]),
    ] {
        let help = help(more);
        for word in words {
            assert!(help.contains(word), "{word}: {help}");
        }
    }
    for wrong in [
        &["retry"][..],
        &["drop"],
        &["drop", "0192f0c1-0000-7000-8000-000000000000"],
        &["drop", "x", "--reason", "y"],
        &["list", "--state", "ended"],
    ] {
        assert_eq!(place.run("mail", wrong).status.code(), Some(2), "{wrong:?}");
    }
}
