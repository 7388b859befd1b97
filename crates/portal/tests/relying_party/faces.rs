//! The headers of every response, and configurations that are refused.

use std::path::Path;

use serde_json::json;

use crate::browser::Browser;
use crate::{Stage, config};

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    for path in [
        "/",
        "/espace",
        "/anciens-identifiants",
        "/nowhere",
        "/logged-out",
        "/assets/portal.css",
        "/callback",
    ] {
        let page = browser.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(
            policy.contains(&format!("form-action 'self' {}", stage.provider.issuer)),
            "{path}: {policy}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
        assert!(!page.header("cache-control").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn pages_use_nothing_from_elsewhere() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    for path in ["/", "/espace", "/anciens-identifiants", "/nowhere"] {
        let page = browser.get(path).await;
        for (index, _) in page.text.match_indices("src=\"").chain(page.text.match_indices("href=\"")) {
            let address = page.text[index..].split('"').nth(1).unwrap_or_default();
            let own = address.starts_with('/') && !address.starts_with("//");
            assert!(own || address.starts_with('#') || address.starts_with("mailto:"), "{path}: {address}");
        }
        page.does_not_say("<script");
        page.does_not_say("style=");
        page.says("<html lang=\"fr\">");
    }
    for (path, kind) in [
        ("/assets/portal.css", "text/css; charset=utf-8"),
        ("/assets/theme.css", "text/css; charset=utf-8"),
        ("/assets/icon.svg", "image/svg+xml"),
    ] {
        let asset = browser.get(path).await;
        assert_eq!((asset.status.as_u16(), asset.header("content-type")), (200, kind));
        asset.does_not_say("url(http");
    }
    browser.get("/assets/theme.css").await.says("--accent:#2f7d4f");
}

#[tokio::test]
async fn a_portal_without_a_ticket_key_has_no_second_door() {
    let stage = Stage::start().await;
    let browser = Browser::new(&stage.another(|config| config.ticket = None).await);
    browser.get("/").await.does_not_say("anciens identifiants");
    assert_eq!(browser.get("/anciens-identifiants").await.status, 404);
}

#[tokio::test]
async fn a_portal_that_is_told_to_stop_stops() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let config = config(&base, "http://127.0.0.1:1", &json!({}));
    let serving = tokio::spawn(portal::serve(listener, config, async move {
        let _ = stopped.await;
    }));
    assert_eq!(reqwest::get(&base).await.expect("an answer").status(), 200);
    stop.send(()).expect("still there");
    serving.await.expect("no panic").expect("no error");
}

#[test]
fn a_configuration_that_cannot_work_is_refused_by_name() {
    for (change, named) in [
        ("base_url = \"ftp://a\"", "base_url"),
        ("base_url = \"http://localhost:8081/path\"", "base_url"),
        ("issuer = \"not an address\"", "issuer"),
        ("cookie_name = \"a b\"", "cookie_name"),
        ("accent = \"green\"", "accent"),
        ("ticket = { key = \"short\" }", "ticket.key"),
        (
            "ticket = { key = \"the ticket key of this agency, 32 bytes or more\", lifetime_seconds = 301 }",
            "ticket.lifetime_seconds",
        ),
        ("clients_file = \"/nowhere/clients.json\"", "/nowhere/clients.json"),
        ("misspelt = 1", "misspelt"),
    ] {
        let mut text: toml::Table = toml::from_str(
            r##"
            base_url = "http://localhost:8081"
            agency_name = "A"
            city = "B"
            issuer = "http://localhost:8080"
            client_id = "a"
            client_secret = "not-to-be-shown"
            cookie_name = "a"
            [clients_file]
            "##,
        )
        .expect("TOML");
        text.extend(toml::from_str::<toml::Table>(change).expect("TOML"));
        let refused = portal::Config::from_toml(&text.to_string(), Path::new("."))
            .and_then(|config| portal::router(config).map(|_| ()));
        let error = refused.expect_err(change).to_string();
        assert!(error.contains(named), "{change}: {error}");
        assert!(!error.contains("not-to-be-shown"), "{change}: {error}");
    }
}

#[tokio::test]
async fn behind_https_cookies_belong_to_this_host_alone() {
    let stage = Stage::start().await;
    let base = stage.another(|config| config.base_url = "https://clients.tilleuls.example".to_owned()).await;
    let login = Browser::new(&base).get("/login").await;
    let [cookie] = login.cookies_set()[..] else { panic!("one cookie") };
    assert!(cookie.starts_with("__Host-tilleuls-visit=") && cookie.contains("; Secure"), "{cookie}");
    assert!(login.location().contains("redirect_uri=https%3A%2F%2Fclients.tilleuls.example%2Fcallback"));
    assert_eq!(login.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn portals_on_one_host_keep_their_sessions_apart() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    let session = browser.cookies();
    let rivage = Browser::new(&stage.another(|config| config.cookie_name = "rivage".to_owned()).await);
    // Browsers send the cookies of a host to all of its ports.
    session.split("; ").for_each(|cookie| rivage.set_cookie(cookie));
    assert!(!rivage.is_signed_in().await);
    rivage.sign_in(&stage.provider).await;
    let names: Vec<String> =
        rivage.cookies().split("; ").filter_map(|c| Some(c.split_once('=')?.0.to_owned())).collect();
    for name in ["tilleuls", "tilleuls-visit", "rivage", "rivage-visit"] {
        assert!(names.iter().any(|own| own == name), "{name}: {names:?}");
    }
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_cookie_that_comes_twice_is_no_session() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    let own = browser.cookie("tilleuls").expect("a session");
    let stranger = stage.browser();
    let get = |cookies: String| stranger.request(reqwest::Method::GET, "/espace").header("cookie", cookies);
    assert_eq!(stranger.send(get(format!("tilleuls={own}"))).await.status, 200);
    assert_eq!(stranger.send(get(format!("tilleuls=planted; tilleuls={own}"))).await.location(), "/login");
    assert_eq!(stranger.send(get(format!("tilleuls={own}; tilleuls=planted"))).await.location(), "/login");
}

#[tokio::test]
async fn files_are_found_beside_the_configuration() {
    let stage = Stage::start().await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("beside");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("clients.json"), r#"{ "C-1042": { "name": "Mme des Fichiers" } }"#)
        .expect("a file");
    std::fs::write(
        folder.join("portal-logins.json"),
        r#"{ "tm-1": { "client_ref": "C-1042", "email": null } }"#,
    )
    .expect("a file");
    let base = stage.another(|config| {
        let text = format!(
            "base_url = {:?}\nagency_name = \"A\"\ncity = \"B\"\nissuer = {:?}\nclient_id = \"tilleuls\"\ncookie_name = \"a\"\n\
             client_secret = {:?}\nclients_file = \"clients.json\"\nlegacy_logins = \"portal-logins.json\"\n\
             ticket = {{ key = {:?} }}",
            config.base_url, config.issuer, crate::CLIENT_SECRET, crate::TICKET_KEY
        );
        *config = portal::Config::from_toml(&text, &folder).expect("a configuration");
    });
    let browser = Browser::new(&base.await);
    browser.sign_in(&stage.provider).await.says("Bonjour Mme des Fichiers");
    Browser::new(browser.base()).get("/anciens-identifiants").await.says("Mes anciens identifiants");
}
