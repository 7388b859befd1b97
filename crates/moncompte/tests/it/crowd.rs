//! Slow and many connections (SECURITY #110), over bare TCP: the provider closes a connection that trickles, a silent one gives way, one network cannot take
//! every place, and people sign in meanwhile.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    process::Command,
    time::{Duration, Instant},
};

use testbed::{Bed, apply, both};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::{
    person::{Person, Persona},
    place::{MAIL_FOLDER, PATIENCE, Place, Running, program},
};

/// The time within which a timeout of one second takes effect, also on a busy machine.
const SOON: Duration = Duration::from_secs(8);

/// A provider with settings in `[connections]`, and somebody who has moved. Fields drop in order: the program ends before its folder and database.
struct House {
    running: Running,
    place: Place,
    mover: Persona,
}

impl House {
    async fn new(bed: Bed, connections: &str) -> Self {
        Self::with_files(bed, connections, None).await
    }

    /// Starts it with a limit of open files.
    async fn with_files(bed: Bed, connections: &str, files: Option<usize>) -> Self {
        let place = Place::new(bed, &format!("{MAIL_FOLDER}\n\n[connections]\n{connections}"));
        let mover = Persona::number(1);
        place.people([mover.row()]);
        let mut command = match files {
            None => program(),
            Some(files) => {
                let mut shell = Command::new("sh");
                let run = format!("ulimit -n {files}; exec \"$0\" \"$@\"");
                shell.arg("-c").arg(run).arg(program().get_program());
                shell
            }
        };
        command.arg("serve").arg("--config").arg(place.folder.path());
        let running = Running::start(command);
        running.says("ready").await;
        Person::new(&place.issuer()).moves(&mover, &place).await;
        Self { running, place, mover }
    }

    /// Connects from an address of this machine.
    async fn from(&self, address: [u8; 4]) -> Wire {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((IpAddr::from(address), 0).into()).unwrap();
        let stream = socket.connect(SocketAddr::from(([127, 0, 0, 1], self.place.port))).await.unwrap();
        Wire(stream)
    }

    async fn signs_in(&self) {
        let person = Person::new(&self.place.issuer());
        let page = person.signs_in(&self.mover.email, &self.mover.new).await;
        assert!(page.code().is_some(), "{} {}", page.url, page.body);
    }

    async fn is_ready(&self) -> bool {
        let text = fs::read_to_string(self.place.path("moncompte.toml")).unwrap();
        let ops = text.lines().find_map(|line| line.strip_prefix("ops_listen = \"")).unwrap();
        let answer = reqwest::get(format!("http://{}/health/ready", ops.trim_end_matches('"'))).await;
        answer.unwrap().status().is_success()
    }

    /// The program's resident memory, in KiB.
    fn memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.running.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// A request that posts a form from another site, as a portal does, and the part of its body that is sent.
    fn form(&self, sent: &str) -> String {
        let port = self.place.port;
        format!(
            "POST /authorize HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: 300\r\n\r\n{sent}"
        )
    }
}

struct Wire(TcpStream);

impl Wire {
    async fn says(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads until the other end closes or resets the connection.
    async fn hears(&mut self) -> String {
        let mut heard = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut heard)).await;
        let _ = read.expect("it never hangs up");
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Sends a request without a body on a connection that stays open; returns the answer.
    async fn asks(&mut self, path: &str) -> String {
        self.says(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")).await;
        let mut heard = vec![0; 8192];
        let read = self.0.read(&mut heard).await.unwrap();
        String::from_utf8_lossy(&heard[..read]).into_owned()
    }

    /// Sends a byte every now and then until the other end closes; returns its answer and the time that it took.
    async fn trickles(&mut self) -> (String, Duration) {
        let began = Instant::now();
        let mut beat = tokio::time::interval(Duration::from_millis(50));
        let mut heard = Vec::new();
        while began.elapsed() < 2 * SOON {
            tokio::select! {
                _ = beat.tick() => if self.0.write_all(b"a").await.is_err() { break },
                read = self.0.read_buf(&mut heard) => if !read.is_ok_and(|n| n > 0) { break },
            }
        }
        (String::from_utf8_lossy(&heard).into_owned(), began.elapsed())
    }

    /// Returns true if the other end has closed the connection, or does so within a moment.
    async fn is_over(&mut self) -> bool {
        let mut byte = [0];
        tokio::time::timeout(SOON, self.0.read(&mut byte)).await.is_ok_and(|read| !read.is_ok_and(|n| n > 0))
    }
}

#[tokio::test]
async fn a_head_that_trickles_is_not_waited_for() {
    let house = House::new(Bed::sqlite().await, "head_seconds = 1").await;
    let mut wire = house.from([127, 0, 0, 2]).await;
    wire.says("GET / HTTP/1.1\r\nhost: localhost\r\nx: ").await;
    let (said, after) = wire.trickles().await;
    assert!(said.is_empty() && after >= Duration::from_millis(900) && after < SOON, "{said} {after:?}");
    // The same for a request that never begins, and for the second one of a connection.
    let mut silent = house.from([127, 0, 0, 2]).await;
    assert!(silent.is_over().await);
    let mut second = house.from([127, 0, 0, 2]).await;
    assert!(second.asks("/robots.txt").await.starts_with("HTTP/1.1 200 "));
    second.says("GET / HTTP/1.1\r\nx: ").await;
    let (_, after) = second.trickles().await;
    assert!(after < SOON, "{after:?}");
    house.signs_in().await;
}

#[tokio::test]
async fn a_body_that_trickles_is_answered_408() {
    let house = House::new(Bed::sqlite().await, "body_seconds = 1").await;
    let mut wire = house.from([127, 0, 0, 2]).await;
    wire.says(&house.form("client_id=exemple&x=")).await;
    let (said, after) = wire.trickles().await;
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("Envoi trop lent"), "{said}");
    assert!(after < SOON, "{after:?}");
    // A client at `/token` gets an error of OAuth.
    let mut client = house.from([127, 0, 0, 2]).await;
    client.says(&house.form("grant_type=").replace("/authorize", "/token")).await;
    let (said, after) = client.trickles().await;
    assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("invalid_request"), "{said}");
    assert!(after < SOON, "{after:?}");
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_is_closed() {
    let house = House::new(Bed::sqlite().await, "idle_seconds = 1").await;
    let mut wire = house.from([127, 0, 0, 2]).await;
    for _ in 0..3 {
        assert!(wire.asks("/robots.txt").await.starts_with("HTTP/1.1 200 "));
    }
    assert!(wire.is_over().await);
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_connections_that_say_nothing_keep_nobody_out(bed: Bed) {
    // A long timeout, because the number of connections is under test.
    let house = House::new(bed, "head_seconds = 60").await;
    house.signs_in().await;
    let before = house.memory();
    let mut quiet = Vec::new();
    for n in 0..2000_u16 {
        let [_, host] = (n / 250 + 2).to_be_bytes();
        let mut wire = house.from([127, 0, 0, host]).await;
        // Some of them begin.
        if n % 2 == 0 {
            wire.says("GET / HTTP/1.1\r\nhost: localhost\r\ncookie: a=").await;
        }
        quiet.push(wire);
    }
    house.signs_in().await;
    assert!(house.is_ready().await);
    let grown = house.memory().saturating_sub(before);
    println!("{}: {grown} KiB for {} connections", house.place.bed.name, quiet.len());
    assert!(grown < 64 * 1024, "{grown} KiB");
    // One network has as many as it may have: its next connection is refused with a sentence.
    let mut more = Vec::new();
    for _ in 0..20 {
        more.push(house.from([127, 0, 0, 2]).await);
    }
    for wire in &mut more[10..] {
        let said = wire.hears().await;
        assert!(said.starts_with("HTTP/1.1 503 ") && said.contains("retry-after: 5"), "{said}");
    }
    house.signs_in().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_all_places_are_taken_the_quiet_give_way() {
    let house = House::new(Bed::sqlite().await, "most = 32\nmost_per_network = 1000").await;
    let mut quiet = Vec::new();
    for _ in 0..200 {
        quiet.push(house.from([127, 0, 0, 2]).await);
    }
    house.signs_in().await;
    assert!(house.is_ready().await);
    let mut over = 0;
    for wire in &mut quiet[..100] {
        over += usize::from(wire.is_over().await);
    }
    assert_eq!(over, 100, "whoever came first gave way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_everybody_is_being_answered_the_next_is_told_to_come_back() {
    let house = House::new(Bed::sqlite().await, "most = 16\nmost_per_network = 1000\nbody_seconds = 2").await;
    let mut busy = Vec::new();
    for _ in 0..16 {
        let mut wire = house.from([127, 0, 0, 2]).await;
        wire.says(&house.form("half")).await;
        busy.push(wire);
    }
    // Connections that have not asked yet give way to these; in the end all places are those of askers.
    let mut told = String::new();
    let began = Instant::now();
    while !told.starts_with("HTTP/1.1 503 ") && began.elapsed() < PATIENCE {
        let mut next = house.from([127, 0, 0, 3]).await;
        next.says(&house.form("half")).await;
        // A connection that was let in hears nothing yet.
        told = tokio::time::timeout(Duration::from_millis(200), next.hears()).await.unwrap_or_default();
        busy.push(next);
    }
    assert!(told.contains("retry-after: 5"), "{told}");
    assert!(house.is_ready().await);
    for wire in &mut busy {
        wire.hears().await;
    }
    house.signs_in().await;
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_low_limit_of_open_files_is_shared_out(bed: Bed) {
    let house = House::with_files(bed, "most_per_network = 1000", Some(260)).await;
    house.running.says("the limit of open files allows fewer connections").await;
    let mut quiet = Vec::new();
    for _ in 0..600 {
        quiet.push(house.from([127, 0, 0, 2]).await);
    }
    house.signs_in().await;
    assert!(house.is_ready().await);
    let said = house.running.said();
    assert!(!said.contains("connection not accepted"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_frames_of_http_2_bring_it_down() {
    let house = House::new(Bed::sqlite().await, "").await;
    let before = house.memory();
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    };
    let begin = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[])].concat();
    // GET / over http, by HPACK's own table, and an authority.
    let get = [&[0x82, 0x86, 0x84, 0x41, 9][..], b"localhost"].concat();
    let post = [&[0x83, 0x86, 0x04, 10][..], b"/authorize", &[0x41, 9][..], b"localhost"].concat();
    let streams =
        |each: &dyn Fn(u32) -> Vec<u8>| (0..20_000).flat_map(|n| each(2 * n + 1)).collect::<Vec<u8>>();
    let floods = [
        // CVE-2023-44487: begun and taken back.
        streams(&|id| [frame(1, 5, id, &get), frame(3, 0, id, &[0, 0, 0, 8])].concat()),
        // More requests at once than it allows.
        streams(&|id| frame(1, 4, id, &post)),
        // Frames of a body that hold nothing.
        [frame(1, 4, 1, &post), streams(&|_| frame(0, 0, 1, &[]))].concat(),
        // A head without an end (CVE-2024-27316).
        [frame(1, 0, 1, &get), streams(&|_| frame(9, 0, 1, &[0x00, 1, b'a', 1, b'b']))].concat(),
        // PING frames, which want an answer.
        streams(&|_| frame(6, 0, 0, &[0; 8])),
    ];
    for (n, flood) in floods.iter().enumerate() {
        let (mut ears, mut mouth) = house.from([127, 0, 0, 2]).await.0.into_split();
        let bytes = [&begin[..], flood].concat();
        let talking = tokio::spawn(async move {
            // The provider may close the connection in the middle.
            let _ = mouth.write_all(&bytes).await;
            mouth
        });
        let mut heard = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(3), ears.read_to_end(&mut heard)).await;
        drop(ears);
        talking.abort();
        assert!(heard.len() < 4 * 1024 * 1024, "flood {n}: {} bytes", heard.len());
        house.signs_in().await;
    }
    let grown = house.memory().saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB");
    // HTTP/2 works, with the same limits.
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let asked = |length: usize| {
        client.get(format!("{}/robots.txt", house.place.issuer())).header("cookie", "a".repeat(length)).send()
    };
    let answer = asked(10).await.unwrap();
    assert_eq!((answer.version(), answer.status().as_u16()), (reqwest::Version::HTTP_2, 200));
    let refused = asked(17 * 1024).await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.status().as_u16() == 431));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_told_to_stop_answers_what_is_under_way() {
    let house = House::new(Bed::sqlite().await, "").await;
    let mut idle = house.from([127, 0, 0, 2]).await;
    assert!(idle.asks("/robots.txt").await.starts_with("HTTP/1.1 200 "));
    let mut wire = house.from([127, 0, 0, 2]).await;
    wire.says(&house.form("client_id=exemple&x=")).await;
    // A sign-in after it shows that the provider has begun to read it.
    house.signs_in().await;
    let House { running, place, .. } = house;
    let rest = async {
        assert!(idle.is_over().await);
        wire.says(&"x".repeat(280)).await;
        wire.hears().await
    };
    let ((status, log), said) = tokio::join!(running.stop(), rest);
    assert!(said.starts_with("HTTP/1.1 303 ") || said.starts_with("HTTP/1.1 400 "), "{said}");
    assert!(status.success(), "{log}");
    drop(place);
}
