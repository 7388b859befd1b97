//! The link mailed to the address that an account is to have, opened on any device.

use accounts::{AddressConfirm, AddressPage};
use axum::response::Response;
use pages::page::{self, LinkPurpose};
use serde::Deserialize;

use super::{
    mailed_link::{DeadForm, LinkKind, MailedLink},
    sign_in::password_error,
};
use crate::web::{
    cookie::Cookie,
    error::Failure,
    flash::{Address, HomeFlash, Missing, NewAddressFlash, PasswordError},
    form::TypedPassword,
    limits, path,
};

/// The link mailed to the address that an account is to have.
pub(crate) struct NewAddress;

#[derive(Deserialize)]
pub(crate) struct NewAddressForm {
    password: Option<TypedPassword>,
}

impl LinkKind for NewAddress {
    type Flash = NewAddressFlash;
    type Fields = NewAddressForm;

    const ADDRESS: Address<NewAddressFlash> = path::NEW_ADDRESS;
    const COOKIE: Cookie = Cookie::NewAddress;
    const PURPOSE: LinkPurpose = LinkPurpose::NewAddress;
    const DEAD_FORM: DeadForm = DeadForm::Redirect;

    async fn page(
        link: &MailedLink<Self>,
        flash: Option<NewAddressFlash>,
    ) -> Result<Option<Response>, Failure> {
        let error = match flash {
            Some(NewAddressFlash::Taken) => return link.dead_page(LinkPurpose::AddressTaken).map(Some),
            Some(NewAddressFlash::Refused(error)) => Some(error),
            None => None,
        };
        let found = link.idp.accounts.address_page(&link.token).await?;
        let Some(AddressPage { account, email, confirmed }) = found else { return Ok(None) };
        if confirmed {
            return link.response().page(&page::NewAddressDone { email }).map(Some);
        }
        let needs_password = link.browser.session.as_ref().is_none_or(|session| session.account != account);
        let page = page::NewAddress { email, needs_password, error: error.map(Into::into) };
        link.response().busy_if(error == Some(PasswordError::Busy)).page(&page).map(Some)
    }

    /// Confirms the address by a session of the account, or by its password.
    async fn act(link: &MailedLink<Self>, fields: NewAddressForm) -> Result<Option<Response>, Failure> {
        let say = |flash| Ok(Some(link.response().say(&path::NEW_ADDRESS, &flash)));
        if let Some(missing) = Missing::of_password(fields.password.as_deref()) {
            return say(NewAddressFlash::Refused(PasswordError::Missing(missing)));
        }
        if let Err(seconds) = limits::attempt(&link.idp, &link.browser) {
            return say(NewAddressFlash::Refused(PasswordError::Throttled { seconds }));
        }
        let (typed, browser) = (fields.password.as_deref(), &link.browser);
        let session = browser.session.as_ref();
        match link.idp.accounts.confirm_address(&link.token, typed, session, &browser.visitor).await? {
            // The link stays in its cookie: opened once more it says that all is done.
            AddressConfirm::Done(signed_in) => {
                Ok(Some(link.signed_in(&signed_in).await?.say(&path::HOME, &HomeFlash::Email)))
            }
            // The session ended while the page was read: it asks for the password now, and nothing was wrong yet.
            AddressConfirm::Refused(_) if typed.is_none() => Ok(None),
            AddressConfirm::Refused(refused) => say(NewAddressFlash::Refused(password_error(&refused))),
            AddressConfirm::Taken => say(NewAddressFlash::Taken),
            AddressConfirm::Dead => Ok(None),
        }
    }
}
