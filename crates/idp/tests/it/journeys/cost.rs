//! The exact number of statements and of commits, each of which waits for the disk, that each request needs. It is the same on both
//! databases, so that one more is seen without a clock.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, header};
use kernel::QueryCount;
use serde_json::Value;
use testbed::{apply, both};
use testkit::{Page, Visitor, encoded};

use crate::journeys::{
    portal::{Portal, VERIFIER},
    world::{PASSWORD, SECRET, World},
};

/// Request, statements, commits.
const COSTS: &[(&str, u64, u64)] = &[
    ("discovery", 0, 0),
    ("the keys", 0, 0),
    ("a stylesheet", 0, 0),
    // Its browser carries it.
    ("the portal's request", 0, 0),
    ("the page that asks", 1, 0),
    // The attempt is reserved before anything is hashed (SECURITY I5); all else is one commit, with the code for the portal and the mail about a new browser.
    ("a right password", 11, 2),
    ("a code", 4, 1),
    ("userinfo", 2, 0),
    ("introspection", 2, 0),
    ("a refresh token", 4, 1),
    ("revocation", 2, 1),
    ("the portal's request, signed in", 6, 1),
    ("a wrong password", 2, 1),
    // Three tell the evidence that a failure was cleared (SECURITY I6). The browser is known by now, so no mail is sent.
    ("a right password after it", 13, 2),
];

/// A full sign-in at a portal.
const FULL: [&str; 4] = ["the portal's request", "the page that asks", "a right password", "a code"];

/// The most that it may cost.
const MOST: (u64, u64) = (16, 3);

#[test]
fn a_full_sign_in_costs_so_much_at_most() {
    let of = COSTS.iter().filter(|(what, ..)| FULL.contains(what));
    let sum = of.fold((0, 0), |sum, (_, statements, commits)| (sum.0 + statements, sum.1 + commits));
    assert!(sum.0 <= MOST.0 && sum.1 <= MOST.1, "{sum:?}");
}

/// The tables of docs/performance.md hold the numbers that are counted here.
#[test]
fn the_table_of_the_manual_is_this_one() {
    let manual = include_str!("../../../../../docs/performance.md");
    let rows: String = COSTS
        .iter()
        .map(|(what, statements, commits)| format!("| {what} | {statements} | {commits} |\n"))
        .collect();
    let table = format!("| request | statements | commits |\n|---|---:|---:|\n{rows}\n");
    assert!(manual.contains(&table), "docs/performance.md should have\n{table}");
}

struct Meter<'a> {
    world: &'a World,
    read: Vec<(&'static str, u64, u64)>,
}

impl Meter<'_> {
    async fn of<T>(&mut self, what: &'static str, asked: impl Future<Output = T>) -> T {
        let before = self.world.bed.context.db.query_count();
        let answer = asked.await;
        let QueryCount { statements, commits } = self.world.bed.context.db.query_count();
        self.read.push((what, statements - before.statements, commits - before.commits));
        answer
    }
}

/// A form of the screen, filled in and sent, and no further.
fn submit(visitor: &mut Visitor, action: &str, typed: &[(&str, &str)]) -> impl Future<Output = Page> {
    let (to, fields) = visitor.filled(&visitor.screen, action, typed);
    let body = encoded(&fields).into_bytes();
    async move { visitor.once(Method::POST, to.as_str(), Some(body), &[("sec-fetch-site", "same-origin")]).await }
}

async fn called(visitor: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Value {
    let basic = format!("Basic {}", STANDARD.encode(format!("tilleuls:{}", SECRET.replace(' ', "+"))));
    let body = encoded(fields).into_bytes();
    let screen = visitor.once(Method::POST, path, Some(body), &[("authorization", &basic)]).await;
    assert!(screen.status.is_success(), "{path}: {} {}", screen.status, screen.body);
    serde_json::from_str(&screen.body).unwrap_or_default()
}

#[apply(both!)]
#[tokio::test]
async fn each_request_asks_so_much_of_the_database_and_no_more(world: World) {
    world.moved("tilleuls", "100", "marie@exemple.test").await;
    let portal = Portal::new(&world, "tilleuls");
    let mut visitor = world.visitor();
    let mut meter = Meter { world: &world, read: Vec::new() };
    let asked = portal.address(&[]).replace("openid+profile", "openid+offline_access+profile");
    let wrong = [("email", "marie@exemple.test"), ("password", "faux")];
    let right = [("email", "marie@exemple.test"), ("password", PASSWORD)];

    let files = [
        ("discovery", "/.well-known/openid-configuration"),
        ("the keys", "/jwks"),
        ("a stylesheet", "/look/tilleuls.css"),
    ];
    for (what, path) in files {
        let answer = meter.of(what, visitor.once(Method::GET, path, None, &[])).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.status);
    }
    let to = meter.of("the portal's request", visitor.once(Method::GET, &asked, None, &[])).await;
    let hub = to.header(header::LOCATION.as_str()).to_owned();
    visitor.screen = meter.of("the page that asks", visitor.once(Method::GET, &hub, None, &[])).await;
    let back = meter.of("a right password", submit(&mut visitor, "/sign-in", &right)).await;
    let code = code(&back);
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "https://tilleuls.test/callback"),
        ("code_verifier", VERIFIER),
    ];
    let tokens = meter.of("a code", called(&mut visitor, "/token", &redeem)).await;
    let (access, refresh) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let bearer = format!("Bearer {access}");
    meter.of("userinfo", visitor.once(Method::GET, "/userinfo", None, &[("authorization", &bearer)])).await;
    meter.of("introspection", called(&mut visitor, "/introspect", &[("token", access)])).await;
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let tokens = meter.of("a refresh token", called(&mut visitor, "/token", &again)).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    meter.of("revocation", called(&mut visitor, "/revoke", &[("token", refresh)])).await;

    // It is answered at once.
    let back =
        meter.of("the portal's request, signed in", visitor.once(Method::GET, &asked, None, &[])).await;
    assert!(back.header(header::LOCATION.as_str()).contains("code="));

    // The browser is closed and opened again.
    visitor.drop_cookie("mc_session");
    visitor.open(&asked).await;
    meter.of("a wrong password", submit(&mut visitor, "/sign-in", &wrong)).await;
    let hub = visitor.screen.path().to_owned();
    visitor.open(&hub).await;
    meter.of("a right password after it", submit(&mut visitor, "/sign-in", &right)).await.goes_on().unwrap();

    assert_eq!(meter.read, COSTS, "{}", world.bed.name);
}

fn code(back: &Page) -> String {
    let to = url::Url::parse(&back.goes_on().expect("a page that goes on")).unwrap();
    to.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}
