//! Pages that continue to a portal: after a form of ours, and from a sign-in that has been used.

use serde::Serialize;

use super::Page;

/// Continues to another host by itself, or by its link. Browsers apply the `form-action` of a form's page to the redirects that follow it, but not to
/// what a page does by itself (SECURITY D15). No `Debug`, for the address may carry the code.
#[derive(Clone, Serialize)]
pub struct GoOn {
    /// The target: a portal, or an app's private scheme. It replaces this page in the browser's history.
    pub next: String,
    /// True after a sign-out.
    pub leaving: bool,
}

/// A sign-in that a portal has received already, opened again by a person who is signed in: nothing is handed over again.
#[derive(Clone, Debug, Serialize)]
pub struct Finished {
    /// The address of the client space.
    pub open_url: String,
}

impl Page for GoOn {
    const NAME: &'static str = "go-on";

    fn samples() -> Vec<GoOn> {
        let next =
            "http://localhost:8081/callback?code=c0de&state=%22%3E&iss=http%3A%2F%2Flocalhost".to_owned();
        vec![GoOn { next, leaving: false }, GoOn { next: "http://localhost:8081/out".into(), leaving: true }]
    }
}

impl Page for Finished {
    const NAME: &'static str = "finished";

    fn samples() -> Vec<Finished> {
        vec![Finished { open_url: "http://localhost:8081/".into() }]
    }
}
