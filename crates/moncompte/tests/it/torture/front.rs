//! A load balancer before the nodes: each connection goes to the next of them that answers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The load balancer. It ends with the test.
pub struct Front(JoinHandle<()>);

impl Drop for Front {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Front {
    /// Listens on `port` and passes connections to `nodes`.
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

/// Carries a connection to the node whose turn it is, or else to the one after it. It ends if neither listens.
async fn carry(mut client: TcpStream, nodes: Vec<u16>, turn: usize) {
    for n in 0..nodes.len() {
        let Ok(mut node) = TcpStream::connect(("127.0.0.1", nodes[(turn + n) % nodes.len()])).await else {
            continue;
        };
        for stream in [&client, &node] {
            stream.set_nodelay(true).unwrap();
        }
        // When one end closes, the other is closed.
        let _ = copy_bidirectional(&mut client, &mut node).await;
        return;
    }
}
