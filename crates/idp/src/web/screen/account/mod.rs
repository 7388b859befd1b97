//! A person's own account: one page for each thing (SPEC J11). Whoever is not signed in is asked to, and comes back to the provider's front page.

pub(crate) mod acceptances;
pub(crate) mod agencies;
pub(crate) mod email;
pub(crate) mod language;
pub(crate) mod memo;
pub(crate) mod name;
pub(crate) mod password;
pub(crate) mod sessions;

use accounts::{Account, Session};
use axum::{extract::State, response::Response};

use crate::{
    Idp, Shared,
    web::{
        answer::{Answer, Setting},
        arrivals,
        browser::Browser,
        error::Failure,
        path,
    },
};

/// The owner of the account, signed in in this browser. New terms that are due do not stand in the way: nobody has to accept anything to sign a lost
/// device out.
pub(crate) struct Member<'a> {
    pub(crate) idp: &'a Idp,
    pub(crate) browser: &'a Browser,
    pub(crate) session: &'a Session,
    pub(crate) person: Account,
}

impl<'a> Member<'a> {
    pub(crate) async fn of(idp: &'a Idp, browser: &'a Browser) -> Result<Option<Self>, Failure> {
        let Some(session) = &browser.session else { return Ok(None) };
        let person = idp.accounts.account(session.account).await?;
        Ok(person.map(|person| Self { idp, browser, session, person }))
    }

    pub(crate) fn answer(&self) -> Answer<'a> {
        Answer::new(self.idp, self.browser)
    }

    /// In the session that took the place of this one, when all others of the account died.
    pub(crate) async fn goes_on(&self, signed_in: &accounts::SignedIn) -> Result<Answer<'a>, Failure> {
        self.idp.grants.session_replaced(self.session, &signed_in.session).await?;
        Ok(self.answer().signed_in(signed_in))
    }

    pub(crate) fn setting(&self) -> Setting<'static> {
        Setting { locale: self.browser.locale(&[], None), agency: None, base: String::new() }
    }
}

/// Nobody is signed in here, or no longer: the sign-in page.
pub(crate) async fn sign_in_first(idp: &Idp, browser: &Browser) -> Result<Response, Failure> {
    arrivals::take(idp, browser)?;
    let id = idp.grants.start_home(&browser.token, None).await?;
    Ok(Answer::new(idp, browser).enter(id, &path::hub(id)))
}

/// `GET /account`: what portals may link to.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Response {
    Answer::new(&idp, &browser).see_other("/")
}
