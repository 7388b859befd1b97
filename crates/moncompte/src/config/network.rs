//! Network settings: listening addresses, trusted proxies, and the connection to the database.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv6Net};
use kernel::sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{Settings, read::Reader};

impl Reader<'_> {
    /// Checks that both addresses can be listened on together.
    pub(super) fn listening(&mut self, s: &Settings, text: &str) {
        let mut ports = Vec::new();
        for (key, address) in [("listen", &s.listen), ("ops_listen", &s.ops_listen)] {
            match host_and_port(address) {
                Some(parsed) => ports.push(parsed),
                None => self.at(text, key, "must be an address and a port, such as \"127.0.0.1:8080\""),
            }
        }
        if let [(public, port), (private, other)] = &ports[..]
            && port == other
            && *port != 0
            && (public == private || is_any(public) || is_any(private))
        {
            self.at(
                text,
                "ops_listen",
                "must be another port than listen: health and metrics are not for the internet",
            );
        }
    }
}

pub(super) fn host_and_port(address: &str) -> Option<(String, u16)> {
    if let Ok(address) = address.parse::<SocketAddr>() {
        return Some((address.ip().to_string(), address.port()));
    }
    let (host, port) = address.rsplit_once(':')?;
    let is_name = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    // Four numbers are an address, and this one is invalid.
    let is_name = is_name && !host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_name.then_some(())?;
    Some((host.to_owned(), port.parse().ok()?))
}

fn is_any(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified())
}

/// Returns true if the network certainly includes strangers: the addresses that a trusted proxy reports are believed (SECURITY D12). Private networks may be of any size.
pub(super) fn is_too_wide(net: IpNet) -> bool {
    let IpNet::V6(net) = net else { return net.prefix_len() < 8 };
    // All of IPv4, embedded in IPv6: mapped, translated, tunnelled.
    let holds_ipv4: [(Ipv6Addr, u8); 3] = [
        (Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), 96),
        (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96),
        (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    ];
    for (address, prefix) in holds_ipv4 {
        let all = Ipv6Net::new_assert(address, prefix);
        if net.contains(&all) || (all.contains(&net) && net.prefix_len() - prefix < 8) {
            return true;
        }
    }
    let private = [(0xfc00, 7), (0xfe80, 10)]
        .map(|(head, prefix)| Ipv6Net::new_assert(Ipv6Addr::new(head, 0, 0, 0, 0, 0, 0, 0), prefix));
    net.prefix_len() < 16 && !private.iter().any(|all| all.contains(&net))
}

/// Checks the address of a database; the error says what is wrong with it, to be read after its name.
pub(crate) fn database(address: &str, without_tls: bool) -> Result<(), String> {
    match address {
        postgres if postgres.starts_with("postgres://") || postgres.starts_with("postgresql://") => {
            self::postgres(postgres, without_tls)
        }
        file if file.strip_prefix("sqlite://").is_some_and(|path| !path.is_empty()) => Ok(()),
        _ => Err("must begin with sqlite:// or postgres://".into()),
    }
}

/// Checks the address of PostgreSQL, which may list several servers. Names and password hashes cross a network only under TLS.
fn postgres(address: &str, without_tls: bool) -> Result<(), String> {
    kernel::each_server(address)?.iter().try_for_each(|server| one_server(server, without_tls))
}

fn one_server(address: &str, without_tls: bool) -> Result<(), String> {
    // The error of sqlx may repeat the password.
    let options: PgConnectOptions = address
        .parse()
        .map_err(|_| "is no address that can be read: postgres://user:password@host/database, with %-escapes in the password")?;
    let host = options.get_host();
    let here = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    let mode = options.get_ssl_mode();
    let encrypted = matches!(mode, PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    if here || encrypted || without_tls {
        return Ok(());
    }
    Err(format!(
        "may speak to {host} without TLS: add ?sslmode=verify-full to the address (and &sslrootcert=FILE for an authority of \
         your own); or set database_without_tls = true where nobody else is on the way"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_believes_strangers() {
        for wide in [
            "0.0.0.0/0",
            "0.0.0.0/1",
            "128.0.0.0/1",
            "64.0.0.0/2",
            "8.0.0.0/7",
            "::/0",
            "2000::/3",
            "2a00::/12",
            "8000::/1",
            "::ffff:0:0/96",
            "::ffff:0.0.0.0/97",
            "::/80",
            "64:ff9b::/96",
            "2002::/16",
            "2002::/20",
        ] {
            assert!(is_too_wide(wide.parse().unwrap()), "{wide}");
        }
        for good in [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "127.0.0.0/8",
            "203.0.113.7/32",
            "104.16.0.0/13",
            "fc00::/7",
            "fd00::/8",
            "fe80::/10",
            "::1/128",
            "2400:cb00::/32",
            "2a06:98c0::/29",
            "::ffff:10.0.0.0/104",
        ] {
            assert!(!is_too_wide(good.parse().unwrap()), "{good}");
        }
    }

    #[test]
    fn a_database_elsewhere_is_spoken_to_under_tls() {
        for bad in [
            "postgres://u:p@db.exemple.fr/x",
            "postgres://u:p@db.exemple.fr/x?sslmode=disable",
            "postgres://u:p@db.exemple.fr/x?sslmode=prefer",
            "postgresql://u:p@10.0.0.7:5432/x?sslmode=allow",
            "postgres://u:p@[2a00::1]/x",
            "postgres://u:p@localhost.exemple.fr/x",
            "postgres://u:p@localhost/x?host=db.exemple.fr",
            "postgres://u:p@localhost:5432,db.exemple.fr:5432/x?target_session_attrs=read-write",
        ] {
            let reason = postgres(bad, false).unwrap_err();
            assert!(
                reason.contains("?sslmode=verify-full") && reason.contains("database_without_tls"),
                "{bad}: {reason}"
            );
            assert_eq!(postgres(bad, true), Ok(()), "{bad}");
        }
        for good in [
            "postgres://u:p@localhost/x",
            "postgres://u:p@127.0.0.1:5433/x",
            "postgres://u:p@[::1]/x",
            "postgres://u:p@db.exemple.fr/x?sslmode=require",
            "postgres://u:p@db.exemple.fr/x?sslmode=verify-full",
            "postgres://u:p@%2Fvar%2Frun%2Fpostgresql/x",
            "postgres://u@x/y?host=/var/run/postgresql",
            "postgres://u:p@db1.exemple.fr:5432,db2.exemple.fr/x?target_session_attrs=read-write&sslmode=verify-full",
        ] {
            assert_eq!(postgres(good, false), Ok(()), "{good}");
        }
        assert!(
            postgres("postgres://u:p@a,b/x?target_session_attrs=any", true)
                .unwrap_err()
                .contains("read-write")
        );
        let reason = postgres("postgres://u:gehe#im@db/x:y?sslmode=nonsense", false).unwrap_err();
        assert!(!reason.contains("gehe"), "{reason}");
    }

    #[test]
    fn an_address_is_one_or_none() {
        for good in ["127.0.0.1:8080", "[::]:8080", "0.0.0.0:1", "localhost:8080", "127.0.0.1:0"] {
            assert!(host_and_port(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "8080",
            ":8080",
            "127.0.0.1",
            "127.0.0.1:",
            "127.0.0.1:99999",
            "127.0.0.1:http",
            "::1:80",
            "300.0.0.1:80",
            "a b:80",
        ] {
            assert!(host_and_port(bad).is_none(), "{bad}");
        }
    }
}
