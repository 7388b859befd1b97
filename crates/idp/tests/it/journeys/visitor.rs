use axum_extra::extract::cookie::Cookie;
use http::{HeaderMap, Method, StatusCode, header};
use scraper::{ElementRef, Html, Selector};

use crate::journeys::world::World;

/// The content of the screen.
#[derive(Clone, Default)]
pub struct Screen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    pub path: String,
    /// The address of another host to which the browser was sent: it stops there.
    pub left_to: Option<String>,
}

/// A browser, and the person before it.
pub struct Visitor {
    pub client: reqwest::Client,
    pub issuer: String,
    /// As the browser keeps them.
    pub cookies: Vec<Cookie<'static>>,
    /// Cookies as they came, with their attributes, since the start.
    pub baked: Vec<Cookie<'static>>,
    pub screen: Screen,
    /// `Accept-Language`.
    pub language: &'static str,
    /// Headers of a proxy or an attacker, sent along with everything.
    pub extra: Vec<(&'static str, &'static str)>,
}

impl Screen {
    /// The text that a person reads.
    pub fn text(&self) -> String {
        let html = Html::parse_document(&self.body);
        let body = Selector::parse("body").unwrap();
        let words: Vec<String> = html.select(&body).flat_map(|b| b.text()).map(str::to_owned).collect();
        words
            .join(" ")
            .replace('\u{202f}', " ")
            .replace(['\u{a0}', '\u{2068}', '\u{2069}'], " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Asserts that a person reads this.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(text.contains(words), "{} {}: no \"{words}\" in: {text}", self.status, self.path);
        self
    }

    #[track_caller]
    pub fn says_not(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(!text.contains(words), "{}: \"{words}\" in: {text}", self.path);
        assert!(!self.body.contains(words), "{}: \"{words}\" in what is not read", self.path);
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }

    /// The address that the page leads to by itself, at once: another host, which no redirect after a form may reach.
    pub fn goes_on(&self) -> Option<String> {
        goes_on(&self.body)
    }

    /// The value of the field of that name, in whichever form.
    pub fn field(&self, name: &str) -> Option<String> {
        let html = Html::parse_document(&self.body);
        let input = Selector::parse(&format!("input[name='{name}']")).unwrap();
        let found = html.select(&input).next()?;
        Some(found.value().attr("value").unwrap_or_default().to_owned())
    }

    /// The page's links, as written.
    pub fn links(&self) -> Vec<String> {
        let html = Html::parse_document(&self.body);
        let link = Selector::parse("a[href]").unwrap();
        html.select(&link).filter_map(|a| a.value().attr("href")).map(str::to_owned).collect()
    }

    /// The fields and the target of a form, found by the end of its action.
    #[track_caller]
    pub fn form(&self, action: &str) -> (String, Vec<(String, String)>) {
        let html = Html::parse_document(&self.body);
        let selector = Selector::parse("form[method='post']").unwrap();
        let ends = |f: &ElementRef<'_>| f.value().attr("action").is_some_and(|a| a.ends_with(action));
        let Some(form) = html.select(&selector).rfind(ends) else {
            panic!("{} {}: no form {action} in: {}", self.status, self.path, self.text())
        };
        let input = Selector::parse("input[name]").unwrap();
        let mut fields = Vec::new();
        for input in form.select(&input).map(|i| i.value()) {
            let attr = |name| input.attr(name).unwrap_or_default().to_owned();
            if attr("type") != "checkbox" || input.attr("checked").is_some() {
                fields.push((attr("name"), attr("value")));
            }
        }
        (form.value().attr("action").unwrap().to_owned(), fields)
    }
}

/// The address that a page leads to by itself, at once (HTML §4.2.5.3, "refresh").
pub fn goes_on(page: &str) -> Option<String> {
    let html = Html::parse_document(page);
    let refresh = Selector::parse("head > meta[http-equiv='refresh']").unwrap();
    let content = html.select(&refresh).next()?.value().attr("content")?;
    content.strip_prefix("0;url=").map(str::to_owned)
}

impl Visitor {
    pub fn new(world: &World) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("journeys")
            .build()
            .unwrap();
        Self::with(client, world)
    }

    /// Another browser of the same make: making a client costs more than many a request.
    pub fn with(client: reqwest::Client, world: &World) -> Self {
        Self {
            client,
            issuer: world.issuer().to_owned(),
            cookies: Vec::new(),
            baked: Vec::new(),
            screen: Screen::default(),
            language: "fr",
            extra: Vec::new(),
        }
    }

    /// Opens an address and follows it as far as our own host goes.
    pub async fn open(&mut self, address: &str) -> &Screen {
        self.send(Method::GET, address, None, &[]).await
    }

    /// Fills a form of the screen in and sends it.
    #[track_caller]
    pub fn submit(&mut self, action: &str, typed: &[(&str, &str)]) -> impl Future<Output = &Screen> {
        let (to, mut fields) = self.screen.form(action);
        for (name, value) in typed {
            fields.retain(|(n, _)| n != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        self.post(to, body)
    }

    async fn post(&mut self, to: String, body: String) -> &Screen {
        self.send(Method::POST, &to, Some(body.into_bytes()), &[("sec-fetch-site", "same-origin")]).await
    }

    /// Fills a form in and sends it, and the answer does not arrive: the screen stays, and so do the cookies.
    pub async fn submit_in_vain(&mut self, action: &str, typed: &[(&str, &str)]) {
        let mut line = Self {
            client: self.client.clone(),
            issuer: self.issuer.clone(),
            cookies: self.cookies.clone(),
            baked: Vec::new(),
            screen: self.screen.clone(),
            language: self.language,
            extra: self.extra.clone(),
        };
        let status = line.submit(action, typed).await.status;
        assert!(status.is_success() || status.is_redirection(), "{status}");
    }

    /// One request after the other, until something stands on the screen.
    pub async fn send(
        &mut self,
        method: Method,
        address: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> &Screen {
        let mut screen = self.once(method, address, body, headers).await;
        for _ in 0..10 {
            let Some(to) = self.location(&screen) else { break };
            if !to.starts_with(&format!("{}/", self.issuer)) {
                screen.left_to = Some(to);
                break;
            }
            screen = self.once(Method::GET, &to, None, &[]).await;
        }
        self.screen = screen;
        &self.screen
    }

    fn location(&self, screen: &Screen) -> Option<String> {
        let here = url::Url::parse(&self.issuer).unwrap().join(&screen.path).unwrap();
        let to = screen.headers.get(header::LOCATION).filter(|_| screen.status.is_redirection());
        let to = to.map(|to| to.to_str().unwrap().to_owned()).or_else(|| screen.goes_on())?;
        Some(here.join(&to).unwrap().into())
    }

    /// One request, and no further.
    pub async fn once(
        &mut self,
        method: Method,
        address: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Screen {
        let url = url::Url::parse(&self.issuer).unwrap().join(address).unwrap();
        let path = url.path().to_owned();
        let mut request = self.client.request(method, url).header("accept-language", self.language);
        if body.is_some() && headers.iter().all(|(n, _)| *n != "content-type") {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        for (name, value) in headers.iter().chain(&self.extra) {
            request = request.header(*name, *value);
        }
        let at = |c: &&Cookie<'_>| path.starts_with(c.path().unwrap_or("/"));
        let jar: Vec<String> = self.cookies.iter().filter(at).map(|c| c.stripped().to_string()).collect();
        if !jar.is_empty() {
            request = request.header("cookie", jar.join("; "));
        }
        let response = request.body(body.unwrap_or_default()).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = Cookie::parse(cookie.to_str().unwrap().to_owned()).unwrap();
            self.cookies.retain(|c| (c.name(), c.path()) != (cookie.name(), cookie.path()));
            if !cookie.value().is_empty() {
                self.cookies.push(cookie.clone());
                self.baked.push(cookie);
            }
        }
        Screen { status, headers, body: response.text().await.unwrap(), path, left_to: None }
    }

    /// The browser is closed and opened again.
    pub fn close(&mut self) {
        self.cookies.retain(|c| c.max_age().is_some());
    }

    /// The newest cookie of a name as it came.
    pub fn cookie(&self, name: &str) -> &Cookie<'static> {
        self.baked.iter().rfind(|c| c.name() == name).unwrap_or_else(|| panic!("no cookie {name}"))
    }

    /// Types the address and the password into the sign-in page.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> &Screen {
        self.submit("/sign-in", &[("email", email), ("password", password)]).await
    }

    /// From the sign-in page to the first page of the move.
    pub async fn old_credentials(&mut self, identifier: &str, password: &str) -> &Screen {
        let door = self.screen.links().into_iter().find(|l| l.ends_with("/legacy")).expect("a way in");
        self.open(&door).await;
        self.submit("/legacy", &[("identifier", identifier), ("password", password)]).await
    }

    /// From "no link here" or the sign-in page to the agency attached, in a session that is fresh.
    pub async fn old_credentials_attached(&mut self, identifier: &str, password: &str, email: &str) {
        self.old_credentials(identifier, password).await;
        self.submit("/notice", &[]).await;
        self.submit("/email", &[("email", email)]).await;
        self.submit("/link", &[]).await;
    }

    /// From the notice to "look at your mail".
    pub async fn up_to_mail(&mut self, email: &str, password: &str) -> &Screen {
        self.submit("/notice", &[]).await;
        self.submit("/email", &[("email", email)]).await;
        self.submit("/password", &[("password", password)]).await.says("Regardez vos messages")
    }
}
