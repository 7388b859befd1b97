//! Every forgery at every place that takes a token (SECURITY #31 to #35): one table over the other.

mod forgeries;
mod material;
mod places;

use std::{net::TcpListener, sync::Arc};

use agencies::{Agencies, Agency, Portal, TicketKey};
use kernel::sea_orm::{ConnectionTrait, Statement};
use oidc::{
    client::{AuthMethod, Client},
    jwt::Key,
};
use serde_json::{Map, Value, json};
use testbed::{apply, both};
use testkit::Page;

use crate::endpoints::{
    browser::{AtClient as _, Visitor, provider},
    world::{CALLBACK, ISSUER, VERIFIER, World, all, part, text},
};
use forgeries::FORGERIES;
use material::{CLIENTS, Forger, Kind, Signing};
use places::{By, PLACES, Place};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const TICKET: &[u8] = b"a ticket secret of 32 bytes, yes";

/// A provider, and all that is good there.
struct Scene<'a> {
    world: &'a World,
    /// Somebody is signed in here, and tokens of that session are about; nobody is in the other.
    browser: Visitor,
    client: Visitor,
    provider: Signing,
    shared: Signing,
    agency: Signing,
    id_token: String,
    access_token: String,
    others: Vec<(&'static str, &'static [Kind], String)>,
    sink: TcpListener,
}

/// Two more clients at the agency, which takes tickets.
fn with_keys(world: &World) {
    let named = |id: &str| {
        let mut client = Client::new(id, "tilleuls");
        client.redirect_uris = vec![CALLBACK.into()];
        client
    };
    let mut keyed = named("keyed");
    keyed.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
    keyed.keys = vec![Key::from_jwk(&CLIENTS.jwk("the-clients-key").to_string()).unwrap()];
    let mut shared = named("shared");
    shared.token_endpoint_auth_method = AuthMethod::SecretJwt;
    shared.secrets = vec![oidc::client::Secret::shared(std::str::from_utf8(SECRET).unwrap()).unwrap()];
    let portal = |client: Client| Portal {
        client: client.into(),
        name: "x".into(),
        home: None,
        allow_unlinked: false,
    };
    let mut agencies: Vec<Agency> = all(|_| {}).iter().map(|agency| (**agency).clone()).collect();
    for agency in agencies.iter_mut().filter(|agency| agency.id == "tilleuls") {
        agency.tickets =
            vec![TicketKey { key: Key::shared(TICKET).unwrap(), ends_at: None, mark: String::new() }];
        agency.portals.extend([portal(keyed.clone()), portal(shared.clone())]);
    }
    world.agencies.store(Arc::new(Agencies::new(agencies).unwrap_or_else(|p| panic!("{}", p.reason))));
}

/// Somebody who has not moved yet: a ticket speaks of them.
async fn unmoved(world: &World) {
    let context = &world.bed.context;
    let known = vec![
        ("id", context.id::<uuid::Uuid>().into()),
        ("agency_id", "tilleuls".into()),
        ("identifier", "T2".into()),
        ("identifier_canonical", "t2".into()),
        ("client_ref", "C43".into()),
        ("profile", "{}".into()),
        ("fingerprint", "".into()),
        ("verifier_kind", "none".into()),
        ("recogniser_kind", "none".into()),
        ("imported_at", context.now().into()),
    ];
    world.write("legacy_identity", known).await;
}

impl<'a> Scene<'a> {
    async fn on(world: &'a World) -> Self {
        let router = provider(world);
        let mut browser = Visitor::signed_in(world, &router).await;
        browser.get("/", &[]).await;
        let code = browser.authorize(&[]).await.returned().get("code").unwrap().to_owned();
        let tokens = browser.tokens(&[]).await;
        let sealed = first(world, "SELECT sealed AS v FROM signing_key").await;
        let sealed: Vec<u8> = sealed.try_get("", "v").unwrap();
        let mut scene = Self {
            world,
            client: Visitor::new(&router),
            provider: Signing::from_pkcs8(&world.bed.context.keys.open("signing key", &sealed).unwrap()),
            shared: Signing::Shared(SECRET.into()),
            agency: Signing::Shared(TICKET.into()),
            id_token: text(&tokens, "id_token").into(),
            access_token: text(&tokens, "access_token").into(),
            others: vec![],
            sink: TcpListener::bind("127.0.0.1:0").unwrap(),
            browser,
        };
        scene.others = scene.good_elsewhere(text(&tokens, "refresh_token"), code);
        let theirs = scene.another_client().await;
        scene.others.extend([
            ("another client's ID token", &[][..], text(&theirs, "id_token").into()),
            // Userinfo asks who holds a token, not which client that is.
            ("another client's access token", &[Kind::Access][..], text(&theirs, "access_token").into()),
            ("another client's refresh token", &[][..], text(&theirs, "refresh_token").into()),
        ]);
        scene
    }

    async fn another_client(&mut self) -> Value {
        let code =
            self.browser.authorize(&[("client_id", "app")]).await.returned().get("code").unwrap().to_owned();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.client.post("/token", &[], &fields).await.json()
    }

    fn good_elsewhere(
        &self,
        refresh_token: &str,
        code: String,
    ) -> Vec<(&'static str, &'static [Kind], String)> {
        let id = part(&self.id_token, 1);
        let by_provider = |typ: &str, claims: Value| {
            let mut header = part(&self.id_token, 0);
            header["typ"] = json!(typ);
            let input = material::input(&header.to_string(), &claims.to_string());
            material::complete(&input, &self.provider.sign(&input))
        };
        let mut logout = id.clone();
        logout["events"] = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        let logout = by_provider("logout+jwt", logout);
        let userinfo = by_provider("userinfo+jwt", id);
        let cookie = self.browser.cookie_value("__Host-mc_session").unwrap();
        let good = |scene: &Self, by, kind| scene.forger(by, kind, "").good();
        vec![
            ("ID token", &[Kind::Hint, Kind::LogoutHint], self.id_token.clone()),
            ("access token", &[Kind::Access, Kind::Token], self.access_token.clone()),
            ("refresh token", &[Kind::Token], refresh_token.to_owned()),
            ("code", &[], code),
            ("cookie", &[], cookie),
            ("logout token", &[], logout),
            ("userinfo", &[], userinfo),
            ("assertion", &[Kind::Assertion], good(self, By::Keyed, Kind::Assertion)),
            ("ticket", &[Kind::Ticket], good(self, By::Agency, Kind::Ticket)),
        ]
    }

    /// All that a forger needs at a place, with what is used once made anew.
    fn forger<'b>(&'b self, by: By, kind: Kind, sink: &'b str) -> Forger<'b> {
        let (now, jti) =
            (self.world.bed.context.now(), self.world.bed.context.id::<uuid::Uuid>().to_string());
        let map = |value: Value| value.as_object().unwrap().clone();
        let ours = |token: &str| (map(part(token, 0)), map(part(token, 1)));
        let said = |header: Value, client: &str, sub: &str| {
            let claims =
                json!({ "iss": client, "sub": sub, "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60 });
            (map(header), map(claims))
        };
        let hs256 = || json!({ "alg": "HS256", "typ": "JWT" });
        let (key, (header, claims)): (&Signing, (Map<_, _>, Map<_, _>)) = match (by, kind) {
            (By::Provider, Kind::Access | Kind::Token) => (&self.provider, ours(&self.access_token)),
            (By::Provider, _) => (&self.provider, ours(&self.id_token)),
            (By::Keyed, _) => (
                &CLIENTS,
                said(json!({ "alg": "RS256", "typ": "JWT", "kid": "the-clients-key" }), "keyed", "keyed"),
            ),
            (By::Shared, _) => (&self.shared, said(hs256(), "shared", "shared")),
            (By::Agency, _) => (&self.agency, said(hs256(), "tilleuls", "T2")),
        };
        Forger { kind, header, claims, key, provider: &self.provider, sink, others: &self.others, now }
    }

    async fn send(&mut self, place: &Place, token: &str) -> Option<Page> {
        let request = (place.request)(token)?;
        // Clients have no cookies. Nor has the form of a portal, but then the request would only go round over an address.
        let by_browser =
            ["/authorize", "/end-session"].iter().any(|path| request.uri().path().starts_with(path));
        let caller = if by_browser { &mut self.browser } else { &mut self.client };
        Some(caller.send(request).await)
    }

    /// How many rows there are of all that a token may bring about.
    async fn written(&self, place: &Place) -> String {
        let mut counted = vec![
            "code",
            "token_grant",
            "token_grant WHERE revoked_at IS NOT NULL",
            "refresh_token",
            "refresh_token WHERE used_at IS NOT NULL",
            "used_assertion",
            "used_ticket",
            "session WHERE ended_at IS NULL",
            "client_session WHERE ended_at IS NULL",
            "enrolment",
            "account",
            "link",
            "legacy_identity WHERE moved_at IS NULL",
            "outbox",
            "attempt",
        ];
        if !place.goes_on {
            counted.push("interaction");
        }
        let counts: Vec<_> =
            counted.iter().map(|of| format!("CAST((SELECT COUNT(*) FROM {of}) AS TEXT)")).collect();
        let row = first(self.world, &format!("SELECT {} AS v", counts.join(" || ' ' || "))).await;
        row.try_get("", "v").unwrap()
    }
}

async fn first(world: &World, sql: &str) -> kernel::sea_orm::QueryResult {
    let db = world.bed.context.db.writer();
    db.query_one_raw(Statement::from_string(db.get_database_backend(), sql.to_owned()))
        .await
        .unwrap()
        .unwrap()
}

/// True if no form and no address can carry this text: it is refused before it is parsed as a token, with the page or the error for that.
fn never_a_token(token: &str) -> bool {
    token.len() > 5000 || !token.is_ascii() || token.chars().any(char::is_control)
}

/// SECURITY #31, #32, #33, #34, #35, and of SECURITY #27 and #28 what an assertion may say and whose token is asked after
#[apply(both!)]
#[tokio::test]
async fn a_forged_token_is_worth_nothing_anywhere(world: World) {
    assert!(FORGERIES.len() >= 40);
    with_keys(&world);
    unmoved(&world).await;
    let mut scene = Scene::on(&world).await;
    let sink = format!("http://{}", scene.sink.local_addr().unwrap());
    for place in PLACES {
        let (mut tried, before) = (0, scene.written(place).await);
        for (name, make) in FORGERIES {
            let Some(token) = make(&scene.forger(place.by, place.kind, &sink)) else { continue };
            let Some(reply) = scene.send(place, &token).await else { continue };
            let what =
                format!("{}: {name} as {}: {} {}", world.bed.name, place.name, reply.status, reply.body);
            assert!(!reply.status.is_server_error(), "{what}");
            let odd = never_a_token(&token)
                && reply.status.is_client_error()
                && !reply.headers.contains_key("location");
            assert!(odd || (place.refuses)(&reply), "{what}");
            assert_eq!(scene.written(place).await, before, "{what}");
            tried += 1;
        }
        assert!(tried >= 100, "{}: {tried}", place.name);
    }
    scene.sink.set_nonblocking(true).unwrap();
    assert!(scene.sink.accept().is_err(), "somebody was asked for a key");
}

/// SECURITY #31 to #35: without this the test above could not fail: what its forgeries are made from is good, at every place.
#[apply(both!)]
#[tokio::test]
async fn what_the_forgeries_are_made_from_is_good(world: World) {
    with_keys(&world);
    unmoved(&world).await;
    for place in PLACES {
        // A new one: what is good may end what the next place needs.
        let mut scene = Scene::on(&world).await;
        let before = scene.written(place).await;
        let token = scene.forger(place.by, place.kind, "").good();
        let reply = scene.send(place, &token).await.unwrap();
        let what = format!("{}: {}: {} {}", world.bed.name, place.name, reply.status, reply.body);
        assert!((place.accepts)(&reply), "{what}");
        // The browser carries what a request asks.
        let hints = place.name.starts_with("id_token_hint") && place.name.ends_with("/authorize");
        let reads = hints || place.kind == Kind::Access || place.name == "token at /introspect";
        assert_eq!(scene.written(place).await == before, reads, "{what}");
    }
}
