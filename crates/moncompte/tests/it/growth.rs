//! Growth by strangers (SECURITY D14): memory and log under a flood of long names, and the lists in `docs/security.md` of everything that is kept, with
//! its bounds.

use std::{
    collections::BTreeSet,
    fs,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use kernel::sea_orm::{ConnectionTrait, Statement};
use testbed::Bed;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::place::{MAIL_FOLDER, Place, Running, project};

/// Requests of the flood; `GROWTH_REQUESTS` asks for more.
const REQUESTS: u32 = 3_000;
/// Requests before the first measurement of memory.
const WARM: u32 = 300;
/// Bytes of each name.
const LONG: usize = 60_000;
/// KiB by which the memory may grow, whatever the number of requests.
const MEMORY: usize = 24 * 1024;
/// Bytes of the log for each request.
const LINE: usize = 600;

/// A provider behind a proxy of this machine.
async fn behind_a_proxy(bed: Bed) -> (Place, Running) {
    let place = Place::new(bed, MAIL_FOLDER);
    let file = place.path("moncompte.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("trusted_proxies = [\"127.0.0.0/8\"]\n{text}")).unwrap();
    let running = place.serve().await;
    (place, running)
}

/// The program's resident memory, in KiB.
fn memory(running: &Running) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// The `nth` request of the flood: each with a name and from an address of its own.
fn request(nth: u32, port: u16) -> String {
    let from = Ipv4Addr::from(0x0b00_0000 + nth);
    let head = |line: &str| {
        format!(
            "{line} HTTP/1.1\r\nhost: localhost:{port}\r\nx-forwarded-for: {from}\r\nuser-agent: {nth}\r\n"
        )
    };
    let form = |path: &str, body: String| {
        let kind = "content-type: application/x-www-form-urlencoded";
        format!("{}{kind}\r\ncontent-length: {}\r\n\r\n{body}", head(&format!("POST {path}")), body.len())
    };
    let name = |length: usize| format!("{nth}-{}", "n".repeat(length));
    match nth % 8 {
        0 => form("/authorize", format!("client_id={}", name(LONG))),
        1 => format!("{}\r\n", head(&format!("GET /{}", name(8_000)))),
        2 => form("/revoke", format!("client_id={}&client_secret=x&token=y", name(LONG))),
        3 => form("/introspect", format!("client_id={}&client_secret=x&token=y", name(LONG))),
        _ => form("/token", format!("grant_type=refresh_token&client_id={}&client_secret=x", name(LONG))),
    }
}

/// Sends requests up to the `last` one over a connection that stays.
async fn flood(port: u16, next: Arc<AtomicU32>, last: u32) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut heard = vec![0; 64 * 1024];
    loop {
        let nth = next.fetch_add(1, Ordering::SeqCst);
        if nth >= last {
            return;
        }
        stream.write_all(request(nth, port).as_bytes()).await.unwrap();
        let mut answer = String::new();
        while !whole(&answer) {
            let read = stream.read(&mut heard).await.unwrap();
            assert_ne!(read, 0, "request {nth}: {answer}");
            answer.push_str(&String::from_utf8_lossy(&heard[..read]));
        }
        let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
        assert!((400..500).contains(&status), "request {nth}: {answer}");
    }
}

/// Returns true if an answer is complete.
fn whole(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    body.len() >= length.parse().unwrap()
}

async fn run(port: u16, from: u32, to: u32) {
    let next = Arc::new(AtomicU32::new(from));
    let floods: Vec<_> = (0..4).map(|_| tokio::spawn(flood(port, next.clone(), to))).collect();
    for one in floods {
        one.await.unwrap();
    }
}

/// FINDING S1: neither memory nor log grows with long names from many addresses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_names_from_many_addresses_leave_no_more_than_there_was() {
    let requests: u32 =
        std::env::var("GROWTH_REQUESTS").ok().and_then(|text| text.parse().ok()).unwrap_or(REQUESTS);
    let (place, running) = behind_a_proxy(Bed::sqlite().await).await;
    run(place.port, 0, WARM).await;
    let (before, said) = (memory(&running), running.said().len());
    run(place.port, WARM, WARM + requests).await;
    let (grown, logged) = (memory(&running).saturating_sub(before), running.said().len() - said);
    println!("{requests} requests: {grown} KiB more memory, {logged} bytes of log");
    assert!(grown < MEMORY, "{requests} requests left {grown} KiB");
    assert!(logged < LINE * requests as usize, "{requests} requests left {logged} bytes of log");
    let longest = running.said().lines().map(str::len).max().unwrap_or_default();
    assert!(longest < 2 * 1024, "a line of {longest} bytes");
}

/// Crates whose code runs in a provider, or in the sample portal beside it.
const CRATES: &[&str] =
    &["accounts", "agencies", "idp", "kernel", "legacy", "moncompte", "oidc", "pages", "portal"];
/// Types that can grow.
const COLLECTIONS: &[&str] = &[
    "HashMap<",
    "HashSet<",
    "BTreeMap<",
    "BTreeSet<",
    "VecDeque<",
    "BinaryHeap<",
    "DashMap<",
    "RateLimiter<",
    "JoinSet<",
    "mpsc::",
    "broadcast::",
    "ExpiringCache<",
    "Mutex<Vec",
    "Mutex<Option<Batch",
];

/// The source files of a crate without their tests, by their names within it.
fn sources(name: &str) -> Vec<(String, String)> {
    let root = project().join("crates").join(name).join("src");
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
                let inside = path.strip_prefix(&root).unwrap().display().to_string();
                if !inside.ends_with("_tests.rs") {
                    found.push((format!("{name}/{inside}"), code));
                }
            }
        }
    }
    found
}

fn is_collection(kind: &str) -> bool {
    let waiting = kind.contains("Vec<") && (kind.contains("Sender<") || kind.contains("Reply<"));
    waiting || COLLECTIONS.iter().any(|collection| kind.contains(collection))
}

/// Returns the structs and statics that keep a collection: `file Struct.field`, `file Struct`, `file STATIC`.
fn collections(file: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut within: Option<&str> = None;
    for line in code.lines() {
        let bare = line.trim_start();
        let bare =
            ["pub(crate) ", "pub(super) ", "pub "].iter().find_map(|p| bare.strip_prefix(p)).unwrap_or(bare);
        let named = ["struct ", "static "].iter().find_map(|kind| bare.strip_prefix(kind));
        if let Some(rest) = named {
            let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            within = (bare.starts_with("struct") && line.ends_with('{')).then_some(name);
            if within.is_none() && is_collection(rest) {
                found.push(format!("{file} {name}"));
            }
        } else if line == "}" {
            within = None;
        } else if let (Some(name), Some((field, kind))) = (within, bare.split_once(": "))
            && field.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && is_collection(kind)
        {
            found.push(format!("{file} {name}.{field}"));
        }
    }
    found
}

/// The names of the fields that `tracing`'s macros are given.
fn logged(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for level in ["error", "warn", "info", "debug", "trace"] {
        for (_, call) in
            code.match_indices(&format!("tracing::{level}!(")).map(|(at, m)| (at, &code[at + m.len()..]))
        {
            // Up to the message, which is the first literal without `=` or `:` before it.
            for part in call.split_inclusive(',') {
                let part = part.trim().trim_end_matches(',');
                if part.starts_with('"') || part.contains(");") {
                    break;
                }
                if part.starts_with("target:") {
                    continue;
                }
                let name = part.split('=').next().unwrap().trim().trim_start_matches(['%', '?']);
                found.push(name.to_owned());
            }
        }
    }
    found
}

/// The names in backticks in the first column of the table of `docs/security.md` under this heading.
fn told(heading: &str) -> BTreeSet<String> {
    let page = fs::read_to_string(project().join("docs/security.md")).unwrap();
    let section = page.split_once(&format!("\n### {heading}\n")).unwrap().1;
    let section = section.split("\n### ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    rows.flat_map(|cell| cell.split('`').filter(|part| !part.trim_matches([',', ' ']).is_empty()))
        .map(str::to_owned)
        .collect()
}

#[track_caller]
fn agree(heading: &str, code: &BTreeSet<String>) {
    let page = told(heading);
    let missing: Vec<_> = code.difference(&page).collect();
    let gone: Vec<_> = page.difference(code).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "docs/security.md, \"{heading}\": say of these what bounds them and when they end: {missing:#?}\nthese are no more: {gone:#?}"
    );
}

/// SECURITY D14: every map, set, queue and cache that outlives a request.
#[test]
fn whatever_is_kept_in_memory_has_its_bound_in_the_list() {
    let files = CRATES.iter().flat_map(|name| sources(name));
    agree("In memory", &files.flat_map(|(file, code)| collections(&file, &code)).collect());
}

/// SECURITY D14: every table.
#[tokio::test]
async fn every_table_has_its_bound_in_the_list() {
    let bed = Bed::sqlite().await;
    let db = bed.context.db.reader();
    let sql = "SELECT name AS name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'seaql_migrations'";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    agree("In the database", &rows.iter().map(|row| row.try_get("", "name").unwrap()).collect());
}

/// SECURITY D14: every field of a log line.
#[test]
fn every_field_of_the_log_has_its_bound_in_the_list() {
    let files = CRATES.iter().flat_map(|name| sources(name));
    agree("In the log", &files.flat_map(|(_, code)| logged(&code)).collect());
}

/// FINDING P15: the log names a proxy that is missing in `trusted_proxies` once a minute, and requests that are told to wait are counted by door.
#[tokio::test]
async fn a_forgotten_proxy_is_named_and_who_waits_is_counted() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let file = place.path("moncompte.toml");
    let text =
        fs::read_to_string(&file).unwrap().replace("attempts_per_minute = 6000", "attempts_per_minute = 2");
    fs::write(&file, &text).unwrap();
    let running = place.serve().await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut waited = 0;
    for nth in 0..30 {
        let request = client.get(format!("{}/", place.issuer()));
        let answer = request.header("x-forwarded-for", format!("203.0.113.{nth}")).send().await.unwrap();
        waited += usize::from(answer.status() == 429);
    }
    assert_eq!(waited, 20, "whatever a stranger writes, they are counted as their socket");
    running.says("that trusted_proxies does not name").await;
    let lines =
        running.said().lines().filter(|line| line.contains("that trusted_proxies does not name")).count();
    assert_eq!(lines, 1, "{}", running.said());
    assert!(running.said().contains("peer=127.0.0.1"), "{}", running.said());
    let ops = text.lines().find_map(|line| line.strip_prefix("ops_listen = \"")).unwrap();
    let metrics = reqwest::get(format!("http://{}/metrics", ops.trim_end_matches('"'))).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("moncompte_throttled_total{door=\"home\"} 20"), "{metrics}");
}
