use http::{Request, StatusCode};
use testbed::{apply, both};

use crate::endpoints::{
    browser::{Visitor, provider},
    world::{World, basic, form},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// SECURITY #6, #25, #109: the token endpoint answers nonsense with an OAuth error in JSON.
#[apply(both!)]
#[tokio::test]
async fn the_token_endpoint_answers_nonsense_with_an_error(world: World) {
    let mut client = Visitor::new(&provider(&world));
    let code = "grant_type=authorization_code&code=x&redirect_uri=y";
    let huge = format!("{code}&pad={}", "a".repeat(70_000));
    let many = (0..101).map(|i| format!("p{i}=1")).collect::<Vec<_>>().join("&");
    let (good, wrong) = (basic("rp"), basic("rp").replace("czNjcmV0", "d3Jvbmc"));
    for (kind, heads, body, status, error) in [
        (FORM, vec![], code, 401, "invalid_client"),
        (FORM, vec![wrong.as_str()], code, 401, "invalid_client"),
        (FORM, vec!["Basic"], code, 401, "invalid_client"),
        (FORM, vec!["Basic =%%"], code, 401, "invalid_client"),
        (FORM, vec![&good, &good], code, 400, "invalid_request"),
        ("application/json", vec![&good], "{}", 400, "invalid_request"),
        (FORM, vec![&good], "", 400, "invalid_request"),
        (FORM, vec![&good], "grant_type=password&username=a&password=b", 400, "unsupported_grant_type"),
        (FORM, vec![&good], "grant_type=client_credentials", 400, "unsupported_grant_type"),
        (FORM, vec![&good], code, 400, "invalid_grant"),
        (FORM, vec![&good], "grant_type=authorization_code", 400, "invalid_request"),
        (FORM, vec![&good], "grant_type=refresh_token&refresh_token=x", 400, "invalid_grant"),
        (FORM, vec![&good], "grant_type=a&grant_type=b", 400, "invalid_request"),
        (FORM, vec![&good], "grant_type=authorization_code&code=%00", 400, "invalid_request"),
        (FORM, vec![&good], "client_id=other&grant_type=authorization_code&code=x", 401, "invalid_client"),
        (
            FORM,
            vec![&good],
            "client_secret=s3cret&grant_type=authorization_code&code=x",
            401,
            "invalid_client",
        ),
        (FORM, vec![&good], &huge, 400, "invalid_request"),
        (FORM, vec![&good], &many, 400, "invalid_request"),
    ] {
        let mut request = Request::post("/token").header("content-type", kind);
        for head in heads {
            request = request.header("authorization", head);
        }
        let reply = client.send(request.body(body.to_owned()).unwrap()).await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!((reply.status.as_u16(), reply.error().as_str()), (status, error), "{shown}");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.headers.contains_key("www-authenticate"), status == 401, "{shown}");
    }
    // A secret in the address is no secret (RFC 6749 §2.3.1).
    let query = form(&[
        ("client_id", "rp"),
        ("client_secret", "s3cret"),
        ("grant_type", "authorization_code"),
        ("code", "x"),
    ]);
    let reply = client.post(&format!("/token?{query}"), &[], &[]).await;
    assert_eq!(reply.error(), "invalid_client");
    assert_eq!(client.get("/token", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

/// SECURITY #109: whatever arrives, wherever: an answer below 500, and nothing stored.
#[apply(both!)]
#[tokio::test]
async fn no_endpoint_fails_for_what_a_client_sent(world: World) {
    let mut client = Visitor::new(&provider(&world));
    let long = "a".repeat(9000);
    let odd: [&[u8]; 9] = [
        b"",
        b"\xff\xfe=\xff",
        b"%",
        b"%zz=%0",
        b"a=b&a=b",
        b"client_id=%00",
        b"=&=&=",
        b"id_token_hint=a.b.c&csrf=x",
        long.as_bytes(),
    ];
    let before = world.count("interaction", "1 = 1").await;
    for path in ["/authorize", "/token", "/userinfo", "/introspect", "/revoke", "/end-session", "/jwks"] {
        for body in odd {
            for kind in [FORM, "application/json", "multipart/form-data; boundary=x", ""] {
                for auth in ["", "Basic /w==", "Bearer a.b.c", "Negotiate x"] {
                    let request =
                        Request::post(path).header("content-type", kind).header("authorization", auth);
                    let reply = client.send(request.body(body.to_vec()).unwrap()).await;
                    assert!(
                        (200..500).contains(&reply.status.as_u16()),
                        "{path} {kind} {auth} {body:?}: {}",
                        reply.status
                    );
                }
            }
        }
        for query in ["%", "%ff%fe=1", "a=%00", "client_id[]=x&client_id=y"] {
            let reply = client.get(&format!("{path}?{query}"), &[]).await;
            assert!((200..500).contains(&reply.status.as_u16()), "{path}?{query}: {}", reply.status);
        }
    }
    assert_eq!(world.count("interaction", "1 = 1").await, before);
}
