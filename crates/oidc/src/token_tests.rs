use super::*;

const NOW: i64 = 1_800_000_000;
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Returns a client whose file names `offline_access`; `less` in the test below is one whose file does not.
fn client() -> Client {
    let scopes = Scope::parse("openid profile email offline_access").unwrap();
    Client { scopes, ..Client::new("rp", "tilleuls") }
}

#[test]
fn grant_types_are_the_clients_own() {
    let read = |form: &str, client: &Client| {
        TokenRequest::read(&Params::parse(&[form]).unwrap(), client).err().map(|e| e.code())
    };
    let rp = client();
    assert_eq!(read("grant_type=password&username=a", &rp), Some(Code::UnsupportedGrantType));
    assert_eq!(read("grant_type=client_credentials", &rp), Some(Code::UnsupportedGrantType));
    assert_eq!(read("", &rp), Some(Code::InvalidRequest));
    assert_eq!(read("grant_type=authorization_code", &rp), Some(Code::InvalidRequest));
    assert_eq!(read("grant_type=authorization_code&code=c", &rp), None);
    let once = Client { grant_types: vec![GrantType::AuthorizationCode], ..rp };
    assert_eq!(read("grant_type=refresh_token&refresh_token=r", &once), Some(Code::UnauthorizedClient));
}

fn code() -> CodeRecord {
    CodeRecord {
        client_id: "rp".into(),
        redirect_uri: "https://rp/cb".into(),
        code_challenge: Some(CHALLENGE.into()),
        resources: Vec::new(),
        expires_at: NOW + 60,
        used: false,
        revoked: false,
    }
}

fn attempt(client: &Client) -> CodeAttempt<'_> {
    let redirect_uri = Some("https://rp/cb");
    CodeAttempt { client, redirect_uri, verifier: Some(VERIFIER), resources: &[], now: NOW }
}

/// SECURITY #19, D7: a wrong redemption is refused and has no other effect, for used and unused codes alike.
#[test]
fn a_wrong_redemption_is_refused_and_reveals_no_reuse() {
    let (rp, other) = (client(), Client::new("other", "rivage"));
    for used in [false, true] {
        let record = CodeRecord { used, ..code() };
        for (nth, wrong) in [
            CodeAttempt { client: &other, ..attempt(&rp) },
            CodeAttempt { redirect_uri: None, ..attempt(&rp) },
            CodeAttempt { redirect_uri: Some("https://rp/cb/"), ..attempt(&rp) },
            CodeAttempt { verifier: None, ..attempt(&rp) },
            CodeAttempt { verifier: Some("x"), ..attempt(&rp) },
        ]
        .iter()
        .enumerate()
        {
            let RedeemDecision::Refuse(error) = exchange(&record, wrong) else { panic!("{nth}") };
            assert_eq!((error.code(), error.status()), (Code::InvalidGrant, 400));
        }
    }
}

#[test]
fn a_second_valid_redemption_is_reuse_for_ever() {
    let rp = client();
    let at = |now| CodeAttempt { now, ..attempt(&rp) };
    assert_eq!(exchange(&code(), &at(NOW)), RedeemDecision::Give(vec![]));
    let used = CodeRecord { used: true, ..code() };
    assert_eq!(exchange(&used, &at(NOW)), RedeemDecision::Reuse);
    assert_eq!(exchange(&used, &at(NOW + 90)), RedeemDecision::Reuse);
    assert!(matches!(exchange(&code(), &at(NOW + 60)), RedeemDecision::Refuse(_)));
    assert_eq!(exchange(&code(), &at(NOW + 59)), RedeemDecision::Give(vec![]));
    assert!(matches!(exchange(&CodeRecord { revoked: true, ..code() }, &at(NOW)), RedeemDecision::Refuse(_)));
}

fn refresh_record() -> RefreshRecord {
    RefreshRecord {
        client_id: "rp".into(),
        scope: Scope::parse("openid email offline_access").unwrap(),
        resources: Vec::new(),
        expires_at: NOW + 30,
        family_ends_at: NOW + 90,
        rotated: None,
        revoked: false,
        session_over: false,
    }
}

fn refreshed(
    record: &RefreshRecord,
    client: &Client,
    asked: Option<&str>,
    now: i64,
) -> RedeemDecision<Refreshed> {
    let scope = asked.map(|s| Scope::parse(s).unwrap());
    refresh(record, &RefreshAttempt { client, scope: scope.as_ref(), resources: &[], now })
}

fn gives(scope: &str) -> RedeemDecision<Refreshed> {
    RedeemDecision::Give(Refreshed { scope: Scope::parse(scope).unwrap(), resources: vec![] })
}

/// SECURITY #20, #23, #24
#[test]
fn refresh_rotates_narrows_and_ends() {
    let rp = client();
    let run = |record: RefreshRecord, asked, now| refreshed(&record, &rp, asked, now);
    assert_eq!(run(refresh_record(), None, NOW), gives("openid email offline_access"));
    assert_eq!(run(refresh_record(), Some("openid"), NOW), gives("openid"));
    let RedeemDecision::Refuse(more) = run(refresh_record(), Some("openid phone"), NOW) else { panic!() };
    assert_eq!(more.code(), Code::InvalidScope);
    let rotated = Some(Rotated { at: NOW, child_unused: false });
    assert_eq!(run(RefreshRecord { rotated, ..refresh_record() }, None, NOW), RedeemDecision::Reuse);
    for dead in [
        (RefreshRecord { revoked: true, rotated, ..refresh_record() }, NOW),
        (RefreshRecord { client_id: "other".into(), rotated, ..refresh_record() }, NOW),
        (refresh_record(), NOW + 30),
        (RefreshRecord { session_over: true, ..refresh_record() }, NOW),
        (RefreshRecord { expires_at: NOW + 900, ..refresh_record() }, NOW + 90),
    ] {
        assert!(matches!(run(dead.0, None, dead.1), RedeemDecision::Refuse(_)));
    }
    let shrunk = Client { scopes: Scope::parse("openid").unwrap(), ..client() };
    assert_eq!(refreshed(&refresh_record(), &shrunk, None, NOW), gives("openid"));
}

/// SECURITY D16
#[test]
fn a_token_that_comes_twice_gives_the_same_child_to_its_own_client_for_ten_seconds() {
    let (rp, public) = (client(), Client { token_endpoint_auth_method: AuthMethod::None, ..client() });
    let rotated =
        |child_unused| RefreshRecord { rotated: Some(Rotated { at: NOW, child_unused }), ..refresh_record() };
    for (client, child_unused, asked, now, expected) in [
        (&rp, true, None, NOW, gives("openid email offline_access")),
        // A node whose clock is a second behind.
        (&rp, true, None, NOW - 1, gives("openid email offline_access")),
        (&rp, true, Some("openid"), NOW + 10, gives("openid")),
        (&rp, true, None, NOW + 11, RedeemDecision::Reuse),
        (&rp, true, None, NOW - 11, RedeemDecision::Reuse),
        (&rp, false, None, NOW, RedeemDecision::Reuse),
        (&public, true, None, NOW, RedeemDecision::Reuse),
    ] {
        assert_eq!(refreshed(&rotated(child_unused), client, asked, now), expected, "{child_unused} {now}");
    }
    for (record, asked) in [
        (rotated(true), Some("openid phone")),
        (RefreshRecord { revoked: true, ..rotated(true) }, None),
        (RefreshRecord { session_over: true, ..rotated(true) }, None),
        (RefreshRecord { family_ends_at: NOW, ..rotated(true) }, None),
        (RefreshRecord { client_id: "other".into(), ..rotated(true) }, None),
    ] {
        assert!(matches!(refreshed(&record, &rp, asked, NOW), RedeemDecision::Refuse(_)), "{record:?}");
    }
}

/// OIDC Core §11; SECURITY #23
#[test]
fn what_is_offline_was_granted_and_is_allowed_today() {
    let granted = |text| Scope::parse(text).unwrap();
    let less = Client::new("rp", "tilleuls");
    assert!(is_offline(&granted("openid offline_access"), &client()));
    assert!(!is_offline(&granted("openid email"), &client()));
    assert!(!is_offline(&granted("openid offline_access"), &less));
}

/// RFC 8707 §2.2; a wrong target burns nothing (SECURITY D7).
#[test]
fn resources_narrow_like_scope() {
    let [a, b] = ["https://a.example/", "https://b.example/"].map(String::from);
    let rp = Client { resources: vec![a.clone(), b.clone()], ..client() };
    let code = CodeRecord { resources: vec![a.clone()], ..code() };
    let asked = |resources| exchange(&code, &CodeAttempt { resources, ..attempt(&rp) });
    assert_eq!(asked(&[]), RedeemDecision::Give(vec![a.clone()]));
    let RedeemDecision::Refuse(more) = asked(std::slice::from_ref(&b)) else { panic!() };
    assert_eq!(more.code(), Code::InvalidTarget);
    let record = RefreshRecord { resources: vec![a.clone(), b.clone()], ..refresh_record() };
    let asked =
        |client, resources| refresh(&record, &RefreshAttempt { client, scope: None, resources, now: NOW });
    let RedeemDecision::Give(given) = asked(&rp, std::slice::from_ref(&b)) else { panic!() };
    assert_eq!(given.resources, std::slice::from_ref(&b));
    // Resources that the client's file no longer names are not granted, although they were before (SECURITY #23).
    let shrunk = Client { resources: vec![b.clone()], ..client() };
    assert!(matches!(asked(&shrunk, &[]), RedeemDecision::Refuse(_)));
    assert!(matches!(asked(&shrunk, std::slice::from_ref(&b)), RedeemDecision::Give(_)));
}
