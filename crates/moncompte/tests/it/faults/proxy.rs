//! A TCP proxy between provider and PostgreSQL that can cut, mute, refuse and slow connections, and lose replies.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use url::Url;

use super::speech::Speech;

/// The treatment of bytes and of new connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Pass,
    /// New connections are refused.
    Refuse,
    /// New connections take reads alone, as those of a standby do.
    StandBy,
    /// The server's bytes are lost. A connection that lost some stays mute until it is cut.
    Swallow,
    /// The server's bytes come this much later.
    Delay(Duration),
}

#[derive(Clone, Copy)]
struct Mode {
    how: How,
    /// The number of cuts so far; connections that began before the last one end.
    cut: usize,
}

struct Cable {
    server: SocketAddr,
    mode: watch::Sender<Mode>,
    /// A part of a statement: the next COMMIT of a transaction that contains it loses its reply, and its connection.
    wish: Mutex<Option<&'static str>>,
    dropped: AtomicUsize,
    /// The number of messages from clients since the last reset, and the number of the message that is held back.
    words: AtomicUsize,
    last: AtomicUsize,
    died: watch::Sender<bool>,
    /// A part of a statement: the next COMMIT of a transaction that contains it waits on its way to the server.
    hold: Mutex<Option<&'static str>>,
    held: watch::Sender<bool>,
}

impl Cable {
    /// Counts a message; returns true for the one that is held back.
    fn is_last_word(&self) -> bool {
        let is_last = self.words.fetch_add(1, Ordering::SeqCst) + 1 == self.last.load(Ordering::SeqCst);
        if is_last {
            self.died.send_replace(true);
        }
        is_last
    }
}

/// The proxy. Dropping it ends all its connections.
pub struct Proxy {
    port: u16,
    cable: Arc<Cable>,
    task: JoinHandle<()>,
    /// A bound socket that does not listen: it keeps the port while connections are refused.
    _kept: TcpSocket,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    fn to(server: SocketAddr) -> Self {
        let kept = bound(0);
        let port = kept.local_addr().unwrap().port();
        let mode = watch::Sender::new(Mode { how: How::Pass, cut: 0 });
        let cable = Arc::new(Cable {
            server,
            mode,
            wish: Mutex::default(),
            dropped: AtomicUsize::new(0),
            words: AtomicUsize::new(0),
            last: AtomicUsize::new(usize::MAX),
            died: watch::Sender::new(false),
            hold: Mutex::default(),
            held: watch::Sender::new(false),
        });
        // Listens before the address is returned.
        let first = bound(port).listen(64).unwrap();
        let task = tokio::spawn(serve(cable.clone(), port, first));
        Self { port, cable, task, _kept: kept }
    }

    /// Starts a proxy to the server of an address; returns the address that leads through it as well.
    pub async fn before(address: &str) -> (Self, String) {
        let mut address = Url::parse(address).unwrap();
        let host = address.host_str().unwrap().to_owned();
        let server = tokio::net::lookup_host((host, address.port().unwrap_or(5432))).await.unwrap().next();
        let proxy = Self::to(server.unwrap());
        address.set_host(Some("127.0.0.1")).unwrap();
        address.set_port(Some(proxy.port)).unwrap();
        // Without TLS, since the proxy reads the messages.
        address.query_pairs_mut().append_pair("sslmode", "disable");
        (proxy, address.into())
    }

    fn set(&self, how: How) {
        self.cable.mode.send_modify(|mode| mode.how = how);
    }

    /// Passes everything; connections that are mute stay mute.
    pub fn pass(&self) {
        self.set(How::Pass);
    }

    pub fn delay(&self, by: Duration) {
        self.set(How::Delay(by));
    }

    pub fn swallow(&self) {
        self.set(How::Swallow);
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.cable.mode.send_modify(|mode| mode.cut += 1);
    }

    /// Ends every connection and refuses new ones, like a server that restarts.
    pub fn refuse(&self) {
        self.cable.mode.send_modify(|mode| *mode = Mode { how: How::Refuse, cut: mode.cut + 1 });
    }

    /// Ends every connection and lets new ones read alone, like a server that became a standby.
    pub fn stand_by(&self) {
        self.cable.mode.send_modify(|mode| *mode = Mode { how: How::StandBy, cut: mode.cut + 1 });
    }

    /// Ends every connection and passes everything, like a server that was promoted.
    pub fn promote(&self) {
        self.cable.mode.send_modify(|mode| *mode = Mode { how: How::Pass, cut: mode.cut + 1 });
    }

    /// Loses the reply to the next COMMIT of a transaction that contains `statement` (SECURITY B21).
    pub fn drop_commit_after(&self, statement: &'static str) {
        *self.cable.wish.lock().unwrap() = Some(statement);
    }

    /// Holds back the program's `nth` message to its database from now, counted from 1: the program is to die before it.
    pub fn die_at(&self, nth: usize) {
        self.cable.died.send_replace(false);
        self.cable.last.store(nth, Ordering::SeqCst);
        self.cable.words.store(0, Ordering::SeqCst);
    }

    /// Resolves when that message is held back: the moment to kill the program.
    pub async fn died(&self) {
        self.cable.died.subscribe().wait_for(|died| *died).await.unwrap();
    }

    /// The number of messages since the last call of `die_at`.
    pub fn words(&self) -> usize {
        self.cable.words.load(Ordering::SeqCst)
    }

    /// Holds back the next COMMIT of a transaction that contains `statement`, as if its node stood still before it (SECURITY #120).
    pub fn hold_commit_after(&self, statement: &'static str) {
        *self.cable.hold.lock().unwrap() = Some(statement);
    }

    /// Resolves when a COMMIT is held back.
    pub async fn held(&self) {
        self.cable.held.subscribe().wait_for(|held| *held).await.unwrap();
    }

    /// Passes it on, if its connection still lives.
    pub fn release(&self) {
        self.cable.held.send_replace(false);
    }

    /// The number of replies to COMMIT that were lost.
    pub fn dropped(&self) -> usize {
        self.cable.dropped.load(Ordering::SeqCst)
    }
}

fn bound(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(([127, 0, 0, 1], port).into()).unwrap();
    socket
}

async fn serve(cable: Arc<Cable>, port: u16, first: TcpListener) {
    let mut listener = Some(first);
    let mut mode = cable.mode.subscribe();
    let mut connections = JoinSet::new();
    loop {
        let Mode { how, cut } = *mode.borrow_and_update();
        match (&listener, how) {
            (Some(_), How::Refuse) => listener = None,
            (Some(open), _) => tokio::select! {
                // A connection that is accepted during a cut began before it, and is cut too.
                accepted = open.accept() => {
                    connections.spawn(carry(cable.clone(), cut, accepted.unwrap().0));
                }
                _ = mode.changed() => {}
            },
            (None, How::Refuse) => mode.changed().await.unwrap(),
            (None, _) => listener = Some(bound(port).listen(64).unwrap()),
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Returns the message that begins a connection, with a setting more, by which the server refuses writes on it.
fn reads_alone(startup: &[u8]) -> Vec<u8> {
    let (end, mut message) = (startup.len() - 1, startup.to_vec());
    message.splice(end..end, *b"default_transaction_read_only\0on\0");
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    message[..4].copy_from_slice(&length);
    message
}

/// Carries one connection until one end closes or it is cut. `born` is the number of cuts when it was accepted.
async fn carry(cable: Arc<Cable>, born: usize, mut client: TcpStream) {
    let mut mode = cable.mode.subscribe();
    let mut server = TcpStream::connect(cable.server).await.unwrap();
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let doomed = AtomicUsize::new(0);
    let mut stands_by = mode.borrow().how == How::StandBy;
    let there = async {
        let (mut speech, mut bytes) = (Speech::default(), vec![0; 64 * 1024]);
        while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
            if let Some(said) = speech.commits(&bytes[..count]) {
                let is_wished = |wish: &Mutex<Option<&'static str>>| {
                    wish.lock().unwrap().take_if(|wish| said.contains(*wish)).is_some()
                };
                if is_wished(&cable.wish) {
                    doomed.store(1, Ordering::SeqCst);
                }
                if is_wished(&cable.hold) {
                    cable.held.send_replace(true);
                    let mut held = cable.held.subscribe();
                    if held.wait_for(|held| !held).await.is_err() {
                        return;
                    }
                }
            }
            if cable.is_last_word() {
                std::future::pending::<()>().await;
            }
            let sent = match std::mem::take(&mut stands_by) {
                true => &reads_alone(&bytes[..count]),
                false => &bytes[..count],
            };
            if to_server.write_all(sent).await.is_err() {
                return;
            }
        }
    };
    let back = async {
        let (mut mute, mut lost, mut bytes) = (false, Vec::new(), vec![0; 64 * 1024]);
        while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
            if doomed.load(Ordering::SeqCst) == 1 {
                lost.extend_from_slice(&bytes[..count]);
                // The tag of CommandComplete: the transaction is committed, and the provider never hears of it.
                if lost.windows(7).any(|tag| tag == b"COMMIT\0") {
                    cable.dropped.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                continue;
            }
            let how = cable.mode.borrow().how;
            mute |= how == How::Swallow;
            if let How::Delay(by) = how {
                // The slow network is the fault: a wait for the time itself.
                tokio::time::sleep(by).await;
            }
            if !mute && to_client.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        _ = mode.wait_for(|mode| mode.cut > born) => {}
        () = there => {}
        () = back => {}
    }
}
