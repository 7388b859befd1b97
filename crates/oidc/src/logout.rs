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
    /// Ask first: no hint, or one of another session. Anybody can make a browser come here.
    Confirm(After),
    /// A page that says why; nothing is ended and nobody is redirected.
    Refuse(&'static str),
}

/// Decides. A redirect needs a hint of ours, a client that is still known, and one of its registered addresses, byte for byte.
pub fn decide(asked: &Asked<'_>) -> Decision {
    let hint = match asked.hint {
        Hinted::Foreign => return Decision::Refuse("id_token_hint is not an ID token of this provider"),
        Hinted::Ours(hint) => Some(hint),
        Hinted::Nothing => None,
    };
    let named = asked.params.get("client_id");
    if let (Some(hint), Some(named)) = (hint, named)
        && hint.client_id != named
    {
        return Decision::Refuse("client_id is not the one of id_token_hint");
    }
    let after = match (hint, asked.params.get("post_logout_redirect_uri")) {
        (_, None) => None,
        // Without a hint nothing tells who sent the browser here: the address is not followed (§3).
        (None, Some(_)) => None,
        (Some(hint), Some(uri)) => {
            let registered = asked.client.is_some_and(|c| c.client_id == hint.client_id && c.returns_to(uri));
            if !registered {
                return Decision::Refuse("post_logout_redirect_uri is not one that the client registered");
            }
            let state = asked.params.get("state").filter(|s| s.len() <= crate::request::LONGEST_STATE);
            Some(state.map_or_else(|| uri.to_owned(), |s| append(uri, &[("state", s.to_owned())])))
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

    /// SECURITY #45; -bad-post-logout-redirect-uri, -query-added…, -modified-id-token-hint, -no-id-token-hint
    #[test]
    fn nobody_is_sent_to_an_address_that_is_not_registered() {
        for raw in [
            "post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fout%3Fx%3D1",
            "post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F",
            "post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fout%2F",
        ] {
            assert!(matches!(run(raw, Ok(Some("s1")), Some("s1"), true), Decision::Refuse(_)), "{raw}");
        }
        assert!(matches!(run(BACK, Err(()), Some("s1"), true), Decision::Refuse(_)));
        assert!(matches!(run("client_id=other", Ok(Some("s1")), Some("s1"), true), Decision::Refuse(_)));
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
