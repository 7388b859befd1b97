//! A browser: it keeps cookies, follows redirects one step at a time, and posts the forms of its pages.

use std::sync::{Arc, Mutex};

use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::provider::FakeProvider;

/// An answer, read to its end.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    /// The address in the response's `Location`.
    pub fn location(&self) -> String {
        assert!(self.status.is_redirection(), "{}: {}", self.status, self.text);
        self.headers[LOCATION].to_str().expect("an address").to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn cookies_set(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().expect("text")).collect()
    }

    /// The hidden field of the first form.
    pub fn csrf(&self) -> String {
        let after = self
            .text
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .unwrap_or_else(|| panic!("no form: {}", self.text));
        after.split('"').next().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub fn says(&self, text: &str) {
        assert!(self.text.contains(text), "{text:?} is not in ({}) {}", self.status, self.text);
    }

    #[track_caller]
    pub fn does_not_say(&self, text: &str) {
        assert!(!self.text.contains(text), "{text:?} is in {}", self.text);
    }
}

/// One browser.
pub struct Browser {
    base: Url,
    client: reqwest::Client,
    jar: Arc<Jar>,
    last: Mutex<String>,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        let jar = Arc::new(Jar::default());
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .cookie_provider(jar.clone())
            .no_proxy()
            .build()
            .expect("a client");
        Self { base: Url::parse(base).expect("an address"), client, jar, last: Mutex::default() }
    }

    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        // The template engine writes slashes as references, which are slashes to a browser.
        let text = response.text().await.expect("a body").replace("&#x2f;", "/");
        let page = Page { status, headers, text };
        assert_ne!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", page.text);
        if page.text.contains("name=\"csrf\"") {
            *self.last.lock().expect("a page") = page.csrf();
        }
        page
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, self.base.join(path).expect("an address"))
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(self.request(Method::GET, path)).await
    }

    /// Posts a form as the last page with a form would have it.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.last.lock().expect("a page").clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_bare(path, &all).await
    }

    /// Posts exactly these fields.
    pub async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(self.request(Method::POST, path).form(fields)).await
    }

    pub fn cookies(&self) -> String {
        self.jar
            .cookies(&self.base)
            .and_then(|value| value.to_str().map(str::to_owned).ok())
            .unwrap_or_default()
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        let prefix = format!("{name}=");
        self.cookies().split("; ").find_map(|pair| pair.strip_prefix(&prefix).map(str::to_owned))
    }

    pub fn set_cookie(&self, cookie: &str) {
        self.jar.add_cookie_str(cookie, &self.base);
    }

    /// Begins a sign-in: the authorization request.
    pub async fn begin(&self) -> Url {
        let page = self.get("/login").await;
        Url::parse(&page.location()).expect("an address")
    }

    /// Comes back from the provider.
    pub async fn come_back(&self, back: &Url) -> Page {
        self.send(self.client.get(back.clone())).await
    }

    /// Signs in and stands in the client space.
    pub async fn sign_in(&self, provider: &FakeProvider) -> Page {
        let back = provider.approve(&self.begin().await);
        let page = self.come_back(&back).await;
        assert_eq!(page.location(), "/espace");
        self.get("/espace").await
    }

    /// Returns true if this browser sees the client space.
    pub async fn is_signed_in(&self) -> bool {
        self.get("/espace").await.status == StatusCode::OK
    }
}
