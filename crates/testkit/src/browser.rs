//! A browser without scripts: cookies, redirects, forms.

use std::sync::{Arc, Mutex};

use axum_extra::extract::cookie::Cookie;
use http::{HeaderName, Method, Request, header};
use url::Url;

use crate::{Page, Transport};

/// A browser whose pages are values, so that several requests may be on their way at once.
pub struct Browser {
    transport: Arc<dyn Transport>,
    /// The provider: the browser follows redirects on this host alone.
    pub issuer: String,
    jar: Mutex<Jar>,
    /// The address of the newest interaction that was on the screen.
    hub: Mutex<Option<Url>>,
    /// `Accept-Language`.
    pub language: &'static str,
    /// Headers of a proxy or an attacker, sent along with everything instead of the browser's own.
    pub extra: Vec<(&'static str, &'static str)>,
}

#[derive(Clone, Default)]
struct Jar {
    /// As the browser keeps them. One jar for all hosts: no two of a test share a name.
    kept: Vec<Cookie<'static>>,
    /// As they came, with their attributes, since the start.
    received: Vec<Cookie<'static>>,
}

impl Browser {
    /// A browser that has never been anywhere.
    pub fn new(transport: impl Transport + 'static, issuer: &str) -> Self {
        Self::with(Arc::new(transport), issuer)
    }

    fn with(transport: Arc<dyn Transport>, issuer: &str) -> Self {
        let issuer = issuer.trim_end_matches('/').to_owned();
        Self {
            transport,
            issuer,
            jar: Mutex::default(),
            hub: Mutex::default(),
            language: "fr",
            extra: Vec::new(),
        }
    }

    /// Another browser on the same transport, without cookies.
    pub fn another(&self) -> Self {
        Self::with(self.transport.clone(), &self.issuer)
    }

    /// A copy, cookies included.
    pub fn copy(&self) -> Self {
        let jar = Mutex::new(self.jar.lock().unwrap().clone());
        Self { jar, language: self.language, extra: self.extra.clone(), ..self.another() }
    }

    /// Opens an address, and follows it as far as the provider's host goes.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn try_get(&self, address: &str) -> reqwest::Result<Page> {
        self.try_send(Method::GET, address, None, &[]).await
    }

    /// Opens an address, and follows it as far as the provider's host goes.
    pub async fn get(&self, address: &str) -> Page {
        self.try_get(address).await.unwrap()
    }

    /// The address and the fields of the page's form that posts to `…/step`, with these fields filled.
    #[track_caller]
    pub fn filled(&self, page: &Page, step: &str, typed: &[(&str, &str)]) -> (Url, Vec<(String, String)>) {
        let (action, mut fields) = page.form(step);
        fields.retain(|(name, _)| typed.iter().all(|(typed, _)| typed != name));
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        (page.url.join(&action).unwrap(), fields)
    }

    /// Sends a filled form as browsers do: it says where it comes from.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn try_post(&self, to: Url, fields: &[(String, String)]) -> reqwest::Result<Page> {
        let own = [("sec-fetch-site", "same-origin"), ("origin", self.issuer.as_str())];
        self.try_send(Method::POST, to.as_str(), Some(encoded(fields).into_bytes()), &own).await
    }

    /// Fills the page's form that posts to `…/step` in, and sends it.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn try_submit(&self, page: &Page, step: &str, typed: &[(&str, &str)]) -> reqwest::Result<Page> {
        let (to, fields) = self.filled(page, step, typed);
        self.try_post(to, &fields).await
    }

    /// Fills the page's form that posts to `…/step` in, and sends it.
    pub async fn submit(&self, page: &Page, step: &str, typed: &[(&str, &str)]) -> Page {
        self.try_submit(page, step, typed).await.unwrap()
    }

    /// Sends one request after the other, until there is a page or the browser leaves for another host.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        address: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Page> {
        let page = self.try_once(method, address, body, headers).await?;
        self.try_follow(page).await
    }

    /// Goes where an answer leads to, until there is a page or the browser leaves for another host.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn try_follow(&self, mut page: Page) -> reqwest::Result<Page> {
        for _ in 0..10 {
            self.remember(&page);
            let Some(to) = page.leads_to() else { return Ok(page) };
            if !to.as_str().starts_with(&format!("{}/", self.issuer)) {
                page.left_to = Some(to.into());
                return Ok(page);
            }
            page = self.try_once(Method::GET, to.as_str(), None, &[]).await?;
        }
        panic!("redirects without end at {}", page.url)
    }

    fn remember(&self, page: &Page) {
        let mut parts = page.path().split('/');
        if let (Some("authorize"), Some(id), false) =
            (parts.nth(1), parts.next(), page.status.is_redirection())
        {
            *self.hub.lock().unwrap() = page.url.join(&format!("/authorize/{id}")).ok();
        }
    }

    /// Opens the newest interaction that was on the screen.
    pub async fn here(&self) -> Page {
        let hub = self.hub.lock().unwrap().clone().expect("an interaction");
        self.get(hub.as_str()).await
    }

    /// Sends one request, and follows nothing.
    pub async fn once(
        &self,
        method: Method,
        address: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Page {
        self.try_once(method, address, body, headers).await.unwrap()
    }

    async fn try_once(
        &self,
        method: Method,
        address: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Page> {
        let url = Url::parse(&self.issuer).unwrap().join(address).unwrap();
        let mut request = Request::new(body.clone().unwrap_or_default());
        *request.method_mut() = method;
        *request.uri_mut() = url.as_str().parse().unwrap();
        let all = request.headers_mut();
        all.insert(header::ACCEPT_LANGUAGE, self.language.parse().unwrap());
        if body.is_some() {
            all.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        }
        let given: Vec<(HeaderName, &str)> =
            headers.iter().chain(&self.extra).map(|(name, value)| (name.parse().unwrap(), *value)).collect();
        for (name, _) in &given {
            all.remove(name);
        }
        for (name, value) in given {
            all.append(name, value.parse().unwrap());
        }
        self.try_exchange(request).await
    }

    /// Sends a request as it is, with the browser's cookies, and keeps those of the answer.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn try_exchange(&self, mut request: Request<Vec<u8>>) -> reqwest::Result<Page> {
        let url = Url::parse(&self.issuer).unwrap().join(&request.uri().to_string()).unwrap();
        let cookies = self.cookies_for(url.path());
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.parse().unwrap());
        }
        let (status, headers, body) = self.transport.carry(request).await?;
        for cookie in headers.get_all(header::SET_COOKIE) {
            self.receive(Cookie::parse(cookie.to_str().unwrap().to_owned()).unwrap());
        }
        Ok(Page { status, headers, body, url, left_to: None })
    }

    fn cookies_for(&self, path: &str) -> String {
        let jar = self.jar.lock().unwrap();
        let at = |cookie: &&Cookie<'_>| path.starts_with(cookie.path().unwrap_or("/"));
        let sent: Vec<String> = jar.kept.iter().filter(at).map(|c| c.stripped().to_string()).collect();
        sent.join("; ")
    }

    /// Keeps a cookie, or drops it where it comes without a value.
    fn receive(&self, cookie: Cookie<'static>) {
        let mut jar = self.jar.lock().unwrap();
        jar.kept.retain(|c| (c.name(), c.path()) != (cookie.name(), cookie.path()));
        if !cookie.value().is_empty() {
            jar.kept.push(cookie.clone());
            jar.received.push(cookie);
        }
    }

    /// The cookies that the browser keeps.
    pub fn cookies(&self) -> Vec<Cookie<'static>> {
        self.jar.lock().unwrap().kept.clone()
    }

    /// Puts these cookies in the place of all that the browser keeps.
    pub fn set_cookies(&self, cookies: Vec<Cookie<'static>>) {
        self.jar.lock().unwrap().kept = cookies;
    }

    /// Puts a cookie beside those that the browser keeps.
    pub fn add_cookie(&self, cookie: Cookie<'static>) {
        self.jar.lock().unwrap().kept.push(cookie);
    }

    /// Drops the cookies of this name.
    pub fn drop_cookie(&self, name: &str) {
        self.jar.lock().unwrap().kept.retain(|cookie| cookie.name() != name);
    }

    /// The value of a cookie that the browser keeps.
    pub fn cookie_value(&self, name: &str) -> Option<String> {
        self.cookies().iter().find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
    }

    /// Every cookie that ever came with a value, with its attributes.
    pub fn received(&self) -> Vec<Cookie<'static>> {
        self.jar.lock().unwrap().received.clone()
    }

    /// The newest cookie of a name, as it came.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> Cookie<'static> {
        let received = self.received();
        received.into_iter().rfind(|c| c.name() == name).unwrap_or_else(|| panic!("no cookie {name}"))
    }

    /// Closes the browser and opens it again: cookies without an age are gone.
    pub fn close(&self) {
        self.jar.lock().unwrap().kept.retain(|cookie| cookie.max_age().is_some());
    }
}

/// A form or a query, as it travels.
pub fn encoded<N: AsRef<str>, V: AsRef<str>>(fields: &[(N, V)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
