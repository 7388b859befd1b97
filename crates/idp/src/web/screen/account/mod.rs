//! A person's own account: one page for each thing (SPEC J11). Whoever is not signed in is asked to, and comes back to the provider's front page.

pub(crate) mod acceptances;
pub(crate) mod agencies;
pub(crate) mod email;
pub(crate) mod language;
pub(crate) mod looks;
pub(crate) mod memo;
pub(crate) mod name;
pub(crate) mod password;
pub(crate) mod sessions;

use accounts::{Account, Session};
use axum::{
    extract::{FromRequestParts, State},
    response::Response,
};
use http::request::Parts;

use super::home;
use crate::{
    Shared,
    web::{browser::Browser, error::Failure, form::FromBrowser, path, response::ResponseBuilder},
};

/// The owner of the account, signed in in this browser. New terms that are due do not stand in the way: nobody has to accept anything to sign a lost
/// device out.
pub(crate) struct Member {
    pub(crate) idp: Shared,
    pub(crate) browser: Browser,
    pub(crate) session: Session,
    pub(crate) person: Account,
}

impl FromBrowser for Member {
    async fn from_browser(browser: Browser, _: &mut Parts, idp: &Shared) -> Result<Self, Response> {
        let person = match &browser.session {
            Some(session) => idp.accounts.account(session.account).await.map_err(Failure::from)?,
            None => None,
        };
        match (browser.session.clone(), person) {
            (Some(session), Some(person)) => Ok(Self { idp: idp.clone(), browser, session, person }),
            // Nobody is signed in here, or no longer.
            _ => Err(home::sign_in(idp, &browser).await?),
        }
    }
}

impl FromRequestParts<Shared> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, idp: &Shared) -> Result<Self, Response> {
        let browser = Browser::from_request_parts(parts, idp).await?;
        Self::from_browser(browser, parts, idp).await
    }
}

impl Member {
    pub(crate) fn response(&self) -> ResponseBuilder<'_> {
        ResponseBuilder::new(&self.idp, &self.browser)
    }

    /// Goes on in the session that replaced this one, when all others of the account ended.
    pub(crate) async fn replace_session(
        &self,
        signed_in: &accounts::SignedIn,
    ) -> Result<ResponseBuilder<'_>, Failure> {
        self.idp.grants.session_replaced(&self.session, &signed_in.session).await?;
        Ok(self.response().signed_in(signed_in))
    }
}

/// `GET /account`: the address to which portals may link.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Response {
    ResponseBuilder::new(&idp, &browser).see_other(path::HOME)
}
