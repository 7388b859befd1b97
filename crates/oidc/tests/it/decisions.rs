use oidc::{
    Params, Scope,
    claims::{self, BY_SCOPE, CLIENT_REFS, Grant, Person},
    client::Client,
    jwt::Alg,
    logout::{self, Decision, Hint, Hinted},
    request::ClaimsRequest,
};
use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

const OUT: &str = "https://rp.example/out";

/// A profile as an agency imports it, with standard claims, claims of tokens, and arbitrary ones.
fn profile() -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![
        select(vec![
            "given_name",
            "family_name",
            "birthdate",
            "address",
            "phone_number",
            "phone_number_verified",
            "zoneinfo",
            "locale"
        ]),
        select(vec![
            "sub",
            "iss",
            "aud",
            "azp",
            "exp",
            "nonce",
            "acr",
            "sid",
            "email",
            "email_verified",
            "client_refs",
            "grant",
            "secret"
        ]),
    ];
    let value = prop_oneof![
        "[a-z]{0,5}".prop_map(|t| json!(t)),
        select(vec![json!(true), json!(1), json!(null), json!({}), json!({ "country": "FR" }), json!(["x"])])
    ];
    proptest::collection::vec((name, value), 0..8)
        .prop_map(|all| all.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())
}

fn asked() -> impl Strategy<Value = Map<String, Value>> {
    let name = select(vec![
        "email",
        "given_name",
        "birthdate",
        "address",
        "sub",
        "iss",
        "exp",
        "nonce",
        "client_refs",
        "secret",
        "grant",
        "acr",
    ]);
    proptest::collection::vec(name, 0..5)
        .prop_map(|all| all.into_iter().map(|n| (n.to_owned(), Value::Null)).collect())
}

fn person(profile: Map<String, Value>) -> Person {
    Person {
        email: "m@x.fr".into(),
        name: None,
        profile,
        updated_at: Some(9),
        client_refs: vec!["C1".into()],
    }
}

/// A client whose file names these scopes.
fn client(scopes: &str) -> Client {
    Client { scopes: Scope::parse(scopes).unwrap(), withheld: &[], ..Client::new("rp", "tilleuls") }
}

/// PROTOCOL pitfall 4: no empty values.
fn tells(value: &Value) -> bool {
    !value.is_null() && value != "" && value != &json!({})
}

fn facts() -> Grant<'static> {
    Grant { issuer: "https://op", client_id: "rp", sub: "me", sid: "sid", auth_time: 5, acr: None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// SECURITY #44, #45: the sessions that a sign-out ends, and the address to which it leads.
    #[test]
    fn a_sign_out_needs_its_reasons(
        hint in select(vec!["none", "foreign", "rp", "other"]),
        sid in select(vec!["s1", "s2"]),
        sid_here in select(vec![None, Some("s1"), Some("s2")]),
        named in select(vec![None, Some("rp"), Some("other")]),
        uri in prop_oneof![select(vec![None, Some(OUT), Some("https://evil.example/"), Some("https://rp.example/out/")]).prop_map(|u| u.map(str::to_owned)), ".{1,20}".prop_map(Some)],
        state in proptest::option::of("[^\\p{Cc}]{1,20}"),
        known: bool,
        signed_in: bool,
    ) {
        let fields = [("client_id", named.map(str::to_owned)), ("post_logout_redirect_uri", uri.clone()), ("state", state.clone())];
        let sent: Vec<_> = fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&sent).finish();
        let Ok(params) = Params::parse(&[&query]) else { return Ok(()) };
        let mut client = Client::new("rp", "tilleuls");
        client.post_logout_redirect_uris = vec![OUT.into()];
        let ours = Hint { client_id: hint.into(), sid: sid.into() };
        let hinted = match hint {
            "none" => Hinted::Nothing,
            "foreign" => Hinted::Foreign,
            _ => Hinted::Ours(&ours),
        };
        let trusted = matches!(hinted, Hinted::Ours(_));
        let asked = logout::LogoutRequest { hint: hinted, params: &params, client: known.then_some(&client), sid_here, signed_in };
        let (ends, asks, after) = match logout::decide(&asked) {
            Decision::End(after) => (true, false, after),
            Decision::Already(after) => { prop_assert!(!signed_in); (false, false, after) }
            Decision::Confirm(after) => (false, true, after),
        };
        // An invalid hint is ignored, so the person is asked.
        let trusted = trusted && named.is_none_or(|n| n == hint);
        let registered = known && hint == "rp" && uri.as_deref() == Some(OUT);
        prop_assert_eq!(logout::anomaly(&asked).is_some(), hint == "foreign" || (hint != "none" && !trusted) || (trusted && uri.as_deref().is_some_and(|u| !u.is_empty()) && !registered));
        prop_assert_eq!(ends, signed_in && trusted && sid_here == Some(sid));
        prop_assert_eq!(asks, signed_in && !ends);
        match after {
            Some(to) => {
                prop_assert!(trusted && registered);
                let rest = to.strip_prefix(OUT).unwrap();
                let returned: Vec<_> = url::form_urlencoded::parse(rest.trim_start_matches('?').as_bytes()).into_owned().collect();
                let expected: Vec<_> = state.into_iter().map(|s| ("state".to_owned(), s)).collect();
                prop_assert_eq!(returned, expected);
            }
            None => prop_assert!(!trusted || !registered),
        }
    }

    /// SECURITY #35, #39, PROTOCOL 4.10: a profile changes no claim of the provider's own, and adds only requested claims.
    #[test]
    fn a_profile_never_speaks_for_the_provider(profile in profile(), wanted in asked(), nonce in proptest::option::of(".{1,70}")) {
        let asked = ClaimsRequest { id_token: wanted.clone(), ..ClaimsRequest::default() };
        let disclosed = person(profile).disclosed_to(&client("openid profile email address phone"));
        let token = claims::id_token(&facts(), Alg::RS256, nonce.as_deref(), "at", &asked, &disclosed, (10, 600));
        for (name, value) in [("iss", json!("https://op")), ("sub", json!("me")), ("aud", json!("rp")), ("azp", json!("rp")), ("iat", json!(10)), ("exp", json!(610)), ("auth_time", json!(5)), ("sid", json!("sid"))] {
            prop_assert_eq!(&token[name], &value, "{}", name);
        }
        prop_assert_eq!(token.get("nonce").and_then(Value::as_str), nonce.as_deref());
        prop_assert!(token.get("acr").is_none());
        let always = ["iss", "sub", "aud", "azp", "iat", "exp", "auth_time", "sid", "at_hash", "nonce"];
        for (name, value) in token.iter().filter(|(name, _)| !always.contains(&name.as_str())) {
            let standard = BY_SCOPE.iter().any(|(_, names)| names.contains(&name.as_str()));
            prop_assert!(wanted.contains_key(name) && (standard || name == CLIENT_REFS), "{}", name);
            prop_assert!(tells(value), "{name}");
        }
    }

    /// OIDC Core §5.3.2, SPEC J13.
    #[test]
    fn userinfo_tells_what_was_opened(profile in profile(), wanted in asked(), scope in "((openid|profile|email|address|phone|other) ){0,4}", file in "((openid|profile|email|address|phone) ){0,4}") {
        let scope = Scope::parse(&scope).unwrap();
        let client = client(&file);
        let asked = ClaimsRequest { userinfo: wanted.clone(), ..ClaimsRequest::default() };
        let told = claims::userinfo("me", &scope, &asked, &person(profile).disclosed_to(&client));
        prop_assert_eq!((&told["sub"], &told[CLIENT_REFS]), (&json!("me"), &json!(["C1"])));
        for (name, value) in told.iter().filter(|(name, _)| !["sub", CLIENT_REFS].contains(&name.as_str())) {
            let (by, _) = BY_SCOPE.iter().find(|(_, names)| names.contains(&name.as_str())).expect("a claim of the standard");
            prop_assert!(scope.contains(by) || wanted.contains_key(name), "{}", name);
            // SECURITY D11: the file has the last word.
            prop_assert!(client.scopes.contains(by), "{}", name);
            prop_assert!(tells(value), "{name}");
        }
        prop_assert!(told.get("email_verified").is_none_or(|verified| verified == true));
    }
}
