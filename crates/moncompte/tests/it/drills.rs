//! The faults of docs/operate/runbook.md really happen: what the page promises is seen, and its commands see the fault and mend it. That of the database is in `faults`.

use std::time::Duration;

use kernel::sea_orm::ConnectionTrait;
use testbed::{Bed, apply, both};

use crate::{
    messages::measured,
    operate::{Page, done},
    person::{Person, Persona},
    place::{MAIL_FOLDER, Place, eventually, free_port, serve},
    races::another,
    smtp::{Post, messages, place as with_mail},
};

const RUNBOOK: &str = "runbook.md";

#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_dead(bed: Bed) {
    let page = Page::under(RUNBOOK, "First look");
    let look = page.commands();
    let place = Place::new(bed, MAIL_FOLDER);
    let mover = Persona::number(1);
    place.people([mover.row()]);
    let port = free_port();
    another(&place, "second", port);
    let running = place.serve().await;
    let second = serve(&place.path("second"), |_| ()).await;
    Person::new(&place.issuer()).moves(&mover, &place).await;
    let node = |told: &str, port: u16, state: &str| {
        told.lines().any(|line| line.contains(&format!(":{port} ")) && line.contains(state))
    };
    let told = done(&place, look[0]);
    assert!(node(&told, place.port, "live") && node(&told, port, "live"), "{told}");
    second.kill();
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "{} {}", page.url, page.heading());
    // A node is silent by the time that has passed, and each look is a process: none before it can be true.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let told = eventually("it is called silent", async || {
        let told = done(&place, look[0]);
        node(&told, port, "silent").then_some(told)
    })
    .await;
    assert!(node(&told, place.port, "live"), "{told}");
    place.change("agencies/exemple.toml", "#1f6f54", "#224488");
    let told = done(&place, "moncompte apply");
    assert!(told.contains(&place.port.to_string()) && !told.contains(&port.to_string()), "{told}");
    let again = serve(&place.path("second"), |_| ()).await;
    let told = done(&place, look[0]);
    assert!(node(&told, port, "live") && node(&told, port, "generation 2"), "{told}");
    done(&place, look[1]);
    again.kill();
    // It is forgotten after a day, and not before. A node looks at its start, and every minute.
    let mut running = running;
    for (hours, known) in [(23, true), (2, false)] {
        let passed =
            format!("UPDATE node SET seen_at = seen_at - {} WHERE id LIKE '%:{port}'", hours * 3_600_000);
        place.bed.context.db.writer().execute_unprepared(&passed).await.unwrap();
        running.stop().await;
        running = place.serve().await;
        eventually("what is known of it", async || {
            (node(&done(&place, look[0]), port, "silent") == known).then_some(())
        })
        .await;
    }
    running.stop().await;
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn the_mail_server_refuses_for_a_weekend(bed: Bed) {
    let page = Page::under(RUNBOOK, "The mail server refuses everything");
    let [list, retry] = page.commands()[..] else { panic!("two commands") };
    let post = Post::new();
    let _server = post.open().await;
    let place = with_mail(bed, &post, "server.pem");
    let movers = [1, 2, 3].map(Persona::number);
    place.people(movers[1..].iter().map(Persona::row));
    post.refuses("connect 554 5.7.1 No SMTP service here\n");
    let running = place.serve().await;
    for mover in &movers {
        Person::new(&place.issuer()).until_mail(mover).await;
    }
    measured(&place, "moncompte_outbox_paused 1").await;
    measured(&place, "moncompte_outbox_waiting{queue=\"mail\"} 3").await;
    running.says("554").await;
    // From Friday to Monday, and one that had waited before.
    let weekend = "UPDATE outbox SET created_at = created_at - 259200 WHERE kind = 'mail'";
    let given_up = "UPDATE outbox SET dead_at = 7, dead_why = 'expired', not_before = 7, locked_until = NULL \
                    WHERE id IN (SELECT id FROM outbox WHERE kind = 'mail' ORDER BY id LIMIT 1)";
    for sql in [weekend, given_up] {
        place.bed.context.db.writer().execute_unprepared(sql).await.unwrap();
    }
    assert!(done(&place, list).contains("expired"));
    assert_eq!(messages(&place, "dead_at IS NOT NULL").await, 1, "nothing else is lost");
    assert_eq!(post.mails().len(), 0);
    post.mended();
    assert!(done(&place, retry).starts_with("1 "));
    eventually("all", async || (messages(&place, "sent_at IS NOT NULL").await == 3).then_some(())).await;
    let copies = movers.each_ref().map(|mover| post.copies(mover).len());
    assert_eq!(copies, [1, 1, 1], "{}", place.bed.name);
    measured(&place, "moncompte_outbox_paused 0").await;
    running.stop().await;
}
