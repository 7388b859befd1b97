//! The demo as a process: it begins, ends in good order, stands beside another, and keeps its data.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Command};

use serde_json::Value;

use crate::{
    person::{Person, Persona},
    place::{Running, eventually, free_ports, program, signal},
};

/// Four free ports in a row.
fn base() -> u16 {
    free_ports(4)
}

fn demo(base: u16, data: &Path) -> Command {
    let mut command = program();
    command.arg("demo").arg("--port-base").arg(base.to_string()).arg("--data").arg(data);
    command
}

async fn start(base: u16, data: &Path) -> Running {
    let running = Running::start(demo(base, data));
    running.says("ready http").await;
    running
}

/// Moves one of the demo's people from the provider's own front page, with the link from the demo's mailbox.
async fn moves(base: u16) -> Persona {
    let mover = Persona {
        identifier: "00020017".into(),
        old: "oeillets1947".into(),
        email: "oeillets@courrier.example".into(),
        new: "quatre mouettes bleues".into(),
        ..Persona::number(0)
    };
    let issuer = format!("http://localhost:{base}");
    let person = Person::new(&issuer);
    let page = person.get("/").await;
    let door = format!("{}/legacy?agency=tilleuls", page.url.path());
    let page = person.get(&door).await;
    let typed = [("identifier", mover.identifier.as_str()), ("password", &mover.old)];
    let page = person.submit(&page, "legacy", &typed).await;
    let page = person.submit(&page, "notice", &[]).await;
    let page = person.submit(&page, "email", &[("email", &mover.email)]).await;
    person.submit(&page, "password", &[("password", &mover.new)]).await;
    let link = eventually("the mail in the mailbox", async || link(base, &mover.email).await).await;
    let page = person.finish(&link, &mover).await;
    assert!(page.status.is_success(), "{} {}", page.url, page.status);
    mover
}

async fn link(base: u16, email: &str) -> Option<String> {
    let address = format!("http://localhost:{}/mails.json", base + 3);
    let mails: Vec<Value> = reqwest::get(address).await.ok()?.json().await.ok()?;
    let mail = mails.iter().find(|m| m["to"] == email)?;
    mail["text"].as_str()?.split_whitespace().find(|w| w.contains("/confirm?token=")).map(str::to_owned)
}

async fn signs_in(base: u16, mover: &Persona) {
    let person = Person::new(&format!("http://localhost:{base}"));
    let page = person.get("/").await;
    let page = person.submit(&page, "sign-in", &[("email", &mover.email), ("password", &mover.new)]).await;
    assert!(
        !page.asks("sign-in") && page.body.contains("Agence des Tilleuls"),
        "{} {}",
        page.url,
        page.heading()
    );
}

#[tokio::test]
async fn two_demos_stand_beside_each_other_and_end_in_good_order() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first_base = base();
    let first = start(first_base, folders[0].path()).await;
    let second_base = base();
    let second = start(second_base, folders[1].path()).await;
    for base in [first_base, second_base] {
        for port in base..base + 4 {
            let page = Person::new(&format!("http://localhost:{port}")).get("/").await;
            assert!(page.status.is_success(), "{}: {}", page.url, page.status);
        }
    }
    for demo in [&first, &second] {
        signal(demo.id(), "HUP");
        demo.says("SIGHUP ignored").await;
    }
    // Only its user may read the files that it makes (FINDING L5).
    for (name, expected) in [
        ("secrets", 0o700),
        ("secrets/seal.key", 0o600),
        ("secrets/tilleuls.client", 0o600),
        ("moncompte.db", 0o600),
        ("moncompte.db-wal", 0o600),
        ("mails", 0o700),
        ("moncompte.toml", 0o600),
    ] {
        let mode = std::fs::metadata(folders[0].path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{name}: {mode:o}");
    }
    for demo in [first, second] {
        let (status, said) = demo.stop().await;
        assert_eq!(status.code(), Some(0), "{said}");
        assert!(said.contains("The demo has ended"), "{said}");
    }
}

#[tokio::test]
async fn a_demo_keeps_its_accounts_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let base = base();
    let running = start(base, folder.path()).await;
    let mover = moves(base).await;
    signs_in(base, &mover).await;
    let (status, said) = running.stop().await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(!said.contains(&mover.new), "{said}");
    let running = start(base, folder.path()).await;
    signs_in(base, &mover).await;
    // The restart imported its directory again and revived nobody.
    let person = Person::new(&format!("http://localhost:{base}"));
    let page = person.get("/").await;
    let page = person.get(&format!("{}/legacy?agency=tilleuls", page.url.path())).await;
    let typed = [("identifier", mover.identifier.as_str()), ("password", &mover.old)];
    let page = person.submit(&page, "legacy", &typed).await;
    assert!(page.asks("legacy") && page.body.contains("@c"), "{} {}", page.url, page.heading());
    drop(running);
}

#[tokio::test]
async fn a_busy_port_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let base = base();
    for taken in [base, base + 3] {
        let held = std::net::TcpListener::bind(("127.0.0.1", taken)).unwrap();
        let out = demo(base, folder.path()).output().unwrap();
        let told = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(1), "{told}");
        assert!(told.contains("--port-base") && told.contains(&taken.to_string()), "{told}");
        assert!(told.lines().count() <= 4 && !told.contains("panicked"), "{told}");
        drop(held);
    }
    let out = demo(65_534, folder.path()).output().unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("--port-base must leave room"));
}
