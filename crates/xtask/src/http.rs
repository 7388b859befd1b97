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

impl Answer {
    /// Reads a response of which all has come.
    pub(crate) fn read(bytes: &[u8]) -> io::Result<Self> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
        status
            .map(|status| Self { status, text })
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
    }

    /// Returns the values of a header.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.text.lines().take_while(|line| !line.is_empty());
        lines
            .filter_map(move |line| {
                line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name))
            })
            .map(|(_, value)| value)
    }
}

/// Fetches `http://localhost:{port}{path}`.
pub(crate) fn get(port: u16, path: &str) -> io::Result<Answer> {
    get_with(port, path, "")
}

/// Fetches the same as a browser that has these cookies.
pub(crate) fn get_with(port: u16, path: &str, cookies: &str) -> io::Result<Answer> {
    const PATIENCE: Duration = Duration::from_secs(10);
    let mut stream = TcpStream::connect(("localhost", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/html, */*\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Answer::read(&bytes)
}
