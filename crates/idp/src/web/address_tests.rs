use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn proxies(header: ForwardedHeader) -> Proxies {
    Proxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()], header)
}

fn with(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

fn through(lines: &[(&'static str, &str)]) -> Option<IpAddr> {
    proxies(ForwardedHeader::Either).source(ip("10.0.0.1"), &with(lines))
}

#[test]
fn a_proxy_is_known_on_a_socket_for_both_families() {
    let headers = with(&[("x-forwarded-for", "203.0.113.7, ::ffff:10.0.0.2")]);
    let source = proxies(ForwardedHeader::Either).source(ip("::ffff:10.0.0.1"), &headers);
    assert_eq!(source, Some(ip("203.0.113.7")));
}

/// SECURITY B5
#[test]
fn forwarded_addresses_count_only_from_trusted_proxies_and_from_the_right() {
    for lines in [[("x-forwarded-for", "1.2.3.4")], [("forwarded", "for=1.2.3.4")]] {
        let source = proxies(ForwardedHeader::Either).source(ip("203.0.113.7"), &with(&lines));
        assert_eq!(source, Some(ip("203.0.113.7")));
    }
    for (value, expected) in [
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.7, 10.0.0.2", "10.0.0.7"),
        ("garbage, 203.0.113.9", "203.0.113.9"),
    ] {
        assert_eq!(through(&[("x-forwarded-for", value)]), Some(ip(expected)), "{value}");
    }
}

/// FINDING B22: what Azure, IIS, AWS, HAProxy, nginx and Envoy write.
#[test]
fn every_form_of_an_address_is_read() {
    for (value, expected) in [
        ("203.0.113.7:50007", "203.0.113.7"),
        ("203.0.113.7:", "203.0.113.7"),
        ("\"203.0.113.7:50007\"", "203.0.113.7"),
        ("\t203.0.113.7 ,, ", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:1", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[fe80::1%eth0]:443", "fe80::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:db8:0:0:0:0:0:1:443", "2001:db8::1"),
        ("\"[2001:db8::1]:4711\"", "2001:db8::1"),
    ] {
        assert_eq!(through(&[("x-forwarded-for", value)]), Some(ip(expected)), "{value}");
        let standard = format!("for={}", value.trim_matches([' ', ',', '\t']));
        assert_eq!(through(&[("forwarded", &standard)]), Some(ip(expected)), "{standard}");
    }
}

#[test]
fn several_headers_are_one_list() {
    let both = |name| [(name, "for=6.6.6.6"), (name, "for=203.0.113.7"), (name, "for=10.0.0.2;proto=https")];
    assert_eq!(through(&both("forwarded")), Some(ip("203.0.113.7")));
    let lines =
        [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.7"), ("x-forwarded-for", "10.0.0.2")];
    assert_eq!(through(&lines), Some(ip("203.0.113.7")));
    assert_eq!(through(&[("x-forwarded-for", "caf\u{e9}, 203.0.113.7")]), Some(ip("203.0.113.7")));
}

/// RFC 7239 §4: pairs in any order, names in any case, values quoted or not.
#[test]
fn the_standard_header_is_read_whole() {
    for (value, expected) in [
        ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
        ("proto=https; For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
        ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
        ("for=192.0.2.43,for=\"10.0.0.9\"", "192.0.2.43"),
        ("for=192.0.2.43;host=\"a,b;for=6.6.6.6\"", "192.0.2.43"),
        ("for=192.0.2.43;ext=\"a\\\", for=6.6.6.6\"", "192.0.2.43"),
        // What a stranger wrote on the left swallows nothing.
        ("for=\"6.6.6.6, for=192.0.2.43", "192.0.2.43"),
        ("for=\"6.6.6.6\\, for=192.0.2.43", "192.0.2.43"),
        ("\"\"\", for=192.0.2.43", "192.0.2.43"),
    ] {
        assert_eq!(through(&[("forwarded", value)]), Some(ip(expected)), "{value}");
    }
}

#[test]
fn what_cannot_be_read_is_nobody_and_not_the_proxy() {
    for value in
        ["garbage", "unknown", "203.0.113.7, _hidden", "1.2.3.4.5", "203.0.113.7:44x", "[::1", " ", ","]
    {
        assert_eq!(through(&[("x-forwarded-for", value)]), None, "{value}");
    }
    for value in ["for=_SEVKISEK", "for=unknown", "proto=https", "for=1.2.3.4;for=5.6.7.8", "for", "=", ""] {
        assert_eq!(through(&[("forwarded", value)]), None, "{value}");
    }
    assert_eq!(through(&[]), None);
    // A proxy that hides its own client hides everybody before it.
    assert_eq!(through(&[("x-forwarded-for", "6.6.6.6, unknown, 10.0.0.2")]), None);
}

/// Of two headers the proxies write one, and pass the other on as a stranger wrote it.
#[test]
fn the_header_that_the_proxies_write_is_the_one_that_counts() {
    let headers = with(&[("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=198.51.100.9")]);
    for (header, expected) in [
        (ForwardedHeader::Either, "203.0.113.7"),
        (ForwardedHeader::XForwardedFor, "203.0.113.7"),
        (ForwardedHeader::Forwarded, "198.51.100.9"),
    ] {
        assert_eq!(proxies(header).source(ip("10.0.0.1"), &headers), Some(ip(expected)), "{header:?}");
    }
    let only = with(&[("forwarded", "for=6.6.6.6")]);
    assert_eq!(proxies(ForwardedHeader::XForwardedFor).source(ip("10.0.0.1"), &only), None);
}
