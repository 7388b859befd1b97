//! Faults below the provider: it fails closed, reports it to operators, recovers when the cause goes, and loses nothing that it acknowledged
//! (SECURITY #62, #116 to #118; B7, B14, B21). A mail server that dies is in `smtp`.

mod away;
mod commit;
mod disk;
pub mod proxy;
mod servers;
mod speech;
mod storm;
mod writer;

use std::{process::Command, time::Duration};

use kernel::sea_orm::{ConnectionTrait, Statement};
use reqwest::{RequestBuilder, StatusCode, header};
use testbed::Bed;
use testkit::VERIFIER;

use crate::{
    person::{Page, Person, Persona},
    place::{CALLBACK, CLIENT_SECRET, MAIL_FOLDER, Place, Running, secret_file, serve},
};
use proxy::Proxy;

/// The time within which the provider recovers once the cause is gone (SECURITY #117).
const HEALED: Duration = Duration::from_secs(5);
/// The time within which every request is answered, whatever the database does: its timeout of 10 s, and an allowance for a busy machine.
const ANSWERED: Duration = Duration::from_secs(13);

/// A provider, and somebody who has moved. Fields drop in order: the program ends before its folder and database.
struct Site {
    running: Running,
    place: Place,
    ops: u16,
    client: reqwest::Client,
    mover: Persona,
}

impl Site {
    /// Starts it with a database address and more lines of configuration.
    async fn new(bed: Bed, address: &str, more: &str) -> Self {
        Self::on(bed, address, more, |_| ()).await
    }

    /// The same with a change of the program's environment, e.g. another disk.
    async fn on(bed: Bed, address: &str, more: &str, lay: impl Fn(&mut Command)) -> Self {
        let place = Place::new(bed, &format!("{MAIL_FOLDER}\n{more}"));
        secret_file(&place.path("secrets/database"), address);
        let text = std::fs::read_to_string(place.path("moncompte.toml")).unwrap();
        let ops = text.lines().find_map(|line| line.strip_prefix("ops_listen = \"127.0.0.1:")).unwrap();
        let ops = ops.trim_end_matches('"').parse().unwrap();
        place.people((1..=4).map(|n| Persona::number(n).row()));
        let (running, mover) = (serve(place.folder.path(), lay).await, Persona::number(1));
        Person::new(&place.issuer()).moves(&mover, &place).await;
        Self { running, place, ops, client: reqwest::Client::new(), mover }
    }

    /// Starts it on PostgreSQL behind a [`Proxy`]; `None` without PostgreSQL.
    async fn wired() -> Option<(Self, Proxy)> {
        let bed = Bed::postgres().await?;
        let (proxy, address) = Proxy::before(&bed.address).await;
        Some((Self::new(bed, &address, "").await, proxy))
    }

    fn person(&self) -> Person {
        Person::new(&self.place.issuer())
    }

    /// Signs the person in from the portal; returns the last page.
    async fn signs_in(&self) -> Page {
        self.person().signs_in(&self.mover.email, &self.mover.new).await
    }

    async fn health(&self, name: &str) -> u16 {
        let address = format!("http://127.0.0.1:{}/health/{name}", self.ops);
        self.client.get(address).send().await.unwrap().status().as_u16()
    }

    fn at(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.place.port)
    }

    /// Sends a form to the token endpoint as the portal.
    async fn token(&self, form: &[(&str, &str)]) -> Told {
        Told::by(self.client.post(self.at("/token")).basic_auth("exemple", Some(CLIENT_SECRET)).form(form))
            .await
    }

    async fn redeem(&self, code: &str) -> Told {
        let fixed = [("grant_type", "authorization_code"), ("redirect_uri", CALLBACK)];
        self.token(&[&fixed[..], &[("code_verifier", VERIFIER), ("code", code)]].concat()).await
    }

    async fn refresh(&self, token: &str) -> Told {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn userinfo(&self, token: &str) -> Told {
        Told::by(self.client.get(self.at("/userinfo")).bearer_auth(token)).await
    }

    async fn count(&self, from: &str) -> i64 {
        let db = self.place.bed.context.db.reader();
        let query =
            Statement::from_string(db.get_database_backend(), format!("SELECT count(*) AS n FROM {from}"));
        db.query_one_raw(query).await.unwrap().unwrap().try_get("", "n").unwrap()
    }
}

/// An answer to a client.
struct Told {
    status: StatusCode,
    retry_after: bool,
    json: serde_json::Value,
}

impl Told {
    async fn by(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, retry_after) = (answer.status(), answer.headers().contains_key(header::RETRY_AFTER));
        let text = answer.text().await.unwrap();
        Self { status, retry_after, json: serde_json::from_str(&text).unwrap_or_default() }
    }

    fn is_not_now(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
            && self.retry_after
            && self.json["error"] == "temporarily_unavailable"
    }

    fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_else(|| panic!("{} {}", self.status, self.json))
    }
}

/// Returns true for a complete 503 page: `Retry-After`, and a link to go on.
fn is_not_now(page: &Page) -> bool {
    page.status == StatusCode::SERVICE_UNAVAILABLE
        && page.headers.contains_key(header::RETRY_AFTER)
        && (!page.texts("main a.button").is_empty() || !page.texts("main form button").is_empty())
}
