//! A cable between provider and PostgreSQL that can be cut, unplugged, slow, or lose what comes back.

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

/// What becomes of bytes and of new connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Pass,
    /// Nobody listens.
    Refuse,
    /// What the server says is lost. A connection that lost something stays mute until it is cut.
    Swallow,
    /// What the server says comes so much later.
    Delay(Duration),
}

#[derive(Clone, Copy)]
struct Mode {
    how: How,
    /// Connections from before this cut are over.
    cut: usize,
}

struct Cable {
    server: SocketAddr,
    mode: watch::Sender<Mode>,
    /// The next COMMIT of a transaction that has said this loses its reply, and its connection.
    wish: Mutex<Option<&'static str>>,
    dropped: AtomicUsize,
    /// Words that clients have said since this was last set, and the one that is never passed on.
    words: AtomicUsize,
    last: AtomicUsize,
    died: watch::Sender<bool>,
    /// The next COMMIT of a transaction that has said this waits on its way to the server.
    hold: Mutex<Option<&'static str>>,
    held: watch::Sender<bool>,
}

impl Cable {
    /// Whether these are the last words, which nobody hears.
    fn is_last_word(&self) -> bool {
        let is_last = self.words.fetch_add(1, Ordering::SeqCst) + 1 == self.last.load(Ordering::SeqCst);
        if is_last {
            self.died.send_replace(true);
        }
        is_last
    }
}

/// The cable. It ends with the test, and all that goes through it.
pub struct Proxy {
    port: u16,
    cable: Arc<Cable>,
    task: JoinHandle<()>,
    /// Bound, but it does not listen: the port stays ours while connections are refused.
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
        // Listens before anybody is told the port.
        let first = bound(port).listen(64).unwrap();
        let task = tokio::spawn(serve(cable.clone(), port, first));
        Self { port, cable, task, _kept: kept }
    }

    /// To the server of an address; and the address of this end of it.
    pub async fn before(address: &str) -> (Self, String) {
        let mut address = Url::parse(address).unwrap();
        let host = address.host_str().unwrap().to_owned();
        let server = tokio::net::lookup_host((host, address.port().unwrap_or(5432))).await.unwrap().next();
        let proxy = Self::to(server.unwrap());
        address.set_host(Some("127.0.0.1")).unwrap();
        address.set_port(Some(proxy.port)).unwrap();
        // The cable has to understand what goes through it.
        address.query_pairs_mut().append_pair("sslmode", "disable");
        (proxy, address.into())
    }

    fn set(&self, how: How) {
        self.cable.mode.send_modify(|mode| mode.how = how);
    }

    /// As if it were not there; what is mute stays mute.
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

    /// Ends every connection and refuses new ones, as a server that is restarted.
    pub fn refuse(&self) {
        self.cable.mode.send_modify(|mode| *mode = Mode { how: How::Refuse, cut: mode.cut + 1 });
    }

    /// Loses the reply to the next COMMIT of a transaction that has said this (SECURITY B21).
    pub fn drop_commit_after(&self, statement: &'static str) {
        *self.cable.wish.lock().unwrap() = Some(statement);
    }

    /// Before the `nth` time from now, from 1, that the program says something to its database, it is to die: that is held back.
    pub fn die_at(&self, nth: usize) {
        self.cable.died.send_replace(false);
        self.cable.last.store(nth, Ordering::SeqCst);
        self.cable.words.store(0, Ordering::SeqCst);
    }

    /// Resolves when it is to die.
    pub async fn died(&self) {
        self.cable.died.subscribe().wait_for(|died| *died).await.unwrap();
    }

    /// How often something was said since.
    pub fn words(&self) -> usize {
        self.cable.words.load(Ordering::SeqCst)
    }

    /// Keeps the next COMMIT of a transaction that has said this from the server, as if its node stood still before it (SECURITY #120).
    pub fn hold_commit_after(&self, statement: &'static str) {
        *self.cable.hold.lock().unwrap() = Some(statement);
    }

    /// Until there is one that is held.
    pub async fn held(&self) {
        self.cable.held.subscribe().wait_for(|held| *held).await.unwrap();
    }

    /// Lets it go on, if its connection is still there.
    pub fn release(&self) {
        self.cable.held.send_replace(false);
    }

    /// How many replies to COMMIT were lost.
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
                // Who is accepted while the cable is cut was there before, and is cut too.
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

/// One connection, until an end of it goes or it is cut. `born`: how often that had happened when it was accepted.
async fn carry(cable: Arc<Cable>, born: usize, mut client: TcpStream) {
    let mut mode = cable.mode.subscribe();
    let mut server = TcpStream::connect(cable.server).await.unwrap();
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let doomed = AtomicUsize::new(0);
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
            if to_server.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    let back = async {
        let (mut mute, mut lost, mut bytes) = (false, Vec::new(), vec![0; 64 * 1024]);
        while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
            if doomed.load(Ordering::SeqCst) == 1 {
                lost.extend_from_slice(&bytes[..count]);
                // The tag of CommandComplete: it is done, and the provider never hears of it.
                if lost.windows(7).any(|tag| tag == b"COMMIT\0") {
                    cable.dropped.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                continue;
            }
            let how = cable.mode.borrow().how;
            mute |= how == How::Swallow;
            if let How::Delay(by) = how {
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
