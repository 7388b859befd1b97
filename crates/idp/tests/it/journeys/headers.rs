use http::Method;
use testbed::{apply, both};
use testkit::Page;

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

pub fn guarded(screen: &Page, what: &str) {
    let policy = screen.header("content-security-policy");
    for part in [
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(screen.header(name), value, "{what}");
    }
    // An image, and the same for everybody.
    let picture = what.contains("/help/fr-1-tilleuls.svg");
    let kept = picture
        || what.contains("/assets/moncompte")
        || what.contains("/look/tilleuls")
        || what.contains("/jwks")
        || what.contains(".well-known");
    assert!(
        kept || screen.header("cache-control").contains("no-store"),
        "{what}: {}",
        screen.header("cache-control")
    );
    // No script and no style in the page itself: the policy would refuse them.
    assert!(
        picture
            || (!screen.body.contains("<style")
                && !screen.body.contains(" style=")
                && !screen.body.contains(" onclick=")),
        "{what}"
    );
}

/// SECURITY #105, #106: every answer, of every route, method and status, carries the headers that guard it.
#[apply(both!)]
#[tokio::test]
async fn every_answer_is_guarded_by_its_headers(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    let hub = marie.screen.path().to_owned();
    let mut routes: Vec<String> = [
        "/",
        "/attach",
        "/legacy",
        "/forgot",
        "/help",
        "/sign-out",
        "/confirm",
        "/confirm?token=x",
        "/reset",
        "/reset?token=x",
        "/authorize",
        "/authorize?client_id=x",
        "/end-session",
        "/userinfo",
        "/token",
        "/introspect",
        "/revoke",
        "/jwks",
        "/.well-known/openid-configuration",
        "/nowhere",
        "/look/tilleuls.css",
        "/look/none.css",
        "/assets/moncompte.css",
        "/assets/none",
        "/robots.txt",
        "/authorize/00000000-0000-0000-0000-000000000000",
    ]
    .map(str::to_owned)
    .to_vec();
    for page in [
        "",
        "/status",
        "/sign-in",
        "/switch",
        "/continue",
        "/legacy",
        "/notice",
        "/email",
        "/password",
        "/resend",
        "/code",
        "/link",
        "/leave",
        "/terms",
        "/refuse",
        "/connected",
        "/forgot",
        "/help",
    ] {
        routes.push(format!("{hub}{page}"));
    }
    for route in &routes {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS]
        {
            let body = (method == Method::POST).then(|| b"a=b".to_vec());
            let screen = marie.once(method.clone(), route, body, &[]).await;
            guarded(&screen, &format!("{method} {route}"));
            assert!(screen.status.as_u16() < 500, "{method} {route}: {}", screen.status);
            assert!(screen.headers.get("server").is_none() && screen.headers.get("x-powered-by").is_none());
        }
    }
    // The pages of a move as well, and a page with words that somebody typed.
    marie.open(&hub).await;
    marie.old_credentials("100", "Vieux-Secret 1").await;
    for step in ["", "/notice", "/email", "/password"] {
        if !step.is_empty() {
            let typed: &[(&str, &str)] = match step {
                "/email" => &[("email", "\"><img src=x>@exemple")],
                "/password" => &[("password", PASSWORD)],
                _ => &[],
            };
            if step == "/password" {
                marie.submit("/email", &[("email", "m@exemple.test")]).await;
            }
            marie.submit(step, typed).await;
        }
        guarded(&marie.screen, step);
        assert!(!marie.screen.body.contains("\"><img"), "{step}");
    }
}
