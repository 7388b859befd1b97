//! As little of a client as measures: one connection, kept, and for a person a few cookies. It shares the cores with what it measures, so all that it
//! does not do is left to the provider.

use std::{collections::BTreeMap, fmt::Write as _, net::SocketAddr};

use axum::body::{Body, Bytes, to_bytes};
use hyper::{HeaderMap, Request, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Longer than any answer of the provider.
const LONGEST: usize = 1 << 20;

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// Where it sends the browser.
    pub fn location(&self) -> &str {
        let to = self.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
        to.unwrap_or_else(|| panic!("it sends nobody anywhere: {} {}", self.status, self.text()))
    }

    /// A member of the JSON object that it is.
    pub fn member(&self, name: &str) -> String {
        let json: serde_json::Value = serde_json::from_slice(&self.body).expect("JSON");
        let text = json[name].as_str();
        text.unwrap_or_else(|| panic!("no {name}: {} {}", self.status, self.text())).to_owned()
    }
}

/// One connection.
pub struct Caller {
    at: SocketAddr,
    host: String,
    sender: Option<http1::SendRequest<Body>>,
}

impl Caller {
    pub fn new(port: u16) -> Self {
        Self { at: ([127, 0, 0, 1], port).into(), host: format!("localhost:{port}"), sender: None }
    }

    pub fn port(&self) -> u16 {
        self.at.port()
    }

    pub async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, String::new()).await
    }

    pub async fn post(&mut self, path: &str, headers: &[(&str, &str)], form: String) -> Answer {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
        self.send("POST", path, &headers, form).await
    }

    async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let answer = self.connected().await.send_request(request).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        let body = to_bytes(Body::new(body), LONGEST).await.expect("the answer's body");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The connection, or another where it has been quiet for too long.
    async fn connected(&mut self) -> &mut http1::SendRequest<Body> {
        let usable = match self.sender.as_mut() {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            let stream = TcpStream::connect(self.at).await.expect("a connection");
            stream.set_nodelay(true).expect("TCP_NODELAY");
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
            tokio::spawn(connection);
            self.sender = Some(sender);
        }
        self.sender.as_mut().expect("just made")
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

    /// Signed out, as far as this browser knows.
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
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie");
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
