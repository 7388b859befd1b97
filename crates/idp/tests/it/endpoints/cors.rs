use std::sync::Arc;

use http::{Request, StatusCode};
use testbed::{apply, both};
use testkit::Page;

use crate::endpoints::{
    browser::{Visitor, provider},
    world::{World, all, form},
};

const LISTED: &str = "https://spa.example";
const STRANGERS: [&str; 6] = [
    "https://evil.example",
    "null",
    "https://spa.example.evil",
    "https://spa.example:8443",
    "http://spa.example",
    "https://SPA.example",
];

async fn sent(visitor: &mut Visitor, method: &str, path: &str, origin: &str) -> Page {
    let mut request = Request::builder().method(method).uri(path).header("origin", origin);
    if method == "OPTIONS" {
        request = request
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
    }
    visitor.send(request.body(String::new()).unwrap()).await
}

fn allowed(reply: &Page) -> Option<&str> {
    assert!(!reply.headers.contains_key("access-control-allow-credentials"));
    reply.headers.get("access-control-allow-origin").map(|v| v.to_str().unwrap())
}

fn with_origin(world: &World) {
    world.agencies.store(Arc::new(all(|client| client.cors_origins = vec![LISTED.into()])));
}

/// SECURITY #16
#[apply(both!)]
#[tokio::test]
async fn scripts_of_a_listed_origin_and_no_other_read_the_answers(world: World) {
    with_origin(&world);
    let mut browser = Visitor::new(&provider(&world));
    for path in ["/token", "/userinfo", "/revoke", "/introspect"] {
        let reply = sent(&mut browser, "POST", path, LISTED).await;
        assert_eq!(allowed(&reply), Some(LISTED), "{path}");
        assert!(reply.header("vary").to_ascii_lowercase().contains("origin"), "{path}");
        let before = sent(&mut browser, "OPTIONS", path, LISTED).await;
        assert!(before.status.is_success(), "{path}: {}", before.status);
        assert_eq!(allowed(&before), Some(LISTED), "{path}");
        assert!(before.header("access-control-allow-methods").contains("POST"), "{path}");
        for name in ["authorization", "content-type"] {
            assert!(before.header("access-control-allow-headers").contains(name), "{path}");
        }
        for stranger in STRANGERS {
            for method in ["POST", "OPTIONS"] {
                let reply = sent(&mut browser, method, path, stranger).await;
                assert_eq!(allowed(&reply), None, "{method} {path} {stranger}");
            }
        }
    }
    assert_eq!(allowed(&browser.post("/token", &[], &[]).await), None, "no origin, no header");
}

/// SECURITY #16
#[apply(both!)]
#[tokio::test]
async fn no_origin_is_needed_to_read_what_is_public(world: World) {
    let mut browser = Visitor::new(&provider(&world));
    for path in ["/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        for origin in STRANGERS {
            assert_eq!(allowed(&sent(&mut browser, "GET", path, origin).await), Some("*"), "{path}");
        }
    }
}

/// SECURITY #16: where a person is signed in, no script of another site reads anything.
#[apply(both!)]
#[tokio::test]
async fn screens_and_the_authorization_endpoint_answer_no_script(world: World) {
    with_origin(&world);
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let ask = form(&crate::endpoints::browser::asking(&[]));
    for path in [&format!("/authorize?{ask}"), "/authorize", "/", "/sign-out", "/end-session", "/reset"] {
        for method in ["GET", "POST", "OPTIONS"] {
            for origin in [LISTED, "https://evil.example", "null"] {
                let reply = sent(&mut browser, method, path, origin).await;
                assert_eq!(allowed(&reply), None, "{method} {path}");
                assert_ne!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
            }
        }
    }
}
