//! Apache with `mod_auth_openidc`, as operators put it before a portal without OpenID Connect.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use testbed::{Bed, apply, both};
use tokio::net::TcpStream;
use url::Url;

use super::{opened, register};
use crate::{
    person::{Page, Person, Persona},
    place::{CLIENT_SECRET, MAIL_FOLDER, Place, Running, eventually, free_port, project, secret_file},
};

/// Debian's Apache with its module; `None`, after a line that says why, without `TEST_APACHE`.
fn program() -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "tests are told by the environment where Apache is")]
    let told = std::env::var_os("TEST_APACHE").map(PathBuf::from);
    if told.is_none() {
        println!("skipped: no Apache here (TEST_APACHE, which `cargo xtask test` sets)");
    }
    told
}

/// An Apache of the test's own, before a page of its own.
struct Apache {
    running: Running,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Apache {
    /// Starts one as a client of the provider that will run at this place: one process without children (`-X`), so that ending it ends
    /// all of it.
    async fn start(program: &Path, place: &Place) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        // Started by root, it reads the page as another user.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let from = project().join("crates/moncompte/tests/it/thirdparty/apache");
        fs::create_dir(folder.path().join("site")).unwrap();
        fs::copy(from.join("page.json"), folder.path().join("site/page.json")).unwrap();
        let words = [
            ("{folder}", folder.path().display().to_string()),
            ("{port}", port.to_string()),
            ("{issuer}", place.issuer()),
            ("{secret}", CLIENT_SECRET.to_owned()),
            ("{client_ref}", client_ref(&Persona::number(1))),
        ];
        let text = fs::read_to_string(from.join("httpd.conf")).unwrap();
        let text = words.iter().fold(text, |text, (word, value)| text.replace(word, value));
        let config = folder.path().join("httpd.conf");
        secret_file(&config, &text);
        let mut command = Command::new(program);
        command.arg("-X").arg("-f").arg(config).stdin(Stdio::null());
        let apache = Self { running: Running::start(command), port, _folder: folder };
        let more = format!(
            "client_secret_file = \"secrets/exemple.client\"\nbackchannel_logout_uri = \"{}\"",
            apache.hook(&[("logout", "backchannel")])
        );
        register(place, "apache", &apache.at("/callback"), &apache.at("/bye"), &more);
        eventually("Apache", async || TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
        apache
    }

    fn at(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// The address of the module's callback with these parameters.
    fn hook(&self, parameters: &[(&str, &str)]) -> String {
        Url::parse_with_params(&self.at("/callback"), parameters).unwrap().into()
    }

    /// Follows the way from the provider back to the page.
    async fn back(&self, person: &Person, mut page: Page) -> Page {
        for _ in 0..5 {
            if page.left_to.is_none() {
                return page;
            }
            page = person.get(page.address().as_str()).await;
        }
        panic!("round and round: {}\n{}", page.address().path(), self.running.said());
    }

    /// Opens the page and signs in; returns the claims that the module hands to the page.
    async fn signed_in(&self, person: &Person, who: &Persona) -> Value {
        let sent = person.sent_to(&self.at("/"), who).await;
        assert!(
            sent.address().as_str().starts_with(&self.at("/callback?code=")),
            "{} {}",
            sent.address().path(),
            sent.body
        );
        self.shown(self.back(person, sent).await)
    }

    fn shown(&self, page: Page) -> Value {
        assert_eq!(page.status, StatusCode::OK, "{}\n{}", page.body, self.running.said());
        serde_json::from_str(&page.body).unwrap_or_else(|_| panic!("{}\n{}", page.body, self.running.said()))
    }

    /// Returns true if the module has a session for this browser.
    async fn knows(&self, person: &Person) -> bool {
        let page = person.get(&self.hook(&[("info", "json")])).await;
        assert!([StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&page.status), "{}", page.status);
        page.status == StatusCode::OK
    }
}

fn client_ref(of: &Persona) -> String {
    format!("REF-{}", of.identifier)
}

/// The token endpoint's error for a refresh token, if there is one.
async fn refusal(place: &Place, refresh_token: &str) -> Option<String> {
    let request = reqwest::Client::new()
        .post(format!("{}/token", place.issuer()))
        .basic_auth("apache", Some(CLIENT_SECRET))
        .form(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["error"].as_str().map(str::to_owned)
}

#[apply(both!)]
#[tokio::test]
async fn apache_protects_a_page_refreshes_and_signs_out(bed: Bed) {
    let Some(program) = program() else { return };
    let place = Place::new(bed, MAIL_FOLDER);
    let apache = Apache::start(&program, &place).await;
    let (_provider, mover) = opened(&place).await;
    let person = Person::new(&place.issuer());
    let told = apache.signed_in(&person, &mover).await;
    let (id_token, userinfo) = (&told["id_token"], &told["userinfo"]);
    assert_eq!((&id_token["iss"], &id_token["aud"]), (&json!(place.issuer()), &json!("apache")));
    assert_eq!((&userinfo["sub"], &userinfo["email"]), (&id_token["sub"], &json!(mover.email)));
    assert_eq!(told["client_refs"], client_ref(&mover));
    let user = format!("{}@{}", id_token["sub"].as_str().unwrap(), place.issuer());
    assert_eq!(told["remote_user"], user);
    assert_eq!(person.get(&apache.at("/another")).await.status, StatusCode::UNAUTHORIZED);

    let access_token = told["access_token"].as_str().unwrap();
    let sent =
        person.get(&apache.hook(&[("refresh", &apache.at("/")), ("access_token", access_token)])).await;
    assert_eq!(sent.address().as_str(), apache.at("/"));
    let fresh = apache.shown(apache.back(&person, sent).await);
    assert_eq!((&fresh["userinfo"], &fresh["remote_user"]), (userinfo, &told["remote_user"]));
    for name in ["access_token", "refresh_token"] {
        assert!(fresh[name].as_str().is_some_and(|t| t.len() > 20) && fresh[name] != told[name], "{name}");
    }
    // The old token sent again gives the same child; after the child was used it is reuse (SECURITY D16).
    let [old, new] = [&told, &fresh].map(|shown| shown["refresh_token"].as_str().unwrap());
    assert_eq!(refusal(&place, old).await, None);
    assert_eq!(refusal(&place, new).await, None);
    assert_eq!(refusal(&place, old).await.as_deref(), Some("invalid_grant"));

    let sent = person.get(&apache.hook(&[("logout", &apache.at("/bye"))])).await;
    assert_eq!(sent.address().as_str(), apache.at("/bye"));
    assert!(!apache.knows(&person).await);
    // The page that follows is not checked: the module of Debian 12 takes an error with `iss` (RFC 9207 §2) for a sign-in that begins
    // at the provider, and asks again.
    let sent = person.get(&apache.at("/silently")).await;
    let error =
        sent.address().query_pairs().find(|(name, _)| name == "error").map(|(_, code)| code.into_owned());
    assert_eq!(error.as_deref(), Some("login_required"), "{}", sent.body);
}

#[apply(both!)]
#[tokio::test]
async fn apache_takes_our_logout_token(bed: Bed) {
    let Some(program) = program() else { return };
    // The provider posts to this machine only where its operator allows that.
    let place = Place::new(bed, &format!("{MAIL_FOLDER}\n\n[outbound]\nallow = [\"localhost\"]"));
    let apache = Apache::start(&program, &place).await;
    let (_provider, mover) = opened(&place).await;
    let (here, elsewhere) = (Person::new(&place.issuer()), Person::new(&place.issuer()));
    for person in [&here, &elsewhere] {
        apache.signed_in(person, &mover).await;
        assert!(apache.knows(person).await);
    }
    let page = here.get("/sign-out").await;
    here.submit(&page, "sign-out", &[]).await;
    eventually("the logout token", async || (!apache.knows(&here).await).then_some(())).await;
    assert!(here.get(&apache.at("/")).await.asks("sign-in"));
    // The logout token names one session: the person's other browser keeps its own.
    assert!(apache.knows(&elsewhere).await);
}
