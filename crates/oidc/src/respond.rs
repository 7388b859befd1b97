//! The authorization response (OIDC Core §3.1.2.5, §3.1.2.6; RFC 9207).

use url::form_urlencoded::byte_serialize;

use crate::{Error, client::ResponseMode, request::ReturnPath};

/// The response to the browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// A redirect (303) to this address.
    Redirect(String),
    /// A page with a form that submits itself (OAuth 2.0 Form Post Response Mode).
    FormPost {
        /// The registered address.
        action: String,
        /// The hidden fields, in order, not yet escaped.
        fields: Vec<(&'static str, String)>,
    },
}

/// Returns the response that carries a code.
pub fn success(path: &ReturnPath, issuer: &str, code: &str) -> Response {
    build(path, vec![("code", code.to_owned())], issuer)
}

/// Returns the response that carries an error.
pub fn failure(path: &ReturnPath, issuer: &str, error: &Error) -> Response {
    let fields = vec![
        ("error", error.code().as_str().to_owned()),
        ("error_description", error.description().to_owned()),
    ];
    build(path, fields, issuer)
}

/// Builds a response: `state` unchanged and only if it was sent; `iss` always (RFC 9207 §2, SECURITY #9).
fn build(path: &ReturnPath, mut fields: Vec<(&'static str, String)>, issuer: &str) -> Response {
    if let Some(state) = &path.state {
        fields.push(("state", state.clone()));
    }
    fields.push(("iss", issuer.to_owned()));
    match path.mode {
        ResponseMode::Query => Response::Redirect(append(&path.redirect_uri, &fields)),
        ResponseMode::Fragment => Response::Redirect(format!("{}#{}", path.redirect_uri, encode(&fields))),
        ResponseMode::FormPost => Response::FormPost { action: path.redirect_uri.clone(), fields },
    }
}

/// Appends to the query, which otherwise stays unchanged, byte for byte (RFC 6749 §3.1.2).
pub(crate) fn append(uri: &str, fields: &[(&'static str, String)]) -> String {
    let joint = match uri.find('?') {
        None => "?",
        Some(at) if at + 1 == uri.len() || uri.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{}", encode(fields))
}

fn encode(fields: &[(&'static str, String)]) -> String {
    let pairs: Vec<_> = fields
        .iter()
        .map(|(n, v)| format!("{n}={}", byte_serialize(v.as_bytes()).collect::<String>()))
        .collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Code, Params};

    fn path(uri: &str, state: Option<&str>, mode: ResponseMode) -> ReturnPath {
        ReturnPath { redirect_uri: uri.into(), state: state.map(Into::into), mode }
    }

    #[test]
    fn a_registered_query_is_kept() {
        let to = |uri| success(&path(uri, None, ResponseMode::Query), "https://op", "c");
        let end = "code=c&iss=https%3A%2F%2Fop";
        assert_eq!(to("https://rp/cb"), Response::Redirect(format!("https://rp/cb?{end}")));
        assert_eq!(to("https://rp/cb?bar=foo"), Response::Redirect(format!("https://rp/cb?bar=foo&{end}")));
        assert_eq!(to("https://rp/cb?"), Response::Redirect(format!("https://rp/cb?{end}")));
    }

    /// PROTOCOL 4.6: nothing but error, error_description, state, iss; no code beside an error.
    #[test]
    fn an_error_carries_nothing_unexpected() {
        let error = Error::new(Code::LoginRequired, "nobody is signed in");
        let answer = failure(&path("https://rp/cb", Some("s"), ResponseMode::FormPost), "https://op", &error);
        let Response::FormPost { action, fields } = answer else { panic!() };
        assert_eq!(action, "https://rp/cb");
        assert_eq!(
            fields.iter().map(|f| f.0).collect::<Vec<_>>(),
            ["error", "error_description", "state", "iss"]
        );
    }

    proptest! {
        /// SECURITY #9, #10: state comes back as it was, whatever it is, and can add nothing to the address.
        #[test]
        fn state_is_returned_verbatim(state in "[^\\p{Cc}]{1,60}") {
            for (mode, mark) in [(ResponseMode::Query, '?'), (ResponseMode::Fragment, '#')] {
                let answer = success(&path("https://rp/cb", Some(&state), mode), "https://op", "c");
                let Response::Redirect(to) = answer else { panic!() };
                prop_assert!(to.bytes().all(|b| b.is_ascii_graphic()), "{}", to);
                let (_, raw) = to.split_once(mark).unwrap();
                let params = Params::parse(&[raw]).unwrap();
                prop_assert_eq!(params.get("state"), Some(state.as_str()));
                prop_assert_eq!(params.get("iss"), Some("https://op"));
                prop_assert_eq!(raw.matches('&').count(), 2);
            }
        }
    }
}
