//! A minimal HTTP client: one kept connection, and for a person a few cookies. It shares the cores with the provider, so each saving in it is time for the
//! provider: a general client takes a sixth of the cores, this one a twelfth.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, net::SocketAddr};

use hyper::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The greatest length of an answer in bytes, above any of the provider's.
const LONGEST: usize = 1 << 20;
/// The greatest number of header lines, above any of the provider's.
const MOST_LINES: usize = 48;

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    bytes: Vec<u8>,
    /// The offset of the body.
    body: usize,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.body()).expect("text")
    }

    fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }

    /// The values of a header.
    fn values(&self, name: &str) -> Vec<&str> {
        let mut lines = [httparse::EMPTY_HEADER; MOST_LINES];
        let mut head = httparse::Response::new(&mut lines);
        head.parse(&self.bytes).expect("an answer");
        let named = head.headers.iter().filter(|line| line.name.eq_ignore_ascii_case(name));
        named.map(|line| std::str::from_utf8(line.value).expect("text")).collect()
    }

    /// The `Location` header.
    pub fn location(&self) -> &str {
        let to = self.values("location").first().copied();
        to.unwrap_or_else(|| panic!("it sends nobody anywhere: {} {}", self.status, self.text()))
    }

    /// The address to which its page goes by itself at once, from a form of the provider to a portal.
    pub fn goes_on(&self) -> String {
        let rest = self.text().split("http-equiv=\"refresh\" content=\"0;url=").nth(1);
        let to = rest.and_then(|rest| rest.split('"').next());
        let to = to.unwrap_or_else(|| panic!("it goes nowhere: {} {}", self.status, self.text()));
        to.replace("&#x2f;", "/").replace("&amp;", "&")
    }

    /// A text member of its JSON object.
    pub fn member(&self, name: &str) -> String {
        let json: serde_json::Value = serde_json::from_slice(self.body()).expect("JSON");
        let text = json[name].as_str();
        text.unwrap_or_else(|| panic!("no {name}: {} {}", self.status, self.text())).to_owned()
    }
}

/// One connection.
pub struct Caller {
    at: SocketAddr,
    host: String,
    stream: Option<TcpStream>,
}

impl Caller {
    pub fn new(port: u16) -> Self {
        Self { at: ([127, 0, 0, 1], port).into(), host: format!("localhost:{port}"), stream: None }
    }

    pub fn port(&self) -> u16 {
        self.at.port()
    }

    pub async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, "").await
    }

    pub async fn post(&mut self, path: &str, headers: &[(&str, &str)], form: String) -> Answer {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
        self.send("POST", path, &headers, &form).await
    }

    async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Vec::with_capacity(2048);
        write!(request, "{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host).expect("a request");
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").expect("a request");
        }
        write!(request, "content-length: {}\r\n\r\n{body}", body.len()).expect("a request");
        let stream = self.connected().await;
        stream.write_all(&request).await.expect("a connection that is sent to");
        read(stream).await
    }

    /// The connection, or a new one if it was idle for too long.
    async fn connected(&mut self) -> &mut TcpStream {
        let closed = |stream: &TcpStream| stream.try_read(&mut [0]).is_ok();
        if self.stream.as_ref().is_none_or(closed) {
            let stream = TcpStream::connect(self.at).await.expect("a connection");
            stream.set_nodelay(true).expect("TCP_NODELAY");
            self.stream = Some(stream);
        }
        self.stream.as_mut().expect("just made")
    }
}

/// Reads one answer by its `Content-Length`.
async fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::with_capacity(4096);
    loop {
        let count = stream.read_buf(&mut bytes).await.expect("an answer");
        assert!(count > 0 && bytes.len() < LONGEST, "cut off after {} bytes", bytes.len());
        let mut lines = [httparse::EMPTY_HEADER; MOST_LINES];
        let mut head = httparse::Response::new(&mut lines);
        let httparse::Status::Complete(body) = head.parse(&bytes).expect("HTTP/1.1") else { continue };
        let status = head.code.and_then(|code| StatusCode::from_u16(code).ok()).expect("a status");
        let said = head.headers.iter().find(|line| line.name.eq_ignore_ascii_case("content-length"));
        let length = said.and_then(|line| std::str::from_utf8(line.value).ok()?.parse().ok());
        let length: usize = length.unwrap_or_else(|| panic!("{status} says no length"));
        if bytes.len() >= body + length {
            return Answer { status, bytes, body };
        }
    }
}

/// A connection with cookies.
pub struct Browser {
    pub caller: Caller,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(port: u16) -> Self {
        Self { caller: Caller::new(port), cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let cookies = self.cookies();
        let answer = self.caller.get(path, &[("cookie", &cookies)]).await;
        self.keep(&answer);
        answer
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let cookies = self.cookies();
        let headers = [("cookie", cookies.as_str()), ("sec-fetch-site", "same-origin")];
        let answer = self.caller.post(path, &headers, encoded(form)).await;
        self.keep(&answer);
        answer
    }

    /// Drops a cookie.
    pub fn forget(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    fn cookies(&self) -> String {
        self.cookies.iter().fold(String::new(), |mut all, (name, value)| {
            let _ = write!(all, "{}{name}={value}", if all.is_empty() { "" } else { "; " });
            all
        })
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.values("set-cookie") {
            let (pair, rest) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

pub fn encoded(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}
