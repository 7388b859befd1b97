//! A minimal HTTP client for programs on this machine, so that this tool, which is built first, stays small.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A response.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// Headers and body as received.
    pub(crate) text: String,
}

/// Fetches `http://localhost:{port}{path}`.
pub(crate) fn get(port: u16, path: &str) -> io::Result<Answer> {
    const PATIENCE: Duration = Duration::from_secs(10);
    let mut stream = TcpStream::connect(("localhost", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/html, */*\r\nConnection: close\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    status
        .map(|status| Answer { status, text })
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}
