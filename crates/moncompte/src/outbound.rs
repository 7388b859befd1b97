//! Calls to addresses in agencies' files: no redirects, five seconds, no private addresses unless the configuration allows the host (SECURITY D4, #48). A name
//! is checked by the address to which the connection is made, so a different answer to a second DNS query changes nothing.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use async_trait::async_trait;
use idp::grant::KeySource;
use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::{
    Certificate, Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

use crate::{
    config::{Config, regular},
    hosts::Hosts,
};

/// The maximum size of a document (SECURITY D4).
const MAX_DOCUMENT: usize = 64 * 1024;

/// A client for calls to addresses in agencies' files.
#[derive(Clone)]
pub(crate) struct Outbound {
    client: Client,
    allow: Arc<[String]>,
    /// The hosts that receive logout calls.
    pub(crate) hosts: Arc<Hosts>,
}

/// A failed call.
pub(crate) struct NotPosted {
    /// True if the host answered and the failure is not its own.
    pub(crate) answered: bool,
    /// The reason, for the operator.
    pub(crate) why: String,
}

struct Guard(Arc<[String]>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.iter().any(|host| host == name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.filter(|a| allowed || is_public(a.ip())).collect();
            if addresses.is_empty() {
                return Err(format!(
                    "{} is a private address, and outbound.allow does not name it",
                    name.as_str()
                )
                .into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl Outbound {
    /// Makes the client that a configuration describes.
    ///
    /// # Errors
    /// If `outbound.extra_ca` cannot be read, or holds no certificate.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let outbound = &config.settings.outbound;
        let extra_ca = outbound.extra_ca.as_ref().map(|file| {
            let path = config.path(file);
            regular(&path)
                .and_then(std::fs::read)
                .with_context(|| format!("outbound.extra_ca {} cannot be read", path.display()))
        });
        Self::new(outbound.allow.clone(), extra_ca.transpose()?.as_deref())
    }

    pub(crate) fn new(allow: Vec<String>, extra_ca: Option<&[u8]>) -> anyhow::Result<Self> {
        let allow: Arc<[String]> = allow.into();
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(5))
            .dns_resolver(Arc::new(Guard(allow.clone())))
            // A proxy named in the environment would resolve the host itself, and bypass the check of the address.
            .no_proxy()
            .user_agent("moncompte");
        if let Some(pem) = extra_ca {
            for certificate in Certificate::from_pem_bundle(pem)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        Ok(Self { client: builder.build()?, allow, hosts: Arc::default() })
    }

    /// Posts a form; any 2xx is success, and the body is not read.
    pub(crate) async fn post_form(&self, uri: &str, field: &str, value: &str) -> Result<(), NotPosted> {
        let silent = |why: String| NotPosted { answered: false, why };
        let url = self.allowed(uri).map_err(silent)?;
        let answer = self
            .client
            .post(url)
            .form(&[(field, value)])
            .send()
            .await
            .map_err(|e| silent(e.without_url().to_string()))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let answered = !status.is_server_error() && status != reqwest::StatusCode::TOO_MANY_REQUESTS;
        Err(NotPosted { answered, why: format!("answered {status}") })
    }

    /// Returns the status with which an address answers a GET, whatever it is: somebody is there, and the certificate is good.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) async fn answers(&self, uri: &str) -> Result<u16, String> {
        let answer = self.client.get(self.allowed(uri)?).send().await;
        answer.map(|answer| answer.status().as_u16()).map_err(|e| reason(&e.without_url()))
    }

    /// Checks a literal address here, since it is never resolved; [`Guard`] checks names.
    fn allowed(&self, uri: &str) -> Result<url::Url, String> {
        let url = url::Url::parse(uri).map_err(|e| e.to_string())?;
        let literal = match url.host() {
            Some(url::Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(url::Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            _ => None,
        };
        let host = url.host_str().unwrap_or_default();
        if literal.is_some_and(|ip| !is_public(ip))
            && !self.allow.iter().any(|a| a == host.trim_matches(['[', ']']))
        {
            return Err(format!("{host} is a private address, and outbound.allow does not name it"));
        }
        Ok(url)
    }

    async fn document(&self, uri: &str) -> Result<String, String> {
        let url = self.allowed(uri)?;
        if url.scheme() != "https" {
            return Err("only https is read".into());
        }
        let said = |error: reqwest::Error| error.without_url().to_string();
        let mut answer = self.client.get(url).send().await.map_err(said)?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(format!("answered {}", answer.status()));
        }
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(said)? {
            text.extend_from_slice(&chunk);
            if text.len() > MAX_DOCUMENT {
                return Err("is longer than 64 KiB".into());
            }
        }
        String::from_utf8(text).map_err(|_| "is not UTF-8".into())
    }
}

#[async_trait]
impl KeySource for Outbound {
    async fn read(&self, uri: &str) -> Result<String, String> {
        self.document(uri).await
    }
}

/// Returns the innermost cause, which says most.
fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

/// IPv4 networks that are unassigned, private, or local: IANA's special-purpose registry (RFC 6890), and the metadata address of Azure.
const NOT_PUBLIC_V4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The parts of 2000::/3, the public IPv6 space, that are not public: protocol assignments and Teredo, documentation, 6to4 (checked before), and similar.
const NOT_PUBLIC_V6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Returns true if an address is on the public internet, in whatever notation.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    let ip = match ip {
        IpAddr::V4(ip) => {
            let within = |(net, prefix): &(Ipv4Addr, u8)| Ipv4Net::new_assert(*net, *prefix).contains(&ip);
            return !NOT_PUBLIC_V4.iter().any(within);
        }
        IpAddr::V6(ip) => ip,
    };
    match inner(ip) {
        Some(v4) => is_public(v4.into()),
        None => {
            let within = |(net, prefix): &(Ipv6Addr, u8)| Ipv6Net::new_assert(*net, *prefix).contains(&ip);
            ip.segments()[0] & 0xe000 == 0x2000 && !NOT_PUBLIC_V6.iter().any(within)
        }
    }
}

/// Returns the IPv4 address embedded in an IPv6 one: mapped (RFC 4291 §2.5.5.2), translated (RFC 6052, RFC 7915), by 6to4 (RFC 3056) or ISATAP (RFC 5214).
/// Compatible addresses (`::a.b.c.d`) and those translated within a network (64:ff9b:1::/48) are not public anyway.
fn inner(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => of(g, h),
        (0x2002, ..) => of(b, c),
        (.., 0 | 0x200, 0x5efe) => of(g, h),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SECURITY #48, FINDING L10: each net by an address in it, at its ends where they are easily missed.
    #[test]
    fn an_address_that_leads_inside_is_known_however_it_is_written() {
        let inside = [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::8.8.8.8",
            "64:ff9b:1:ffff::1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2002:c0a8:1::1",
            "2002:a9fe:a9fe::1",
            "2a00:1450:4007::5efe:10.0.0.1",
            "3fff::1",
            "3ffe::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "8000::1",
        ];
        for ip in inside {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "168.63.129.17",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450:4007::1",
            "2a00:1450:4007::5efe:8.8.8.8",
        ];
        for ip in public {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    /// Literals reach no resolver, in whatever form a URL allows.
    #[test]
    fn a_literal_is_looked_at_in_every_form() {
        let shy = Outbound::new(vec![], None).unwrap();
        for host in [
            "127.1",
            "0x7f.1",
            "2130706433",
            "017700000001",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[::127.0.0.1]",
            "[2002:7f00:1::]",
            "169.254.169.254",
            "１２７.0.0.1",
        ] {
            assert!(shy.allowed(&format!("https://{host}/")).is_err(), "{host}");
        }
        assert!(shy.allowed("https://8.8.8.8/").is_ok());
        let told = Outbound::new(vec!["::1".into(), "10.0.0.7".into()], None).unwrap();
        assert!(told.allowed("https://[::1]/").is_ok() && told.allowed("https://10.0.0.7/").is_ok());
        assert!(told.allowed("https://10.0.0.8/").is_err());
    }

    #[tokio::test]
    async fn a_call_to_a_private_address_is_not_made() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shy = Outbound::new(vec![], None).unwrap();
        for host in ["127.0.0.1", "localhost"] {
            let refused = shy.post_form(&format!("http://{host}:{port}/"), "a", "b").await;
            assert!(refused.is_err(), "{host}");
        }
        let waiting = listener.into_std().unwrap().accept();
        assert_eq!(waiting.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody called");
    }
}
