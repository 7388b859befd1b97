use axum::{Router, body::Body};
use axum_extra::extract::cookie::{Cookie, SameSite};
use http::{Method, Request, StatusCode, header};
use scraper::{ElementRef, Selector};
pub use testkit::{Page, elements, encoded};
use tower::ServiceExt;
use url::Url;

use super::{
    op::{ISSUER, Op},
    policy::Policy,
};

/// Every address that a page mentions, as written.
pub fn addresses(page: &Page) -> Vec<String> {
    ["href", "src", "action"]
        .iter()
        .flat_map(|name| {
            elements(&page.body, &format!("[{name}]"), |e| e.value().attr(name).unwrap().to_owned())
        })
        .collect()
}

/// The browser at the client's door: one request, which the client's server reads.
pub struct Callback {
    pub method: Method,
    /// The whole address, fragment included.
    pub url: String,
    pub content_type: Option<String>,
    pub body: Option<String>,
}

/// The end of a walk.
pub enum Seen {
    /// On a page of the provider that waits for a person.
    Page(Page),
    /// At a client.
    Client(Callback),
}

impl Seen {
    #[track_caller]
    pub fn page(self) -> Page {
        match self {
            Self::Page(reply) => reply,
            Self::Client(to) => panic!("a page was expected, but the browser was sent to {}", to.url),
        }
    }

    #[track_caller]
    pub fn client(self) -> Callback {
        match self {
            Self::Client(callback) => callback,
            Self::Page(page) => {
                panic!(
                    "the client was expected, but {} says ({}): {}",
                    page.url.path(),
                    page.status,
                    page.text()
                )
            }
        }
    }
}

/// A form as an HTML robot finds it.
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

/// The HTML robot with which the suite walks: it keeps cookies, follows redirects, fills forms by field name, and runs the one script that
/// posts a form by itself. It holds the provider to what browsers hold it to: cookies' attributes and the page's policy.
pub struct Robot {
    router: Router,
    jar: Vec<Cookie<'static>>,
    /// Every cookie that it ever had, as it last had it.
    ever: Vec<Cookie<'static>>,
    /// Tells where its forms come from, as browsers do and bare robots do not.
    modern: bool,
    /// Addresses that frames loaded.
    pub framed: Vec<String>,
}

impl Robot {
    pub fn new(op: &Op, modern: bool) -> Self {
        Self { router: op.router.clone(), jar: Vec::new(), ever: Vec::new(), modern, framed: Vec::new() }
    }

    /// Another one that takes no cookie back: a copy, or a thief.
    pub fn that_forgets_nothing(&self) -> Self {
        let (jar, ever) = (self.ever.clone(), self.ever.clone());
        Self { router: self.router.clone(), jar, ever, modern: self.modern, framed: Vec::new() }
    }

    /// Follows a link from another site.
    pub async fn open(&mut self, address: &str) -> Seen {
        let url = Url::parse(address).unwrap();
        let reply = self.ask(Method::GET, &url, None, &[]).await;
        self.walk(reply, None).await
    }

    /// A page of another site posts a form here: cookies stay at home (RFC 6265bis §5.2, SameSite=Lax).
    pub async fn post_from_elsewhere(&mut self, address: &str, fields: &[(String, String)]) -> Seen {
        let away = std::mem::take(&mut self.jar);
        let headers: &[_] = if self.modern { &[("sec-fetch-site", "cross-site")] } else { &[] };
        let reply =
            self.ask(Method::POST, &Url::parse(address).unwrap(), Some(encoded(fields)), headers).await;
        let new = std::mem::replace(&mut self.jar, away);
        new.into_iter().for_each(|cookie| self.keep(cookie));
        self.walk(reply, None).await
    }

    /// Fills in the form of the page that has all these fields, and presses its button.
    pub async fn submit(&mut self, page: &Page, typed: &[(&str, &str)]) -> Seen {
        let form = forms(page)
            .into_iter()
            .find(|form| typed.iter().all(|(name, _)| form.fields.iter().any(|(n, _)| n == name)));
        let mut form =
            form.unwrap_or_else(|| panic!("no form for {typed:?} on {}: {}", page.url, page.text()));
        for (name, value) in typed {
            for field in form.fields.iter_mut().filter(|(n, _)| n == name) {
                (*value).clone_into(&mut field.1);
            }
        }
        let policy = Policy::of(page);
        let to = page.url.join(&form.action).unwrap();
        assert!(policy.lets_forms_to(&to), "{}: the policy holds the form back", page.url);
        let headers: &[_] =
            if self.modern { &[("sec-fetch-site", "same-origin"), ("origin", "null")] } else { &[] };
        let reply = self.ask(Method::POST, &to, Some(encoded(&form.fields)), headers).await;
        self.walk(reply, Some(policy)).await
    }

    /// Follows redirects. Browsers hold those after a form against the policy of the form's page too.
    async fn walk(&mut self, mut reply: Page, mut held: Option<Policy>) -> Seen {
        for _ in 0..10 {
            if !reply.status.is_redirection() {
                return self.read(reply).await;
            }
            // 307 and 308 would repeat a form with its password at the next address (RFC 9700 §4.12).
            assert!(matches!(reply.status.as_u16(), 302 | 303), "{} {}", reply.url, reply.status);
            let to = reply.url.join(reply.header("location")).unwrap();
            if let Some(policy) = &held {
                assert!(policy.lets_forms_to(&to), "the form's page may not lead to {to}");
            }
            if to.origin() != reply.url.origin() {
                let url = reply.header("location").to_owned();
                return Seen::Client(Callback { method: Method::GET, url, content_type: None, body: None });
            }
            let next = self.ask(Method::GET, &to, None, &[]).await;
            held = held.filter(|_| next.status.is_redirection());
            reply = next;
        }
        panic!("redirects without end at {}", reply.url)
    }

    /// Does what the page does by itself: goes on, posts a form, loads frames.
    async fn read(&mut self, page: Page) -> Seen {
        if let Some(url) = page.goes_on() {
            assert_eq!(page.header("cache-control"), "no-store");
            assert_ne!(Url::parse(&url).unwrap().origin(), page.url.origin(), "a redirect would have done");
            return Seen::Client(Callback { method: Method::GET, url, content_type: None, body: None });
        }
        let scripts = elements(&page.body, "script", |e| {
            assert!(e.text().all(|t| t.trim().is_empty()), "a script within the page: the policy refuses it");
            e.value().attr("src").unwrap().to_owned()
        });
        for script in scripts {
            let url = page.url.join(&script).unwrap();
            let policy = Policy::of(&page);
            assert!(policy.lets_run(&url), "{}: the policy holds {script} back", page.url);
            let code = self.ask(Method::GET, &url, None, &[]).await;
            assert_eq!(code.status, StatusCode::OK, "{script}");
            assert!(code.header("content-type").contains("javascript"), "{script}");
            if let Some(id) = between(&code.body, "document.getElementById('", "').submit()") {
                return Seen::Client(post_by_itself(&page, &policy, id));
            }
            if code.body.contains("addEventListener('load'")
                && code.body.contains("location.replace(link.href)")
            {
                let id = between(&code.body, "document.getElementById('", "')").unwrap();
                return self.load_frames(&page, &policy, id);
            }
        }
        Seen::Page(page)
    }

    /// Loads the page's frames, then goes where its script goes when they have loaded.
    fn load_frames(&mut self, page: &Page, policy: &Policy, link: &str) -> Seen {
        let frames = elements(&page.body, "iframe", |e| e.value().attr("src").unwrap().to_owned());
        for frame in frames {
            assert!(
                policy.lets_frame(&Url::parse(&frame).unwrap()),
                "the policy holds the frame {frame} back"
            );
            self.framed.push(frame);
        }
        let to = elements(&page.body, &format!("a#{link}"), |e| e.value().attr("href").unwrap().to_owned());
        let [url] = <[String; 1]>::try_from(to).unwrap();
        Seen::Client(Callback { method: Method::GET, url, content_type: None, body: None })
    }

    /// One request, and no further.
    pub async fn ask(
        &mut self,
        method: Method,
        url: &Url,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Page {
        assert_eq!(url.origin().ascii_serialization(), ISSUER, "the robot stays at the provider");
        let mut request = Request::builder().method(method).uri(&url[url::Position::BeforePath..]);
        let at = |c: &&Cookie<'_>| url.path().starts_with(c.path().unwrap_or("/"));
        let jar: Vec<String> = self.jar.iter().filter(at).map(|c| c.stripped().to_string()).collect();
        if !jar.is_empty() {
            request = request.header(header::COOKIE, jar.join("; "));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.unwrap_or_default())).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(Cookie::parse(cookie.to_str().unwrap().to_owned()).unwrap());
        }
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(parts.status.as_u16() < 500, "{url}: {body}");
        Page { status: parts.status, headers: parts.headers, body, url: url.clone(), left_to: None }
    }

    /// A browser drops a cookie that breaks its own name's promise (RFC 6265bis §4.1.3).
    fn keep(&mut self, cookie: Cookie<'static>) {
        let host = cookie.path() == Some("/") && cookie.domain().is_none();
        assert!(!cookie.name().starts_with("__Host-") || host, "{cookie}");
        assert_eq!((cookie.secure(), cookie.http_only()), (Some(true), Some(true)), "{cookie}");
        assert_eq!(cookie.same_site(), Some(SameSite::Lax), "{cookie}");
        self.jar.retain(|c| (c.name(), c.path()) != (cookie.name(), cookie.path()));
        if !cookie.value().is_empty() {
            self.ever.retain(|c| (c.name(), c.path()) != (cookie.name(), cookie.path()));
            self.ever.push(cookie.clone());
            self.jar.push(cookie);
        }
    }
}

/// All forms of a page that post to the provider.
fn forms(page: &Page) -> Vec<Form> {
    elements(&page.body, "form[method=post]", form)
}

fn form(element: ElementRef<'_>) -> Form {
    let inputs = Selector::parse("input[name]").unwrap();
    let mut fields = Vec::new();
    for input in element.select(&inputs).map(|e| e.value()) {
        if input.attr("type") == Some("checkbox") && input.attr("checked").is_none() {
            continue;
        }
        let attr = |name| input.attr(name).unwrap_or_default().to_owned();
        fields.push((attr("name"), attr("value")));
    }
    Form { action: element.value().attr("action").unwrap().to_owned(), fields }
}

/// OAuth 2.0 Form Post Response Mode §2: hidden fields, a POST as `application/x-www-form-urlencoded`, and nobody keeps the page.
fn post_by_itself(page: &Page, policy: &Policy, id: &str) -> Callback {
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("cache-control"), "no-store");
    let selector = format!("form#{id}");
    let found = elements(&page.body, &selector, |element| {
        let value = element.value();
        assert_eq!(value.attr("method"), Some("post"));
        assert!(value.attr("enctype").is_none() && value.attr("target").is_none());
        form(element)
    });
    let [form] = <[Form; 1]>::try_from(found).ok().expect("one form");
    // A control of this name would hide the method that the script calls.
    assert!(elements(&page.body, "[name=submit], #submit", |_| ()).is_empty());
    let shown = elements(&page.body, &format!("{selector} input:not([type=hidden])"), |_| ());
    assert!(shown.is_empty(), "every field is hidden");
    assert!(policy.lets_forms_to(&Url::parse(&form.action).unwrap()), "the policy holds the answer back");
    Callback {
        method: Method::POST,
        url: form.action,
        content_type: Some("application/x-www-form-urlencoded".into()),
        body: Some(encoded(&form.fields)),
    }
}

/// The text between two others.
pub fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(found, _)| found)
}
