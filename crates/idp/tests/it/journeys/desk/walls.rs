//! Walls between agencies: each page and each form, asked by each of those who might: the status, and the tables that changed (SPEC J14, docs/adr/0022).

use std::collections::BTreeSet;

use agencies::{Staff, StaffRole};
use http::Method;
use testbed::{apply, both};
use testkit::{Visitor, encoded};

use super::{
    CAROLE, HUGO, LEA, LEA_OF_RIVAGE, MARIE, NADIA, fails, find, opening::serve, signed_in, staffed,
};
use crate::journeys::{portal::Portal, world::World};

/// Those who ask, in the order of the table: desk and manager of the agency, desk of another, support, campaign, a person without a role, nobody.
const ASKERS: [Option<&str>; 7] =
    [Some(LEA), Some(HUGO), Some(LEA_OF_RIVAGE), Some(NADIA), Some(CAROLE), Some(MARIE), None];

/// In the file of the first agency, without an account. Whoever asks second does so within the minute.
const NEW: &str = "nina@tilleuls.test";

/// The requests, and each answer. `M` is Marie, who has moved and has typed wrong passwords; `J` is Jeanne, who has not moved. A look writes a row once an hour, so
/// each asker's first look is the one that does; every form that is taken notes itself and what was done.
const TABLE: &str = "
GET  /desk                    | 303 | 303 | 303 | 200 | 200 | 404 | 404
GET  /desk/tilleuls           | 200 | 200 | 404 | 200 | 200 | 404 | 404
GET  /desk/_all               | 404 | 404 | 404 | 200 | 404 | 404 | 404
POST /desk/tilleuls/search    | 303 | 303 | 404 | 303 | 303 | 404 | 404
POST /desk/_all/search        | 404 | 404 | 404 | 303 | 404 | 404 | 404
POST /desk/tilleuls/invite    | 404 | 303 evidence+evidence_head+outbox+staff_invitation | 404 | 303 | 404 | 404 | 404
POST /desk/_all/invite        | 404 | 404 | 404 | 404 | 404 | 404 | 404
GET  /desk/tilleuls/person/M  | 200 staff_look | 200 staff_look | 404 | 200 staff_look | 200 staff_look | 404 | 404
GET  /desk/rivage/person/M    | 404 | 404 | 404 | 200 | 200 | 404 | 404
GET  /desk/_all/person/M      | 404 | 404 | 404 | 200 | 404 | 404 | 404
GET  /desk/tilleuls/person/J  | 200 staff_look | 200 staff_look | 404 | 200 staff_look | 200 staff_look | 404 | 404
POST /desk/tilleuls/person/J/code | 303 activation_code+evidence+evidence_head+staff_look+used_form | 303 activation_code+evidence+evidence_head+staff_look+used_form | 404 | 303 activation_code+evidence+evidence_head+staff_look+used_form | 404 | 404 | 404
POST /desk/rivage/person/J/code | 404 | 404 | 404 | 303 activation_code+evidence+evidence_head+used_form | 404 | 404 | 404
POST /desk/tilleuls/person/M/unlock | 303 attempt+evidence+evidence_head+outbox+staff_look+used_form | 303 attempt+evidence+evidence_head+outbox+staff_look+used_form | 404 | 303 attempt+evidence+evidence_head+outbox+staff_look+used_form | 404 | 404 | 404
POST /desk/tilleuls/person/M/end-sessions | 303 account+device+evidence+evidence_head+outbox+session+staff_look+used_form | 303 account+device+evidence+evidence_head+outbox+session+staff_look+used_form | 404 | 303 account+device+evidence+evidence_head+outbox+session+staff_look+used_form | 404 | 404 | 404
POST /desk/tilleuls/person/M/end-link | 303 | 303 | 404 | 303 | 404 | 404 | 404
POST /desk/tilleuls/person/M/move-link | 404 | 404 | 404 | 303 | 404 | 404 | 404
POST /desk/tilleuls/person/M/close | 404 | 404 | 404 | 303 account+evidence+evidence_head+outbox+staff_look+used_form | 404 | 404 | 404
POST /desk/tilleuls/person/M/reopen | 404 | 404 | 404 | 303 account+evidence+evidence_head+outbox+staff_look+used_form | 404 | 404 | 404
POST /desk/tilleuls/person/M/resend | 303 | 303 | 404 | 303 | 404 | 404 | 404
POST /desk/tilleuls/person/M/show | 404 | 404 | 404 | 404 | 404 | 404 | 404
";

/// Returns the id of the person whose page is on the screen.
fn opened(browser: &Visitor) -> String {
    browser.screen.path().rsplit('/').next().unwrap().to_owned()
}

/// Asks once; returns the status and the tables that changed.
async fn ask(world: &World, browser: &Visitor, csrf: &str, method: &str, to: &str) -> String {
    let before = world.rows().await;
    let form = world.bed.context.id::<uuid::Uuid>().to_string();
    let fields = [
        ("csrf", csrf),
        ("form", &form),
        ("reason", "au téléphone"),
        ("because", "wish"),
        ("by", "name"),
        ("typed", "durand"),
        ("email", NEW),
    ];
    let body = (method == "POST").then(|| encoded(&fields).into_bytes());
    let own = [("sec-fetch-site", "same-origin")];
    let own = if body.is_some() { &own[..] } else { &[] };
    let answer = browser.once(method.parse::<Method>().unwrap(), to, body, own).await;
    let after = world.rows().await;
    let tables: BTreeSet<&str> =
        before.symmetric_difference(&after).filter_map(|row| row.split(' ').next()).collect();
    let tables: Vec<&str> = tables.into_iter().collect();
    format!("{} {}", answer.status.as_u16(), tables.join("+")).trim_end().to_owned()
}

/// SPEC J14
#[apply(both!)]
#[tokio::test]
async fn each_page_and_form_answers_each_who_asks_as_the_table_says(world: World) {
    staffed(&world).await;
    let nina = Staff { email: NEW.into(), name: "Nina".into(), role: StaffRole::Desk };
    serve(&world, |agency| {
        if agency.id == "tilleuls" {
            agency.staff.push(nina.clone());
        }
    });
    let mut finder = signed_in(&world, NADIA).await;
    find(&mut finder, "/desk/tilleuls", "identifier", "100").await;
    let marie = opened(&finder);
    find(&mut finder, "/desk/tilleuls", "identifier", "102").await;
    let jeanne = opened(&finder);
    world.bed.clock.advance(3600);
    let mut browsers = Vec::new();
    for who in ASKERS {
        let mut browser = match who {
            Some(email) => signed_in(&world, email).await,
            None => world.visitor(),
        };
        browser.open(if who.is_some() { "/account/name" } else { "/" }).await;
        let csrf = browser.screen.field("csrf").unwrap();
        browsers.push((browser, csrf));
    }
    let mut wrong = Vec::new();
    for line in TABLE.trim().lines() {
        let mut cells = line.split('|').map(str::trim);
        let (method, route) = cells.next().unwrap().split_once(' ').unwrap();
        let to = route.trim().replace("/M", &format!("/{marie}")).replace("/J", &format!("/{jeanne}"));
        for ((browser, csrf), (who, expected)) in browsers.iter().zip(ASKERS.into_iter().zip(cells)) {
            // Something to unlock, and to end; nobody's own session is Marie's but hers.
            if to.ends_with("/unlock") && expected.starts_with("303") {
                fails(&world, MARIE, 2).await;
            }
            if to.ends_with("/end-sessions") && expected.starts_with("303") {
                signed_in(&world, MARIE).await;
                world.mails().await;
            }
            let answer = ask(&world, browser, csrf, method, &to).await;
            if answer != expected {
                wrong.push(format!("{method} {route} by {who:?}: {answer}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", world.bed.name, wrong.join("\n"));
}

/// SPEC J14: Marie is a client of both, under another reference and name. Neither agency's pages show a fact of the other.
#[apply(both!)]
#[tokio::test]
async fn a_person_whom_two_agencies_know_is_to_each_as_if_there_were_no_other(world: World) {
    staffed(&world).await;
    let there = "identifier,client_ref,password,email,name\n777,RV-7,Vieux-Secret 678,,Madame Rivière\n";
    world.import("rivage", there, 1).await;
    let mut lea = signed_in(&world, LEA_OF_RIVAGE).await;
    find(&mut lea, "/desk/rivage", "identifier", "777").await;
    let unknown = lea.screen.clone();
    unknown.says("Madame Rivière").says("L'accès n'a pas encore changé").says_not("Compte");
    // Wrong passwords of her account elsewhere, and its lock, are nothing to this agency.
    fails(&world, MARIE, 5).await;
    let path = unknown.path().to_owned();
    let ids = |body: &str| {
        let form = body.split("name=\"form\" value=\"").nth(1).unwrap()[..36].to_owned();
        body.replace(&form, "FORM")
    };
    assert_eq!(ids(&lea.open(&path).await.body), ids(&unknown.body), "{}", world.bed.name);
    world.write("DELETE FROM attempt").await;
    // She attaches this agency too: each sees its own side.
    let mut marie = signed_in(&world, MARIE).await;
    Portal::new(&world, "rivage").send(&mut marie, &[]).await;
    marie.old_credentials_attached("777", "Vieux-Secret 678", MARIE).await;
    assert_eq!(world.count("link", "agency_id = 'rivage' AND client_ref = 'RV-7'").await, 1);
    world.mails().await;
    lea.open(&path).await.says("RV-7").says("Donnée ailleurs qu'ici").says_not("CT-1").says_not("m•••••");
    lea.screen.says_not("Tilleuls").says_not("Marie Durand");
    let mut other = signed_in(&world, LEA).await;
    find(&mut other, "/desk/tilleuls", "identifier", "100").await;
    other
        .screen
        .says("CT-1")
        .says("m•••••@e•••.test")
        .says_not("RV-7")
        .says_not("Rivage")
        .says_not("Rivière");
    // The identity of one names nobody at the other.
    let (here, elsewhere) = (opened(&other), path.rsplit('/').next().unwrap().to_owned());
    assert_eq!(lea.open(&format!("/desk/rivage/person/{here}")).await.status, 404);
    assert_eq!(other.open(&format!("/desk/tilleuls/person/{elsewhere}")).await.status, 404);
    // An account's id is nobody's address at an agency.
    let db = world.bed.context.db.reader();
    let account: uuid::Uuid = {
        use kernel::sea_orm::{ConnectionTrait, Statement};
        let sql = format!("SELECT id FROM account WHERE email = '{MARIE}'");
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        row.unwrap().try_get("", "id").unwrap()
    };
    assert_eq!(lea.open(&format!("/desk/rivage/person/{account}")).await.status, 404);
}

/// SECURITY #42, #43: each form of the desk, in the browser of staff, without its token, with another browser's, from another site, in another encoding.
#[apply(both!)]
#[tokio::test]
async fn a_form_of_the_desk_that_is_not_this_browsers_does_nothing(world: World) {
    staffed(&world).await;
    let mut lea = signed_in(&world, LEA).await;
    find(&mut lea, "/desk/tilleuls", "identifier", "102").await;
    let (own, person) = (lea.screen.field("csrf").unwrap(), lea.screen.path().to_owned());
    let mut hugo = signed_in(&world, HUGO).await;
    hugo.open("/desk/tilleuls").await;
    let theirs = hugo.screen.field("csrf").unwrap();
    let form = world.bed.context.id::<uuid::Uuid>().to_string();
    let with = |csrf: &str| {
        encoded(&[("csrf", csrf), ("form", &form), ("reason", "x"), ("by", "name"), ("typed", "durand")])
    };
    let rows = world.rows().await;
    for to in ["/desk/tilleuls/search".to_owned(), format!("{person}/code")] {
        for (why, body, headers, status) in [
            ("no token", format!("form={form}&reason=x&by=name&typed=durand"), &[][..], 403),
            ("an empty one", with(""), &[], 403),
            ("another browser's", with(&theirs), &[("sec-fetch-site", "same-origin")], 403),
            ("another site", with(&own), &[("sec-fetch-site", "cross-site")], 403),
            ("another origin", with(&own), &[("origin", "https://evil.test")], 403),
            ("no form", with(&own), &[("content-type", "text/plain")], 400),
        ] {
            let answer = lea.once(Method::POST, &to, Some(body.into_bytes()), headers).await;
            assert_eq!(answer.status.as_u16(), status, "{to}: {why}");
        }
    }
    assert_eq!(world.rows().await, rows, "{}", world.bed.name);
    let own_site = [("sec-fetch-site", "same-origin")];
    let code = format!("{person}/code");
    let answer = lea.once(Method::POST, &code, Some(with(&own).into_bytes()), &own_site).await;
    assert_eq!(answer.status.as_u16(), 303, "the same, as it should be");
}
