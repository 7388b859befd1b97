//! Flashes. What a form leaves for the page to which it leads travels in a sealed, short-lived cookie that is bound to the address of that page: a reload
//! repeats no attempt, and no address carries a message. Each page has a flash of its own, and its [`Address`] names that type, so a flash that the
//! page cannot show does not compile. A cookie that holds anything else, such as one of another version, is ignored.

mod account;
mod desk;
mod interaction;
mod link;
mod password;

use std::{borrow::Cow, marker::PhantomData};

use axum_extra::extract::cookie::Cookie as SetCookie;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use time::Duration;

pub(crate) use account::{
    AccountEmailError, AccountEmailFlash, AccountPasswordFlash, HomeFlash, NameFlash, NewEmailRefused,
    SessionsFlash, SignedOutFlash,
};
pub(crate) use desk::{DeskCodeFlash, DeskPersonFlash, DeskSearchFlash, Refused, verb as desk_verb};
pub(crate) use interaction::{
    CodeFlash, ConnectedFlash, EmailFlash, EmailRefused, ForgotAnswer, ForgotFlash, HubFlash, LegacyFlash,
    LegacyRefused, MailFlash, SignInFlash, TermsFlash,
};
pub(crate) use link::{ConfirmFlash, NewAddressFlash, TakeBackFlash};
pub(crate) use password::{Missing, NewPasswordFlash, PasswordError, Problems};

use super::cookie::Cookie;
use crate::Idp;

/// The address of a page of ours that may show a flash of type `F`.
pub(crate) struct Address<F> {
    path: Cow<'static, str>,
    flash: PhantomData<fn() -> F>,
}

impl<F> Address<F> {
    pub(crate) const fn fixed(path: &'static str) -> Self {
        Self { path: Cow::Borrowed(path), flash: PhantomData }
    }

    pub(crate) fn new(path: String) -> Self {
        Self { path: Cow::Owned(path), flash: PhantomData }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.path
    }
}

impl<F> AsRef<str> for Address<F> {
    fn as_ref(&self) -> &str {
        &self.path
    }
}

impl<F> From<Address<F>> for String {
    fn from(address: Address<F>) -> Self {
        address.path.into_owned()
    }
}

/// Seals a flash for one address, as the cookie that carries it there.
pub(crate) fn seal<F: Serialize>(idp: &Idp, address: &Address<F>, flash: &F) -> SetCookie<'static> {
    let plain = serde_json::to_vec(flash).unwrap_or_default();
    let sealed = URL_SAFE_NO_PAD.encode(idp.context.seal(&purpose(address.as_str()), &plain));
    Cookie::Flash.set(idp.secure(), address.as_str(), sealed, Some(Duration::minutes(10)))
}

/// Opens the value of a flash cookie at an address.
pub(crate) fn open<F: DeserializeOwned>(idp: &Idp, address: &Address<F>, value: &str) -> Option<F> {
    let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
    let plain = idp.context.keys.open(&purpose(address.as_str()), &sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// Returns the purpose for which a flash is sealed: it opens at its own address and at no other, whoever carries it there.
fn purpose(path: &str) -> String {
    format!("flash {path}")
}

/// Cuts what was typed to the longest text that is shown again.
pub(crate) fn typed(text: &str) -> String {
    text.chars().take(254).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two nodes of different versions may run side by side: a flash that one cannot read is no flash.
    #[test]
    fn a_flash_of_another_version_is_ignored() {
        for old in [
            r#"{"said":{"Wrong":3},"typed":"marie","keep":false}"#,
            r#"{"said":"Resent","typed":"","keep":false}"#,
            r#"{"said":null,"typed":"C42","keep":false}"#,
            "\"NameSaved\"",
            "",
        ] {
            let ignored = |bytes| {
                serde_json::from_slice::<HubFlash>(bytes).is_err()
                    && serde_json::from_slice::<LegacyFlash>(bytes).is_err()
                    && serde_json::from_slice::<EmailFlash>(bytes).is_err()
                    && serde_json::from_slice::<ForgotFlash>(bytes).is_err()
                    && serde_json::from_slice::<ConfirmFlash>(bytes).is_err()
                    && serde_json::from_slice::<NewPasswordFlash>(bytes).is_err()
                    && serde_json::from_slice::<AccountEmailFlash>(bytes).is_err()
                    && serde_json::from_slice::<HomeFlash>(bytes).is_err()
            };
            assert!(ignored(old.as_bytes()), "{old}");
        }
    }
}
