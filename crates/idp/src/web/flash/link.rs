//! The flashes of the pages to which mailed links lead.

use serde::{Deserialize, Serialize};

use super::password::{NewPasswordFlash, PasswordError};

/// The flash of `/confirm`.
#[derive(Serialize, Deserialize)]
pub(crate) struct ConfirmFlash {
    pub(crate) error: PasswordError,
    pub(crate) email: String,
}

/// The flash of `/new-address`.
#[derive(Serialize, Deserialize)]
pub(crate) enum NewAddressFlash {
    Refused(PasswordError),
    /// Another account has the address by now.
    Taken,
}

/// The flash of `/take-back`.
#[derive(Serialize, Deserialize)]
pub(crate) enum TakeBackFlash {
    Password(NewPasswordFlash),
    /// Another account has the address by now.
    Taken,
}
