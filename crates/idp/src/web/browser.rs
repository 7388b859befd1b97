use std::net::{IpAddr, SocketAddr};

use accounts::{Session, Visitor};
use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, header, request::Parts};
use ipnet::IpNet;
use kernel::Token;
use pages::Locale;
use subtle::ConstantTimeEq;

use super::{cookie::Jar, error::Failure, flash::Flash, language};
use crate::{Idp, Shared};

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
    flashes: Vec<String>,
}

impl Browser {
    /// The form token, compared in constant time.
    pub(crate) fn owns(&self, csrf: &str) -> bool {
        !self.fresh && bool::from(self.csrf.as_bytes().ct_eq(csrf.as_bytes()))
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
    let plain = idp.ground.keys.open(&format!("flash {path}"), &sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// Seals a flash for one address.
pub(crate) fn seal_flash(idp: &Idp, path: &str, flash: &Flash) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let plain = serde_json::to_vec(flash).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(idp.ground.seal(&format!("flash {path}"), &plain))
}

impl FromRequestParts<Shared> for Browser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, idp: &Shared) -> Result<Self, Failure> {
        let (headers, secure) = (&parts.headers, idp.secure());
        let read = |jar: Jar| jar.one(headers, secure).and_then(|value| Token::parse(&value));
        let tab = Jar::tab(headers, secure, parts.uri.path()).and_then(|value| Token::parse(&value));
        let known = tab.or_else(|| read(Jar::Browser));
        let fresh = known.is_none();
        let token = known.unwrap_or_else(|| idp.ground.token());
        let session = match read(Jar::Session) {
            Some(token) => idp.accounts.session(&token).await?,
            None => None,
        };
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let accept_language = text(header::ACCEPT_LANGUAGE);
        let digest = token.digest().into_string();
        let mut browser = Self {
            csrf: kernel::Digest::of_mac(idp.ground.keys.mac("csrf", digest.as_bytes())).into_string(),
            token,
            fresh,
            session,
            visitor: Visitor {
                ip: peer.map(|peer| client_ip(peer, headers, &idp.trusted_proxies)),
                user_agent: text(header::USER_AGENT).unwrap_or_default(),
                device: read(Jar::Device),
                locale: String::new(),
                origin: accounts::Origin::default(),
            },
            accept_language,
            language: language::chosen(idp, headers),
            path: parts.uri.path().to_owned(),
            flashes: Jar::Flash.all(headers, secure),
        };
        browser.visitor.locale = browser.locale(&[], None).tag().to_owned();
        Ok(browser)
    }
}

/// Who asks: the socket's address, or, from a proxy that config trusts, the rightmost address that is not one (SECURITY #55).
pub(crate) fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    // On a socket for both families, 10.0.0.1 is ::ffff:10.0.0.1: the proxy would not be known, and everybody would share its attempts.
    let peer = peer.to_canonical();
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    if !is_trusted(&peer) {
        return peer;
    }
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
    let mut last = peer;
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Ok(ip) = hop.trim().parse::<IpAddr>().map(|ip| ip.to_canonical()) else { return last };
        last = ip;
        if !is_trusted(&ip) {
            return ip;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_known_on_a_socket_for_both_families() {
        let ip = |s: &str| s.parse::<IpAddr>().unwrap();
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.7, ::ffff:10.0.0.2".parse().unwrap());
        assert_eq!(client_ip(ip("::ffff:10.0.0.1"), &headers, &trusted), ip("203.0.113.7"));
    }

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies_and_from_the_right() {
        let ip = |s: &str| s.parse::<IpAddr>().unwrap();
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", value.parse().unwrap());
            headers
        };
        assert_eq!(client_ip(ip("203.0.113.7"), &with("1.2.3.4"), &trusted), ip("203.0.113.7"));
        assert_eq!(client_ip(ip("10.0.0.1"), &with("6.6.6.6, 203.0.113.9"), &trusted), ip("203.0.113.9"));
        assert_eq!(client_ip(ip("10.0.0.1"), &with("203.0.113.9, 10.0.0.2"), &trusted), ip("203.0.113.9"));
        assert_eq!(client_ip(ip("10.0.0.1"), &with("garbage"), &trusted), ip("10.0.0.1"));
        assert_eq!(client_ip(ip("10.0.0.1"), &HeaderMap::new(), &trusted), ip("10.0.0.1"));
    }
}
