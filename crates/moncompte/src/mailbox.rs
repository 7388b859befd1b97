//! The demo's mailbox: every mail that was sent, as it would arrive.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{Path as Segment, State},
    response::{Html, IntoResponse, Json, Response},
    routing::get,
};
use mail_parser::{MessageParser, MimeHeaders};
use serde::Serialize;

/// The number of mails that are kept; the oldest are deleted.
const MAX_KEPT: usize = 10_000;
/// The number of mails that the page shows.
const MAX_SHOWN: usize = 500;

/// A folder of mails, one file each, numbered in order of arrival.
#[derive(Clone)]
pub(crate) struct DemoMailbox {
    folder: Arc<PathBuf>,
    /// One mail at a time gets a number.
    turn: Arc<Mutex<()>>,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    to: String,
    subject: String,
    at: Option<i64>,
    text: String,
    html: String,
    attachments: Vec<String>,
}

impl DemoMailbox {
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: Arc::new(folder.to_owned()), turn: Arc::default() })
    }

    pub(crate) fn put(&self, mail: &[u8]) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.numbers();
        let next = kept.last().map_or(1, |last| last + 1);
        if kept.len() >= MAX_KEPT
            && let Some(oldest) = kept.first()
        {
            fs::remove_file(self.folder.join(format!("{oldest:06}.eml")))?;
        }
        // Renamed when complete, since the page may be reading.
        let (part, whole) =
            (self.folder.join(format!(".{next:06}")), self.folder.join(format!("{next:06}.eml")));
        fs::write(&part, mail)?;
        fs::rename(part, whole)
    }

    fn read(&self, id: &str) -> Option<Shown> {
        if !id.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let bytes = fs::read(self.folder.join(format!("{id}.eml"))).ok()?;
        let mail = MessageParser::default().parse(&bytes)?;
        let to = mail.to().and_then(|a| a.first()).and_then(|a| a.address()).unwrap_or_default();
        Some(Shown {
            id: id.to_owned(),
            to: to.to_owned(),
            subject: mail.subject().unwrap_or_default().to_owned(),
            at: mail.date().map(mail_parser::DateTime::to_timestamp),
            text: mail.body_text(0).unwrap_or_default().into_owned(),
            html: mail.body_html(0).unwrap_or_default().into_owned(),
            attachments: mail.attachments().filter_map(|a| a.attachment_name()).map(Into::into).collect(),
        })
    }

    /// Returns the mails, newest first.
    fn all(&self) -> Vec<Shown> {
        let newest = self.numbers().into_iter().rev().take(MAX_SHOWN);
        newest.filter_map(|number| self.read(&format!("{number:06}"))).collect()
    }

    /// Returns the numbers of the mails, in order of arrival.
    fn numbers(&self) -> Vec<u64> {
        let files = fs::read_dir(&*self.folder).into_iter().flatten().flatten();
        let mut numbers: Vec<u64> =
            files.filter_map(|file| file.file_name().to_str()?.strip_suffix(".eml")?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }
}

/// Returns the routes: `/`, `/mail/{id}`, `/mail/{id}/html`, and `/mails.json` for programs.
pub(crate) fn router(mailbox: DemoMailbox) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/mail/{id}", get(one))
        .route("/mail/{id}/html", get(html))
        .route("/mails.json", get(async |State(mailbox): State<DemoMailbox>| Json(mailbox.all())))
        .with_state(mailbox)
}

const STYLE: &str = "<style>body{font:17px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1f24}\
h1{font-size:1.5rem}table{border-collapse:collapse;width:100%}td{border-top:1px solid #d9dde3;padding:.6rem .4rem;vertical-align:top}\
a{color:#174ea6}iframe{width:100%;height:46rem;border:1px solid #d9dde3;border-radius:8px;background:#fff}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f5f7;padding:1rem;border-radius:8px}.quiet{color:#59616b}</style>";

fn page(title: &str, refresh: bool, body: &str) -> Html<String> {
    let refresh = if refresh { "<meta http-equiv=refresh content=3>" } else { "" };
    Html(format!(
        "<!doctype html><html lang=fr><head><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         {refresh}<title>{}</title>{STYLE}</head><body><main>{body}</main></body></html>",
        escape(title)
    ))
}

async fn list(State(mailbox): State<DemoMailbox>) -> Response {
    let mails = mailbox.all();
    let mut rows = String::new();
    for mail in &mails {
        rows += &format!(
            "<tr><td><a href='/mail/{}'>{}</a></td><td class=quiet>{}</td></tr>",
            mail.id,
            escape(&mail.subject),
            escape(&mail.to)
        );
    }
    if mails.is_empty() {
        rows = "<tr><td class=quiet>Aucun message pour l’instant. Cette page se met à jour toute seule.</td></tr>".into();
    }
    let body = format!(
        "<h1>Boîte aux lettres de la démonstration</h1><p class=quiet>Tous les messages envoyés par le service, à qui que ce soit.</p>\
         <table>{rows}</table>"
    );
    page("Boîte aux lettres", true, &body).into_response()
}

async fn one(State(mailbox): State<DemoMailbox>, Segment(id): Segment<String>) -> Response {
    let Some(mail) = mailbox.read(&id) else { return missing() };
    let attached = if mail.attachments.is_empty() {
        String::new()
    } else {
        format!("<p class=quiet>Pièce jointe : {}</p>", escape(&mail.attachments.join(", ")))
    };
    let body = format!(
        "<p><a href='/'>← Tous les messages</a></p><h1>{}</h1><p class=quiet>À : {}</p>{attached}\
         <iframe title='Le message' src='/mail/{id}/html' sandbox='allow-top-navigation-by-user-activation allow-popups'></iframe>\
         <h2>En texte</h2><pre>{}</pre>",
        escape(&mail.subject),
        escape(&mail.to),
        link(&mail.text)
    );
    page(&mail.subject, false, &body).into_response()
}

async fn html(State(mailbox): State<DemoMailbox>, Segment(id): Segment<String>) -> Response {
    match mailbox.read(&id) {
        Some(mail) => Html(mail.html.replacen("<head>", "<head><base target='_top'>", 1)).into_response(),
        None => missing(),
    }
}

fn missing() -> Response {
    (axum::http::StatusCode::NOT_FOUND, page("Introuvable", false, "<h1>Ce message n’existe pas</h1>"))
        .into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Returns escaped text with its addresses as links.
fn link(text: &str) -> String {
    let word = |word: &str| match word.trim_end() {
        url if url.starts_with("http://") || url.starts_with("https://") => {
            format!("<a href=\"{0}\">{0}</a>{1}", escape(url), &word[url.len()..])
        }
        _ => escape(word),
    };
    text.split_inclusive(char::is_whitespace).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_that_come_at_once_are_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = DemoMailbox::open(folder.path()).unwrap();
        std::thread::scope(|scope| {
            for n in 0..64 {
                let mailbox = &mailbox;
                scope.spawn(move || mailbox.put(format!("Subject: {n}\r\n\r\n").as_bytes()).unwrap());
            }
        });
        let mut subjects: Vec<u32> = mailbox.all().iter().map(|mail| mail.subject.parse().unwrap()).collect();
        subjects.sort_unstable();
        assert_eq!(subjects, (0..64).collect::<Vec<_>>());
    }
}
