//! Messages that come back after the mail server took them (FINDING B18): to an address of their own, from a Maildir or a pipe.

use std::{fs, io::Write, process::Stdio};

use kernel::sea_orm::{ConnectionTrait, Statement};
use testbed::{Bed, apply, both};

use crate::{
    person::{Person, Persona},
    place::{Place, eventually, program, serve},
    smtp::{Post, place},
};

/// The envelope sender (return path) of the newest mail to somebody, as the mail server saw it.
async fn return_path(post: &Post, mover: &Persona) -> String {
    let line = eventually("the mail", async || {
        let log = post.log();
        log.lines().rev().find(|l| l.starts_with("MESSAGE") && l.contains(&mover.email)).map(str::to_owned)
    })
    .await;
    line.split(' ').nth(3).unwrap().to_owned()
}

fn notice(to: &str, action: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: {to}\nSubject: Undelivered Mail\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain\n\nI am sorry.\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; personne@courrier.example\nAction: {action}\nStatus: {status}\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nSubject: Confirm\n\n--b--\n"
    )
}

/// Runs `moncompte mail bounce < message`; returns the JSON that it prints.
fn pipe(place: &Place, message: &[u8]) -> serde_json::Value {
    let mut command = program();
    command.args(["mail", "bounce", "--json", "--config"]).arg(place.folder.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(message).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0));
    serde_json::from_slice(&out.stdout).unwrap()
}

async fn refused(place: &Place) -> i64 {
    let db = place.bed.context.db.reader();
    let sql = "SELECT count(*) AS n FROM enrolment WHERE refused_at IS NOT NULL";
    let query = Statement::from_string(db.get_database_backend(), sql);
    db.query_one_raw(query).await.unwrap().unwrap().try_get("", "n").unwrap()
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_back_is_told_where_its_owner_waits(bed: Bed) {
    let post = Post::new();
    let _server = post.open().await;
    let place = place(bed, &post, "server.pem");
    place.people((1..=3).map(|n| Persona::number(n).row()));
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(place.path("bounces").join(part)).unwrap();
    }
    let config = fs::read_to_string(place.path("moncompte.toml"))
        .unwrap()
        .replace("[mail]\n", "[mail]\nreturn_path = \"bounce@retour.exemple.test\"\nbounces = \"bounces\"\n");
    fs::write(place.path("moncompte.toml"), config).unwrap();
    let running = serve(place.folder.path(), |_| ()).await;
    let movers = [1, 2, 3].map(Persona::number);
    let mut people = Vec::new();
    for mover in &movers {
        let person = Person::new(&place.issuer());
        person.until_mail(mover).await;
        people.push((person, return_path(&post, mover).await));
    }
    let [(piped, to_pipe), (filed, to_file), (other, to_other)] = &people[..] else { panic!() };
    assert!(to_pipe.starts_with("bounce+") && to_pipe.ends_with("@retour.exemple.test"), "{to_pipe}");
    let is_told = |page: &crate::person::Page| page.texts(".alert").concat().contains("refusée");

    // Temporary failures and a success, notices of no message of ours, and mails that are no notice.
    let forged = format!("{}0{}", &to_other[..50], &to_other[51..]).replace("bounce+0", "bounce+1");
    for message in [
        notice(to_other, "delayed", "4.4.1"),
        notice(to_other, "failed", "4.4.7"),
        notice(to_other, "delivered", "2.0.0"),
        notice(&forged, "failed", "5.1.1"),
        notice("bounce@retour.exemple.test", "failed", "5.1.1"),
        format!("To: {to_other}\n\nout of office\n"),
        String::new(),
    ] {
        assert_eq!(pipe(&place, message.as_bytes())["news"], false, "{message}");
    }
    assert_eq!(pipe(&place, &vec![b'x'; 3_000_000])["news"], false);
    assert_eq!(refused(&place).await, 0);

    let message = notice(to_pipe, "failed", "5.1.1");
    assert_eq!(pipe(&place, message.as_bytes())["news"], true);
    assert_eq!(pipe(&place, message.as_bytes())["news"], false, "once");
    assert!(is_told(&piped.here().await) && !is_told(&other.here().await));

    fs::write(place.path("bounces/new/1.mx"), notice(to_file, "failed", "5.2.1")).unwrap();
    fs::write(place.path("bounces/cur/2.mx:2,S"), notice("x@y.example", "failed", "5.1.1")).unwrap();
    eventually("the folder", async || is_told(&filed.here().await).then_some(())).await;
    running.says("message bounced").await;
    let left = || {
        ["new", "cur"].iter().flat_map(|part| fs::read_dir(place.path("bounces").join(part)).unwrap()).count()
    };
    eventually("an empty folder", async || (left() == 0).then_some(())).await;
    assert_eq!(refused(&place).await, 2);
    let said = running.said();
    assert!(!said.contains("courrier.example"), "no address in the log");
}
