use oidc::{
    Code, Error, Params, Refusal, Scope,
    client::{Client, ResponseMode},
    request,
    respond::{self, Response},
};
use proptest::{prelude::*, sample::select};
use url::form_urlencoded::{Serializer, parse};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn encoded(pairs: &[(String, String)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Registered addresses with and without queries.
const REGISTERED: [&str; 6] = [
    "https://rp.example/cb",
    "https://rp.example/cb?bar=foo",
    "https://rp.example/cb?",
    "https://rp.example/cb?a=%26&b=",
    "http://127.0.0.1:7000/cb",
    "com.example.app:/cb",
];

/// Values of a field of a request: right, nearly right, and arbitrary.
fn field() -> impl Strategy<Value = (String, String)> {
    let name = select(vec![
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "claims",
        "id_token_hint",
        "login_hint",
        "ui_locales",
        "acr_values",
        "request",
        "request_uri",
        "registration",
        "migration_ticket",
        "client_id[]",
        "STATE",
    ]);
    let value = prop_oneof![
        select(vec![
            "rp",
            REGISTERED[0],
            REGISTERED[1],
            "code",
            "code token",
            "query",
            "form_post",
            "fragment",
            "openid",
            "openid email",
            "S256",
            "plain",
            CHALLENGE
        ])
        .prop_map(str::to_owned),
        select(vec![
            "none",
            "login none",
            "login",
            "0",
            "-1",
            "99999999999",
            "{}",
            r#"{"id_token":{"sub":{"value":"me"}}}"#,
            r#"{"userinfo":1}"#
        ])
        .prop_map(str::to_owned),
        ".{0,40}",
    ];
    (name.prop_map(str::to_owned), value)
}

fn good(registered: &str) -> Vec<(String, String)> {
    [
        ("client_id", "rp"),
        ("redirect_uri", registered),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "s"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()))
    .to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// SECURITY #6: parameters are read if no name occurs twice, as a list or not, and nothing holds a control character; then each value is as it was sent.
    #[test]
    fn parameters_are_read_as_they_came_or_refused(pairs in proptest::collection::vec(("[a-c]{1,2}(\\[\\]|\\[0\\])?", prop_oneof![4 => "[ -~é]{0,6}", 1 => "\\PC{0,3}\0?\n?"]), 0..6), cut in 0..6usize) {
        let cut = cut.min(pairs.len());
        let base = |name: &str| name.split('[').next().unwrap().to_owned();
        let twice = pairs.iter().enumerate().any(|(n, (name, _))| {
            pairs[..n].iter().any(|(other, _)| name == other || base(name) == *other || *name == base(other))
        });
        let control = pairs.iter().any(|(_, value)| value.chars().any(char::is_control));
        // The split between query and body does not matter.
        let whole = Params::parse(&[&encoded(&pairs)]);
        let parts = Params::parse(&[&encoded(&pairs[..cut]), &encoded(&pairs[cut..])]);
        prop_assert_eq!(whole.is_ok(), parts.is_ok());
        prop_assert_eq!(whole.is_ok(), !twice && !control, "{:?}", pairs);
        if let (Ok(whole), Ok(parts)) = (whole, parts) {
            for (name, value) in &pairs {
                let sent = Some(value.as_str()).filter(|v| !v.is_empty());
                prop_assert_eq!((whole.get(name), parts.get(name)), (sent, sent));
                prop_assert!(whole.has(name));
            }
        }
    }

    /// SECURITY #109: any bytes.
    #[test]
    fn what_was_read_holds_no_control_character(bytes in proptest::collection::vec(prop_oneof![3 => select(b"a=&%+;[]".to_vec()), 1 => any::<u8>()], 0..80)) {
        let raw: String = bytes.iter().map(|b| char::from(*b)).collect();
        if let Ok(params) = Params::parse(&[&raw]) {
            for (name, value) in parse(raw.as_bytes()) {
                prop_assert_eq!(params.get(&name).unwrap_or_default(), &*value);
                prop_assert!(name == "claims" || !value.chars().any(char::is_control));
            }
        }
    }

    /// RFC 6749 §3.3
    #[test]
    fn a_scope_is_read_by_its_grammar(text in prop_oneof!["[a-z\" \\\\é]{0,12}", ".{0,12}"]) {
        let legal = text.chars().all(|c| matches!(c, ' ' | '\u{21}' | '\u{23}'..='\u{5b}' | '\u{5d}'..='\u{7e}'));
        let read = Scope::parse(&text);
        prop_assert_eq!(read.is_ok(), legal);
        if let Ok(scope) = read {
            prop_assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope.clone());
            prop_assert!(scope.iter().all(|v| text.split(' ').any(|t| t == v)));
            prop_assert!(text.split(' ').all(|t| t.is_empty() || scope.contains(t)));
        }
    }

    /// SECURITY #1, #3, D1: a changed request is refused on a page, answered at the registered address, or valid.
    #[test]
    fn a_request_is_refused_answered_or_sound(registered in select(REGISTERED.to_vec()), changes in proptest::collection::vec(field(), 0..5), drop in proptest::option::of(0..7usize)) {
        let mut client = Client::new("rp", "tilleuls");
        client.redirect_uris = vec![registered.into()];
        client.response_modes = vec![ResponseMode::Query, ResponseMode::FormPost];
        client.scopes = ["openid", "profile"].into_iter().collect();
        let mut pairs = good(registered);
        if let Some(at) = drop {
            pairs.remove(at);
        }
        for (name, value) in changes {
            pairs.retain(|(n, _)| *n != name);
            pairs.push((name, value));
        }
        let Ok(params) = Params::parse(&[&encoded(&pairs)]) else { return Ok(()) };
        let path = match request::resolve_return_path(&params, Some(&client)) {
            Ok(path) => path,
            Err(refusal) => {
                let right = params.get("client_id") == Some("rp") && params.get("redirect_uri") == Some(registered);
                prop_assert!(!right, "{:?}", refusal);
                return Ok(());
            }
        };
        prop_assert_eq!((params.get("client_id"), path.redirect_uri()), (Some("rp"), registered));
        match request::check(&params, &client, &path) {
            Ok(request) => {
                prop_assert!(request.scope.contains("openid") && request.scope.is_within(&client.scopes));
                prop_assert!(request.code_challenge.as_deref().is_some_and(oidc::pkce::is_challenge));
                prop_assert!(!params.has("request") && !params.has("request_uri") && !params.has("registration"));
                prop_assert!(!(request.prompt.none && (request.prompt.login || request.prompt.select_account)));
                prop_assert!(request.max_age.is_none_or(|age| age >= 0));
                let stored = serde_json::to_string(&request).unwrap();
                prop_assert_eq!(serde_json::from_str::<request::AuthorizationRequest>(&stored).unwrap(), request);
            }
            Err(error) => match respond::failure(&path, "https://op.example", &error) {
                Response::Redirect(to) => prop_assert!(to.starts_with(registered) && !to.contains("code="), "{}", to),
                Response::FormPost { action, fields } => prop_assert!(action == registered && fields.iter().all(|f| f.0 != "code")),
            },
        }
    }

    /// SECURITY #9, #10: an answer goes to the registered address byte for byte, and adds its own parameters only, in every mode.
    #[test]
    fn an_answer_adds_its_own_parameters_and_nothing_else(registered in select(REGISTERED.to_vec()), state in proptest::option::of("[^\\p{Cc}]{1,40}"), mode in select(ResponseMode::ALL.to_vec()), why in ".{0,40}", failed: bool) {
        let mut client = Client::new("rp", "tilleuls");
        client.redirect_uris = vec![registered.into()];
        client.response_modes = ResponseMode::ALL.to_vec();
        let mut pairs = good(registered);
        pairs.retain(|(name, _)| name != "state");
        pairs.push(("response_mode".into(), mode.as_str().into()));
        pairs.extend(state.clone().map(|state| ("state".to_owned(), state)));
        let path = request::resolve_return_path(&Params::parse(&[&encoded(&pairs)]).unwrap(), Some(&client)).unwrap();
        let error = Error::new(Code::LoginRequired, why);
        let answer = if failed { respond::failure(&path, "https://op.example", &error) } else { respond::success(&path, "https://op.example", "the-code") };
        let fields: Vec<(String, String)> = match answer {
            Response::FormPost { action, fields } => {
                prop_assert_eq!((mode, action.as_str()), (ResponseMode::FormPost, registered));
                fields.into_iter().map(|(n, v)| (n.to_owned(), v)).collect()
            }
            Response::Redirect(to) => {
                prop_assert!(to.bytes().all(|b| b.is_ascii_graphic()), "{}", to);
                let added = to.strip_prefix(registered).unwrap();
                let added = if mode == ResponseMode::Fragment { added.strip_prefix('#').unwrap() } else { added.trim_start_matches(['?', '&']) };
                prop_assert!(mode == ResponseMode::Fragment || !to.contains('#'));
                parse(added.as_bytes()).into_owned().collect()
            }
        };
        let mut expected = if failed { vec![("error", "login_required"), ("error_description", error.description())] } else { vec![("code", "the-code")] };
        expected.extend(state.as_deref().map(|state| ("state", state)));
        expected.push(("iss", "https://op.example"));
        let fields: Vec<_> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        prop_assert_eq!(fields, expected);
    }

    /// SECURITY #1, #3: without a client there is never an answer.
    #[test]
    fn an_unknown_client_is_answered_nowhere(changes in proptest::collection::vec(field(), 0..4)) {
        let mut pairs = good(REGISTERED[0]);
        for (name, value) in changes {
            pairs.retain(|(n, _)| *n != name);
            pairs.push((name, value));
        }
        let Ok(params) = Params::parse(&[&encoded(&pairs)]) else { return Ok(()) };
        prop_assert!(matches!(request::resolve_return_path(&params, None), Err(Refusal::UnknownClient | Refusal::NoClient)));
        let mut other = Client::new("another", "tilleuls");
        other.redirect_uris = vec![REGISTERED[0].into()];
        prop_assert!(params.get("client_id") == Some("another") || request::resolve_return_path(&params, Some(&other)).is_err());
    }
}
