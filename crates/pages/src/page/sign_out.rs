//! SPEC J10: sign out.

use serde::Serialize;

use super::Page;

/// Asks before signing out (OIDC RP-Initiated Logout §2). No `Debug`: the hidden fields may carry an ID token.
#[derive(Clone, Serialize)]
pub struct SignOutConfirm {
    /// The portal that requested it.
    pub client_name: Option<String>,
    /// The target of the form.
    pub action: String,
    /// Hidden fields, besides `csrf`.
    pub hidden: Vec<(String, String)>,
}

/// Signed out here; frames end the session in the clients' own cookies, then the page continues (OIDC Front-Channel Logout §3).
#[derive(Clone, Debug, Serialize)]
pub struct SigningOut {
    /// The addresses of the frames, one for each client. Their origins must be in the response's `frame-src`.
    pub frames: Vec<String>,
    /// The address that the page continues to, also the target of its link.
    pub next: String,
}

/// Nobody is signed in in this browser.
#[derive(Clone, Debug, Serialize)]
pub struct SignedOut {
    /// True if the session ended just now; false if this browser had none.
    pub ended: bool,
}

impl Page for SignOutConfirm {
    const NAME: &'static str = "sign-out-confirm";

    fn samples() -> Vec<SignOutConfirm> {
        let hidden = vec![("state".to_owned(), "\"><script>".to_owned())];
        vec![
            SignOutConfirm {
                client_name: Some("Espace client Tilleuls".into()),
                action: "/end-session".into(),
                hidden,
            },
            SignOutConfirm { client_name: None, action: "/sign-out".into(), hidden: vec![] },
        ]
    }
}

impl Page for SigningOut {
    const NAME: &'static str = "signing-out";

    fn samples() -> Vec<SigningOut> {
        let frame =
            |host: &str| format!("http://localhost:{host}/out?iss=https%3A%2F%2Fcompte.example&sid=a1");
        vec![
            SigningOut {
                frames: vec![frame("8081"), frame("8082")],
                next: "http://localhost:8081/signed-out?state=%22%3E".into(),
            },
            SigningOut { frames: vec![frame("8081")], next: "/sign-out".into() },
        ]
    }
}

impl Page for SignedOut {
    const NAME: &'static str = "signed-out";

    fn samples() -> Vec<SignedOut> {
        vec![SignedOut { ended: true }, SignedOut { ended: false }]
    }
}
