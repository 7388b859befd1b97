//! The answer of each entry to each kind of address: the same (SECURITY #59), and the counts there (SECURITY #55).

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc};

use http::{Method, header};
use idp::{ForwardedHeader, Idp, Proxies, Throttle};
use kernel::sea_orm::ConnectionTrait;
use testbed::{apply, both};
use testkit::{Page, Visitor, encoded};

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

/// An answer without what differs from one request to the next.
fn face(screen: &Page, typed: &str, hub: &str) -> String {
    // A cookie of the interaction has its id in its name.
    let id = hub.rsplit('/').next().unwrap().replace('-', "");
    let mut headers: Vec<String> = screen
        .headers
        .iter()
        .filter(|(name, _)| *name != header::DATE)
        .map(|(name, value)| match (name, value.to_str().unwrap()) {
            (&header::SET_COOKIE, cookie) => {
                let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
                let (cookie, value) = pair.split_once('=').unwrap();
                format!("cookie {cookie} of {} bytes;{attributes}", value.len())
            }
            (name, value) => format!("{name}: {value}"),
        })
        .map(|line| line.replace(hub, "HUB").replace(&id, "ID"))
        .collect();
    headers.sort();
    let csrf = screen.field("csrf").unwrap_or_default();
    // An identifier is a number that may stand for something else elsewhere on the page.
    let typed = if typed.contains('@') { typed.to_owned() } else { format!("\"{typed}\"") };
    let body = screen.body.replace(&typed, "TYPED").replace(hub, "HUB");
    let body = if csrf.is_empty() { body } else { body.replace(&csrf, "CSRF") };
    format!("{}\n{}\n{} bytes\n{body}", screen.status, headers.join("\n"), screen.body.len())
}

/// Six tries at a door, with every answer on the way.
async fn tries(world: &World, page: &str, name: &str, typed: &str) -> Vec<String> {
    let mut visitor = world.visitor();
    Portal::new(world, "tilleuls").send(&mut visitor, &[]).await;
    let (hub, csrf) = (visitor.screen.path().to_owned(), visitor.screen.field("csrf").unwrap());
    let fields = [(name, typed), ("password", "une devinette fausse"), ("csrf", &csrf)];
    let mut saw = Vec::new();
    for _ in 0..6 {
        let (to, body) = (format!("{hub}/{page}"), encoded(&fields).into_bytes());
        let mut screen =
            visitor.once(Method::POST, &to, Some(body), &[("sec-fetch-site", "same-origin")]).await;
        loop {
            saw.push(face(&screen, typed, &hub));
            let Some(to) = screen.headers.get(header::LOCATION) else { break };
            let to = to.to_str().unwrap().to_owned();
            screen = visitor.once(Method::GET, &to, None, &[]).await;
        }
    }
    saw
}

/// SECURITY #59: status, headers, cookies, bodies and the number of answers are the same for whoever is asked about, at each door, up to the lock.
#[apply(both!)]
#[tokio::test]
async fn no_answer_at_any_door_tells_whether_there_is_an_account(world: World) {
    world.moved("tilleuls", "100", "marie@exemple.test").await;
    world.moved("rivage", "100", "lucie@exemple.test").await;
    let mut paula = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut paula, &[]).await;
    paula.old_credentials("101", "Vieux-Secret 2").await;
    paula.up_to_mail("paula@exemple.test", PASSWORD).await;
    let disable = "UPDATE account SET disabled_at = 1 WHERE email = 'lucie@exemple.test'";
    world.bed.context.db.writer().execute_unprepared(disable).await.unwrap();
    let emails = [
        ("no account", "irene@exemple.test"),
        ("an account", "marie@exemple.test"),
        ("disabled", "lucie@exemple.test"),
        ("a move under way", "paula@exemple.test"),
    ];
    let identifiers = [("nobody's", "999"), ("moved", "100"), ("in a move", "101"), ("not moved", "102")];
    for (page, name, classes) in
        [("forgot", "email", emails), ("sign-in", "email", emails), ("legacy", "identifier", identifiers)]
    {
        let nobody = tries(&world, page, name, classes[0].1).await;
        assert_eq!(nobody.len(), 12, "an answer and a page for each try");
        for (what, typed) in &classes[1..] {
            let saw = tries(&world, page, name, typed).await;
            for (nth, (one, other)) in nobody.iter().zip(&saw).enumerate() {
                assert_eq!(one, other, "{}: {page}, answer {nth}: {what}", world.bed.name);
            }
            assert_eq!(nobody.len(), saw.len(), "{page}: {what}");
        }
    }
}

/// The same provider at another port, behind these proxies.
pub async fn behind(
    world: &World,
    proxies: &[&str],
    per_minute: u32,
) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let idp = Idp {
        trusted_proxies: Proxies::new(
            proxies.iter().map(|net| net.parse().unwrap()).collect(),
            ForwardedHeader::default(),
        ),
        throttle: Arc::new(Throttle::new(NonZeroU32::new(per_minute).unwrap())),
        ..world.idp.clone()
    };
    let service = idp::router(idp).into_make_service_with_connect_info::<SocketAddr>();
    (address, tokio::spawn(async move { axum::serve(listener, service).await.unwrap() }))
}

/// Somebody at the sign-in page, who tries with these headers.
pub struct Knocker {
    pub visitor: Visitor,
    nth: usize,
}

impl Knocker {
    pub async fn at(world: &World, address: &str) -> Self {
        let mut visitor = world.visitor_at(address);
        Portal::new(world, "tilleuls").send(&mut visitor, &[]).await;
        Self { visitor, nth: 0 }
    }

    /// True if a password was checked.
    pub async fn knocks(&mut self, headers: &[(&'static str, &str)]) -> bool {
        self.nth += 1;
        let (to, csrf) =
            (format!("{}/sign-in", self.visitor.screen.path()), self.visitor.screen.field("csrf").unwrap());
        let email = format!("p{}@exemple.test", self.nth);
        let fields = [("email", &*email), ("password", "une devinette fausse"), ("csrf", &csrf)];
        let body = encoded(&fields).into_bytes();
        let headers = [&[("sec-fetch-site", "same-origin")], headers].concat();
        self.visitor.send(Method::POST, &to, Some(body), &headers).await;
        self.visitor.screen.text().contains("4 essais")
    }
}

/// SECURITY #55, B5: whatever a header says, a stranger is counted as the address from which they come.
#[apply(both!)]
#[tokio::test]
async fn no_header_of_a_stranger_gives_them_more_tries(world: World) {
    let (address, server) = behind(&world, &[], 3).await;
    let mut knocker = Knocker::at(&world, &address).await;
    let long = "1.2.3.4, ".repeat(1100);
    let mut looked_at = 0;
    for n in 0..12 {
        let ip = format!("203.0.113.{n}");
        let quoted = format!("for=\"[2001:db8:{n}::1]\"");
        let headers = [
            ("x-forwarded-for", if n == 5 { &*long } else { &*ip }),
            ("forwarded", &*quoted),
            ("x-real-ip", &*ip),
            ("true-client-ip", &*ip),
            ("cf-connecting-ip", &*ip),
            ("x-client-ip", if n == 7 { "garbage" } else { &*ip }),
        ];
        looked_at += usize::from(knocker.knocks(&headers).await);
    }
    assert_eq!(looked_at, 3, "{}", world.bed.name);
    assert_eq!(world.count("attempt", "1 = 1").await, 3);
    server.abort();
}

/// SECURITY #55: behind a proxy, the rightmost address that is no proxy's; IPv6 by the /64.
#[apply(both!)]
#[tokio::test]
async fn behind_a_proxy_the_nearest_stranger_is_counted(world: World) {
    let (address, server) = behind(&world, &["127.0.0.0/8", "10.0.0.0/8"], 3).await;
    let mut knocker = Knocker::at(&world, &address).await;
    let long = format!("{}203.0.113.3", "6.6.6.6, ".repeat(1100));
    let real = ["6.6.6.1, 203.0.113.3", "6.6.6.2,203.0.113.3, 10.0.0.9", "nonsense, 203.0.113.3", &long];
    let neighbours = ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1", "2001:db8:0:0:1::"];
    for (who, values) in [("one address", real), ("one network", neighbours)] {
        let mut looked_at = Vec::new();
        for value in values {
            looked_at.push(knocker.knocks(&[("x-forwarded-for", value)]).await);
        }
        assert_eq!(looked_at, [true, true, true, false], "{}: {who}", world.bed.name);
    }
    // Others go on.
    for other in ["203.0.113.4", "2001:db8:0:1::1"] {
        assert!(knocker.knocks(&[("x-forwarded-for", other)]).await, "{other}");
    }
    server.abort();
}
