use agencies::Agency;
use axum::response::{Html, IntoResponse, Response};
use axum_extra::extract::cookie::Cookie;
use http::{HeaderValue, StatusCode, header};
use kernel::Token;
use oidc::respond;
use pages::{Frame, Locale, Page};
use time::Duration;

use super::{
    browser::{Browser, seal_flash},
    cookie::Jar,
    error::Failure,
    flash::{Flash, Said},
    path,
    security::Leads,
    throttle,
};
use crate::{Idp, InteractionId};

/// An answer under way: a page or a way on, with the cookies that go along.
pub(crate) struct Answer<'a> {
    idp: &'a Idp,
    browser: &'a Browser,
    cookies: Vec<Cookie<'static>>,
    leads: Leads,
}

/// What surrounds a page.
pub(crate) struct Setting<'a> {
    pub(crate) locale: Locale,
    pub(crate) agency: Option<&'a Agency>,
    pub(crate) base: String,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(idp: &'a Idp, browser: &'a Browser) -> Self {
        let mut cookies = Vec::new();
        if browser.fresh {
            cookies.push(Jar::Browser.bake(idp.secure(), "/", browser.token.text(), None));
        }
        Self { idp, browser, cookies, leads: Leads::default() }
    }

    pub(crate) fn cookie(mut self, cookie: Cookie<'static>) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// An answer that leaves no trace in the browser: to a client that may have sent it here in a frame, without its person knowing.
    pub(crate) fn without_cookies(idp: &'a Idp, browser: &'a Browser) -> Self {
        Self { idp, browser, cookies: Vec::new(), leads: Leads::default() }
    }

    /// Keeps in the browser at which agency an interaction began: known when the interaction itself is gone.
    pub(crate) fn began_at(self, id: InteractionId, agency: Option<&Agency>) -> Self {
        let Some(agency) = agency else { return self };
        let cookie = self.browser.began_at(self.idp.secure(), id, &agency.id);
        self.cookie(cookie)
    }

    /// On to an interaction that began just now.
    pub(crate) fn enter(self, id: InteractionId, to: &str) -> Response {
        let answer = if self.browser.fresh {
            let cookie = Jar::bake_tab(self.idp.secure(), &id.to_string(), self.browser.token.text());
            self.cookie(cookie)
        } else {
            self
        };
        answer.see_other(to)
    }

    /// Signs this browser in.
    pub(crate) fn signed_in(self, signed_in: &accounts::SignedIn) -> Self {
        let secure = self.idp.secure();
        let most = signed_in.session.ends_at - signed_in.session.auth_time;
        let life = signed_in.session.persistent.then(|| Duration::seconds(most));
        self.cookie(Jar::Session.bake(secure, "/", signed_in.token.text(), life)).cookie(Jar::Device.bake(
            secure,
            "/",
            signed_in.device.text(),
            Some(Duration::days(400)),
        ))
    }

    /// Leaves `flash` for the next page at `path`.
    pub(crate) fn flash(self, path: &str, flash: &Flash) -> Self {
        if matches!(flash.said, Some(Said::Throttled(_))) {
            throttle::count(throttle::door(&self.browser.path));
        }
        let sealed = seal_flash(self.idp, path, flash);
        let cookie = Jar::Flash.bake(self.idp.secure(), path, sealed, Some(Duration::minutes(10)));
        self.cookie(cookie)
    }

    /// A mailed link's token moves to a cookie.
    pub(crate) fn link(self, jar: Jar, path: &str, token: &Token) -> Self {
        let cookie = jar.bake(self.idp.secure(), path, token.text(), Some(Duration::hours(1)));
        self.cookie(cookie)
    }

    /// What the page's frames load: their origins and no others.
    pub(crate) fn frames(mut self, urls: &[String]) -> Self {
        for origin in urls.iter().filter_map(|url| super::security::origin(url)) {
            if !self.leads.frames.contains(&origin) {
                self.leads.frames.push(origin);
            }
        }
        self
    }

    pub(crate) fn idp(&self) -> &'a Idp {
        self.idp
    }

    pub(crate) fn see_other(self, to: &str) -> Response {
        let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
        let response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
        self.send(response)
    }

    /// On to a page of ours, which says `flash`.
    pub(crate) fn say(self, path: &str, flash: &Flash) -> Response {
        self.flash(path, flash).see_other(path)
    }

    pub(crate) fn page<P: Page>(self, setting: &Setting<'_>, page: &P) -> Result<Response, Failure> {
        let rendered = self.idp.pages.render(&frame(self.idp, self.browser, setting), page)?;
        let mut response = Html(rendered.html).into_response();
        let said = self.browser.flash(self.idp).said;
        match said {
            // The form with what was typed, and for machines what it is (SECURITY "Numbers", PEOPLE U-55).
            Some(Said::Busy) => {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            // The new text, and that nothing was accepted (SECURITY #90).
            Some(Said::Changed) => *response.status_mut() = StatusCode::CONFLICT,
            _ => {}
        }
        let kept = said.is_some() && self.browser.path.ends_with("/connected");
        let done = if kept || self.leaves_flash_here() {
            self
        } else {
            let cleared = Jar::Flash.clear(self.idp.secure(), &self.browser.path);
            self.cookie(cleared)
        };
        Ok(done.send(response))
    }

    fn leaves_flash_here(&self) -> bool {
        let name = Jar::Flash.clear(self.idp.secure(), "").name().to_owned();
        self.cookies.iter().any(|c| c.name() == name && c.path() == Some(&self.browser.path))
    }

    /// The way back to a client that has just sent the browser: at once.
    pub(crate) fn back_at_once(
        self,
        setting: &Setting<'_>,
        response: respond::Response,
    ) -> Result<Response, Failure> {
        match response {
            respond::Response::Redirect(to) => Ok(self.see_other(&to)),
            respond::Response::FormPost { action, fields } => {
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                self.posts_away().page(setting, &pages::page::FormPost { action, fields })
            }
        }
    }

    /// The way back to a client from screens of ours, of which the last may have been a form.
    pub(crate) fn back(
        self,
        setting: &Setting<'_>,
        response: respond::Response,
    ) -> Result<Response, Failure> {
        match response {
            respond::Response::Redirect(to) => self.on_to(setting, &to),
            posted @ respond::Response::FormPost { .. } => self.back_at_once(setting, posted),
        }
    }

    /// On to an address, which may be another host's: then by a page of ours that goes on by itself, for no redirect after a form may end there
    /// (SECURITY D15).
    pub(crate) fn on_to(self, setting: &Setting<'_>, to: &str) -> Result<Response, Failure> {
        self.go_on(setting, to, false)
    }

    /// The same after a sign-out.
    pub(crate) fn leave_to(self, setting: &Setting<'_>, to: &str) -> Result<Response, Failure> {
        self.go_on(setting, to, true)
    }

    fn go_on(self, setting: &Setting<'_>, to: &str, leaving: bool) -> Result<Response, Failure> {
        if path::is_local(to) {
            return Ok(self.see_other(to));
        }
        self.page(setting, &pages::page::GoOn { next: to.to_owned(), leaving })
    }

    /// The page's form ends at a portal (SECURITY D15).
    pub(crate) fn posts_away(mut self) -> Self {
        self.leads.posts_away = true;
        self
    }

    fn send(self, mut response: Response) -> Response {
        for cookie in self.cookies {
            if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        response.extensions_mut().insert(self.leads);
        response
    }
}

fn frame(idp: &Idp, browser: &Browser, setting: &Setting<'_>) -> Frame {
    Frame {
        locale: setting.locale,
        look: setting.agency.map(look),
        csrf: browser.csrf.clone(),
        base: setting.base.clone(),
        issuer_host: idp.issuer.split("://").nth(1).unwrap_or(&idp.issuer).to_owned(),
    }
}

/// An agency as its pages and mails show it.
pub fn look(agency: &Agency) -> pages::Look {
    let words = &agency.words;
    let said =
        |said: &Option<agencies::Said>| said.clone().map(|agencies::Said { fr, en }| pages::Said { fr, en });
    pages::Look {
        agency_id: agency.id.clone(),
        agency_name: agency.name.clone(),
        accent: agency.look.accent.clone(),
        second: agency.look.second.clone(),
        logo_url: logo_url(agency),
        contact: contact(agency),
        words: pages::Words {
            sign_in: said(&words.sign_in),
            notice: said(&words.notice),
            contact: said(&words.contact),
            mail: said(&words.mail),
        },
    }
}

/// How to reach it.
pub(crate) fn contact(agency: &Agency) -> pages::Contact {
    let agencies::Contact { phone, email, hours, website, address } = agency.contact.clone();
    pages::Contact { phone, email, hours, website, address }
}

/// Where its logo is served.
pub(crate) fn logo_url(agency: &Agency) -> Option<String> {
    agency.logo.as_ref().map(|logo| format!("/look/{}.{}", agency.id, logo.extension))
}
