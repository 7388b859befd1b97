//! A portal that accepts calls and never answers delays no other portal (FINDING S19).

use std::{
    fs,
    time::{Duration, Instant},
};

use kernel::{
    outbox::{self, Ties},
    sea_orm::{ConnectionTrait, Statement},
};
use serde_json::json;
use testbed::{Bed, apply, both};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    person::{Person, Persona},
    place::{AGENCY, MAIL_FOLDER, Place, eventually},
};

/// Starts a server that accepts connections and never answers; returns its port.
async fn hangs() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            kept.push(connection);
        }
    });
    port
}

/// Starts a server that answers every call with 200; returns its port.
async fn answers() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 65536];
                let _ = connection.read(&mut asked).await;
                let _ = connection
                    .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                    .await;
            });
        }
    });
    port
}

async fn count(place: &Place, condition: &str) -> i64 {
    let db = place.bed.context.db.reader();
    let query = Statement::from_string(
        db.get_database_backend(),
        format!("SELECT count(*) AS n FROM outbox WHERE {condition}"),
    );
    db.query_one_raw(query).await.unwrap().unwrap().try_get("", "n").unwrap()
}

/// A second portal, on a host of its own.
fn agencies(place: &Place, hanging: u16, answering: u16) {
    let file = place.path("agencies/exemple.toml");
    let first = fs::read_to_string(&file).unwrap();
    let with = |text: &str, uri: String| {
        text.replace("[words.mail]", &format!("backchannel_logout_uri = \"{uri}\"\n\n[words.mail]"))
    };
    fs::write(&file, with(&first, format!("http://127.0.0.1:{hanging}/logout"))).unwrap();
    let second = first.replace("client_id = \"exemple\"", "client_id = \"autre\"");
    let second = with(&second, format!("http://localhost:{answering}/logout"));
    fs::write(place.path("agencies/autre.toml"), second).unwrap();
    let config = fs::read_to_string(place.path("moncompte.toml")).unwrap();
    fs::write(
        place.path("moncompte.toml"),
        format!("{config}\n[outbound]\nallow = [\"127.0.0.1\", \"localhost\"]\n"),
    )
    .unwrap();
}

async fn queue(place: &Place, client: &str, messages: u32, tied: bool) {
    let context = &place.bed.context;
    let tx = context.db.begin().await.unwrap();
    for n in 0..messages {
        let id: uuid::Uuid = context.id();
        let call = json!({ "client_id": client, "sub": format!("s{n}"), "sid": format!("t{n}"), "jti": id });
        // Messages of an older node have no destination in clear.
        let ties = if tied { Ties { destination: Some(client), ..Ties::default() } } else { Ties::default() };
        outbox::enqueue_tied(&tx, context, "backchannel_logout", &call, None, ties).await.unwrap();
    }
    tx.commit().await.unwrap();
    // The program goes by the machine's clock, not by the bed's.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let now = format!("UPDATE outbox SET created_at = {now}, not_before = {now}");
    context.db.writer().execute_unprepared(&now).await.unwrap();
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_hangs_delays_neither_mails_nor_other_portals(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    agencies(&place, hangs().await, answers().await);
    let mover = Persona::number(1);
    place.people([mover.row()]);
    queue(&place, AGENCY, 300, true).await;
    queue(&place, AGENCY, 20, false).await;
    queue(&place, "autre", 20, true).await;
    let _running = place.serve().await;
    eventually("calls under way", async || {
        (count(&place, "kind = 'backchannel_logout' AND attempts > 0").await > 2).then_some(())
    })
    .await;
    let person = Person::new(&place.issuer());
    person.until_mail(&mover).await;
    let begun = Instant::now();
    place.mail_to(&mover.email).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{}: {:?}", place.bed.name, begun.elapsed());
    let page = person.get("/forgot").await;
    person.submit(&page, "forgot", &[("email", &mover.email)]).await;
    let begun = Instant::now();
    eventually("the reset", async || {
        (count(&place, "kind = 'recovery' AND sent_at IS NOT NULL").await == 1).then_some(())
    })
    .await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{}: {:?}", place.bed.name, begun.elapsed());
    eventually("the other portal's calls", async || {
        (count(&place, "kind = 'backchannel_logout' AND sent_at IS NOT NULL").await == 20).then_some(())
    })
    .await;
    // The hanging portal is left alone after some calls; none of its messages is lost.
    let tries = count(&place, "kind = 'backchannel_logout' AND sent_at IS NULL AND attempts > 0").await;
    assert!(tries < 60, "{}: {tries} messages were tried in vain", place.bed.name);
    assert_eq!(count(&place, "dead_at IS NOT NULL").await, 0);
}
