//! Calls to addresses in agencies' files: no redirects, five seconds, no private addresses unless config names the host (SECURITY D4, #48).

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use idp::grant::KeySource;
use reqwest::{
    Certificate, Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

/// The most that is read (SECURITY D4).
const LONGEST_DOCUMENT: usize = 64 * 1024;

/// A client for calls to addresses in agencies' files.
#[derive(Clone)]
pub(crate) struct Outbound {
    client: Client,
    allow: Arc<[String]>,
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
    pub(crate) fn new(allow: Vec<String>, extra_ca: Option<&[u8]>) -> anyhow::Result<Self> {
        let allow: Arc<[String]> = allow.into();
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(5))
            .dns_resolver(Arc::new(Guard(allow.clone())))
            // A proxy named in the environment would resolve the host itself, and no guard would see the address.
            .no_proxy()
            .user_agent("moncompte");
        if let Some(pem) = extra_ca {
            for certificate in Certificate::from_pem_bundle(pem)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        Ok(Self { client: builder.build()?, allow })
    }

    /// Posts a form; any 2xx is success, the body is not read.
    pub(crate) async fn post_form(&self, uri: &str, field: &str, value: &str) -> Result<(), String> {
        let url = self.allowed(uri)?;
        let answer = self
            .client
            .post(url)
            .form(&[(field, value)])
            .send()
            .await
            .map_err(|e| e.without_url().to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("answered {}", answer.status())) }
    }

    /// A literal address is never resolved, so it is looked at here; a name is looked at by [`Guard`].
    fn allowed(&self, uri: &str) -> Result<url::Url, String> {
        let url = url::Url::parse(uri).map_err(|e| e.to_string())?;
        let literal = match url.host() {
            Some(url::Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(url::Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            _ => None,
        };
        let host = url.host_str().unwrap_or_default();
        if literal.is_some_and(|ip| !is_public(ip)) && !self.allow.iter().any(|a| a == host) {
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
            if text.len() > LONGEST_DOCUMENT {
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

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_multicast()
                || ip.is_documentation()
                || a == 0
                || (a == 100 && (64..128).contains(&b))
                || a >= 240)
        }
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(v4) => is_public(v4.into()),
            None => {
                let head = ip.segments()[0];
                !(ip.is_loopback()
                    || ip.is_unspecified()
                    || ip.is_multicast()
                    || head & 0xfe00 == 0xfc00
                    || head & 0xffc0 == 0xfe80)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "192.168.0.1",
            "172.16.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["8.8.8.8", "2a00:1450:4007::1", "::ffff:8.8.8.8"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
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
