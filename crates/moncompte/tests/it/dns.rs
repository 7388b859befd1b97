//! A DNS server on a UDP port, which answers by a list of records in the form of the wire (RFC 1035 §4).

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{net::UdpSocket, task::JoinHandle};

/// A record's content.
#[derive(Clone)]
pub enum Data {
    A(Ipv4Addr),
    Ptr(&'static str),
    Txt(String),
}

impl Data {
    fn kind(&self) -> u16 {
        match self {
            Self::A(_) => 1,
            Self::Ptr(_) => 12,
            Self::Txt(_) => 16,
        }
    }

    fn wire(&self) -> Vec<u8> {
        match self {
            Self::A(address) => address.octets().into(),
            Self::Ptr(name) => {
                let mut wire: Vec<u8> = name.split('.').flat_map(piece).collect();
                wire.push(0);
                wire
            }
            Self::Txt(text) => text.as_bytes().chunks(255).flat_map(piece).collect(),
        }
    }
}

/// A text with its length before it.
fn piece(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    [&[u8::try_from(text.len()).unwrap()], text].concat()
}

/// The server. It ends with the test.
pub struct Dns {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Dns {
    /// Answers by these records.
    pub async fn of(records: Vec<(&'static str, Data)>) -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut question = [0; 512];
            loop {
                let (count, from) = socket.recv_from(&mut question).await.unwrap();
                socket.send_to(&answer(&question[..count], &records), from).await.unwrap();
            }
        });
        Self { address, task }
    }

    /// Answers nothing.
    pub async fn silent() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let task = tokio::spawn(async move {
            socket.recv_from(&mut [0; 512]).await.unwrap();
            std::future::pending().await
        });
        Self { address, task }
    }
}

fn answer(message: &[u8], records: &[(&'static str, Data)]) -> Vec<u8> {
    let (mut labels, mut at) = (Vec::new(), 12);
    while message[at] > 0 {
        let end = at + 1 + usize::from(message[at]);
        labels.push(String::from_utf8(message[at + 1..end].to_vec()).unwrap().to_ascii_lowercase());
        at = end;
    }
    let (name, end) = (labels.join("."), at + 5);
    let kind = u16::from_be_bytes([message[at + 1], message[at + 2]]);
    let found: Vec<_> = records
        .iter()
        .filter(|(of, data)| *of == name && data.kind() == kind)
        .map(|(_, data)| data)
        .collect();
    // A name is there if it has records of any kind, or others have them below it.
    let is_there = records.iter().any(|(of, _)| *of == name || of.ends_with(&format!(".{name}")));
    // An answer, recursion asked for and available; 3 is NXDOMAIN.
    let flags = 0x8180 | if is_there { 0 } else { 3 };
    let count = u16::try_from(found.len()).unwrap();
    let mut wire = message[..2].to_vec();
    wire.extend([flags, 1, count, 0, 0].iter().flat_map(|word: &u16| word.to_be_bytes()));
    wire.extend(&message[12..end]);
    for data in found {
        let content = data.wire();
        // The name is that of the question, at byte 12; class IN, for a minute.
        wire.extend([0xc0, 12]);
        wire.extend(
            [data.kind(), 1, 0, 60, u16::try_from(content.len()).unwrap()]
                .iter()
                .flat_map(|w| w.to_be_bytes()),
        );
        wire.extend(content);
    }
    wire
}
