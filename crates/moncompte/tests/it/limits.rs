//! Size and shape (SECURITY #109), over bare TCP: the provider refuses what is too long, too many or no text at once, before it hashes a password or writes
//! a row. `idp`'s tests ask every form and endpoint the same below HTTP.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use kernel::sea_orm::{ConnectionTrait, Statement};
use testbed::{Bed, apply, both};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    person::{Person, Persona},
    place::{CALLBACK, MAIL_FOLDER, Place, Running, eventually},
};

/// The time within which a refusal comes, in the best of three tries, because other work keeps this machine busy.
const AT_ONCE: Duration = Duration::from_millis(50);
const KIB: usize = 1024;

struct Site {
    _running: Running,
    place: Place,
    /// The sign-in form of a browser: its path, its headers, its fields.
    path: String,
    cookies: String,
    fields: String,
}

impl Site {
    async fn new(bed: Bed) -> Self {
        let place = Place::new(bed, MAIL_FOLDER);
        let mover = Persona::number(1);
        place.people([mover.row()]);
        let running = place.serve().await;
        Person::new(&place.issuer()).moves(&mover, &place).await;
        // What is left of the old hash is wrapped in a moment, which is a hash too.
        eventually("the old hash is wrapped", async || {
            let db = place.bed.context.db.reader();
            let sealed = "SELECT count(*) AS n FROM legacy_identity WHERE 'sealed' IN (verifier_kind, recogniser_kind)";
            let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sealed)).await;
            (row.unwrap().unwrap().try_get::<i64>("", "n").unwrap() == 0).then_some(())
        })
        .await;
        let mut site = Self {
            _running: running,
            place,
            path: String::new(),
            cookies: String::new(),
            fields: String::new(),
        };
        let asked = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", "exemple"), ("redirect_uri", CALLBACK), ("response_type", "code")])
            .extend_pairs([("scope", "openid"), ("code_challenge_method", "S256")])
            .append_pair("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
            .finish();
        let (first, _) = site.shoot(&site.get(&format!("/authorize?{asked}"), "")).await;
        let lines = |name: &str| {
            first.lines().filter_map(|l| l.strip_prefix(name)).map(str::to_owned).collect::<Vec<_>>()
        };
        let hub = lines("location: ").remove(0);
        let cookies: Vec<_> =
            lines("set-cookie: ").iter().map(|c| c.split(';').next().unwrap().to_owned()).collect();
        site.cookies = format!("cookie: {}\r\n", cookies.join("; "));
        let (page, _) = site.shoot(&site.get(&hub, &site.cookies)).await;
        let csrf = page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        site.path = format!("{hub}/sign-in");
        site.fields = format!("csrf={csrf}&email=personne.1%40courrier.example&password=faux");
        site
    }

    fn get(&self, path: &str, headers: &str) -> Vec<u8> {
        format!(
            "GET {path} HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\n{headers}\r\n",
            self.place.port
        )
        .into_bytes()
    }

    /// The request of that form, with these headers of length and this body.
    fn form(&self, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
        let (path, cookies, issuer) = (&self.path, &self.cookies, self.place.issuer());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\norigin: {issuer}\r\nconnection: close\r\n{cookies}\
             content-type: application/x-www-form-urlencoded\r\n{headers}\r\n"
        );
        [head.as_bytes(), body.as_ref()].concat()
    }

    fn sized(&self, body: impl AsRef<[u8]>) -> Vec<u8> {
        self.form(&format!("content-length: {}\r\n", body.as_ref().len()), body)
    }

    /// Sends a request on a connection of its own; returns the answer, and the time from the start until its first bytes.
    async fn shoot(&self, request: &[u8]) -> (String, Duration) {
        let stream = TcpStream::connect(("127.0.0.1", self.place.port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut ears, mut mouth) = stream.into_split();
        let began = Instant::now();
        // The provider may refuse it before its end.
        let _ = mouth.write_all(request).await;
        let mut answer = vec![0; 1024];
        let first = ears.read(&mut answer).await.unwrap_or_default();
        let after = began.elapsed();
        answer.truncate(first);
        let _ = ears.read_to_end(&mut answer).await;
        (String::from_utf8_lossy(&answer).into_owned(), after)
    }

    /// The number of rows of each table, and the line of the metrics with the number of hashes.
    async fn state(&self) -> (BTreeMap<String, i64>, String) {
        let db = self.place.bed.context.db.reader();
        let backend = db.get_database_backend();
        let names = if self.place.bed.name == "sqlite" {
            "SELECT name AS name FROM sqlite_master WHERE type = 'table'"
        } else {
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()"
        };
        let mut rows = BTreeMap::new();
        for table in db.query_all_raw(Statement::from_string(backend, names)).await.unwrap() {
            let name: String = table.try_get("", "name").unwrap();
            let count = Statement::from_string(backend, format!("SELECT count(*) AS n FROM \"{name}\""));
            rows.insert(name, db.query_one_raw(count).await.unwrap().unwrap().try_get("", "n").unwrap());
        }
        let text = fs::read_to_string(self.place.path("moncompte.toml")).unwrap();
        let ops = text.lines().find_map(|line| line.strip_prefix("ops_listen = \"")).unwrap();
        let metrics = reqwest::get(format!("http://{}/metrics", ops.trim_end_matches('"'))).await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let hashes = metrics.lines().find(|line| line.starts_with("moncompte_hashes_total")).unwrap();
        (rows, hashes.to_owned())
    }

    /// Sends a request three times; checks for one of the `expected` statuses, in time, with no row and no hash.
    async fn refuses(&self, what: &str, request: &[u8], expected: &[u16]) {
        let context = format!("{}: {what}", self.place.bed.name);
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let (answer, after) = self.shoot(request).await;
            let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
            assert!(
                expected.contains(&status),
                "{context}: {}",
                answer.chars().take(400).collect::<String>()
            );
            best = best.min(after);
        }
        assert!(best < AT_ONCE, "{context}: {best:?}");
    }

    fn requests(&self) -> Vec<(&'static str, Vec<u8>, &'static [u16])> {
        let long = |n: usize| "a".repeat(n);
        let chunked = |body: &str| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let fields = &self.fields;
        let full = format!("{fields}&pad={}", long(64 * KIB));
        let full = &full[..64 * KIB + 1];
        let headers = (0..17).map(|n| format!("x-{n}: {}\r\n", long(KIB - 8))).collect::<String>();
        let many: String = (0..10_000).map(|n| format!("&a{n}=")).collect();
        let token = |headers: &str, body: &str| {
            let head = "POST /token HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Basic YTpi\r\n";
            format!("{head}content-type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}")
                .into_bytes()
        };
        let lengths = format!("content-length: {}\r\ncontent-length: 7\r\n", fields.len());
        let folded = format!("x-a: b\r\n c\r\ncontent-length: {}\r\n", fields.len());
        let nul_head = format!("x-a: b\0c\r\ncontent-length: {}\r\n", fields.len());
        let typed = |email: &str| self.sized(fields.replace("personne.1", email));
        vec![
            ("a long address", self.get(&format!("/authorize?x={}", long(8 * KIB)), ""), &[413, 414]),
            ("an endless address", self.get(&format!("/authorize?x={}", long(100 * KIB)), ""), &[414, 431]),
            ("long headers", self.get("/", &headers), &[431]),
            ("a cookie of 100 KB", self.get("/", &format!("cookie: a={}\r\n", long(100_000))), &[431]),
            ("200 headers", self.get("/", &"x: y\r\n".repeat(200)), &[431]),
            ("a long body", self.sized(full), &[413]),
            ("a long body in chunks", self.form("transfer-encoding: chunked\r\n", chunked(full)), &[413]),
            ("1 GB announced", self.form("content-length: 1073741824\r\n", ""), &[413]),
            ("1 GB announced to an endpoint", token("content-length: 1073741824\r\n", ""), &[400]),
            ("a long body to an endpoint", token("transfer-encoding: chunked\r\n", &chunked(full)), &[400]),
            (
                "gzip",
                self.form(
                    "content-encoding: gzip\r\ncontent-length: 20\r\n",
                    [&[0x1f, 0x8b, 8, 0][..], &[0xff; 16]].concat(),
                ),
                &[400],
            ),
            ("10,000 parameters", self.sized(format!("{fields}{}", &many[..60 * KIB])), &[400]),
            (
                "10,000 parameters to an endpoint",
                token(&format!("content-length: {}\r\n", 60 * KIB), &many[..60 * KIB]),
                &[400],
            ),
            ("NUL in a header", self.form(&nul_head, fields), &[400]),
            ("NUL in a field", typed("a%00b"), &[400]),
            ("bytes that are no text", self.sized([fields.as_bytes(), b"&x=\xff\xfe"].concat()), &[400]),
            ("escaped bytes that are no text", typed("%ff%fe"), &[400]),
            ("half a surrogate", typed("%ED%A0%80"), &[400]),
            ("two lengths", self.form(&lengths, fields), &[400]),
            ("a folded header", self.form(&folded, fields), &[400]),
            (
                "TRACE",
                self.get("/", "").iter().copied().skip(3).fold(b"TRACE".to_vec(), |mut all, b| {
                    all.push(b);
                    all
                }),
                &[405],
            ),
            ("no method", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello".to_vec(), &[400]),
        ]
    }
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_size_or_shape_is_refused_at_once_and_leaves_nothing(bed: Bed) {
    let site = Site::new(bed).await;
    let before = site.state().await;
    for (what, request, expected) in site.requests() {
        site.refuses(what, &request, expected).await;
    }
    assert_eq!(site.state().await, before, "{}", site.place.bed.name);
    // The same form with a right length and body: a hash, and a counted failure.
    let (answer, _) = site.shoot(&site.sized(&site.fields)).await;
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    let after = site.state().await;
    assert_eq!(after.0["attempt"], before.0["attempt"] + 1);
    assert_ne!(after.1, before.1);
}

/// RFC 9112 §6.1: with both a length and chunks the chunks count, and the connection ends, so what follows is no request (SECURITY #108).
#[tokio::test]
async fn what_follows_an_ambiguous_body_is_no_request() {
    let site = Site::new(Bed::sqlite().await).await;
    let head =
        "POST /authorize HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    for both in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 400\r\n",
    ] {
        let next = "GET /robots.txt HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let (answer, _) = site.shoot(format!("{head}{both}\r\n3\r\na=b\r\n0\r\n\r\n{next}").as_bytes()).await;
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert!(!answer.starts_with("HTTP/1.1 5") && !answer.contains("Disallow"), "{answer}");
    }
}

/// SECURITY #66, #108: addresses in answers are the issuer's, whatever host a request names.
#[tokio::test]
async fn the_host_of_a_request_has_no_part_in_an_answer() {
    let site = Site::new(Bed::sqlite().await).await;
    for request in [
        "GET http://evil.example/authorize?client_id=exemple HTTP/1.1\r\nhost: localhost\r\n",
        "GET /authorize?client_id=exemple HTTP/1.1\r\nhost: evil.example\r\n",
        "GET /attach HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: evil.example\r\nforwarded: host=evil.example\r\n",
        "GET /.well-known/openid-configuration HTTP/1.1\r\nhost: evil.example\r\n",
    ] {
        let (answer, _) = site.shoot(format!("{request}connection: close\r\n\r\n").as_bytes()).await;
        let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(status < 500 && !answer.contains("evil.example"), "{request}{answer}");
    }
}
