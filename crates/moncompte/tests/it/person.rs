//! A person at a browser, sent by the portal of a place, with the mails of its folder.

use std::{fs, ops::Deref, time::Duration};

use mail_parser::{Message, MessageParser};
use reqwest::{Client, redirect::Policy};
use testkit::{Browser, asking, encoded};
pub use testkit::{Page, Persona};

use crate::place::{CALLBACK, Place, eventually};

/// A browser of their own, and the interaction that it is in.
pub struct Person(Browser);

impl Deref for Person {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.0
    }
}

impl Person {
    pub fn new(issuer: &str) -> Self {
        Self::with(testkit::wire(), issuer)
    }

    /// A person with a long timeout, who opens a new connection for each request, so that any node may answer.
    pub fn patient(issuer: &str) -> Self {
        Self::with(Self::browser(), issuer)
    }

    /// The HTTP client of such a person.
    pub fn browser() -> Client {
        let patience = Duration::from_secs(100);
        let anew = Client::builder().timeout(patience).pool_max_idle_per_host(0);
        anew.redirect(Policy::none()).build().unwrap()
    }

    fn with(client: Client, issuer: &str) -> Self {
        Self(Browser::new(client, issuer))
    }

    /// Opens the portal's authorization request.
    pub async fn asked_by_portal(&self) -> Page {
        self.try_asked_by_portal().await.unwrap()
    }

    pub async fn try_asked_by_portal(&self) -> reqwest::Result<Page> {
        let query = encoded(&asking("exemple", CALLBACK, &[]));
        self.try_get(&format!("/authorize?{query}")).await
    }

    /// Goes from the portal to the page for old identifiers.
    pub async fn old_door(&self) -> Page {
        let page = self.asked_by_portal().await;
        let mut to = page.url.clone();
        to.set_path(&format!("{}/legacy", page.url.path()));
        self.get(to.as_str()).await
    }

    /// Sends the old identifiers.
    pub async fn prove(&self, who: &Persona) -> Page {
        let page = self.old_door().await;
        self.submit(&page, "legacy", &[("identifier", &who.identifier), ("password", &who.old)]).await
    }

    /// Walks the steps from the old identifiers to the confirmation mail.
    pub async fn until_mail(&self, who: &Persona) -> Page {
        let page = self.prove(who).await;
        assert!(page.asks("notice"), "{} {}", page.url, page.heading());
        let page = self.submit(&page, "notice", &[]).await;
        let page = self.submit(&page, "email", &[("email", &who.email)]).await;
        assert!(page.asks("password"), "{} {}", page.url, page.heading());
        let page = self.submit(&page, "password", &[("password", &who.new)]).await;
        assert!(page.asks("resend"), "{} {}", page.url, page.heading());
        page
    }

    /// Walks the whole move, with the link from the mail folder; returns the last page.
    pub async fn moves(&self, who: &Persona, place: &Place) -> Page {
        self.until_mail(who).await;
        let link = link(&place.mail_to(&who.email).await);
        self.finish(&link, who).await
    }

    /// Walks from the mailed link to the end.
    pub async fn finish(&self, link: &str, who: &Persona) -> Page {
        let page = self.get(link).await;
        let page = self.submit(&page, "confirm", &[("email", &who.email), ("password", &who.new)]).await;
        assert!(page.asks("terms"), "{} {}", page.url, page.heading());
        self.submit(&page, "terms", &[("accept", "on")]).await
    }

    /// Opens a portal's address, and signs in if asked to.
    pub async fn sent_to(&self, address: &str, who: &Persona) -> Page {
        let page = self.get(address).await;
        if !page.asks("sign-in") {
            return page;
        }
        self.submit(&page, "sign-in", &[("email", &who.email), ("password", &who.new)]).await
    }

    /// Signs in from the portal.
    pub async fn signs_in(&self, email: &str, password: &str) -> Page {
        let page = self.asked_by_portal().await;
        self.submit(&page, "sign-in", &[("email", email), ("password", password)]).await
    }
}

impl Place {
    /// Waits for the newest mail to this address with a link to confirm.
    pub async fn mail_to(&self, email: &str) -> Vec<u8> {
        eventually("the mail", async || newest(self, email)).await
    }
}

fn newest(place: &Place, email: &str) -> Option<Vec<u8>> {
    let mut mails: Vec<_> = fs::read_dir(place.path("mails"))
        .ok()?
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().ends_with(".eml"))
        .filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, fs::read(e.path()).ok()?)))
        .filter(|(_, bytes)| {
            let mail = MessageParser::default().parse(bytes);
            mail.is_some_and(|m| to(&m) == email && m.body_text(0).is_some_and(|t| t.contains("/confirm?")))
        })
        .collect();
    mails.sort_by_key(|(at, _)| *at);
    mails.pop().map(|(_, bytes)| bytes)
}

fn to(mail: &Message<'_>) -> String {
    let address = mail.to().and_then(|a| a.first()).and_then(|a| a.address());
    address.unwrap_or_default().to_owned()
}

/// The link to confirm, from the text of a mail.
pub fn link(mail: &[u8]) -> String {
    let mail = MessageParser::default().parse(mail).unwrap();
    let text = mail.body_text(0).unwrap().into_owned();
    text.split_whitespace().find(|w| w.contains("/confirm?token=")).expect("a link").to_owned()
}
