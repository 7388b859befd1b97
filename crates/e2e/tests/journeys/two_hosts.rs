//! Ways back that only a browser shows: redirects after a form under a Content-Security-Policy, and the back button.

use std::fs;

use anyhow::{Context, Result, ensure};
use axum::{
    Router,
    response::{Html, IntoResponse},
    routing::get,
};
use tokio::net::TcpListener;

use crate::{
    browser::{Browser, DESK, Kind, SCRIPTLESS},
    demo::Demo,
    walk::{
        KARIM, PASSWORD, accept_terms, choose_email_and_password, confirm, give_old_identifiers, knock,
        sign_in,
    },
};

/// A portal with its callback on one host and its pages on another: `api.` and `www.`, or a broker between the two.
struct Apart {
    callback: String,
    servers: [tokio::task::JoinHandle<()>; 2],
}

impl Drop for Apart {
    fn drop(&mut self) {
        self.servers.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Apart {
    async fn start() -> Result<Self> {
        let (api, www) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        // Different ports are different origins; an IP address and a name are different hosts.
        let callback = format!("http://localhost:{}/callback", api.local_addr()?.port());
        let home = format!("http://127.0.0.1:{}/", www.local_addr()?.port());
        let on = move || {
            let home = home.clone();
            async move { (http_found(), [("location", home)]).into_response() }
        };
        let api_router: Router = Router::new().route("/callback", get(on.clone()).post(on));
        let page = || async {
            Html("<!doctype html><title>Deux</title><h1>Arrivé chez Deux</h1><footer>Deux</footer>")
        };
        let www_router: Router = Router::new().route("/", get(page));
        let serve = |listener, router: Router| {
            tokio::spawn(async move {
                let served = axum::serve(listener, router).await;
                drop(served);
            })
        };
        Ok(Self { callback, servers: [serve(api, api_router), serve(www, www_router)] })
    }

    /// Its agency's file.
    fn file(&self) -> String {
        format!(
            "name = \"Agence Deux\"\n[controller]\nname = \"Agence Deux\"\ndpo = \"dpo@deux.example\"\n[look]\naccent = \"#1f6f54\"\n\
             [contact]\nphone = \"02 97 00 00 02\"\n[directory]\nidentifier_label = \"Identifiant\"\n\
             [[portal]]\nclient_id = \"deux\"\ntoken_endpoint_auth_method = \"none\"\nallow_unlinked = true\n\
             redirect_uris = [\"{}\"]\n",
            self.callback
        )
    }

    /// The address of its authorization request.
    fn asks(&self, demo: &Demo, mode: &str) -> String {
        let callback = self.callback.replace(':', "%3A").replace('/', "%2F");
        let rest = "response_type=code&scope=openid&state=s&nonce=n&prompt=login&code_challenge_method=S256";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        demo.provider(&format!(
            "/authorize?client_id=deux&redirect_uri={callback}&response_mode={mode}&{rest}&code_challenge={challenge}"
        ))
    }
}

fn http_found() -> axum::http::StatusCode {
    axum::http::StatusCode::FOUND
}

/// SECURITY D15: Chromium holds the whole chain of redirects after a form against the `form-action` of the form's page. The press on "Connexion" arrives
/// wherever the portal's callback leads, by a redirect's query or by a posted form, with scripts and without.
#[tokio::test]
async fn a_portal_on_two_hosts_is_reached_from_a_form() -> Result<()> {
    for kind in [DESK, SCRIPTLESS] {
        two_hosts(kind).await?;
    }
    Ok(())
}

async fn two_hosts(kind: Kind) -> Result<()> {
    let Some(browser) = Browser::open(kind).await? else { return Ok(()) };
    let mut demo = Demo::start().await?;
    let apart = Apart::start().await?;
    fs::write(demo.data().join("agencies/deux.toml"), apart.file())?;
    demo.restart().await?;
    moves(&browser, &demo).await?;
    for mode in ["query", "form_post"] {
        browser.go(&apart.asks(&demo, mode)).await?;
        browser.page("Mon compte immobilier").await?;
        sign_in(&browser, KARIM.email, PASSWORD).await?;
        // Two forms on the way: the sign-in's, and the one that goes on without a link.
        browser.page("pas encore rattaché à Agence Deux").await?;
        browser.find("form[action$='/continue'] button").await?.click().await?;
        if kind == SCRIPTLESS && mode == "form_post" {
            browser.arrive("Retour à votre espace client").await?;
            browser.press("Continuer").await?;
        }
        browser.arrive("Arrivé chez Deux").await.with_context(|| format!("by {mode}"))?;
    }
    browser.close().await
}

async fn moves(browser: &Browser, demo: &Demo) -> Result<()> {
    knock(browser, &demo.tilleuls("/")).await?;
    give_old_identifiers(browser, KARIM.identifier, KARIM.old_password).await?;
    choose_email_and_password(browser, KARIM.email).await?;
    confirm(browser, demo, KARIM.email).await?;
    accept_terms(browser).await?;
    browser.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    browser.page("Bonjour Karim").await
}

/// The back button in the client space leads to the client space, again and again; so does a bookmark of the page before it.
#[tokio::test]
async fn back_from_the_space_is_no_error() -> Result<()> {
    let Some(browser) = Browser::open(DESK).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    moves(&browser, &demo).await?;
    browser.press("Se déconnecter").await?;
    browser.page("Vous êtes déconnecté").await?;
    knock(&browser, &demo.tilleuls("/")).await?;
    let asked = browser.address().await?;
    sign_in(&browser, KARIM.email, PASSWORD).await?;
    browser.page("Bonjour Karim").await?;
    browser.back().await?;
    browser.page("Bonjour Karim").await?;
    ensure!(browser.address().await?.starts_with(&demo.tilleuls("/espace")), "it is the portal's");
    // The second time within minutes it does not return to the portal by itself.
    browser.go(&asked).await?;
    browser.page("Vous êtes connecté").await?;
    browser.press("Ouvrir mon espace client").await?;
    browser.page("Bonjour Karim").await?;
    browser.close().await
}
