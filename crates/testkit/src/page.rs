//! An answer, and how a person reads it.

use http::{HeaderMap, StatusCode, header};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use url::Url;

/// An answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
    /// Its own address.
    pub url: Url,
    /// The address of another host to which the browser was sent: it stops there.
    pub left_to: Option<String>,
}

impl Page {
    /// The page of a browser that has opened nothing.
    pub(crate) fn blank() -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: String::new(),
            url: Url::parse("about:blank").unwrap(),
            left_to: None,
        }
    }

    /// The path of its own address.
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// The address at which the browser ended: the other host's, or the page's own.
    pub fn address(&self) -> Url {
        self.left_to.as_ref().map_or_else(|| self.url.clone(), |to| Url::parse(to).unwrap())
    }

    /// The address to which the answer sends a browser at once: by a redirect, or by a page that goes on by itself.
    pub(crate) fn leads_to(&self) -> Option<Url> {
        let redirect = self.headers.contains_key(header::LOCATION) && self.status.is_redirection();
        let to = if redirect { self.header("location").to_owned() } else { self.goes_on()? };
        Some(self.url.join(&to).unwrap())
    }

    /// The same as written, of an answer that has to lead on.
    #[track_caller]
    pub fn onward(&self) -> String {
        let to =
            if self.status.is_redirection() { Some(self.header("location").into()) } else { self.goes_on() };
        to.unwrap_or_else(|| panic!("{}: {}", self.status, self.body))
    }

    /// The address to which the page goes on by itself, at once (HTML §4.2.5.3, "refresh").
    pub fn goes_on(&self) -> Option<String> {
        let content = self.attribute("head > meta[http-equiv='refresh']", "content")?;
        content.strip_prefix("0;url=").map(str::to_owned)
    }

    /// The authorization code with which the browser was sent to a portal.
    pub fn code(&self) -> Option<String> {
        let to = Url::parse(self.left_to.as_ref()?).unwrap();
        to.query_pairs().find(|(name, _)| name == "code").map(|(_, value)| value.into_owned())
    }

    /// A header, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The body of an answer whose content type is JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let kind = self.header("content-type").split(';').next().unwrap_or_default().trim();
        assert_eq!(kind, "application/json", "{} {} {}", self.url, self.status, self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    /// The code of an error in JSON.
    #[track_caller]
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The text that a person reads: every space is plain and single.
    pub fn text(&self) -> String {
        elements(&self.body, "body", |body| body.text().collect::<Vec<_>>().join(" "))
            .join(" ")
            .replace(['\u{2068}', '\u{2069}'], " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Asserts that a person reads this.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(text.contains(words), "{} {}: no \"{words}\" in: {text}", self.status, self.path());
        self
    }

    /// Asserts that the page does not hold this, also where nobody reads it.
    #[track_caller]
    pub fn says_not(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(!text.contains(words), "{}: \"{words}\" in: {text}", self.path());
        assert!(!self.body.contains(words), "{}: \"{words}\" in its source", self.path());
        self
    }

    /// The heading.
    pub fn heading(&self) -> String {
        self.texts("h1").join(" ")
    }

    /// The texts of the elements that are selected.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let words = |element: ElementRef<'_>| element.text().collect::<String>();
        let texts = elements(&self.body, selector, words);
        texts.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// An attribute of the first element that is selected.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        elements(&self.body, selector, |element| element.attr(name).map(str::to_owned)).into_iter().next()?
    }

    /// The value of the first field of that name, in whichever form.
    pub fn field(&self, name: &str) -> Option<String> {
        let value = |input: ElementRef<'_>| input.attr("value").unwrap_or_default().to_owned();
        elements(&self.body, &format!("input[name='{name}']"), value).into_iter().next()
    }

    /// The page's links, as written.
    pub fn links(&self) -> Vec<String> {
        elements(&self.body, "a[href]", |link| link.attr("href").unwrap_or_default().to_owned())
    }

    /// True if there is a form that posts to `…/step`.
    pub fn asks(&self, step: &str) -> bool {
        self.find_form(step).is_some()
    }

    /// The action and the fields of the last form that posts to `…/step`.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn form(&self, step: &str) -> (String, Vec<(String, String)>) {
        self.find_form(step)
            .unwrap_or_else(|| panic!("{} {}: no form {step} in: {}", self.status, self.path(), self.text()))
    }

    fn find_form(&self, step: &str) -> Option<(String, Vec<(String, String)>)> {
        let end = format!("/{}", step.trim_start_matches('/'));
        let forms = elements(&self.body, "form[method='post']", |form| {
            let inputs = Selector::parse("input[name]").unwrap();
            let kept = |i: &ElementRef<'_>| i.attr("type") != Some("checkbox") || i.attr("checked").is_some();
            let attr = |i: ElementRef<'_>, name| i.attr(name).unwrap_or_default().to_owned();
            let fields = form.select(&inputs).filter(kept).map(|i| (attr(i, "name"), attr(i, "value")));
            (attr(form, "action"), fields.collect())
        });
        forms.into_iter().rfind(|(action, _)| action.ends_with(&end))
    }
}

/// The result of `read` for every element of an HTML page that fits `selector`.
pub fn elements<T>(page: &str, selector: &str, read: impl Fn(ElementRef<'_>) -> T) -> Vec<T> {
    Html::parse_document(page).select(&Selector::parse(selector).unwrap()).map(read).collect()
}
