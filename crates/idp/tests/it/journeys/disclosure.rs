//! The data that an agency gets (SECURITY D11): name and email of the account, and what that agency itself imported, by the scopes that its file allows to the
//! client, whichever way it is asked.

use std::sync::Arc;

use agencies::{Agencies, Agency};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use serde_json::{Map, Value, json};
use testbed::{apply, both};
use testkit::{Visitor, encoded};

use crate::journeys::{
    portal::{Portal, VERIFIER, claims},
    world::{PASSWORD, SECRET, World},
};

const MARIE: &str = "marie@exemple.test";

/// Every claim about a person, and the scope that releases it (OIDC Core §5.4).
const CLAIMS: &[(&str, &str)] = &[
    ("name", "profile"),
    ("family_name", "profile"),
    ("given_name", "profile"),
    ("middle_name", "profile"),
    ("nickname", "profile"),
    ("preferred_username", "profile"),
    ("profile", "profile"),
    ("picture", "profile"),
    ("website", "profile"),
    ("gender", "profile"),
    ("birthdate", "profile"),
    ("zoneinfo", "profile"),
    ("locale", "profile"),
    ("updated_at", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("address", "address"),
    ("phone_number", "phone"),
    ("phone_number_verified", "phone"),
];

const COLUMNS: &str = "identifier;client_ref;password;email;name;given_name;family_name;middle_name;nickname;preferred_username;\
     profile;picture;website;gender;birthdate;phone_number;locale;zoneinfo;street_address;postal_code;locality;region;country\n";

/// All that a file can hold.
const AT_TILLEULS: &str = "200;T-200;Vieux-Secret 101;marie@exemple.test;Marie Durand;Marie;Durand;Claire;Mimi;marie.t;\
     https://t.test/m;https://t.test/m.png;https://t.test/;female;1950-12-31;+33 2 97 00 00 01;fr-FR;Europe/Paris;\
     1 rue des Tilleuls;56000;Vannes;Bretagne;FR\n";

/// Less, and some of it otherwise.
const AT_RIVAGE: &str = "200;R-200;Vieux-Secret 101;;Mme Durand-Rivage;;Durand-Rivage;;;;;;;;;+33 2 98 00 00 02;fr-BE;;;29200;Brest;;\n";

/// The most that each agency may learn about her.
fn known(agency: &str, linked: bool) -> Map<String, Value> {
    let mut known = json!({ "name": "Marie Durand", "email": MARIE, "email_verified": true });
    let own = match (agency, linked) {
        (_, false) => json!({}),
        ("tilleuls", _) => json!({
            "client_refs": ["T-200"], "updated_at": "some", "given_name": "Marie", "family_name": "Durand",
            "middle_name": "Claire", "nickname": "Mimi", "preferred_username": "marie.t", "profile": "https://t.test/m",
            "picture": "https://t.test/m.png", "website": "https://t.test/", "gender": "female", "birthdate": "1950-12-31",
            "phone_number": "+33 2 97 00 00 01", "phone_number_verified": false, "locale": "fr-FR", "zoneinfo": "Europe/Paris",
            "address": {
                "street_address": "1 rue des Tilleuls", "postal_code": "56000", "locality": "Vannes", "region": "Bretagne",
                "country": "FR",
            },
        }),
        _ => json!({
            "client_refs": ["R-200"], "updated_at": "some", "family_name": "Durand-Rivage",
            "phone_number": "+33 2 98 00 00 02", "phone_number_verified": false, "locale": "fr-BE",
            "address": { "postal_code": "29200", "locality": "Brest" },
        }),
    };
    known.as_object_mut().unwrap().extend(own.as_object().cloned().unwrap());
    known.as_object().cloned().unwrap()
}

/// The ways of asking.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Way {
    /// By every scope there is.
    Scope,
    /// By `claims`, for userinfo.
    Userinfo,
    /// By `claims`, for the ID token.
    IdToken,
}

const WAYS: [Way; 3] = [Way::Scope, Way::Userinfo, Way::IdToken];

/// The values of `scopes` in the files of both agencies.
const FILES: &[Option<&str>] = &[
    None,
    Some("openid"),
    Some("openid profile"),
    Some("openid email"),
    Some("openid address"),
    Some("openid phone"),
    Some("openid profile email address phone"),
];

/// Returns true if a file with these `scopes` releases the claim. One without `scopes` releases email and profile alone, without birth date and gender.
fn releases(file: Option<&str>, claim: &str) -> bool {
    let scope = CLAIMS.iter().find(|(name, _)| *name == claim).map(|(_, scope)| *scope);
    match (file, scope) {
        (_, None) => true,
        (None, Some(scope)) => {
            ["profile", "email"].contains(&scope) && !["birthdate", "gender"].contains(&claim)
        }
        (Some(scopes), Some(scope)) => scopes.split(' ').any(|s| s == scope),
    }
}

/// Reads both agencies' files again, with other keys in the portal's section.
fn configure(world: &World, portal: &str) {
    let all = ["tilleuls", "rivage"].map(|id| {
        let text = format!(
            "name = \"{id}\"\n[controller]\nname = \"SARL\"\ndpo = \"dpo@{id}.test\"\n[look]\naccent = \"#1f6f54\"\n\
             [[portal]]\nclient_id = \"{id}\"\nclient_secret_file = \"client\"\n\
             redirect_uris = [\"https://{id}.test/callback\"]\nallow_unlinked = true\n{portal}\n"
        );
        Agency::read(id, &text, &|_| Ok(SECRET.to_owned())).unwrap_or_else(|problems| panic!("{problems:?}"))
    });
    world.idp.agencies.store(Arc::new(Agencies::new(all.into()).unwrap_or_else(|p| panic!("{}", p.reason))));
}

fn scopes(file: Option<&str>) -> String {
    file.map_or_else(String::new, |scopes| {
        let quoted: Vec<_> = scopes.split(' ').map(|s| format!("\"{s}\"")).collect();
        format!("scopes = [{}]", quoted.join(", "))
    })
}

/// The tokens and answers of one sign-in.
struct Told {
    id_token: Map<String, Value>,
    userinfo: Map<String, Value>,
    introspected: [Map<String, Value>; 2],
    access: String,
    refresh: String,
}

/// The claims of a token about the person: without those that every token has.
fn about_her(mut told: Map<String, Value>) -> Map<String, Value> {
    for name in ["iss", "sub", "aud", "azp", "iat", "exp", "auth_time", "sid", "at_hash", "nonce", "acr"] {
        told.remove(name);
    }
    if let Some(at) = told.get_mut("updated_at") {
        assert!(at.is_i64());
        *at = json!("some");
    }
    told
}

async fn called(
    visitor: &mut Visitor,
    client: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Map<String, Value> {
    let basic = format!("Basic {}", STANDARD.encode(format!("{client}:{}", SECRET.replace(' ', "+"))));
    let body = encoded(fields).into_bytes();
    let screen = visitor.once(Method::POST, path, Some(body), &[("authorization", &basic)]).await;
    assert!(screen.status.is_success(), "{path}: {} {}", screen.status, screen.body);
    serde_json::from_str(&screen.body).unwrap()
}

async fn userinfo(visitor: &mut Visitor, access: &str) -> Map<String, Value> {
    let bearer = format!("Bearer {access}");
    let screen = visitor.once(Method::GET, "/userinfo", None, &[("authorization", &bearer)]).await;
    serde_json::from_str(&screen.body).unwrap_or_else(|_| panic!("{} {}", screen.status, screen.body))
}

/// The browser comes back with a code, whoever has to go on without a link.
async fn code(world: &World, visitor: &mut Visitor, agency: &'static str, way: Way) -> String {
    let portal = Portal::new(world, agency);
    let wish: Map<String, Value> = CLAIMS
        .iter()
        .map(|(name, _)| ((*name).to_owned(), Value::Null))
        .chain([("client_refs".to_owned(), Value::Null)])
        .collect();
    let (scope, asked) = match way {
        Way::Scope => ("openid profile email address phone offline_access", None),
        Way::Userinfo => ("openid", Some(json!({ "userinfo": wish }))),
        Way::IdToken => ("openid", Some(json!({ "id_token": wish }))),
    };
    let asked = asked.map(|asked| asked.to_string());
    let more: Vec<(&str, &str)> = asked.iter().map(|asked| ("claims", asked.as_str())).collect();
    let address = portal.address(&more).replace("openid+profile+email", &scope.replace(' ', "+"));
    visitor.open(&address).await;
    if visitor.screen.body.contains("/continue\"") {
        visitor.submit("/continue", &[]).await;
    }
    portal.back(visitor).into_iter().find(|(name, _)| name == "code").expect("a code").1
}

async fn redeem(visitor: &mut Visitor, agency: &'static str, code: &str) -> Map<String, Value> {
    let back = format!("https://{agency}.test/callback");
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &back),
        ("code_verifier", VERIFIER),
    ];
    called(visitor, agency, "/token", &fields).await
}

async fn ask(world: &World, visitor: &mut Visitor, agency: &'static str, way: Way) -> Told {
    let code = code(world, visitor, agency, way).await;
    let tokens = redeem(visitor, agency, &code).await;
    tell(visitor, agency, &tokens).await
}

/// All that a token answer opens.
async fn tell(visitor: &mut Visitor, agency: &'static str, tokens: &Map<String, Value>) -> Told {
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    let introspected = [
        called(visitor, agency, "/introspect", &[("token", &access)]).await,
        called(visitor, agency, "/introspect", &[("token", &refresh)]).await,
    ];
    let userinfo = userinfo(visitor, &access).await;
    let id_token = claims(&text("id_token")).as_object().cloned().unwrap();
    Told { id_token, userinfo, introspected, access, refresh }
}

/// Holds what was told against what may be.
#[track_caller]
fn judge(told: Told, [agency, at]: [&str; 2], linked: bool, file: Option<&str>, way: Way) {
    let may: Map<String, Value> =
        known(agency, linked).into_iter().filter(|(claim, _)| releases(file, claim)).collect();
    let refs: Map<String, Value> =
        may.iter().filter(|(n, _)| *n == "client_refs").map(|(n, v)| (n.clone(), v.clone())).collect();
    let (in_token, at_userinfo) = match way {
        Way::Scope | Way::Userinfo => (Map::new(), may),
        Way::IdToken => (may, refs),
    };
    let case = format!("{at}: {agency}, linked {linked}, {file:?}, {way:?}");
    assert_eq!(about_her(told.userinfo), at_userinfo, "userinfo at {case}");
    assert_eq!(about_her(told.id_token), in_token, "ID token at {case}");
    for introspected in told.introspected {
        assert_eq!(introspected["active"], true, "{case}");
        for (name, value) in &introspected {
            let plain = [
                "active",
                "iss",
                "sub",
                "aud",
                "client_id",
                "scope",
                "iat",
                "exp",
                "auth_time",
                "jti",
                "acr",
                "token_type",
            ];
            assert!(plain.contains(&name.as_str()), "introspection tells {name} at {case}");
            if name == "scope" {
                for scope in value.as_str().unwrap().split(' ') {
                    let allowed = file.map_or_else(
                        || ["openid", "profile", "email"].contains(&scope),
                        |file| file.split(' ').any(|s| s == scope),
                    );
                    assert!(allowed, "introspection tells of the scope {scope} at {case}");
                }
            }
        }
    }
}

/// Marie, who moved at the first agency, signed in there.
async fn marie(world: &World) -> Visitor {
    for (agency, row) in [("tilleuls", AT_TILLEULS), ("rivage", AT_RIVAGE)] {
        world.import(agency, &format!("{COLUMNS}{row}"), 1).await;
    }
    world.moved("tilleuls", "200", MARIE).await;
    let mut marie = world.visitor();
    Portal::new(world, "tilleuls").send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    marie
}

async fn attach_rivage(world: &World, marie: &mut Visitor) {
    Portal::new(world, "rivage").send(marie, &[]).await;
    let attach = marie.screen.links().into_iter().find(|l| l.ends_with("/legacy")).unwrap();
    marie.open(&attach).await;
    marie.submit("/legacy", &[("identifier", "200"), ("password", "Vieux-Secret 101")]).await;
    marie.submit("/notice", &[]).await;
    marie.submit("/email", &[("email", MARIE)]).await;
    marie.submit("/link", &[]).await;
    assert_eq!(world.count("link", "agency_id = 'rivage'").await, 1, "{}", marie.screen.text());
}

/// SECURITY D11; OIDC Core §5.4, §5.5: two agencies, every claim, every way of asking, every place of telling, with a link and without.
#[apply(both!)]
#[tokio::test]
async fn an_agency_is_told_what_is_its_own_by_the_scopes_of_its_file(world: World) {
    let mut marie = marie(&world).await;
    for (agency, linked) in [("tilleuls", true), ("rivage", false), ("rivage", true)] {
        if agency == "rivage" && linked {
            attach_rivage(&world, &mut marie).await;
        }
        for file in FILES {
            configure(&world, &scopes(*file));
            for way in WAYS {
                let told = ask(&world, &mut marie, agency, way).await;
                judge(told, [agency, world.bed.name], linked, *file, way);
            }
        }
    }
}

/// SECURITY I15, D11: a file that was narrowed counts at once: for a code that is out, for a token that is out, at a refresh and at introspection.
#[apply(both!)]
#[tokio::test]
async fn a_file_that_was_narrowed_counts_at_once(world: World) {
    let (wide, narrow) = (Some("openid profile email address phone"), Some("openid email"));
    let mut marie = marie(&world).await;
    for way in WAYS {
        configure(&world, &scopes(wide));
        let before = ask(&world, &mut marie, "tilleuls", way).await;
        let out = code(&world, &mut marie, "tilleuls", way).await;
        configure(&world, &scopes(narrow));
        let case = ["tilleuls", world.bed.name];
        // The token that was given before.
        let at_userinfo = userinfo(&mut marie, &before.access).await;
        let introspected = [
            called(&mut marie, "tilleuls", "/introspect", &[("token", &before.access)]).await,
            called(&mut marie, "tilleuls", "/introspect", &[("token", &before.refresh)]).await,
        ];
        // The code that was given before, and a refresh of what it gave.
        let tokens = redeem(&mut marie, "tilleuls", &out).await;
        let fresh = tell(&mut marie, "tilleuls", &tokens).await;
        let again = [("grant_type", "refresh_token"), ("refresh_token", before.refresh.as_str())];
        let refreshed = called(&mut marie, "tilleuls", "/token", &again).await;
        let refreshed = tell(&mut marie, "tilleuls", &refreshed).await;
        let id_token = fresh.id_token.clone();
        let held = Told { id_token, userinfo: at_userinfo, introspected, ..before };
        for told in [held, fresh, refreshed] {
            judge(told, case, true, narrow, way);
        }
    }
}

/// Several identities of one agency at one account: the oldest link wins claim by claim, a later one adds what the older ones do not know.
#[apply(both!)]
#[tokio::test]
async fn a_later_link_of_one_agency_fills_gaps_only(world: World) {
    let second = "identifier;client_ref;password;name;given_name;nickname;phone_number;locality\n\
             201;T-201;Vieux-Secret 102;Marie D. (garage);Marie-Garage;;+33 2 97 99 99 99;Auray\n";
    let first = "identifier;client_ref;password;name;given_name;nickname;postal_code\n\
             200;T-200;Vieux-Secret 101;Marie Durand;Marie;Mimi;56000\n";
    world.import("tilleuls", first, 1).await;
    world.import("tilleuls", second, 1).await;
    world.moved("tilleuls", "200", MARIE).await;
    let mut marie = world.visitor();
    configure(&world, &scopes(Some("openid profile email address phone")));
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    world.bed.clock.advance(1);
    marie.open("/attach").await;
    let here = marie.screen.links().into_iter().find(|l| l.ends_with("agency=tilleuls")).unwrap();
    marie.open(&here).await;
    marie.submit("/legacy", &[("identifier", "201"), ("password", "Vieux-Secret 102")]).await;
    marie.submit("/notice", &[]).await;
    marie.submit("/email", &[("email", MARIE)]).await;
    marie.submit("/link", &[]).await;
    let told = about_her(ask(&world, &mut marie, "tilleuls", Way::Scope).await.userinfo);
    let own = json!({
        "name": "Marie Durand", "email": MARIE, "email_verified": true, "client_refs": ["T-200", "T-201"],
        "updated_at": "some", "given_name": "Marie", "nickname": "Mimi", "phone_number": "+33 2 97 99 99 99",
        "phone_number_verified": false, "address": { "postal_code": "56000" },
    });
    assert_eq!(Value::Object(told), own, "{}", world.bed.name);
}

/// A correction in an agency's file after the move reaches its own portal with the next answer, and no other's; a value that it took out goes.
#[apply(both!)]
#[tokio::test]
async fn a_correction_of_the_file_reaches_those_who_moved(world: World) {
    let mut marie = marie(&world).await;
    attach_rivage(&world, &mut marie).await;
    configure(&world, &scopes(Some("openid profile email address phone")));
    let before = ask(&world, &mut marie, "rivage", Way::Scope).await.userinfo;
    world.bed.clock.advance(60);
    let corrected =
        AT_RIVAGE.replace("98 00 00 02", "98 00 00 99").replace("Brest", "").replace(";29200;", ";;");
    world.import("rivage", &format!("{COLUMNS}{corrected}"), 0).await;
    let told = ask(&world, &mut marie, "rivage", Way::Scope).await.userinfo;
    assert_eq!(told["phone_number"], "+33 2 98 00 00 99", "{}", world.bed.name);
    assert!(told.get("address").is_none(), "{told:?}");
    assert_eq!(told["updated_at"], world.bed.context.now());
    assert!(before["updated_at"].as_i64() < told["updated_at"].as_i64());
    let first = ask(&world, &mut marie, "tilleuls", Way::Scope).await.userinfo;
    assert_eq!(first["phone_number"], "+33 2 97 00 00 01");
    // The old credentials stay dead (SECURITY #83).
    assert_eq!(world.count("legacy_identity", "moved_at IS NOT NULL AND verifier_kind <> 'none'").await, 0);
    // The same file again is no change.
    world.bed.clock.advance(60);
    world.import("rivage", &format!("{COLUMNS}{corrected}"), 0).await;
    let again = ask(&world, &mut marie, "rivage", Way::Scope).await.userinfo;
    assert_eq!(again["updated_at"], told["updated_at"]);
}

/// The name that a person chose is told in place of the one in an agency's file, at every agency, and after the next import too.
#[apply(both!)]
#[tokio::test]
async fn a_name_of_ones_own_silences_its_parts_at_every_agency(world: World) {
    let mut marie = marie(&world).await;
    attach_rivage(&world, &mut marie).await;
    marie.open("/account/name").await;
    marie.submit("/name", &[("name", "Marie Lévy")]).await.says("Votre nom est enregistré");
    marie.open("/account/language").await;
    marie.submit("/language", &[("language", "en")]).await.says("Your language is saved");
    configure(&world, &scopes(Some("openid profile email address phone")));
    world.import("rivage", &format!("{COLUMNS}{}", AT_RIVAGE.replace("fr-BE", "nl-BE")), 0).await;
    for agency in ["tilleuls", "rivage"] {
        let told = ask(&world, &mut marie, agency, Way::Scope).await.userinfo;
        assert_eq!(
            (&told["name"], &told["locale"]),
            (&json!("Marie Lévy"), &json!("en")),
            "{}",
            world.bed.name
        );
        for part in ["given_name", "family_name", "middle_name"] {
            assert!(told.get(part).is_none(), "{agency}: {told:?}");
        }
        assert!(told.contains_key("phone_number"), "{agency}: {told:?}");
    }
}

/// The terms' own sentence (config/terms, article 3), read as it is printed: each thing that it names reaches an agency that imported nothing, and nothing else
/// does but the `sub` that stands for the account.
#[apply(both!)]
#[tokio::test]
async fn the_sentence_of_the_terms_about_agencies_is_true(world: World) {
    let terms = include_str!("../../../../../config/terms/2026-11/fr.md");
    let sentence = terms
        .split_inclusive('.')
        .find(|sentence| sentence.contains("Chaque agence ne reçoit que ce qui la concerne"))
        .expect("the sentence is there");
    let named: Vec<&str> = [
        ("votre nom", "name"),
        ("votre adresse email", "email"),
        ("la référence de client qu’elle vous a elle-même donnée", "client_refs"),
    ]
    .into_iter()
    .map(|(words, claim)| {
        assert!(sentence.contains(words), "{words} in: {sentence}");
        claim
    })
    .collect();
    assert!(terms.contains("ce que cette agence avait elle-même inscrit dans son fichier"));
    let mut marie = marie(&world).await;
    let bare = "identifier;client_ref;password;name\n300;R-300;Vieux-Secret 201;Marie Durand\n";
    world.import("rivage", bare, 1).await;
    configure(&world, &scopes(Some("openid profile email address phone")));
    Portal::new(&world, "rivage").send(&mut marie, &[]).await;
    let attach = marie.screen.links().into_iter().find(|l| l.ends_with("/legacy")).unwrap();
    marie.open(&attach).await;
    marie.submit("/legacy", &[("identifier", "300"), ("password", "Vieux-Secret 201")]).await;
    marie.submit("/notice", &[]).await;
    marie.submit("/email", &[("email", MARIE)]).await;
    marie.submit("/link", &[]).await;
    for way in WAYS {
        let told = ask(&world, &mut marie, "rivage", way).await;
        for (name, _) in about_her(told.userinfo).into_iter().chain(about_her(told.id_token)) {
            // When the rest was last changed, and that the address was confirmed, are no news of their own.
            let beside = ["updated_at", "email_verified"].contains(&name.as_str());
            assert!(beside || named.contains(&name.as_str()), "{name} is told, {}, {way:?}", world.bed.name);
        }
    }
}
