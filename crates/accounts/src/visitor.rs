//! The visitor of a page, as acts record and count them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kernel::Token;

use crate::Origin;

/// The person and the browser of a request, as far as they can be known.
#[derive(Clone)]
pub struct Visitor {
    /// The address, from the socket or a trusted proxy.
    pub ip: Option<IpAddr>,
    /// The browser's name for itself, at most 200 characters are kept.
    pub user_agent: String,
    /// The device cookie: proof that someone signed in here before.
    pub device: Option<Token>,
    /// `fr` or `en`: the language of the mails that this visit causes.
    pub locale: String,
    /// The place in the screens: a mail that this visit causes leads back there.
    pub origin: Origin,
}

impl Visitor {
    /// /24 or /48: what is kept as proof (CNIL: minimised).
    pub(crate) fn ip_short(&self) -> String {
        match self.ip {
            Some(IpAddr::V4(ip)) => {
                let [a, b, c, _] = ip.octets();
                format!("{}/24", Ipv4Addr::new(a, b, c, 0))
            }
            Some(IpAddr::V6(ip)) => {
                let s = ip.segments();
                format!("{}/48", Ipv6Addr::new(s[0], s[1], s[2], 0, 0, 0, 0, 0))
            }
            None => String::new(),
        }
    }

    /// The network that an address is counted as: an IPv4 address, or an IPv6 /64, which is one line.
    pub(crate) fn network(&self) -> String {
        match self.ip.map(|ip| ip.to_canonical()) {
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => {
                let s = ip.segments();
                format!("{}/64", Ipv6Addr::new(s[0], s[1], s[2], s[3], 0, 0, 0, 0))
            }
            None => String::new(),
        }
    }

    pub(crate) fn user_agent_short(&self) -> String {
        self.user_agent.chars().filter(|c| !c.is_control()).take(200).collect()
    }
}
