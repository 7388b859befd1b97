use accounts::{Session, Visitor};
use axum::extract::FromRequestParts;
use axum_extra::extract::cookie::Cookie;
use http::{header, request::Parts};
use kernel::Token;
use pages::{Locale, page::ProblemKind};
use subtle::ConstantTimeEq;
use time::Duration;

use super::{
    address::client_ip,
    cookie::{self, Jar},
    error::Failure,
    flash::Flash,
    language,
};
use crate::{Idp, InteractionId, Shared};

/// The browser at the other end: its own token, its session, its form token, its address and languages.
pub(crate) struct Browser {
    /// Its own; interactions are bound to it.
    pub(crate) token: Token,
    /// The cookie is still to be set.
    pub(crate) fresh: bool,
    /// In every form; bound to the browser's cookie.
    pub(crate) csrf: String,
    /// Who is signed in.
    pub(crate) session: Option<Session>,
    /// What `accounts` knows of it.
    pub(crate) visitor: Visitor,
    /// For negotiation.
    pub(crate) accept_language: Option<String>,
    /// What was chosen in it.
    pub(crate) language: Option<Locale>,
    /// The path of this request, without query.
    pub(crate) path: String,
    /// It was given a cookie and sent here once more, to see whether it keeps one.
    pub(crate) was_asked: bool,
    /// It sent no cookie of ours at all.
    pub(crate) silent: bool,
    /// It sent none that binds interactions: never had one, closed since, cleared. Two of one name are somebody's play (SECURITY #41).
    pub(crate) unbound: bool,
    flashes: Vec<String>,
    /// At which agencies its latest interactions began.
    agencies: Option<String>,
}

/// In an address, that the browser was given a cookie with the redirect to it.
const ASKED: &str = "cookies=asked";
/// How many interactions' agencies a browser keeps.
const AGENCIES: usize = 5;

impl Browser {
    /// The form token, compared in constant time.
    pub(crate) fn owns(&self, csrf: &str) -> bool {
        !self.fresh && bool::from(self.csrf.as_bytes().ct_eq(csrf.as_bytes()))
    }

    /// The agency at which an interaction began, as this browser knows it; that of the latest where it no longer knows this one.
    pub(crate) fn agency_of(&self, id: InteractionId) -> Option<String> {
        let entries =
            || self.agencies.iter().flat_map(|list| list.split('~')).filter_map(|e| e.split_once('.'));
        let id = id.to_string();
        let found = entries().find(|(known, _)| *known == id).or_else(|| entries().next());
        found.map(|(_, agency)| agency.to_owned())
    }

    /// The cookie that keeps it, beside those of the interactions before.
    pub(crate) fn began_at(&self, secure: bool, id: InteractionId, agency: &str) -> Cookie<'static> {
        let newest = format!("{id}.{agency}");
        let older = self.agencies.iter().flat_map(|list| list.split('~')).take(AGENCIES - 1);
        let list: Vec<&str> = std::iter::once(newest.as_str()).chain(older).collect();
        Jar::Agency.bake(secure, "/", list.join("~"), Some(Duration::days(7)))
    }

    /// What keeps a browser without any cookie of ours from going on: it is given one and sent to `to`, and told there if it did not keep it.
    /// `None` where it has cookies.
    pub(crate) fn without_cookies(&self, idp: &Idp, to: &str) -> Option<Failure> {
        if !self.silent {
            return None;
        }
        if self.was_asked {
            let failure = Failure::new(ProblemKind::CookiesRefused, "the browser keeps no cookie");
            return Some(failure.retry(to));
        }
        Some(self.ask(idp, to))
    }

    /// Gives the browser its cookie and sends it to an address of ours, which sees whether it was kept.
    pub(crate) fn ask(&self, idp: &Idp, to: &str) -> Failure {
        let cookie = Jar::Browser.bake(idp.secure(), "/", self.token.text(), None).to_string();
        let failure =
            Failure::new(ProblemKind::ForeignBrowser, "no cookie of ours: the browser is given one");
        failure.onward(format!("{to}?{ASKED}"), vec![cookie])
    }

    /// What the step before left for this address.
    pub(crate) fn flash(&self, idp: &Idp) -> Flash {
        self.flash_of(idp, &self.path)
    }

    fn flash_of(&self, idp: &Idp, path: &str) -> Flash {
        self.flashes.iter().find_map(|value| open_flash(idp, path, value)).unwrap_or_default()
    }

    /// The language: what was chosen in this browser, the portal's wish, the account's, the browser's own, the agency's.
    pub(crate) fn locale(&self, ui_locales: &[String], agency: Option<&agencies::Agency>) -> Locale {
        let fallback = agency.and_then(|a| Locale::from_tag(&a.language)).unwrap_or(Locale::Fr);
        let account = self.session.as_ref().and_then(|s| s.locale.clone());
        let wishes: Vec<String> = ui_locales.iter().cloned().chain(account).collect();
        let wish = (!wishes.is_empty()).then(|| wishes.join(" "));
        let negotiate = || Locale::negotiate(wish.as_deref(), self.accept_language.as_deref(), fallback);
        self.language.unwrap_or_else(negotiate)
    }
}

fn open_flash(idp: &Idp, path: &str, value: &str) -> Option<Flash> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
    let plain = idp.context.keys.open(&place(path), &sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// Seals a flash for one address.
pub(crate) fn seal_flash(idp: &Idp, path: &str, flash: &Flash) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let plain = serde_json::to_vec(flash).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(idp.context.seal(&place(path), &plain))
}

/// What a flash is sealed for: it opens at this address and at no other, whoever carries it there.
fn place(path: &str) -> String {
    format!("flash {path}")
}

impl FromRequestParts<Shared> for Browser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, idp: &Shared) -> Result<Self, Failure> {
        let (headers, secure) = (&parts.headers, idp.secure());
        let read = |jar: Jar| jar.one(headers, secure).and_then(|value| Token::parse(&value));
        let tab = Jar::tab(headers, secure, parts.uri.path()).and_then(|value| Token::parse(&value));
        let known = tab.or_else(|| read(Jar::Browser));
        let fresh = known.is_none();
        let token = known.unwrap_or_else(|| idp.context.token());
        let session = match read(Jar::Session) {
            Some(token) => idp.accounts.session(&token).await?,
            None => None,
        };
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let accept_language = text(header::ACCEPT_LANGUAGE);
        let digest = token.digest().into_string();
        let mut browser = Self {
            csrf: kernel::Digest::of_mac(idp.context.keys.mac("csrf", digest.as_bytes())).into_string(),
            token,
            fresh,
            session,
            visitor: Visitor {
                ip: client_ip(idp, &parts.extensions, headers),
                user_agent: text(header::USER_AGENT).unwrap_or_default(),
                device: read(Jar::Device),
                locale: String::new(),
                origin: accounts::Origin::default(),
            },
            accept_language,
            language: language::chosen(idp, headers),
            path: parts.uri.path().to_owned(),
            was_asked: parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == ASKED)),
            silent: !cookie::any(headers),
            unbound: fresh && Jar::Browser.all(headers, secure).is_empty(),
            agencies: Jar::Agency.one(headers, secure),
            flashes: Jar::Flash.all(headers, secure),
        };
        browser.visitor.locale = browser.locale(&[], None).tag().to_owned();
        Ok(browser)
    }
}
