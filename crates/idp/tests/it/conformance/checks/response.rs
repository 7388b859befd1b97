use http::Method;
use oidc::Params;

use super::text;
use crate::conformance::{
    op::ISSUER,
    robot::Callback,
    suite::{Asked, Plan},
};

/// The parameters that may come back with a code, and with an error (PROTOCOL 4.6). `session_state` would be Session Management's, which is not built.
const WITH_CODE: &[&str] = &["code", "state", "iss"];
const WITH_ERROR: &[&str] = &["error", "error_description", "error_uri", "state", "iss"];

/// RFC 6749 §4.1.2.1 and OIDC Core §3.1.2.6, §6.1, §7.2.1; OIDC Unmet Authentication Requirements §2.
const ERRORS: &[&str] = &[
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "interaction_required",
    "login_required",
    "account_selection_required",
    "consent_required",
    "invalid_request_uri",
    "invalid_request_object",
    "request_not_supported",
    "request_uri_not_supported",
    "registration_not_supported",
    "unmet_authentication_requirements",
];

/// A code came back, in its place, with nothing unexpected beside it.
#[track_caller]
pub fn success(plan: Plan, asked: &Asked, callback: &Callback) -> String {
    let params = arrived(plan, asked, callback);
    let get = |name: &str| params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!(get("error"), None, "{:?}", get("error_description"));
    expected(&params, WITH_CODE);
    let code = get("code").expect("a code");
    text::unguessable(code, "the code");
    code.to_owned()
}

/// An error came back, in the same place, and no code.
#[track_caller]
pub fn failure(plan: Plan, asked: &Asked, callback: &Callback) -> String {
    let params = arrived(plan, asked, callback);
    let get = |name: &str| params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    expected(&params, WITH_ERROR);
    let error = get("error").expect("an error");
    assert!(ERRORS.contains(&error), "{error} is not registered");
    get("error_description").into_iter().for_each(text::description);
    get("error_uri").into_iter().for_each(text::error_uri);
    error.to_owned()
}

#[track_caller]
fn expected(params: &[(String, String)], names: &[&str]) {
    let odd: Vec<_> = params.iter().filter(|(n, _)| !names.contains(&n.as_str())).collect();
    assert!(odd.is_empty(), "unexpected: {odd:?}");
}

/// The response's own parameters, in the part of the request where the plan wants them and nowhere else.
#[track_caller]
fn arrived(plan: Plan, asked: &Asked, callback: &Callback) -> Vec<(String, String)> {
    // Never in the fragment: not for code (OAuth Multiple Response Types §2.1, §5).
    assert!(!callback.url.contains('#'), "{}", callback.url);
    let registered = asked.client.callback;
    let raw = match plan {
        Plan::FormPost => {
            assert_eq!(callback.method, Method::POST);
            assert_eq!(callback.content_type.as_deref(), Some("application/x-www-form-urlencoded"));
            assert_eq!(callback.url, registered, "the registered address, byte for byte");
            callback.body.clone().unwrap()
        }
        _ => {
            assert_eq!((&callback.method, &callback.body), (&Method::GET, &None));
            assert!(callback.url.bytes().all(|b| b.is_ascii_graphic()), "{}", callback.url);
            let joint = if registered.contains('?') { '&' } else { '?' };
            // What is registered stays as it is, its query too (RFC 6749 §3.1.2).
            let rest = callback.url.strip_prefix(registered).and_then(|rest| rest.strip_prefix(joint));
            rest.unwrap_or_else(|| panic!("{} is not at {registered}", callback.url)).to_owned()
        }
    };
    Params::parse(&[&raw]).expect("no parameter is there twice");
    let params: Vec<(String, String)> = url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
    let get = |name: &str| params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    // Verbatim, and absent if it was not sent.
    assert_eq!(get("state"), asked.get("state"));
    // RFC 9207 §2: in errors too.
    assert_eq!(get("iss"), Some(ISSUER));
    params
}
