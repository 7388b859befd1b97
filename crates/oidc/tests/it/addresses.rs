use oidc::{
    Params, Refusal,
    client::{ApplicationType, Client},
    logout::{self, Decision, Hint, Hinted},
    request,
};

use crate::corpus::{SHAPES, around, by_rule};

fn client(native: bool, registered: &str) -> Client {
    let mut client = Client::new("rp", "tilleuls");
    client.application_type = if native { ApplicationType::Native } else { ApplicationType::Web };
    client.redirect_uris = vec![registered.into()];
    client.post_logout_redirect_uris = vec![registered.into()];
    client
}

/// A second, different implementation of the rule: the registered bytes, or for a native client the same with another port on a
/// loopback address given as an IP literal (RFC 8252 §7.3).
fn good(native: bool, registered: &str, uri: &str) -> bool {
    if uri == registered {
        return true;
    }
    let without_port = |uri: &str| {
        let (host, rest) =
            ["http://127.0.0.1", "http://[::1]"].iter().find_map(|h| Some((*h, uri.strip_prefix(h)?)))?;
        let (port, path) = rest.split_at(rest.find('/')?);
        let number = port
            .strip_prefix(':')
            .map(|digits| digits.len() <= 5 && digits.parse::<u16>().is_ok() && !digits.starts_with('+'));
        (port.is_empty() || number == Some(true)).then(|| format!("{host}{path}"))
    };
    native && without_port(uri).is_some() && without_port(uri) == without_port(registered)
}

fn asking(uri: &str) -> Result<Params, Refusal> {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("client_id", "rp"),
            ("redirect_uri", uri),
            ("post_logout_redirect_uri", uri),
            ("state", "s"),
        ])
        .finish();
    Params::parse(&[&query])
}

/// SECURITY #1, #2
#[test]
fn at_least_five_hundred_tries_lie_around_each_address() {
    for (name, _, registered) in SHAPES {
        let tries = around(registered);
        assert!(tries.len() >= 500 && !tries.contains(*registered), "{name}: {}", tries.len());
        assert!(by_rule(registered).len() >= 300 && by_rule(registered).is_subset(&tries), "{name}");
    }
}

/// SECURITY #1, #2: of all near misses of a registered address only its bytes pass, and for native clients another loopback port.
#[test]
fn an_authorization_request_is_answered_at_the_registered_bytes_only() {
    for (name, only_native, registered) in SHAPES {
        for native in [false, true] {
            let client = client(native, registered);
            let mut accepted = 0;
            for uri in around(registered).iter().map(String::as_str).chain([*registered]) {
                let settled =
                    asking(uri).and_then(|params| request::resolve_return_path(&params, Some(&client)));
                let expected = good(native, registered, uri);
                assert_eq!(settled.is_ok(), expected, "{name}, native: {native}: {uri:?}");
                assert_eq!(client.redirects_to(uri), expected, "{name}, native: {native}: {uri:?}");
                if let Ok(path) = settled {
                    assert_eq!(path.redirect_uri(), uri);
                    accepted += 1;
                }
            }
            let loopback = *only_native && registered.starts_with("http:");
            assert_eq!(accepted > 1, native && loopback, "{name}, native: {native}: {accepted} accepted");
        }
    }
}

/// SECURITY #45, #1: after a sign-out only the registered bytes pass, with one exception: an address without a path equals the one with `/`.
#[test]
fn a_sign_out_leads_to_the_registered_bytes_only() {
    let hint = Hint { client_id: "rp".into(), sid: "s1".into() };
    for (name, _, registered) in SHAPES {
        for native in [false, true] {
            let client = client(native, registered);
            for uri in around(registered).iter().map(String::as_str).chain([*registered]) {
                // Addresses with a control character are refused before.
                let Ok(params) = asking(uri) else {
                    assert_ne!(uri, *registered);
                    continue;
                };
                let asked = logout::LogoutRequest {
                    hint: Hinted::Ours(&hint),
                    params: &params,
                    client: Some(&client),
                    sid_here: Some("s1"),
                    signed_in: true,
                };
                match logout::decide(&asked) {
                    Decision::End(Some(after)) => {
                        let rootless = *registered == "https://rp.example/" && uri == "https://rp.example";
                        assert!(uri == *registered || rootless, "{name}: {uri}");
                        assert!(after.starts_with(uri) && after.ends_with("state=s"), "{name}: {after}");
                    }
                    // Signed out on our own page. An empty parameter counts as omitted (RFC 6749 §3.1).
                    Decision::End(None) => {
                        assert_ne!(uri, *registered, "{name}");
                        assert_eq!(logout::anomaly(&asked).is_some(), !uri.is_empty(), "{name}: {uri:?}");
                    }
                    other => panic!("{name}: {uri:?}: {other:?}"),
                }
            }
        }
    }
}
