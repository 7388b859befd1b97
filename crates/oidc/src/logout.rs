//! RP-initiated logout (OIDC RP-Initiated Logout 1.0 §2, §3; SECURITY #44, #45), and the addresses of front-channel logout.

use crate::{Params, client::Client, respond::append};

/// An ID token of ours that was given as a hint, its signature checked, its expiry not.
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
    /// None was given.
    Nothing,
    /// It is one of ours.
    Ours(&'a Hint),
    /// It is not.
    Foreign,
}

/// What came with the request.
pub struct Asked<'a> {
    /// The hint.
    pub hint: Hinted<'a>,
    /// `client_id`, `post_logout_redirect_uri` and `state` are read from here.
    pub params: &'a Params,
    /// The client of the hint.
    pub client: Option<&'a Client>,
    /// The `sid` by which the hint's client knows this browser's session; `None` when nobody is signed in or that client is not part of it.
    pub sid_here: Option<&'a str>,
    /// Somebody is signed in in this browser.
    pub signed_in: bool,
}

/// Where the person goes afterwards: with `None` to our own page.
pub type After = Option<String>;

/// What to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// End the session, then go on.
    End(After),
    /// Nobody is signed in: go on.
    Already(After),
    /// Ask first: no hint, one of another session, or one that does not hold. Anybody can make a browser come here (SECURITY #44).
    Confirm(After),
}

/// What is wrong with a request, for the log of whoever runs the client. The person signs out all the same: a portal's slip leaves nobody signed in on a
/// shared machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Slip {
    /// The hint is no ID token of ours.
    ForeignHint,
    /// `client_id` names another client than the hint.
    OtherClient,
    /// The address is not one that the hint's client registered: it is not followed.
    Unregistered {
        /// As it came, cut to [`LONGEST_TOLD`] characters.
        sent: String,
        /// The registered address that is most like it.
        nearest: Option<String>,
    },
}

/// Characters of an address that are told.
pub const LONGEST_TOLD: usize = 100;

impl std::fmt::Display for Slip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ForeignHint => f.write_str("id_token_hint is not an ID token of this provider"),
            Self::OtherClient => f.write_str("client_id is not the one of id_token_hint"),
            // Escaped: it is somebody's text, and a log line stays one line.
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

/// The hint, where it holds and belongs to the client that is named.
fn good_hint<'a>(asked: &Asked<'a>) -> Result<Option<&'a Hint>, Slip> {
    match asked.hint {
        Hinted::Nothing => Ok(None),
        Hinted::Foreign => Err(Slip::ForeignHint),
        Hinted::Ours(hint) => match asked.params.get("client_id") {
            Some(named) if named != hint.client_id => Err(Slip::OtherClient),
            _ => Ok(Some(hint)),
        },
    }
}

/// Finds what is wrong with a request that is answered all the same.
pub fn slip(asked: &Asked<'_>) -> Option<Slip> {
    let hint = match good_hint(asked) {
        Ok(hint) => hint?,
        Err(slip) => return Some(slip),
    };
    let uri = asked.params.get("post_logout_redirect_uri")?;
    let client = asked.client.filter(|client| client.client_id == hint.client_id);
    if client.is_some_and(|client| client.returns_to(uri)) {
        return None;
    }
    let alike = |registered: &str| registered.chars().zip(uri.chars()).take_while(|(a, b)| a == b).count();
    let registered = client.map(|client| &client.post_logout_redirect_uris[..]).unwrap_or_default();
    let nearest = registered.iter().max_by_key(|registered| alike(registered)).cloned();
    Some(Slip::Unregistered { sent: uri.chars().take(LONGEST_TOLD).collect(), nearest })
}

/// Decides. A redirect needs a hint of ours, a client that is still known, and one of its registered addresses, byte for byte. Whatever else came ends
/// nothing without a question, and keeps nobody from signing out.
pub fn decide(asked: &Asked<'_>) -> Decision {
    let hint = good_hint(asked).unwrap_or_default();
    let after = match (hint, asked.params.get("post_logout_redirect_uri")) {
        (_, None) => None,
        // Without a hint nothing tells who sent the browser here: the address is not followed (§3).
        (None, Some(_)) => None,
        (Some(hint), Some(uri)) => {
            let registered = asked.client.is_some_and(|c| c.client_id == hint.client_id && c.returns_to(uri));
            let state = asked.params.get("state").filter(|s| s.len() <= crate::request::LONGEST_STATE);
            let there = || state.map_or_else(|| uri.to_owned(), |s| append(uri, &[("state", s.to_owned())]));
            registered.then(there)
        }
    };
    if !asked.signed_in {
        return Decision::Already(after);
    }
    match hint {
        Some(hint) if asked.sid_here == Some(&hint.sid) => Decision::End(after),
        _ => Decision::Confirm(after),
    }
}

/// The address that a frame loads so that the client's own cookies end: `uri` with `iss` and `sid` and nothing else
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
        decide(&Asked { hint, params: &params, client: Some(&client), sid_here, signed_in })
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

    /// SECURITY #45; -bad-post-logout-redirect-uri, -query-added…, -modified-id-token-hint, -no-id-token-hint. Whoever fits is signed out all the same.
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
            slip(&Asked { hint, params: &params, client, sid_here: None, signed_in: true })
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
