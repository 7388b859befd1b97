//! RP-initiated logout (OIDC RP-Initiated Logout 1.0 §2, §3; SECURITY #44, #45), and the addresses of front-channel logout.

use crate::{Params, client::Client, respond::append};

/// An ID token of ours given as a hint: its signature was verified, its expiry was not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hint {
    /// `aud`: the client that holds it.
    pub client_id: String,
    /// `sid`: the session that it came from.
    pub sid: String,
}

/// The `id_token_hint` of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hinted<'a> {
    /// No hint was given.
    Nothing,
    /// A valid ID token of ours.
    Ours(&'a Hint),
    /// Anything else.
    Foreign,
}

/// A sign-out request.
pub struct LogoutRequest<'a> {
    /// The hint.
    pub hint: Hinted<'a>,
    /// The parameters, of which `client_id`, `post_logout_redirect_uri` and `state` are read.
    pub params: &'a Params,
    /// The client of the hint.
    pub client: Option<&'a Client>,
    /// The `sid` by which the hint's client knows this browser's session; `None` if nobody is signed in or that client is not part of the session.
    pub sid_here: Option<&'a str>,
    /// True if somebody is signed in in this browser.
    pub signed_in: bool,
}

/// The address to return to; `None` for our own page.
pub type After = Option<String>;

/// The response to a sign-out request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// End the session, then return.
    End(After),
    /// Nobody is signed in: return.
    Already(After),
    /// Ask first: no hint, one of another session, or an invalid one. Anybody can make a browser come here (SECURITY #44).
    Confirm(After),
}

/// An error in a request, for the log of the client's operator. The person signs out all the same, so that a portal's mistake leaves nobody signed in
/// on a shared machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Anomaly {
    /// The hint is not an ID token of ours.
    ForeignHint,
    /// `client_id` names another client than the hint.
    OtherClient,
    /// The hint's client did not register the address, so it is not followed.
    Unregistered {
        /// The address as sent, cut to [`MAX_LOGGED_ADDRESS`] characters.
        sent: String,
        /// The most similar registered address.
        nearest: Option<String>,
    },
}

/// The number of characters of an address that are logged.
pub const MAX_LOGGED_ADDRESS: usize = 100;

impl std::fmt::Display for Anomaly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ForeignHint => f.write_str("id_token_hint is not an ID token of this provider"),
            Self::OtherClient => f.write_str("client_id is not the one of id_token_hint"),
            // Escaped, since it is untrusted text and must stay on one line.
            Self::Unregistered { sent, nearest: Some(nearest) } => {
                write!(
                    f,
                    "post_logout_redirect_uri {sent:?} is not registered; the nearest that is: {nearest:?}"
                )
            }
            Self::Unregistered { sent, nearest: None } => {
                write!(f, "post_logout_redirect_uri {sent:?} is not registered, nor is any other")
            }
        }
    }
}

/// Returns the hint if it is valid and belongs to the named client.
fn good_hint<'a>(request: &LogoutRequest<'a>) -> Result<Option<&'a Hint>, Anomaly> {
    match request.hint {
        Hinted::Nothing => Ok(None),
        Hinted::Foreign => Err(Anomaly::ForeignHint),
        Hinted::Ours(hint) => match request.params.get("client_id") {
            Some(named) if named != hint.client_id => Err(Anomaly::OtherClient),
            _ => Ok(Some(hint)),
        },
    }
}

/// Returns the error of a request that is answered all the same.
pub fn anomaly(request: &LogoutRequest<'_>) -> Option<Anomaly> {
    let hint = match good_hint(request) {
        Ok(hint) => hint?,
        Err(anomaly) => return Some(anomaly),
    };
    let uri = request.params.get("post_logout_redirect_uri")?;
    let client = request.client.filter(|client| client.client_id == hint.client_id);
    if client.is_some_and(|client| client.returns_to(uri)) {
        return None;
    }
    let alike = |registered: &str| registered.chars().zip(uri.chars()).take_while(|(a, b)| a == b).count();
    let registered = client.map(|client| &client.post_logout_redirect_uris[..]).unwrap_or_default();
    let nearest = registered.iter().max_by_key(|registered| alike(registered)).cloned();
    Some(Anomaly::Unregistered { sent: uri.chars().take(MAX_LOGGED_ADDRESS).collect(), nearest })
}

/// Decides. A redirect needs a hint of ours, a known client, and one of its registered addresses, byte for byte. Any other request ends nothing without a
/// question, but never prevents a sign-out.
pub fn decide(request: &LogoutRequest<'_>) -> Decision {
    let hint = good_hint(request).unwrap_or_default();
    let after = match (hint, request.params.get("post_logout_redirect_uri")) {
        (_, None) => None,
        // Without a hint the sender is unknown, so the address is not followed (§3).
        (None, Some(_)) => None,
        (Some(hint), Some(uri)) => {
            let registered =
                request.client.is_some_and(|c| c.client_id == hint.client_id && c.returns_to(uri));
            let state = request.params.get("state").filter(|s| s.len() <= crate::request::MAX_STATE_LENGTH);
            let there = || state.map_or_else(|| uri.to_owned(), |s| append(uri, &[("state", s.to_owned())]));
            registered.then(there)
        }
    };
    if !request.signed_in {
        return Decision::Already(after);
    }
    match hint {
        Some(hint) if request.sid_here == Some(&hint.sid) => Decision::End(after),
        _ => Decision::Confirm(after),
    }
}

/// Returns the address that a frame loads to end the client's own cookies: `uri` with `iss` and `sid` and nothing else
/// (OIDC Front-Channel Logout §2).
pub fn front_channel(uri: &str, issuer: &str, sid: &str) -> String {
    append(uri, &[("iss", issuer.to_owned()), ("sid", sid.to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK: &str = "post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fout";

    fn run(raw: &str, hint: Result<Option<&str>, ()>, sid_here: Option<&str>, signed_in: bool) -> Decision {
        let mut client = Client::new("rp", "tilleuls");
        client.post_logout_redirect_uris = vec!["https://rp.example/out".into()];
        let hint = hint.map(|sid| sid.map(|sid| Hint { client_id: "rp".into(), sid: sid.into() }));
        let params = Params::parse(&[raw]).unwrap();
        let hint = match &hint {
            Err(()) => Hinted::Foreign,
            Ok(None) => Hinted::Nothing,
            Ok(Some(hint)) => Hinted::Ours(hint),
        };
        decide(&LogoutRequest { hint, params: &params, client: Some(&client), sid_here, signed_in })
    }

    /// rp-initiated-logout, -no-state
    #[test]
    fn a_hint_of_this_session_ends_it_and_returns() {
        let mine = Ok(Some("s1"));
        let out = || Some("https://rp.example/out".to_owned());
        assert_eq!(run(BACK, mine, Some("s1"), true), Decision::End(out()));
        let with_state = format!("{BACK}&state=a%26b");
        assert_eq!(
            run(&with_state, mine, Some("s1"), true),
            Decision::End(Some("https://rp.example/out?state=a%26b".into()))
        );
        assert_eq!(run("state=x", mine, Some("s1"), true), Decision::End(None));
        assert_eq!(run(BACK, mine, None, false), Decision::Already(out()));
    }

    /// SECURITY #44
    #[test]
    fn without_a_hint_of_this_session_the_person_is_asked() {
        assert_eq!(run("", Ok(None), None, true), Decision::Confirm(None));
        assert_eq!(run(BACK, Ok(None), Some("s1"), true), Decision::Confirm(None));
        assert_eq!(run("", Ok(Some("other")), Some("s1"), true), Decision::Confirm(None));
        assert_eq!(run("", Ok(Some("s1")), None, true), Decision::Confirm(None));
        assert_eq!(run("", Ok(None), None, false), Decision::Already(None));
    }

    /// SECURITY #45; -bad-post-logout-redirect-uri, -query-added…, -modified-id-token-hint, -no-id-token-hint. The person is signed out in every case.
    #[test]
    fn nobody_is_sent_to_an_address_that_is_not_registered() {
        for raw in [
            "post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fout%3Fx%3D1",
            "post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F",
            "post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fout%2F",
        ] {
            assert_eq!(run(raw, Ok(Some("s1")), Some("s1"), true), Decision::End(None), "{raw}");
            assert_eq!(run(raw, Ok(Some("other")), Some("s1"), true), Decision::Confirm(None), "{raw}");
            assert_eq!(run(raw, Ok(Some("s1")), None, false), Decision::Already(None), "{raw}");
        }
        assert_eq!(run(BACK, Err(()), Some("s1"), true), Decision::Confirm(None));
        assert_eq!(run(BACK, Err(()), None, false), Decision::Already(None));
        let other = format!("{BACK}&client_id=other");
        assert_eq!(run(&other, Ok(Some("s1")), Some("s1"), true), Decision::Confirm(None));
    }

    #[test]
    fn a_slip_names_what_was_sent_and_what_is_registered() {
        let mut client = Client::new("rp", "tilleuls");
        client.post_logout_redirect_uris = vec![
            "https://other.example/".into(),
            "https://rp.example/out".into(),
            "https://rp.example".into(),
        ];
        let hint = Hint { client_id: "rp".into(), sid: "s1".into() };
        let told = |uri: &str, client: Option<&Client>| {
            let raw = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("post_logout_redirect_uri", uri)
                .finish();
            let params = Params::parse(&[&raw]).unwrap();
            let hint = Hinted::Ours(&hint);
            anomaly(&LogoutRequest { hint, params: &params, client, sid_here: None, signed_in: true })
                .map(|s| s.to_string())
        };
        assert_eq!(told("https://rp.example/out", Some(&client)), None);
        assert_eq!(told("https://rp.example/", Some(&client)), None);
        assert_eq!(
            told("https://rp.example/out?lang=\"fr\"", Some(&client)).unwrap(),
            "post_logout_redirect_uri \"https://rp.example/out?lang=\\\"fr\\\"\" is not registered; \
             the nearest that is: \"https://rp.example/out\""
        );
        let long = told(&format!("https://rp.example/{}", "x".repeat(5000)), Some(&client)).unwrap();
        assert!(long.len() < 300, "{long}");
        assert!(told("https://rp.example/", None).unwrap().ends_with("nor is any other"));
    }

    /// RFC 3986 §6.2.3: an address without a path is the one with `/`. Nothing else is one with another.
    #[test]
    fn an_address_without_a_path_is_the_one_with_a_slash() {
        let returns = |registered: &str, uri: &str| {
            let mut client = Client::new("rp", "tilleuls");
            client.post_logout_redirect_uris = vec![registered.into()];
            client.returns_to(uri)
        };
        for (one, other) in [
            ("https://rp.example", "https://rp.example/"),
            ("http://localhost:8081", "http://localhost:8081/"),
            ("http://[::1]", "http://[::1]/"),
        ] {
            assert!(returns(one, other) && returns(other, one) && returns(one, one) && returns(other, other));
        }
        for (registered, uri) in [
            ("https://rp.example/out", "https://rp.example/out/"),
            ("https://rp.example/out/", "https://rp.example/out"),
            ("https://rp.example", "https://rp.example//"),
            ("https://rp.example", "https://rp.example?"),
            ("https://rp.example", "https://rp.example/?x=1"),
            ("https://rp.example?x=1", "https://rp.example?x=1/"),
            ("https://rp.example#", "https://rp.example#/"),
            ("app:", "app:/"),
            ("app://", "app:///"),
        ] {
            assert!(!returns(registered, uri), "{registered} {uri}");
        }
    }

    /// oidcc-frontchannel-rp-initiated-logout: nothing but `iss` and `sid` is added, and nothing that the client wrote is lost.
    #[test]
    fn a_frames_address_carries_the_issuer_and_the_session() {
        let of = |uri| front_channel(uri, "https://op.example", "a b");
        let end = "iss=https%3A%2F%2Fop.example&sid=a+b";
        assert_eq!(of("https://rp.example/out"), format!("https://rp.example/out?{end}"));
        assert_eq!(of("https://rp.example/out?x=1"), format!("https://rp.example/out?x=1&{end}"));
    }
}
