//! The portal as a browser and a provider see it: every test starts both, on ports of their own, with a clock of its own.

mod back_channel;
mod browser;
mod clock;
mod elsewhere;
mod faces;
mod old_sign_in;
mod provider;
mod refresh;
mod refusals;
mod sign_in;
mod sign_out;

use std::path::Path;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::browser::Browser;
use crate::clock::TestClock;
use crate::provider::FakeProvider;

pub(crate) const CLIENT_ID: &str = "tilleuls";
pub(crate) const CLIENT_SECRET: &str = "the-client-secret-of-agence-des-tilleuls";
pub(crate) const TICKET_KEY: &str = "the ticket key of this agency, 32 bytes or more";

/// A portal and its provider, running.
pub(crate) struct Stage {
    pub(crate) base: String,
    pub(crate) provider: FakeProvider,
    pub(crate) clock: TestClock,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::start_with(&json!({})).await
    }

    /// Starts both with client records besides the usual ones.
    pub(crate) async fn start_with(more_clients: &Value) -> Self {
        let clock = TestClock::default();
        let provider = FakeProvider::start(clock.clone()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let config = config(&base, &provider.issuer, more_clients);
        serve(listener, config, &clock);
        Self { base, provider, clock }
    }

    /// Starts another portal at the same provider, with another configuration; returns the address where it listens.
    pub(crate) async fn another(&self, change: impl FnOnce(&mut portal::Config)) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let mut config = config(&base, &self.provider.issuer, &json!({}));
        change(&mut config);
        serve(listener, config, &self.clock);
        base
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.base)
    }

    /// A browser that has signed in.
    pub(crate) async fn signed_in(&self) -> Browser {
        let browser = self.browser();
        browser.sign_in(&self.provider).await;
        browser
    }
}

fn serve(listener: TcpListener, config: portal::Config, clock: &TestClock) {
    let router = portal::router_at(config, clock.as_portal_clock()).expect("a portal");
    tokio::spawn(async move { axum::serve(listener, router).await });
}

/// The configuration, as an agency would write it.
pub(crate) fn config(base: &str, issuer: &str, more_clients: &Value) -> portal::Config {
    let mut clients = json!({
        "C-1042": {
            "name": "Mme Claire Martin", "kind": "copropriétaire",
            "properties": [{ "label": "Appartement B12", "address": "12 rue des Tilleuls, 37000 Tours" }],
            "balance_cents": -12_345,
            "calls": [{ "label": "Appel de fonds 4e trimestre", "due": "2026-10-01", "amount_cents": 41_250, "paid": false }],
            "documents": [{ "title": "Procès-verbal d'assemblée", "date": "2026-06-12" }],
            "messages": [{ "from": "Votre gestionnaire", "date": "2026-11-02", "text": "L'ascenseur sera révisé <jeudi>." }],
        },
        "C-2001": { "name": "SCI Martin" },
        "C-9999": { "name": "Monsieur Secret" },
    });
    for (client_ref, record) in more_clients.as_object().expect("an object") {
        clients[client_ref] = record.clone();
    }
    let hash = |salted: &str| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(salted));
    let logins = json!({
        "tm-1042": {
            "password_sha256": hash("selpasse-ancienne"), "salt": "sel",
            "client_ref": "C-1042", "email": "claire@example.org", "name": "Claire Martin",
        },
        "tm-7": { "password_sha256": hash("selseul"), "salt": "sel", "email": null },
    });
    let text = format!(
        r##"
        base_url = "{base}"
        agency_name = "Agence des Tilleuls"
        city = "Tours"
        accent = "#2f7d4f"
        mark = "leaf"
        issuer = "{issuer}"
        client_id = "{CLIENT_ID}"
        client_secret = "{CLIENT_SECRET}"
        cookie_name = "tilleuls"
        ticket = {{ key = "{TICKET_KEY}" }}
        clients_file = "unused"
        "##
    );
    let mut config = portal::Config::from_toml(&text, Path::new(".")).expect("a configuration");
    config.clients_file = portal::Source::Data(serde_json::from_value(clients).expect("clients"));
    config.legacy_logins = Some(portal::Source::Data(serde_json::from_value(logins).expect("logins")));
    config
}
