//! Near misses of a registered address, made from it by rules (SECURITY #1, #2). They are plain texts, since the provider's HTTP tests use
//! them as well.

mod hosts;
mod texts;

use std::collections::BTreeSet;

/// Registered addresses of every shape: a name, true if only a native client may register it, the address.
pub const SHAPES: &[(&str, bool, &str)] = &[
    ("https", false, "https://rp.example/cb"),
    ("with a query", false, "https://rp.example/cb?bar=foo"),
    ("with a port", false, "https://rp.example:8443/cb"),
    ("at the root", false, "https://rp.example/"),
    ("loopback IPv4", true, "http://127.0.0.1:7000/cb"),
    ("loopback IPv6", true, "http://[::1]/cb"),
    ("a scheme of its own", true, "com.example.app:/cb"),
];

/// The parts of an address, which the rules below recombine.
struct Parts<'a> {
    whole: &'a str,
    scheme: &'a str,
    /// `//` or nothing.
    slashes: &'a str,
    host: &'a str,
    /// The port with its colon.
    port: &'a str,
    /// Path and query, from the slash on.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(whole: &'a str) -> Self {
        let (scheme, after) = whole.split_once(':').expect("a scheme");
        let Some(after) = after.strip_prefix("//") else {
            return Self { whole, scheme, slashes: "", host: "", port: "", rest: after };
        };
        let (authority, rest) = after.split_at(after.find('/').expect("a path"));
        let colon = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
        let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
        Self { whole, scheme, slashes: "//", host, port, rest }
    }

    /// The path, without the query.
    fn path(&self) -> &'a str {
        self.rest.split('?').next().unwrap_or_default()
    }

    fn with_authority(&self, authority: &str) -> String {
        format!("{}:{}{authority}{}", self.scheme, self.slashes, self.rest)
    }

    fn with_rest(&self, rest: &str) -> String {
        format!("{}:{}{}{}{rest}", self.scheme, self.slashes, self.host, self.port)
    }

    fn with_scheme(&self, scheme: &str) -> String {
        format!("{scheme}{}{}{}{}", self.slashes, self.host, self.port, self.rest)
    }
}

type Rule = fn(&Parts<'_>) -> Vec<String>;

/// The rules, in the words of SECURITY #1 and #2.
const RULES: &[(&str, Rule)] = &[
    ("a longer host", hosts::longer_hosts),
    ("userinfo: one @, two @, encoded", hosts::userinfo),
    ("the port", hosts::ports),
    ("case and full-width letters", texts::cases),
    ("another scheme", texts::schemes),
    ("another path", texts::paths),
    ("something behind it", texts::behind),
    ("something before it", texts::before),
    ("encoded once and twice", texts::encoded),
    ("loopback and other names of this machine", hosts::loopback),
    ("one byte more, less or another", texts::bytes),
];

/// All near misses of `registered`, without `registered` itself.
pub fn around(registered: &str) -> BTreeSet<String> {
    let parts = Parts::of(registered);
    let all = RULES.iter().flat_map(|(_, rule)| rule(&parts));
    all.filter(|address| address != registered).collect()
}

/// The same without the one-byte rule, which makes many similar ones.
pub fn by_rule(registered: &str) -> BTreeSet<String> {
    let parts = Parts::of(registered);
    let all = RULES.iter().filter(|(name, _)| !name.starts_with("one byte"));
    all.flat_map(|(_, rule)| rule(&parts)).filter(|address| address != registered).collect()
}
