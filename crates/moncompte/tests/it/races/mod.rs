//! Two nodes on one database, and requests that arrive at once (SECURITY part B "Race harness"): half of the connections to each node, every
//! request sent but for its last byte, then all last bytes together. The tests assert on effects, not on answers.

mod handovers;
mod linking;
mod lockout;
mod pause;
pub mod reset;
mod settled;
mod terms;
mod tokens;

use std::{collections::BTreeMap, fs, sync::Arc};

use kernel::sea_orm::{ConnectionTrait, Statement};
use testbed::Bed;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Barrier,
};

use crate::{
    faults::proxy::Proxy,
    person::{Person, Persona},
    place::{CALLBACK, MAIL_FOLDER, Place, Running, copy, free_port, secret_file, serve},
};

/// Requests in one burst: enough to show a race, few enough that they do not queue (SECURITY part B, "Power").
const BURST: usize = 48;
/// Bursts for each race and database, where one is cheap.
fn rounds() -> usize {
    testbed::tries(10, 30)
}

/// One provider in two processes, and somebody who has moved.
struct Nodes {
    place: Place,
    ports: [u16; 2],
    running: Vec<Running>,
    mover: Persona,
    person: Person,
}

impl Nodes {
    async fn on(bed: Bed) -> Self {
        Self::prepared(bed, async |_| ()).await
    }

    /// Starts both nodes after `prepare` has changed their place.
    async fn prepared(bed: Bed, prepare: impl AsyncFnOnce(&Place)) -> Self {
        let place = Place::new(bed, MAIL_FOLDER);
        let mover = Persona::number(1);
        place.people([mover.row()]);
        prepare(&place).await;
        let ports = [place.port, free_port()];
        another(&place, "second", ports[1]);
        Self::begun(place, ports, mover).await
    }

    /// Starts both nodes on PostgreSQL, the second one behind a [`Proxy`]; `None` without PostgreSQL.
    async fn wired() -> Option<(Self, Proxy)> {
        let bed = Bed::postgres().await?;
        let (proxy, address) = Proxy::before(&bed.address).await;
        let place = Place::new(bed, MAIL_FOLDER);
        let mover = Persona::number(1);
        place.people([mover.row()]);
        let ports = [place.port, free_port()];
        another(&place, "second", ports[1]);
        secret_file(&place.path("second/secrets/database"), &address);
        Some((Self::begun(place, ports, mover).await, proxy))
    }

    async fn begun(place: Place, ports: [u16; 2], mover: Persona) -> Self {
        let person = Person::new(&place.issuer());
        let mut nodes = Self { place, ports, running: Vec::new(), mover, person };
        nodes.start().await;
        nodes.person.moves(&nodes.mover, &nodes.place).await;
        nodes
    }

    /// Starts both programs and waits until they answer.
    async fn start(&mut self) {
        self.running.push(self.place.serve().await);
        self.running.push(serve(&self.place.path("second"), |_| ()).await);
    }

    /// Kills both programs at once with SIGKILL.
    fn kill(&mut self) {
        self.running.drain(..).for_each(Running::kill);
    }

    async fn count(&self, sql: &str) -> i64 {
        let db = self.place.bed.context.db.reader();
        let query =
            Statement::from_string(db.get_database_backend(), format!("SELECT count(*) AS n FROM {sql}"));
        db.query_one_raw(query).await.unwrap().unwrap().try_get("", "n").unwrap()
    }

    /// Posts a form to a path of one node, 0 or 1.
    async fn post(&self, node: usize, path: &str, headers: &str, body: &str) -> Shot {
        shoot(self.ports[node], request(self.ports[0], path, headers, body), None).await
    }

    /// Gets a page of the first node.
    async fn page(&self, path: &str, headers: &str) -> Shot {
        let port = self.ports[0];
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n{headers}\r\n");
        shoot(port, request.into_bytes(), None).await
    }

    /// Posts all forms to one path at once; returns the answers in the order of the forms.
    async fn burst(&self, path: &str, headers: &str, bodies: Vec<String>) -> Vec<Shot> {
        let all = bodies.iter().map(|body| request(self.ports[0], path, headers, body)).collect();
        self.at_once(all).await
    }

    async fn at_once(&self, requests: Vec<Vec<u8>>) -> Vec<Shot> {
        let barrier = Arc::new(Barrier::new(requests.len()));
        let shooting: Vec<_> = requests
            .into_iter()
            .enumerate()
            .map(|(n, request)| tokio::spawn(shoot(self.ports[n % 2], request, Some(barrier.clone()))))
            .collect();
        let mut shots = Vec::new();
        for shot in shooting {
            shots.push(shot.await.unwrap());
        }
        shots
    }
}

/// A browser: its cookies, and its current interaction.
#[derive(Clone)]
struct Browser {
    hub: String,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl Browser {
    /// A new browser at the sign-in page, sent by the portal.
    async fn new(nodes: &Nodes) -> Self {
        let mut browser = Self { hub: String::new(), cookies: BTreeMap::new(), csrf: String::new() };
        browser.arrive(nodes).await;
        browser
    }

    /// Comes from the portal to a page of the provider, and keeps that page's interaction.
    async fn arrive(&mut self, nodes: &Nodes) -> Shot {
        let first = nodes.page(&asking(&[]), &self.header()).await;
        self.keep(&first);
        self.hub = first.location().to_owned();
        let page = nodes.page(&self.hub, &self.header()).await;
        if page.body.contains("name=\"csrf\"") {
            self.csrf = page.csrf();
        }
        page
    }

    fn keep(&mut self, shot: &Shot) {
        for cookie in shot.cookies() {
            let (name, value) = cookie.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn header(&self) -> String {
        let all: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if all.is_empty() {
            String::new()
        } else {
            format!("cookie: {}\r\naccept-language: fr\r\n", all.join("; "))
        }
    }

    /// The request that sends the form of a step.
    fn form(&self, nodes: &Nodes, step: &str, typed: &[(&str, &str)]) -> Vec<u8> {
        let path = if step.starts_with('/') { step.to_owned() } else { format!("{}/{step}", self.hub) };
        let body = form(&[&[("csrf", self.csrf.as_str())], typed].concat());
        request(nodes.ports[0], &path, &self.header(), &body)
    }

    /// Sends that form to the first node.
    async fn send(&mut self, nodes: &Nodes, step: &str, typed: &[(&str, &str)]) -> Shot {
        let shot = shoot(nodes.ports[0], self.form(nodes, step, typed), None).await;
        self.keep(&shot);
        shot
    }

    /// Follows an answer's redirect; returns the page.
    async fn sees(&mut self, nodes: &Nodes, shot: &Shot) -> Shot {
        self.keep(shot);
        let path = if shot.location().is_empty() { &self.hub } else { shot.location() };
        nodes.page(path, &self.header()).await
    }

    /// Walks from the sign-in page to the step that asks for an address.
    async fn proves(&mut self, nodes: &Nodes, identifier: &str, old: &str) {
        self.send(nodes, "legacy", &[("identifier", identifier), ("password", old)]).await;
        self.send(nodes, "notice", &[]).await;
    }
}

/// The address to which the portal sends a browser.
fn asking(more: &[(&str, &str)]) -> String {
    let own = [("scope", "openid"), ("state", ""), ("nonce", "")];
    format!("/authorize?{}", form(&testkit::asking("exemple", CALLBACK, &[&own[..], more].concat())))
}

/// Writes the configuration of one more node into a folder of this name: other ports, the same issuer.
pub fn another(place: &Place, name: &str, port: u16) {
    let (from, to) = (place.folder.path(), place.path(name));
    let text = fs::read_to_string(from.join("moncompte.toml")).unwrap();
    let listens = |line: &str| match line.split_once(" = ") {
        Some(("listen", _)) => format!("listen = \"127.0.0.1:{port}\""),
        Some(("ops_listen", _)) => format!("ops_listen = \"127.0.0.1:{}\"", free_port()),
        Some(("folder", _)) => format!("folder = \"{}\"", from.join("mails").display()),
        _ => line.to_owned(),
    };
    for name in ["agencies", "secrets", "terms"] {
        copy(&from.join(name), &to.join(name));
    }
    let text: Vec<_> = text.lines().map(listens).collect();
    fs::write(to.join("moncompte.toml"), text.join("\n")).unwrap();
}

/// An HTTP answer.
struct Shot {
    status: u16,
    head: String,
    body: String,
}

impl Shot {
    /// The cookies that it sets, as `name=value`.
    fn cookies(&self) -> Vec<String> {
        let lines = self.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
        lines.map(|cookie| cookie.split(';').next().unwrap_or_default().to_owned()).collect()
    }

    /// The `Location` header, or an empty text.
    fn location(&self) -> &str {
        self.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default()
    }

    /// The token of the page's forms.
    fn csrf(&self) -> String {
        let (_, after) = self.body.split_once("name=\"csrf\" value=\"").expect("a form");
        after.split('"').next().unwrap_or_default().to_owned()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.head, self.body))
    }
}

fn request(port: u16, path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost:{port}\r\norigin: http://localhost:{port}\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn shoot(port: u16, request: Vec<u8>, together: Option<Arc<Barrier>>) -> Shot {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (last, all_but) = request.split_last().unwrap();
    stream.write_all(all_but).await.unwrap();
    if let Some(barrier) = together {
        barrier.wait().await;
    }
    stream.write_all(&[*last]).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    Shot { status, head: head.to_owned(), body: body.to_owned() }
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
