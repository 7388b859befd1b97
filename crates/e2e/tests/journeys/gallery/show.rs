//! A server of the gallery's pages and mails, with the provider's assets and Content-Security-Policy.

use std::{collections::HashMap, sync::Arc};

use anyhow::Result;
use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use pages::{
    Frame, Locale, MailFrame, Pages,
    gallery::{self, look},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// The provider's Content-Security-Policy, with forms to no portal: the one page that sends itself must stay here.
const POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

pub(super) struct Show {
    address: String,
    names: Vec<String>,
    server: JoinHandle<()>,
}

impl Drop for Show {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Show {
    /// All pages and mails in one language: in every state with an agency, in their first state without one.
    pub(super) async fn of(locale: Locale) -> Result<Self> {
        let pages = Pages::new()?;
        let frame = Frame {
            locale,
            look: Some(look()),
            csrf: "a-token".into(),
            base: "/authorize/0192".into(),
            issuer_host: "compte.example.fr".into(),
        };
        let mail = MailFrame { locale, look: Some(look()), issuer: "https://compte.example.fr".into() };
        let bare = Frame { look: None, base: String::new(), ..frame.clone() };
        let mut leaves: Vec<(String, String)> = Vec::new();
        for leaf in gallery::pages(&pages, &frame)?.into_iter().chain(gallery::mails(&pages, &mail)?) {
            // Two pages go on by themselves, and must stay here.
            let stays = ["signing-out", "go-on"].iter().any(|name| leaf.name.starts_with(name));
            let keep = |line: &&str| !stays || !(line.contains("<script") || line.contains("\"refresh\""));
            let html = leaf.html.lines().filter(keep).collect::<Vec<_>>().join("\n");
            leaves.push((format!("{}-{}", locale.tag(), leaf.name), html));
        }
        for leaf in gallery::pages(&pages, &bare)?.into_iter().filter(|leaf| {
            leaf.name.ends_with("-0") && !["signing-out-0", "go-on-0"].contains(&leaf.name.as_str())
        }) {
            leaves.push((format!("{}-{}-bare", locale.tag(), leaf.name), leaf.html));
        }
        let names = leaves.iter().map(|(name, _)| name.clone()).collect();
        let leaves: Arc<HashMap<_, _>> = Arc::new(leaves.into_iter().collect());
        let router = Router::new()
            .route("/leaf/{name}", get(leaf))
            .route("/assets/{*path}", get(asset))
            .route("/help/{picture}", get(picture))
            .route("/look/{file}", get(async || ([(header::CONTENT_TYPE, "text/css")], look().stylesheet())))
            .with_state(leaves);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://localhost:{}", listener.local_addr()?.port());
        let server = tokio::spawn(async move {
            if let Err(cause) = axum::serve(listener, router).await {
                panic!("the gallery closes: {cause}");
            }
        });
        Ok(Self { address, names, server })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The address of a page or mail.
    pub(super) fn at(&self, name: &str) -> String {
        format!("{}/leaf/{name}", self.address)
    }
}

async fn leaf(State(leaves): State<Arc<HashMap<String, String>>>, Path(name): Path<String>) -> Response {
    match leaves.get(&name) {
        // A mail brings its styles inline.
        Some(html) if name.contains("-mail-") => Html(html.clone()).into_response(),
        Some(html) => ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html.clone())).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn picture(Path(name): Path<String>) -> Response {
    let mut parts = name.trim_end_matches(".svg").splitn(3, '-');
    let locale = parts.next().and_then(Locale::from_tag).unwrap_or(Locale::Fr);
    let step = parts.next().and_then(|n| n.parse().ok()).unwrap_or_default();
    let look = parts.next().map(|_| look());
    match Pages::new().and_then(|pages| pages.picture(locale, look.as_ref(), step)) {
        Ok(Some(svg)) => ([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn asset(Path(path): Path<String>) -> Response {
    match pages::asset(&path) {
        // Kept by the browser, as from the provider: every page has the same ones.
        Some(asset) => {
            let kept = [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, "max-age=3600")];
            (kept, asset.bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
