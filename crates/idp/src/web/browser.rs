//! The extractor of the browser behind a request.

use accounts::{Session, Visitor};
use axum::extract::FromRequestParts;
use axum_extra::extract::cookie::Cookie as SetCookie;
use http::{header, request::Parts};
use kernel::Token;
use pages::{Locale, page::ProblemKind};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;
use time::Duration;

use super::{
    address::client_ip,
    cookie::{self, Cookie},
    error::Failure,
    flash::{self, Address},
    language,
};
use crate::{Idp, InteractionId, Shared};

/// The browser at the other end: its token, its session, its form token, its address and its languages.
pub(crate) struct Browser {
    /// The token to which interactions and form tokens are bound.
    pub(crate) token: Token,
    /// True if the token was made for this request, so that its cookie is still to be set.
    pub(crate) is_new: bool,
    /// The form token, bound to the browser's cookie.
    pub(crate) csrf: String,
    /// The session of the person who is signed in.
    pub(crate) session: Option<Session>,
    /// The description of the browser that `accounts` records.
    pub(crate) visitor: Visitor,
    /// The header, for the negotiation of the language.
    pub(crate) accept_language: Option<String>,
    /// The language that was chosen in this browser.
    pub(crate) language: Option<Locale>,
    /// The path of this request, without its query.
    pub(crate) path: String,
    /// True if the browser was given a cookie and sent here once more, to learn whether it keeps one.
    pub(crate) was_probed: bool,
    /// True if the browser sent no cookie of ours at all.
    pub(crate) sent_no_cookie: bool,
    /// True if the browser sent no cookie that binds interactions: it never had one, was closed since, or cleared its cookies. Two of one name are an
    /// attack (SECURITY #41), and count as sent.
    pub(crate) is_unbound: bool,
    /// The request that it carries to the pages of this interaction, sealed.
    pub(crate) request: Option<String>,
    flashes: Vec<String>,
    /// The agencies at which its latest interactions began.
    agencies: Option<String>,
}

/// The part of an address that marks a browser as given a cookie with the redirect to it.
const PROBED: &str = "cookies=asked";
/// The number of interactions whose agencies a browser keeps.
const AGENCIES: usize = 5;

impl Browser {
    /// Returns true if the form token is this browser's, compared in constant time.
    pub(crate) fn owns(&self, csrf: &str) -> bool {
        !self.is_new && bool::from(self.csrf.as_bytes().ct_eq(csrf.as_bytes()))
    }

    /// Returns the agency at which an interaction began, as this browser keeps it; that of its latest interaction if it no longer keeps this one.
    pub(crate) fn agency_of(&self, id: InteractionId) -> Option<String> {
        let entries =
            || self.agencies.iter().flat_map(|list| list.split('~')).filter_map(|e| e.split_once('.'));
        let id = id.to_string();
        let found = entries().find(|(known, _)| *known == id).or_else(|| entries().next());
        found.map(|(_, agency)| agency.to_owned())
    }

    /// Returns true if this browser keeps that an interaction began in it.
    pub(crate) fn keeps(&self, id: InteractionId) -> bool {
        let entries = self.agencies.iter().flat_map(|list| list.split('~')).filter_map(|e| e.split_once('.'));
        let id = id.to_string();
        entries.into_iter().any(|(known, _)| known == id)
    }

    /// Returns the cookie that keeps the agency at which an interaction began, beside those of the interactions before.
    pub(crate) fn began_at(&self, secure: bool, id: InteractionId, agency: &str) -> SetCookie<'static> {
        let newest = format!("{id}.{agency}");
        let older = self.agencies.iter().flat_map(|list| list.split('~')).take(AGENCIES - 1);
        let list: Vec<&str> = std::iter::once(newest.as_str()).chain(older).collect();
        Cookie::Agency.set(secure, "/", list.join("~"), Some(Duration::days(7)))
    }

    /// Returns the failure of a browser that sent no cookie of ours: it is given one and sent to `to`, where a page says if it did not keep it.
    /// `None` if it has cookies.
    pub(crate) fn without_cookies(&self, idp: &Idp, to: &str) -> Option<Failure> {
        if !self.sent_no_cookie {
            return None;
        }
        if self.was_probed {
            let failure = Failure::new(ProblemKind::CookiesRefused, "the browser keeps no cookie");
            return Some(failure.retry(to));
        }
        Some(self.probe(idp, to))
    }

    /// Gives the browser its cookie and redirects it to an address of ours, which learns whether it was kept.
    pub(crate) fn probe(&self, idp: &Idp, to: &str) -> Failure {
        let cookie = Cookie::Browser.set(idp.secure(), "/", self.token.text(), None).to_string();
        let failure =
            Failure::new(ProblemKind::ForeignBrowser, "no cookie of ours: the browser is given one");
        failure.redirect(format!("{to}?{PROBED}"), vec![cookie])
    }

    /// Returns the flash that a form left for the page at `address`.
    pub(crate) fn flash<F: DeserializeOwned>(&self, idp: &Idp, address: &Address<F>) -> Option<F> {
        self.flashes.iter().find_map(|value| flash::open(idp, address, value))
    }

    /// Returns the language: the one chosen in this browser, or else the portal's wish, the account's, the browser's own, the agency's.
    pub(crate) fn locale(&self, ui_locales: &[String], agency: Option<&agencies::Agency>) -> Locale {
        let fallback = agency.and_then(|a| Locale::from_tag(&a.language)).unwrap_or(Locale::Fr);
        let account = self.session.as_ref().and_then(|s| s.locale.clone());
        let wishes: Vec<String> = ui_locales.iter().cloned().chain(account).collect();
        let wish = (!wishes.is_empty()).then(|| wishes.join(" "));
        let negotiate = || Locale::negotiate(wish.as_deref(), self.accept_language.as_deref(), fallback);
        self.language.unwrap_or_else(negotiate)
    }
}

impl FromRequestParts<Shared> for Browser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, idp: &Shared) -> Result<Self, Failure> {
        let (headers, secure) = (&parts.headers, idp.secure());
        let read = |cookie: Cookie| cookie.one(headers, secure).and_then(|value| Token::parse(&value));
        let tab =
            Cookie::of_interaction(headers, secure, parts.uri.path()).and_then(|value| Token::parse(&value));
        let known = tab.or_else(|| read(Cookie::Browser));
        let is_new = known.is_none();
        let token = known.unwrap_or_else(|| idp.context.token());
        let session = match read(Cookie::Session) {
            Some(token) => idp.accounts.session(&token).await?,
            None => None,
        };
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let accept_language = text(header::ACCEPT_LANGUAGE);
        let digest = token.digest().into_string();
        let mut browser = Self {
            csrf: kernel::Digest::of_mac(idp.context.keys.mac("csrf", digest.as_bytes())).into_string(),
            token,
            is_new,
            session,
            visitor: Visitor {
                ip: client_ip(idp, &parts.extensions, headers),
                user_agent: text(header::USER_AGENT).unwrap_or_default(),
                device: read(Cookie::Device),
                locale: String::new(),
                origin: accounts::Origin::default(),
            },
            accept_language,
            language: language::chosen(idp, headers),
            path: parts.uri.path().to_owned(),
            was_probed: parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == PROBED)),
            sent_no_cookie: !cookie::any(headers),
            is_unbound: is_new && Cookie::Browser.all(headers, secure).is_empty(),
            request: Cookie::request(headers, secure, parts.uri.path()),
            agencies: Cookie::Agency.one(headers, secure),
            flashes: Cookie::Flash.all(headers, secure),
        };
        browser.visitor.locale = browser.locale(&[], None).tag().to_owned();
        Ok(browser)
    }
}
