//! What stands before the nodes, as a reverse proxy would: each connection goes to the next of them that answers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Ends with the test.
pub struct Front(JoinHandle<()>);

impl Drop for Front {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Front {
    /// Listens on a port, before these.
    pub async fn before(port: u16, nodes: Vec<u16>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let next = Arc::new(AtomicUsize::new(0));
        Self(tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let turn = next.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(carry(client, nodes.clone(), turn));
            }
        }))
    }
}

/// To the node whose turn it is, or to the one after it. Where nobody listens, the connection ends.
async fn carry(mut client: TcpStream, nodes: Vec<u16>, turn: usize) {
    for n in 0..nodes.len() {
        let Ok(mut node) = TcpStream::connect(("127.0.0.1", nodes[(turn + n) % nodes.len()])).await else {
            continue;
        };
        for stream in [&client, &node] {
            stream.set_nodelay(true).unwrap();
        }
        // Whichever end goes, the other is told.
        let _ = copy_bidirectional(&mut client, &mut node).await;
        return;
    }
}
