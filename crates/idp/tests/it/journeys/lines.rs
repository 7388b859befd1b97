//! Requests as no browser writes them, byte by byte (SECURITY #108).

use testbed::{apply, both};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::journeys::{portal::Portal, world::World};

/// Everything that comes back for these bytes.
pub async fn said(world: &World, bytes: &str) -> String {
    let port = world.issuer().rsplit_once(':').unwrap().1;
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(std::time::Duration::from_secs(20), read).await.expect("it closes").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of each answer.
fn statuses(answer: &str) -> Vec<u16> {
    answer.split("HTTP/1.1 ").skip(1).map(|rest| rest[..3].parse().unwrap()).collect()
}

/// Framing that two readers could read in two ways is refused, or read as RFC 9112 §6.3 says; and nothing after a refusal is read at all.
#[apply(both!)]
#[tokio::test]
async fn what_can_be_read_in_two_ways_is_read_in_none(world: World) {
    let smuggled = "GET /jwks HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let head = "POST /token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    for (what, request) in [
        ("two lengths", format!("{head}content-length: 3\r\ncontent-length: 4\r\n\r\na=b{smuggled}")),
        ("a list of lengths", format!("{head}content-length: 3, 4\r\n\r\na=b{smuggled}")),
        ("a signed length", format!("{head}content-length: +3\r\n\r\na=b{smuggled}")),
        ("a negative length", format!("{head}content-length: -1\r\n\r\na=b{smuggled}")),
        (
            "another coding last",
            format!("{head}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{smuggled}"),
        ),
        ("a folded header", format!("{head}x-folded: a\r\n b\r\ncontent-length: 3\r\n\r\na=b{smuggled}")),
        ("a space before the colon", format!("{head}content-length : 3\r\n\r\na=b{smuggled}")),
        ("no name", format!("{head}: x\r\ncontent-length: 3\r\n\r\na=b{smuggled}")),
        ("NUL in a header", format!("{head}x-y: a\0b\r\ncontent-length: 3\r\n\r\na=b{smuggled}")),
        ("CR in a header", format!("{head}x-y: a\rb\r\ncontent-length: 3\r\n\r\na=b{smuggled}")),
        ("another version", format!("POST /token HTTP/3.7\r\nhost: x\r\n\r\n{smuggled}")),
        ("a space in the address", format!("GET /jwks x HTTP/1.1\r\nhost: x\r\n\r\n{smuggled}")),
        ("no HTTP at all", format!("\u{16}\u{3}\u{1}hello\r\n\r\n{smuggled}")),
    ] {
        let answer = said(&world, &request).await;
        assert_eq!(statuses(&answer), [400], "{}: {what}: {answer}", world.bed.name);
    }
    // A bad chunk ends the connection: what stands behind it is nobody's request.
    let answer = said(&world, &format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n{smuggled}")).await;
    assert!(statuses(&answer).iter().all(|status| (400..500).contains(status)), "{answer}");
    assert!(!answer.contains("\"keys\""), "{answer}");
    // Both: chunks decide, and the length is no second opinion.
    let both = format!(
        "{head}content-length: 400\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n"
    );
    let answer = said(&world, &both).await;
    assert_eq!(statuses(&answer).len(), 1, "{answer}");
    assert!(statuses(&answer)[0] < 500, "{answer}");
}

/// Another host, another way to write a path, another method in a header: none of them reaches a page that its plain form does not.
#[apply(both!)]
#[tokio::test]
async fn no_other_spelling_of_a_request_reaches_more(world: World) {
    let get = |target: &str, more: &str| {
        format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n{more}connection: close\r\n\r\n")
    };
    for target in [
        "//jwks",
        "/jwks/",
        "/./jwks",
        "/x/../jwks",
        "/authorize/..;/jwks",
        "/%2e%2e/jwks",
        "/%2fjwks",
        "/jwks%00",
        "/JWKS",
        "/jwks;a=b",
        "/assets/../jwks",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "//evil.test/%2f..",
    ] {
        let answer = said(&world, &get(target, "")).await;
        let [status] = statuses(&answer)[..] else { panic!("{target}: {answer}") };
        assert!(matches!(status, 400 | 404), "{}: {target}: {answer}", world.bed.name);
        assert!(!answer.contains("\nlocation: "), "{target}: {answer}");
    }
    // A whole address names another host, which has no part in what is answered.
    let answer = said(&world, &get("http://evil.test/", "")).await;
    assert!(!answer.contains("evil.test"), "{answer}");
    for hosts in ["host: evil.test\r\n", "x-forwarded-host: evil.test\r\nx-original-url: /sign-out\r\n"] {
        let answer = said(&world, &get("/", hosts)).await;
        assert!(!answer.contains("evil.test") && statuses(&answer)[0] < 500, "{answer}");
    }
    // A method in a header is no method.
    let mut visitor = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut visitor, &[]).await;
    let page = format!("{}/sign-in", visitor.screen.path());
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let posted = said(&world, &get("/token", &format!("{name}: POST\r\n"))).await;
        assert_eq!(statuses(&posted), [405], "{posted}");
        let deleted = said(&world, &get(&page, &format!("{name}: DELETE\r\n"))).await;
        // A browser without cookies is given one, and sees nothing.
        assert_eq!(statuses(&deleted), [303], "another browser: {deleted}");
        assert!(deleted.contains("?cookies=asked\r\n"), "{deleted}");
    }
    for method in ["TRACE", "CONNECT", "PRI", "get"] {
        let request = format!("{method} /jwks HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = said(&world, &request).await;
        assert!(
            statuses(&answer).iter().all(|status| matches!(status, 400 | 404 | 405)),
            "{method}: {answer}"
        );
        assert!(!answer.contains("\"keys\""), "{method}");
    }
}
