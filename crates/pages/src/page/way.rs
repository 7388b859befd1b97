//! The way on: to a portal after a form of ours, and from a sign-in that has been used.

use serde::Serialize;

use super::Page;

/// Goes on to another host by itself, or by its link. A browser holds the redirects that follow a form against the `form-action` of the form's page;
/// what a page does by itself it does not (SECURITY D15). No `Debug`: the address may carry the code.
#[derive(Clone, Serialize)]
pub struct GoOn {
    /// Where: a portal, or an app's own scheme. It takes the place of this page in the browser's history.
    pub next: String,
    /// Whether it follows a sign-out.
    pub leaving: bool,
}

/// A sign-in that a portal has had already, opened once more by somebody who is signed in: nothing of it is handed over again.
#[derive(Clone, Debug, Serialize)]
pub struct Finished {
    /// Where the client space opens.
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
