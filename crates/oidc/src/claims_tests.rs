use proptest::prelude::*;

use super::*;

fn grant() -> Grant<'static> {
    Grant { issuer: "https://op", client_id: "rp", sub: "me", sid: "sid", auth_time: 5, acr: None }
}

fn person() -> Person {
    Person {
        email: "M@x.fr".into(),
        name: Some("M".into()),
        profile: object(
            json!({ "given_name": "", "phone_number": "+33", "family_name": "X", "client_refs": ["forged"], "sub": "forged" }),
        ),
        updated_at: Some(9),
        client_refs: vec!["C1".into()],
    }
}

/// A client whose file names these scopes.
fn client(scopes: &str) -> Client {
    Client { scopes: Scope::parse(scopes).unwrap(), withheld: &[], ..Client::new("rp", "tilleuls") }
}

fn disclosed(person: &Person) -> Disclosed {
    person.disclosed_to(&client("openid profile email address phone"))
}

fn names(claims: &Claims) -> Vec<&str> {
    let mut names: Vec<_> = claims.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// PROTOCOL 4.10: only requested claims.
#[test]
fn an_id_token_says_who_and_no_more() {
    let token = id_token(
        &grant(),
        Alg::RS256,
        Some("n"),
        "at",
        &ClaimsRequest::default(),
        &disclosed(&person()),
        (10, 600),
    );
    assert_eq!(
        names(&token),
        ["at_hash", "aud", "auth_time", "azp", "exp", "iat", "iss", "nonce", "sid", "sub"]
    );
    assert_eq!((&token["sub"], &token["auth_time"], &token["exp"]), (&json!("me"), &json!(5), &json!(610)));
    let asked =
        ClaimsRequest { id_token: object(json!({ "email": null, "sub": null })), ..ClaimsRequest::default() };
    let token = id_token(&grant(), Alg::RS256, None, "at", &asked, &disclosed(&person()), (10, 600));
    assert!(token.contains_key("email") && !token.contains_key("name") && !token.contains_key("nonce"));
    assert_eq!(token["sub"], "me");
}

/// OIDC Core §A.3
#[test]
fn at_hash_is_the_left_half() {
    assert_eq!(
        half_hash(Alg::RS256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        "77QmUPtjPfzWtF2AnpK9RQ"
    );
    assert_eq!(half_hash(Alg::EdDSA, "x").len(), 43);
}

#[test]
fn userinfo_opens_with_scope_and_claims() {
    let none = ClaimsRequest::default();
    let of = |scope: &str, asked: &ClaimsRequest| {
        userinfo("me", &Scope::parse(scope).unwrap(), asked, &disclosed(&person()))
    };
    assert_eq!(names(&of("openid", &none)), ["client_refs", "sub"]);
    assert_eq!(names(&of("openid email", &none)), ["client_refs", "email", "email_verified", "sub"]);
    let profile = of("openid profile", &none);
    assert_eq!(names(&profile), ["client_refs", "family_name", "name", "sub", "updated_at"]);
    assert_eq!((&profile["sub"], &profile["client_refs"]), (&json!("me"), &json!(["C1"])));
    let asked = ClaimsRequest { userinfo: object(json!({ "name": { "essential": true } })), ..none };
    assert_eq!(names(&of("openid", &asked)), ["client_refs", "name", "sub"]);
}

/// PROTOCOL 4.10, pitfall 4: no empty text, no wrong type, no claim outside the standard, no other agency's references.
#[test]
fn a_profile_is_told_only_as_far_as_the_standard_knows_it() {
    let odd = json!({
        "nickname": "", "birthdate": 1950, "address": "Lyon", "phone_number_verified": "yes", "secret_note": "x", "client_refs": ["C9"],
        "zoneinfo": "Europe/Paris",
    });
    let person = Person { profile: object(odd.clone()), client_refs: vec![], ..person() };
    let asked = ClaimsRequest { userinfo: object(odd), ..ClaimsRequest::default() };
    let told = userinfo("me", &Scope::parse("openid profile").unwrap(), &asked, &disclosed(&person));
    assert_eq!(names(&told), ["name", "sub", "updated_at", "zoneinfo"]);
}

/// SECURITY D11: a client gets only claims that a scope of its file releases, whatever it requests; by default it gets neither birth date nor gender.
#[test]
fn a_claim_needs_a_scope_of_the_clients_file() {
    let all = json!({ "birthdate": "1950-12-31", "gender": "female", "phone_number": "+33", "address": { "country": "FR" }, "updated_at": 7 });
    let person = Person { profile: object(all.clone()), ..person() };
    let mut wish = object(all);
    wish.extend(object(json!({ "email": null, "name": null, "client_refs": null })));
    let asked = ClaimsRequest { userinfo: wish.clone(), id_token: wish };
    let everything = Scope::parse("openid profile email address phone").unwrap();
    let of = |client: &Client| {
        let disclosed = person.disclosed_to(client);
        let told = userinfo("me", &everything, &asked, &disclosed);
        let token = id_token(&grant(), Alg::RS256, None, "at", &asked, &disclosed, (10, 600));
        for name in
            told.keys().filter(|name| !["email_verified", "phone_number_verified"].contains(&name.as_str()))
        {
            assert!(token.contains_key(name), "{name}");
        }
        names(&told).join(" ")
    };
    assert_eq!(of(&client("openid")), "client_refs sub");
    assert_eq!(of(&client("openid email")), "client_refs email email_verified sub");
    assert_eq!(of(&client("openid phone")), "client_refs phone_number phone_number_verified sub");
    assert_eq!(of(&client("openid address")), "address client_refs sub");
    assert_eq!(of(&client("openid profile")), "birthdate client_refs gender name sub updated_at");
    let silent = Client::new("rp", "tilleuls");
    assert_eq!(of(&silent), "client_refs email email_verified name sub updated_at");
    // Without a link there is no time of change either, even if the profile has one.
    let stranger = Person { updated_at: None, client_refs: vec![], ..person.clone() };
    let told = userinfo("me", &everything, &asked, &stranger.disclosed_to(&silent));
    assert_eq!(names(&told), ["email", "email_verified", "name", "sub"]);
}

/// OIDC Core §5.1, §5.4; oidcc-scope-phone: a number comes with `phone_number_verified`, which is false unless the agency delivers it.
#[test]
fn a_phone_number_says_whether_it_was_checked() {
    let of = |profile: Value| {
        let person = Person { profile: object(profile), ..person() };
        userinfo("me", &Scope::parse("openid phone").unwrap(), &ClaimsRequest::default(), &disclosed(&person))
    };
    assert_eq!(of(json!({ "phone_number": "+33" }))["phone_number_verified"], false);
    let checked = json!({ "phone_number": "+33", "phone_number_verified": true });
    assert_eq!(of(checked)["phone_number_verified"], true);
    for none in [json!({}), json!({ "phone_number": "" })] {
        assert_eq!(names(&of(none)), ["client_refs", "sub"]);
    }
}

/// PROTOCOL 4.14
#[test]
fn a_logout_token_has_its_event_and_no_nonce() {
    let token = logout_token(&grant(), "j", (10, 120));
    assert_eq!(names(&token), ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"]);
    assert_eq!(token["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
}

#[test]
fn an_access_token_is_for_the_provider_or_for_resources_and_names_its_grant() {
    let scope = Scope::parse("openid email").unwrap();
    let of = |resources: &[String]| {
        access_token(&grant(), Access { scope: &scope, resources }, ("g", "j"), (10, 600))
    };
    let two = ["https://a.example/".to_owned(), "https://b.example/".to_owned()];
    // RFC 8707 §2, RFC 9068 §3
    assert_eq!(of(&two[..1])["aud"], json!("https://a.example/"));
    assert_eq!(of(&two)["aud"], json!(two));
    let token = of(&[]);
    assert_eq!(
        (&token["aud"], &token["client_id"], &token["grant"]),
        (&json!("https://op"), &json!("rp"), &json!("g"))
    );
    assert_eq!(token["scope"], "openid email");
}

proptest! {
    /// OIDC Core §8.1
    #[test]
    fn pairwise_subjects_are_stable_and_differ_between_sectors(a in "[a-z]{1,9}", b in "[a-z]{1,9}", account in "[0-9a-f-]{36}") {
        let (one, two) = (Client::new("x", a.clone()), Client::new("y", b.clone()));
        let salt = [1; 32];
        let (s1, s2) = (subject(&one, &account, &salt), subject(&two, &account, &salt));
        prop_assert_eq!(s1 == s2, a == b);
        prop_assert_eq!(s1.len(), 43);
        prop_assert_ne!(&s1, &subject(&one, &account, &[2; 32]));
        prop_assert_ne!(&s1, &subject(&one, &format!("{account}0"), &salt));
    }
}
