//! Looks at a person: counted once an hour, with what was done, and shown to their person alone (SPEC J14).

use accounts::{Search, StaffLook, Target};
use desk::{Actor, DeskError, VendorRole};
use testbed::{apply, both};
use testkit::Persona;

use crate::stage::{Stage, operator, reason, staff};

fn told(looks: &[StaffLook]) -> Vec<(String, Option<&str>, String)> {
    looks.iter().map(|look| (look.role.clone(), look.agency.as_deref(), look.done.join("+"))).collect()
}

fn row<'a>(role: &str, agency: Option<&'a str>, done: &str) -> (String, Option<&'a str>, String) {
    (role.to_owned(), agency, done.to_owned())
}

/// SPEC J14
#[apply(both!)]
#[tokio::test]
async fn a_look_is_one_row_an_hour_and_says_what_was_done(stage: Stage) {
    let name = stage.bed.name;
    stage.import(&stage.tilleuls, &[Persona::marie()]).await;
    let (desk, lea) = (&stage.desk, staff("tilleuls"));
    let before = desk.only(&lea, &Search::Identifier(&stage.tilleuls, "100")).await.unwrap();
    assert_eq!(stage.count("staff_look", "1 = 1").await, 0, "{name}: a search is no look at anybody");
    // From the beginning of an hour.
    stage.bed.clock.advance(3600 - stage.bed.context.now().rem_euclid(3600));
    for _ in 0..3 {
        desk.show(&lea, before).await.unwrap();
        stage.bed.clock.advance(60);
    }
    desk.issue_code(&lea, before, &reason()).await.unwrap();
    desk.issue_code(&lea, before, &reason()).await.unwrap();
    assert_eq!(stage.count("staff_look", "1 = 1").await, 1, "{name}");
    stage.bed.clock.advance(3600);
    let account = stage.moved(&stage.tilleuls, &Persona::marie()).await.session.account;
    let marie = Target::Account(account);
    desk.show(&lea, marie).await.unwrap();
    desk.end_sessions(&lea, marie, &reason()).await.unwrap();
    stage.bed.clock.advance(1);
    let nadia = Actor::Vendor { name: "nadia".into(), role: VendorRole::Campaign };
    desk.show(&nadia, marie).await.unwrap();
    stage.bed.clock.advance(1);
    // A change without a look before it, as commands make it.
    desk.end_sessions(&operator(), marie, &reason()).await.unwrap();
    let looks = stage.accounts.looks_at(account).await.unwrap();
    let expected = [
        row("operator", None, "end-sessions"),
        row("campaign", None, ""),
        row("desk", Some("tilleuls"), "end-sessions"),
        row("desk", Some("tilleuls"), "code"),
    ];
    assert_eq!(told(&looks), expected, "{name}");
    // The hour is the staff's own: another one looks beside it.
    stage.bed.clock.advance(3600);
    desk.show(&lea, marie).await.unwrap();
    assert_eq!(stage.count("staff_look", "1 = 1").await, 5, "{name}");
    stage.bed.clock.advance(365 * 86_400 + 1);
    stage.accounts.purge().await.unwrap();
    assert_eq!(stage.count("staff_look", "1 = 1").await, 0, "{name}: kept for a year");
}

#[apply(both!)]
#[tokio::test]
async fn who_may_not_look_leaves_no_row_and_who_looks_at_everybody_is_stopped(stage: Stage) {
    let name = stage.bed.name;
    let people: Vec<Persona> = (0..61)
        .map(|n| Persona { identifier: format!("{n:03}"), client_ref: format!("CT-{n}"), ..Persona::marie() })
        .collect();
    stage.import(&stage.tilleuls, &people).await;
    let (desk, lea, other) = (&stage.desk, staff("tilleuls"), staff("rivage"));
    let only = async |n: usize| {
        desk.only(&lea, &Search::Identifier(&stage.tilleuls, &format!("{n:03}"))).await.unwrap()
    };
    let refused = desk.show(&other, only(0).await).await.err().unwrap();
    assert!(matches!(refused, DeskError::NotAllowed(_)), "{name}: {refused}");
    assert_eq!(stage.count("staff_look", "1 = 1").await, 0, "{name}");
    for n in 0..60 {
        assert!(!desk.has_looked_too_often(&lea, only(n).await).await.unwrap(), "{name}: {n}");
        desk.show(&lea, only(n).await).await.unwrap();
    }
    let last = only(60).await;
    assert!(desk.has_looked_too_often(&lea, last).await.unwrap(), "{name}");
    assert!(!desk.has_looked_too_often(&lea, only(3).await).await.unwrap(), "{name}: their page is open");
    assert!(!desk.has_looked_too_often(&other, last).await.unwrap(), "{name}: each has their own count");
    stage.bed.clock.advance(3601);
    assert!(!desk.has_looked_too_often(&lea, last).await.unwrap(), "{name}");
}
