use http::Method;
use testbed::{apply, both};

use crate::journeys::{portal::Portal, world::World};

const POSTS: [(&str, &[&str]); 12] = [
    ("sign-in", &["email", "password", "keep"]),
    ("switch", &[]),
    ("continue", &[]),
    ("legacy", &["agency", "identifier", "password"]),
    ("notice", &[]),
    ("email", &["email", "sure"]),
    ("password", &["password"]),
    ("resend", &[]),
    ("link", &["password"]),
    ("leave", &[]),
    ("terms", &["version", "language", "sha256", "accept"]),
    ("forgot", &["email"]),
];

/// SECURITY #109: fields that are missing, repeated, huge, with NUL, not UTF-8, in another content type: a page that says so, never a 500.
#[apply(both!)]
#[tokio::test]
async fn whatever_a_form_holds_the_answer_is_below_500(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    let hub = marie.screen.path().to_owned();
    let csrf = marie.screen.field("csrf").unwrap();
    let pages = POSTS.map(|(page, fields)| (format!("{hub}/{page}"), fields));
    let outside: [(String, &[&str]); 3] = [
        ("/confirm".into(), &["email", "password"]),
        ("/reset".into(), &["password"]),
        ("/sign-out".into(), &[]),
    ];
    for step in ["", "Étape 1", "Étape 2"] {
        let before = world.people().await;
        for (address, fields) in pages.iter().chain(&outside) {
            if !step.is_empty()
                && (address.ends_with("leave") || address.ends_with("notice") || address.ends_with("email"))
            {
                continue;
            }
            let form = |value: &str| fields.iter().map(|f| format!("&{f}={value}")).collect::<String>();
            let good = format!("csrf={csrf}");
            for (why, body) in [
                ("missing", good.clone()),
                ("empty", format!("{good}{}", form(""))),
                ("repeated", format!("{good}{}{}", form("a"), form("b"))),
                ("huge", format!("{good}{}", form(&"x".repeat(100_000)))),
                ("NUL", format!("{good}{}", form("a%00b"))),
                ("not UTF-8", format!("{good}{}", form("%ff%fe"))),
                ("control", format!("{good}{}", form("%1b%5b31m%0d%0aSet-Cookie:%20a=b"))),
                ("broken percent", format!("{good}{}", form("%zz%"))),
                ("unknown fields", format!("{good}&a=b&c[]=d&e.f=g{}", form("%F0%9F%98%80"))),
                ("long", format!("{good}{}", form(&"%C3%A9".repeat(3000)))),
                ("markup", format!("{good}{}", form("%22%3E%3Cscript%3Ealert(1)%3C/script%3E"))),
            ] {
                let screen = marie.send(Method::POST, address, Some(body.into_bytes()), &[]).await;
                assert!(screen.status.as_u16() < 500, "{address}: {why}: {}", screen.status);
                assert!(!screen.body.contains("<script>alert"), "{address}: {why}");
                assert!(screen.left_to.is_none());
            }
            let raw: [(&str, Vec<u8>); 4] = [
                ("application/x-www-form-urlencoded", vec![0xff, 0xfe, b'=', 0xff]),
                ("application/json", b"{}".to_vec()),
                ("multipart/form-data; boundary=x", b"--x".to_vec()),
                ("\u{1}".trim_matches('\u{1}'), format!("csrf={csrf}").into_bytes()),
            ];
            for (kind, body) in raw {
                let screen = marie.once(Method::POST, address, Some(body), &[("content-type", kind)]).await;
                assert!((400..500).contains(&screen.status.as_u16()), "{address}: {kind}: {}", screen.status);
            }
        }
        let people = |all: Vec<String>| -> Vec<String> {
            all.into_iter().filter(|l| !l.starts_with("attempt") && !l.starts_with("outbox")).collect()
        };
        assert_eq!(people(world.people().await), people(before));
        if step.is_empty() {
            marie.open(&hub).await;
            marie.old_credentials("100", "Vieux-Secret 1").await;
        } else if step == "Étape 1" {
            marie.open(&hub).await;
            marie.submit("/notice", &[]).await;
        }
    }
}

/// SECURITY "Numbers": addresses are looked at up to 8 KiB; interactions that are none are no error of ours.
#[apply(both!)]
#[tokio::test]
async fn long_and_odd_addresses_get_a_page(world: World) {
    let mut marie = world.visitor();
    marie.open(&format!("/?a={}", "x".repeat(9000))).await.says("Envoi trop volumineux");
    assert_eq!(marie.screen.status.as_u16(), 413);
    for odd in [
        "/authorize/none",
        "/authorize/%00",
        "/authorize/%ff",
        "/authorize/../../etc/passwd",
        "/authorize//",
        "/nowhere",
        "/assets/../main.rs",
        "/assets/none",
        "/look/none.css",
    ] {
        let screen = marie.open(odd).await;
        assert!((400..500).contains(&screen.status.as_u16()), "{odd}: {}", screen.status);
        screen.says("Mon compte immobilier");
    }
    for query in ["a=b&a=b", "token=", "token=%00", "token=%ff", "token=a&token=b", "%"] {
        for page in ["/confirm", "/reset", "/", "/authorize", "/attach"] {
            let screen = marie.open(&format!("{page}?{query}")).await;
            assert!(screen.status.as_u16() < 500, "{page}?{query}: {}", screen.status);
            screen.says("Mon compte immobilier");
        }
    }
}
