//! The link mailed to the address that an account had: stops the change, or takes it back (PEOPLE U-68).

use axum::response::Response;
use pages::page::{self, LinkPurpose, ProblemKind};
use serde::Deserialize;

use super::{
    enrol::min_length,
    mailed_link::{DeadForm, LinkKind, MailedLink},
};
use crate::web::{
    cookie::Cookie,
    error::Failure,
    flash::{Address, HomeFlash, NewPasswordFlash, Problems, TakeBackFlash},
    form::TypedPassword,
    limits, path,
};

/// The link mailed to the address that an account had.
pub(crate) struct TakeBack;

#[derive(Deserialize)]
pub(crate) struct TakeBackForm {
    password: TypedPassword,
}

impl LinkKind for TakeBack {
    type Flash = TakeBackFlash;
    type Fields = TakeBackForm;

    const ADDRESS: Address<TakeBackFlash> = path::TAKE_BACK;
    const COOKIE: Cookie = Cookie::TakeBack;
    const PURPOSE: LinkPurpose = LinkPurpose::TakeBack;
    const DEAD_FORM: DeadForm = DeadForm::Page;

    async fn page(
        link: &MailedLink<Self>,
        flash: Option<TakeBackFlash>,
    ) -> Result<Option<Response>, Failure> {
        let flash = match flash {
            Some(TakeBackFlash::Taken) => return link.dead_page(LinkPurpose::AddressTaken).map(Some),
            Some(TakeBackFlash::Password(flash)) => Some(flash),
            None => None,
        };
        let Some(found) = link.idp.accounts.take_back_page(&link.token).await? else { return Ok(None) };
        let min_length = min_length(&link.idp);
        let (errors, waits) = NewPasswordFlash::shown(flash.as_ref(), min_length);
        let page = page::TakeBack {
            email: found.email,
            changed: found.changed,
            min_length,
            forbidden_words: found.context,
            errors,
            waits,
        };
        link.response().page(&page).map(Some)
    }

    /// Restores the older address, sets a new password and signs everybody else out.
    async fn act(link: &MailedLink<Self>, fields: TakeBackForm) -> Result<Option<Response>, Failure> {
        let (idp, browser) = (&link.idp, &link.browser);
        let say = |flash| Ok(Some(link.response().say(&path::TAKE_BACK, &flash)));
        if let Err(seconds) = limits::attempt(idp, browser) {
            return say(TakeBackFlash::Password(NewPasswordFlash::Throttled(seconds)));
        }
        let session = browser.session.as_ref();
        match idp.accounts.take_back(&link.token, &fields.password, session, &browser.visitor).await? {
            accounts::TakeBack::Done(signed_in) | accounts::TakeBack::Again(signed_in) => {
                let cleared = Cookie::TakeBack.clear(idp.secure(), path::TAKE_BACK.as_str());
                let response = link.signed_in(&signed_in).await?.cookie(cleared);
                Ok(Some(response.say(&path::HOME, &HomeFlash::EmailTakenBack)))
            }
            accounts::TakeBack::Problems(problems) => {
                say(TakeBackFlash::Password(NewPasswordFlash::Problems(Problems::new(problems))))
            }
            accounts::TakeBack::Taken => say(TakeBackFlash::Taken),
            accounts::TakeBack::Dead => Ok(None),
            accounts::TakeBack::Busy => {
                Err(Failure::new(ProblemKind::Busy, "no room to hash").retry(path::TAKE_BACK))
            }
        }
    }
}
