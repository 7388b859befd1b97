//! The address from which a request comes, as far as the socket and the proxies tell (SECURITY #55, B5).
//!
//! A proxy appends to the list that it received, so lists are read from the right: the first address that is no trusted proxy's is the one that a trusted
//! proxy saw. Entries to its left may be forged. If the nearest proxy writes nothing that can be read, the address is not known, and nobody is
//! counted together with others by mistake.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, header};
use ipnet::IpNet;
use kernel::{OncePerMinute, Unix, untrusted};

use crate::Idp;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The header in which trusted proxies write the address of their client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For` if the request has it, or else `Forwarded`.
    #[default]
    Either,
    /// `X-Forwarded-For` alone.
    XForwardedFor,
    /// `Forwarded` (RFC 7239) alone.
    Forwarded,
}

/// The proxies whose forwarding headers are trusted. Cheap to clone.
#[derive(Clone, Default)]
pub struct Proxies(Arc<Known>);

#[derive(Default)]
struct Known {
    nets: Vec<IpNet>,
    header: ForwardedHeader,
    told_stranger: OncePerMinute,
    told_unreadable: OncePerMinute,
    told_both: OncePerMinute,
}

/// An entry of a list: an address, or text that is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hop {
    At(IpAddr),
    Hidden,
}

impl Proxies {
    /// Trusts the proxies of these networks, which write in this header.
    pub fn new(nets: Vec<IpNet>, header: ForwardedHeader) -> Self {
        Self(Arc::new(Known { nets, header, ..Known::default() }))
    }

    /// Returns true if `peer` is a trusted proxy.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        // On a socket for both families, 10.0.0.1 is ::ffff:10.0.0.1: the proxy would not be known, and everybody would share its attempts.
        let peer = peer.to_canonical();
        self.0.nets.iter().any(|net| net.contains(&peer))
    }

    /// Returns the address of the client; `None` if a trusted proxy does not tell it readably.
    fn source(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        if !self.trusts(peer) {
            return Some(peer.to_canonical());
        }
        let mut last = None;
        for hop in self.hops(headers) {
            let Hop::At(ip) = hop else { return None };
            if !self.trusts(ip) {
                return Some(ip);
            }
            last = Some(ip);
        }
        last
    }

    /// Returns the hops, the nearest first.
    fn hops(&self, headers: &HeaderMap) -> Vec<Hop> {
        let plain = match self.0.header {
            ForwardedHeader::Either => headers.contains_key(X_FORWARDED_FOR),
            ForwardedHeader::XForwardedFor => true,
            ForwardedHeader::Forwarded => false,
        };
        let lines = if plain {
            headers.get_all(X_FORWARDED_FOR).iter().collect::<Vec<_>>()
        } else {
            headers.get_all(header::FORWARDED).iter().collect()
        };
        let mut hops = Vec::new();
        for line in lines.into_iter().rev() {
            // Bytes that are no text make their own element unreadable, and no other.
            let line = String::from_utf8_lossy(line.as_bytes());
            if plain {
                let elements = line.rsplit(',').map(str::trim).filter(|element| !element.is_empty());
                hops.extend(elements.map(node));
            } else {
                hops.extend(from_the_right(&line, ',').into_iter().map(forwarded));
            }
        }
        hops
    }

    /// Warns the operator, once a minute, of addresses that cannot be known as they should be.
    fn tell(&self, peer: IpAddr, headers: &HeaderMap, source: Option<IpAddr>, now: Unix) {
        let known = &*self.0;
        let (plain, standard) = (headers.get(X_FORWARDED_FOR), headers.get(header::FORWARDED));
        let Some(sent) = plain.or(standard) else {
            if source.is_none() && known.told_unreadable.is_due(now) {
                tracing::warn!(target: "security", %peer, "no address of the client from a trusted proxy: its clients are not counted by network");
            }
            return;
        };
        if !self.trusts(peer) {
            if known.told_stranger.is_due(now) {
                tracing::warn!(target: "security", %peer, "forwarding headers from an address that trusted_proxies does not name: if it is a proxy, all its clients are counted as one");
            }
        } else if source.is_none() {
            if known.told_unreadable.is_due(now) {
                let text = String::from_utf8_lossy(sent.as_bytes());
                tracing::warn!(target: "security", %peer, header = %untrusted(&text), "unreadable address of the client from a trusted proxy: its clients are not counted by network");
            }
        } else if known.header == ForwardedHeader::Either
            && plain.is_some()
            && standard.is_some()
            && known.told_both.is_due(now)
        {
            tracing::warn!(target: "security", %peer, "X-Forwarded-For and Forwarded from a trusted proxy: the first is read; name the one that it writes in forwarded_header");
        }
    }
}

/// Returns the address of a request's client. All code that counts or records an address calls this function.
pub(crate) fn client_ip(idp: &Idp, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    let source = idp.trusted_proxies.source(peer, headers);
    if source.is_none() {
        metrics::counter!("moncompte_unread_addresses_total").increment(1);
    }
    idp.trusted_proxies.tell(peer, headers, source, idp.context.now());
    source
}

/// An element of `Forwarded`: its `for` (RFC 7239 §4).
fn forwarded(element: &str) -> Hop {
    let mut named = from_the_right(element, ';').into_iter().filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    });
    match (named.next(), named.next()) {
        (Some(value), None) => node(value),
        _ => Hop::Hidden,
    }
}

/// The elements of a list that are not empty, the last first; a separator within quotes is none. Read from the right, quotes that a stranger opened and
/// never closed swallow nothing of what a proxy wrote behind them.
fn from_the_right(list: &str, separator: char) -> Vec<&str> {
    let (mut elements, mut quoted, mut end) = (Vec::new(), false, list.len());
    let escaped = |at: usize| list[..at].bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1;
    for (at, c) in list.char_indices().rev() {
        if c == '"' && !escaped(at) {
            quoted = !quoted;
        } else if c == separator && !quoted {
            elements.push(&list[at + c.len_utf8()..end]);
            end = at;
        }
    }
    elements.push(&list[..end]);
    elements.into_iter().map(str::trim).filter(|element| !element.is_empty()).collect()
}

/// A node as proxies write it, with or without port, brackets and quotes (RFC 7239 §6): `203.0.113.7:50007`, `"[2001:db8::1]:443"`. `unknown` and names such
/// as `_hidden` tell nothing.
fn node(text: &str) -> Hop {
    address(&unquoted(text.trim())).map_or(Hop::Hidden, |ip| Hop::At(ip.to_canonical()))
}

fn unquoted(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) if inside.contains('\\') => inside.replace('\\', "").into(),
        Some(inside) => inside.into(),
        None => text.into(),
    }
}

fn address(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, port) = rest.split_once(']')?;
        let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        // A zone (RFC 6874) says on which of the proxy's own networks it is.
        return inside.split('%').next()?.parse().ok().filter(|_| fits);
    }
    text.parse().ok().or_else(|| {
        let (host, port) = text.rsplit_once(':')?;
        host.parse().ok().filter(|_| is_port(port))
    })
}

/// RFC 7239 §6.3: a number, or a name in its place.
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(name) => {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        }
        None => text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit()),
    }
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
