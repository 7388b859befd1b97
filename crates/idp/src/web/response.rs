//! The responses of screens.

use agencies::Agency;
use axum::response::{Html, IntoResponse, Response};
use axum_extra::extract::cookie::Cookie as SetCookie;
use http::{HeaderValue, StatusCode, header};
use kernel::Token;
use oidc::respond;
use pages::{Frame, Locale, Page};
use serde::Serialize;
use time::Duration;

use super::{
    browser::Browser,
    cookie::Cookie,
    error::Failure,
    flash::{self, Address, HubFlash},
    look::look,
    path,
    security::{self, ContentPolicy},
};
use crate::{Idp, InteractionId};

/// Builds the response of a screen: a page or a redirect, with its status and its cookies.
pub(crate) struct ResponseBuilder<'a> {
    idp: &'a Idp,
    browser: &'a Browser,
    /// The language of the page; `None` is the browser's.
    locale: Option<Locale>,
    agency: Option<&'a Agency>,
    /// The address below which the page's forms and links lie.
    base: String,
    status: StatusCode,
    cookies: Vec<SetCookie<'static>>,
    policy: ContentPolicy,
    keeps_flash: bool,
}

impl<'a> ResponseBuilder<'a> {
    pub(crate) fn new(idp: &'a Idp, browser: &'a Browser) -> Self {
        let builder = Self::without_cookies(idp, browser);
        if !browser.is_new {
            return builder;
        }
        let cookie = Cookie::Browser.set(idp.secure(), "/", browser.token.text(), None);
        builder.cookie(cookie)
    }

    /// Builds a response that leaves no trace in the browser: to a client that may have sent it here in a frame, without its person knowing.
    pub(crate) fn without_cookies(idp: &'a Idp, browser: &'a Browser) -> Self {
        Self {
            idp,
            browser,
            locale: None,
            agency: None,
            base: String::new(),
            status: StatusCode::OK,
            cookies: Vec::new(),
            policy: ContentPolicy::default(),
            keeps_flash: false,
        }
    }

    /// Shows the page in the look of an agency, and in its language where nothing else tells the person's.
    pub(crate) fn agency(self, agency: Option<&'a Agency>) -> Self {
        Self { agency, ..self }
    }

    /// Shows the page in this language, in place of the browser's.
    pub(crate) fn locale(self, locale: Locale) -> Self {
        Self { locale: Some(locale), ..self }
    }

    /// Sets the address below which the page's forms and links lie.
    pub(crate) fn base(self, base: String) -> Self {
        Self { base, ..self }
    }

    /// Answers the page with this status in place of 200.
    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Answers a page that says that the provider was busy with 503 and `Retry-After`: people read the form with what they typed, and programs read the
    /// status (SECURITY "Numbers", PEOPLE U-55).
    pub(crate) fn busy_if(self, busy: bool) -> Self {
        if busy { self.status(StatusCode::SERVICE_UNAVAILABLE) } else { self }
    }

    /// Leaves the flash of this address in the browser, so that the page says the same when it is reloaded.
    pub(crate) fn keep_flash(self) -> Self {
        Self { keeps_flash: true, ..self }
    }

    pub(crate) fn cookie(mut self, cookie: SetCookie<'static>) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// Keeps in the browser at which agency an interaction began: known when the interaction itself is gone.
    pub(crate) fn began_at(self, id: InteractionId, agency: Option<&Agency>) -> Self {
        let Some(agency) = agency else { return self };
        let cookie = self.browser.began_at(self.idp.secure(), id, &agency.id);
        self.cookie(cookie)
    }

    /// Gives the browser the sealed request to carry, to the pages of its interaction alone.
    pub(crate) fn carry(self, hub: &Address<HubFlash>, sealed: String) -> Self {
        let cookie = Cookie::set_request(self.idp.secure(), hub.as_str(), sealed);
        self.cookie(cookie)
    }

    /// Takes the sealed request from a browser that carries one: what follows is in the database.
    pub(crate) fn put_down(self, hub: &Address<HubFlash>) -> Self {
        if self.browser.request.is_none() {
            return self;
        }
        let cookie = Cookie::clear_request(self.idp.secure(), hub.as_str());
        self.cookie(cookie)
    }

    /// Redirects to a page of an interaction that began just now.
    pub(crate) fn enter(self, id: InteractionId, to: impl AsRef<str>) -> Response {
        if !self.browser.is_new {
            return self.see_other(to);
        }
        let token = self.browser.token.text();
        let cookie = Cookie::set_for_interaction(self.idp.secure(), &id.to_string(), token);
        self.cookie(cookie).see_other(to)
    }

    /// Signs this browser in.
    pub(crate) fn signed_in(self, signed_in: &accounts::SignedIn) -> Self {
        let secure = self.idp.secure();
        let seconds = signed_in.session.ends_at - signed_in.session.auth_time;
        let life = signed_in.session.persistent.then(|| Duration::seconds(seconds));
        let session = Cookie::Session.set(secure, "/", signed_in.token.text(), life);
        let device = Cookie::Device.set(secure, "/", signed_in.device.text(), Some(Duration::days(400)));
        self.cookie(session).cookie(device)
    }

    /// Deletes the session's cookie.
    pub(crate) fn signed_out(self) -> Self {
        let cookie = Cookie::Session.clear(self.idp.secure(), "/");
        self.cookie(cookie)
    }

    /// Leaves `flash` for the next page at `address`.
    pub(crate) fn flash<F: Serialize>(self, address: &Address<F>, flash: &F) -> Self {
        let cookie = flash::seal(self.idp, address, flash);
        self.cookie(cookie)
    }

    /// Moves the token of a mailed link to a cookie.
    pub(crate) fn link(self, cookie: Cookie, path: &str, token: &Token) -> Self {
        let cookie = cookie.set(self.idp.secure(), path, token.text(), Some(Duration::hours(1)));
        self.cookie(cookie)
    }

    /// Lets the page load these addresses in frames: their origins and no others.
    pub(crate) fn frames(mut self, urls: &[String]) -> Self {
        for origin in urls.iter().filter_map(|url| security::origin(url)) {
            if !self.policy.frames.contains(&origin) {
                self.policy.frames.push(origin);
            }
        }
        self
    }

    /// Lets the page's form end at a portal (SECURITY D15).
    pub(crate) fn posts_away(mut self) -> Self {
        self.policy.posts_away = true;
        self
    }

    /// Redirects to an address; the browser follows with a GET.
    pub(crate) fn see_other(self, to: impl AsRef<str>) -> Response {
        let location = HeaderValue::from_str(to.as_ref()).unwrap_or(HeaderValue::from_static("/"));
        let response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
        self.send(response)
    }

    /// Redirects to a page of ours and leaves `flash` for it.
    pub(crate) fn say<F: Serialize>(self, to: &Address<F>, flash: &F) -> Response {
        self.flash(to, flash).see_other(to)
    }

    /// Renders a page.
    ///
    /// # Errors
    /// The template cannot be rendered.
    pub(crate) fn page<P: Page>(self, page: &P) -> Result<Response, Failure> {
        let rendered = self.idp.pages.render(&self.frame(), page)?;
        let mut response = Html(rendered.html).into_response();
        *response.status_mut() = self.status;
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        let builder = if self.keeps_flash || self.sets_flash_here() {
            self
        } else {
            let cleared = Cookie::Flash.clear(self.idp.secure(), &self.browser.path);
            self.cookie(cleared)
        };
        Ok(builder.send(response))
    }

    fn frame(&self) -> Frame {
        Frame {
            locale: self.locale.unwrap_or_else(|| self.browser.locale(&[], self.agency)),
            look: self.agency.map(|agency| look(agency, self.idp.context.now())),
            csrf: self.browser.csrf.clone(),
            base: self.base.clone(),
            issuer_host: self.idp.issuer_host().to_owned(),
        }
    }

    fn sets_flash_here(&self) -> bool {
        let name = Cookie::Flash.clear(self.idp.secure(), "").name().to_owned();
        self.cookies.iter().any(|c| c.name() == name && c.path() == Some(&self.browser.path))
    }

    /// Answers a client that has just sent the browser: at once.
    pub(crate) fn back_at_once(self, response: respond::Response) -> Result<Response, Failure> {
        match response {
            respond::Response::Redirect(to) => Ok(self.see_other(&to)),
            respond::Response::FormPost { action, fields } => {
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                self.posts_away().page(&pages::page::FormPost { action, fields })
            }
        }
    }

    /// Answers a client from screens of ours, of which the last may have been a form.
    pub(crate) fn back(self, response: respond::Response) -> Result<Response, Failure> {
        match response {
            respond::Response::Redirect(to) => self.on_to(&to),
            posted @ respond::Response::FormPost { .. } => self.back_at_once(posted),
        }
    }

    /// Leads to an address, which may be another host's: then by a page of ours that goes on by itself, for no redirect after a form may end there
    /// (SECURITY D15).
    pub(crate) fn on_to(self, to: &str) -> Result<Response, Failure> {
        self.go_on(to, false)
    }

    /// Leads to an address after a sign-out.
    pub(crate) fn leave_to(self, to: &str) -> Result<Response, Failure> {
        self.go_on(to, true)
    }

    fn go_on(self, to: &str, leaving: bool) -> Result<Response, Failure> {
        if path::is_local(to) {
            return Ok(self.see_other(to));
        }
        self.page(&pages::page::GoOn { next: to.to_owned(), leaving })
    }

    fn send(self, mut response: Response) -> Response {
        for cookie in self.cookies {
            if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        response.extensions_mut().insert(self.policy);
        response
    }
}
