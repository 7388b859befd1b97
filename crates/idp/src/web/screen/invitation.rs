//! The mailed link by which staff whom a file names choose a password and get an account (SPEC J14). It leads to the desk, which asks for the terms first.

use accounts::{InvitationPage, InvitationTaken};
use axum::response::Response;
use pages::page::{self, LinkPurpose, ProblemKind};
use serde::Deserialize;

use super::{
    desk::staff_name,
    enrol::min_length,
    mailed_link::{DeadForm, LinkKind, MailedLink},
};
use crate::web::{
    cookie::Cookie,
    error::Failure,
    flash::{Address, NewPasswordFlash, Problems},
    form::TypedPassword,
    limits, path,
};

/// The mailed link of an invitation.
pub(crate) struct Invitation;

#[derive(Deserialize)]
pub(crate) struct InvitationForm {
    password: TypedPassword,
}

impl LinkKind for Invitation {
    type Flash = NewPasswordFlash;
    type Fields = InvitationForm;

    const ADDRESS: Address<NewPasswordFlash> = path::INVITATION;
    const COOKIE: Cookie = Cookie::Invitation;
    const PURPOSE: LinkPurpose = LinkPurpose::Invitation;
    const DEAD_FORM: DeadForm = DeadForm::Page;

    async fn page(
        link: &MailedLink<Self>,
        flash: Option<NewPasswordFlash>,
    ) -> Result<Option<Response>, Failure> {
        let Some((found, _)) = living(link).await? else { return Ok(None) };
        let agencies = link.idp.agencies.load();
        let agency = found.agency.as_deref().and_then(|id| agencies.agency(id)).map(|agency| &**agency);
        let min_length = min_length(&link.idp);
        let (errors, waits) = NewPasswordFlash::shown(flash.as_ref(), min_length);
        let page = page::Invitation {
            email: found.email,
            agency: agency.map(|agency| agency.name.clone()),
            min_length,
            forbidden_words: found.context,
            errors,
            waits,
        };
        link.response().agency(agency).page(&page).map(Some)
    }

    /// Makes the account, signs this browser in, and leads to the desk.
    async fn act(link: &MailedLink<Self>, fields: InvitationForm) -> Result<Option<Response>, Failure> {
        let (idp, browser) = (&link.idp, &link.browser);
        let say = |flash| Ok(Some(link.response().say(&path::INVITATION, &flash)));
        if let Err(seconds) = limits::attempt(idp, browser) {
            return say(NewPasswordFlash::Throttled(seconds));
        }
        let Some((found, name)) = living(link).await? else { return Ok(None) };
        let (typed, session) = ((name.as_str(), &*fields.password), browser.session.as_ref());
        match idp.accounts.take_invitation(&link.token, typed, session, &browser.visitor).await? {
            InvitationTaken::Done(signed_in) => {
                let cleared = Cookie::Invitation.clear(idp.secure(), path::INVITATION.as_str());
                let desk =
                    found.agency.map_or_else(|| "/desk".to_owned(), |agency| format!("/desk/{agency}"));
                Ok(Some(link.signed_in(&signed_in).await?.cookie(cleared).see_other(desk)))
            }
            InvitationTaken::Problems(problems) => say(NewPasswordFlash::Problems(Problems::new(problems))),
            InvitationTaken::Dead => Ok(None),
            InvitationTaken::Busy => {
                Err(Failure::new(ProblemKind::Busy, "no room to hash").retry(path::INVITATION))
            }
        }
    }
}

/// Returns the invitation and the name in the file; `None` where the link is dead, or the files that are served no longer name them.
async fn living(link: &MailedLink<Invitation>) -> Result<Option<(InvitationPage, String)>, Failure> {
    let Some(found) = link.idp.accounts.invitation_page(&link.token).await? else { return Ok(None) };
    let name = staff_name(&link.idp, &found.email, found.agency.as_deref());
    Ok(name.map(|name| (found, name)))
}
