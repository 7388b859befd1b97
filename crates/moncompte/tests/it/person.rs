//! A person at a browser without JavaScript: follows redirects on the provider's host, fills the forms that the pages have.

use std::{fs, sync::Mutex, time::Duration};

use mail_parser::{Message, MessageParser};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header, redirect::Policy};
use scraper::{Html, Selector};
use url::Url;

use crate::place::{CALLBACK, Place, eventually};

/// The PKCE challenge of RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A page of the provider, or the portal's address to which the browser was sent.
#[derive(Clone)]
pub struct Page {
    pub url: Url,
    pub status: StatusCode,
    /// The `Retry-After` header.
    pub retry_after: Option<String>,
    pub body: String,
}

impl Page {
    /// The heading.
    pub fn heading(&self) -> String {
        self.texts("h1").join(" ")
    }

    pub fn texts(&self, selector: &str) -> Vec<String> {
        let document = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        document
            .select(&selector)
            .map(|e| e.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    }

    /// An attribute of the first element that is selected.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let document = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        document.select(&selector).next()?.attr(name).map(str::to_owned)
    }

    /// The address to which the page goes by itself at once.
    pub fn goes_on(&self) -> Option<Url> {
        let content = self.attribute("head > meta[http-equiv=refresh]", "content")?;
        self.url.join(content.strip_prefix("0;url=")?).ok()
    }

    /// Returns true if the page has a form that posts to `…/step`.
    pub fn asks(&self, step: &str) -> bool {
        self.form(step).is_some()
    }

    fn form(&self, step: &str) -> Option<(String, Vec<(String, String)>)> {
        let document = Html::parse_document(&self.body);
        let selector = Selector::parse("form[method=post]").unwrap();
        let fields = Selector::parse("input[name]").unwrap();
        let form = document.select(&selector).find(|f| {
            f.attr("action").is_some_and(|a| a.strip_suffix(step).is_some_and(|rest| rest.ends_with('/')))
        })?;
        let filled = form
            .select(&fields)
            .filter(|i| i.attr("type") != Some("checkbox") || i.attr("checked").is_some())
            .map(|i| (i.attr("name").unwrap().to_owned(), i.attr("value").unwrap_or_default().to_owned()));
        Some((form.attr("action").unwrap().to_owned(), filled.collect()))
    }

    /// The code for the portal, if the browser was sent there.
    pub fn code(&self) -> Option<String> {
        if !self.url.as_str().starts_with(CALLBACK) {
            return None;
        }
        self.url.query_pairs().find(|(name, _)| name == "code").map(|(_, value)| value.into_owned())
    }
}

/// A person with a browser of their own.
pub struct Person {
    client: Client,
    issuer: String,
    hub: Mutex<Option<Url>>,
}

impl Person {
    pub fn new(issuer: &str) -> Self {
        let client = Client::builder().redirect(Policy::none()).cookie_store(true).build().unwrap();
        Self::with(client, issuer)
    }

    /// A person with a long timeout, who opens a new connection for each request, so that any node may answer.
    pub fn patient(issuer: &str) -> Self {
        Self::with(Self::browser(), issuer)
    }

    /// The HTTP client of such a person.
    pub fn browser() -> Client {
        let patience = Duration::from_secs(100);
        let anew = Client::builder().timeout(patience).pool_max_idle_per_host(0);
        anew.redirect(Policy::none()).cookie_store(true).build().unwrap()
    }

    fn with(client: Client, issuer: &str) -> Self {
        Self { client, issuer: issuer.to_owned(), hub: Mutex::new(None) }
    }

    /// Opens an address; an error if nobody answers.
    pub async fn try_get(&self, address: &str) -> reqwest::Result<Page> {
        let url = Url::parse(&self.issuer).unwrap().join(address).unwrap();
        self.follow(self.client.request(Method::GET, url.clone()), url).await
    }

    pub async fn get(&self, address: &str) -> Page {
        self.try_get(address).await.unwrap()
    }

    /// Opens the portal's authorization request.
    pub async fn asked_by_portal(&self) -> Page {
        self.try_asked_by_portal().await.unwrap()
    }

    pub async fn try_asked_by_portal(&self) -> reqwest::Result<Page> {
        let mut url = Url::parse(&self.issuer).unwrap().join("/authorize").unwrap();
        url.query_pairs_mut().extend_pairs([
            ("client_id", "exemple"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email offline_access"),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        self.try_get(url.as_str()).await
    }

    /// Sends the form of this page that posts to `…/step`, with these fields filled.
    pub async fn try_submit(&self, page: &Page, step: &str, typed: &[(&str, &str)]) -> reqwest::Result<Page> {
        let (url, fields) = self.filled(page, step, typed);
        self.try_send(url, &fields).await
    }

    /// Returns the address of that form, and its fields, filled.
    pub fn filled(&self, page: &Page, step: &str, typed: &[(&str, &str)]) -> (Url, Vec<(String, String)>) {
        let (action, mut fields) =
            page.form(step).unwrap_or_else(|| panic!("no form for {step}: {} {}", page.url, page.body));
        fields.retain(|(name, _)| typed.iter().all(|(n, _)| n != name));
        fields.extend(typed.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        (page.url.join(&action).unwrap(), fields)
    }

    /// Sends a filled form.
    pub async fn try_send(&self, url: Url, fields: &[(String, String)]) -> reqwest::Result<Page> {
        let request =
            self.client.request(Method::POST, url.clone()).header(header::ORIGIN, &self.issuer).form(fields);
        self.follow(request, url).await
    }

    pub async fn submit(&self, page: &Page, step: &str, typed: &[(&str, &str)]) -> Page {
        self.try_submit(page, step, typed).await.unwrap()
    }

    async fn follow(&self, first: RequestBuilder, mut url: Url) -> reqwest::Result<Page> {
        let mut answer = first.send().await?;
        for _ in 0..10 {
            let status = answer.status();
            let to = answer.headers().get(header::LOCATION).filter(|_| status.is_redirection());
            let Some(to) = to.and_then(|l| l.to_str().ok()).map(str::to_owned) else {
                self.remember(&url);
                let retry_after = answer.headers().get(header::RETRY_AFTER);
                let retry_after = retry_after.and_then(|v| v.to_str().ok()).map(str::to_owned);
                let page = Page { url, status, retry_after, body: answer.text().await? };
                // A page that goes on by itself to another host, since no redirect after a form may end there.
                return Ok(match page.goes_on() {
                    Some(url) => Page { url, status: StatusCode::SEE_OTHER, body: String::new(), ..page },
                    None => page,
                });
            };
            url = url.join(&to).unwrap();
            if !url.as_str().starts_with(&self.issuer) {
                return Ok(Page { url, status, retry_after: None, body: String::new() });
            }
            answer = self.client.request(Method::GET, url.clone()).send().await?;
        }
        panic!("round and round: {url}");
    }

    fn remember(&self, url: &Url) {
        let mut parts = url.path().split('/');
        if let (Some("authorize"), Some(id)) = (parts.nth(1), parts.next()) {
            *self.hub.lock().unwrap() = url.join(&format!("/authorize/{id}")).ok();
        }
    }

    /// Opens the hub of this browser's interaction.
    pub async fn here(&self) -> Page {
        let hub = self.hub.lock().unwrap().clone().expect("an interaction");
        self.get(hub.as_str()).await
    }

    /// Goes from the portal to the page for old identifiers.
    pub async fn old_door(&self) -> Page {
        let page = self.asked_by_portal().await;
        let mut to = page.url.clone();
        to.set_path(&format!("{}/legacy", page.url.path()));
        self.get(to.as_str()).await
    }

    /// Sends the old identifiers.
    pub async fn prove(&self, who: &Mover) -> Page {
        let page = self.old_door().await;
        self.submit(&page, "legacy", &[("identifier", &who.identifier), ("password", &who.old)]).await
    }

    /// Walks the steps from the old identifiers to the confirmation mail.
    pub async fn until_mail(&self, who: &Mover) -> Page {
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
    pub async fn moves(&self, who: &Mover, place: &Place) -> Page {
        self.until_mail(who).await;
        let link = link(&place.mail_to(&who.email).await);
        self.finish(&link, who).await
    }

    /// Walks from the mailed link to the end.
    pub async fn finish(&self, link: &str, who: &Mover) -> Page {
        let page = self.get(link).await;
        let page = self.submit(&page, "confirm", &[("email", &who.email), ("password", &who.new)]).await;
        assert!(page.asks("terms"), "{} {}", page.url, page.heading());
        self.submit(&page, "terms", &[("accept", "on")]).await
    }

    /// Opens a portal's address, and signs in if asked to.
    pub async fn sent_to(&self, address: &str, who: &Mover) -> Page {
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

/// A person to move: old credentials, address and new password.
#[derive(Clone)]
pub struct Mover {
    pub identifier: String,
    pub old: String,
    pub email: String,
    pub new: String,
}

fn letters(n: usize) -> String {
    n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'p')).collect()
}

impl Mover {
    pub fn number(n: usize) -> Self {
        Self {
            identifier: format!("{n:06}"),
            old: format!("ancien-{n}"),
            email: format!("personne.{n}@courrier.example"),
            // The number in letters, since a password may not hold a part of the address.
            new: format!("quatre mouettes bleues {}", letters(n)),
        }
    }

    pub fn row(&self) -> (String, String, String) {
        (self.identifier.clone(), self.old.clone(), self.email.clone())
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
