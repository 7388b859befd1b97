//! The mailed link of the move, opened on any device. Opening it changes nothing; signing in on it does (SPEC J2.5).

use accounts::{Enrolment, EnrolmentId, Stage};
use axum::response::Response;
use pages::page::{self, LinkPurpose};
use serde::Deserialize;

use super::mailed_link::{DeadForm, LinkKind, MailedLink};
use crate::{
    InteractionId,
    web::{
        cookie::Cookie,
        count::{self, MoveStep},
        error::Failure,
        flash::{self, Address, ConfirmFlash, Missing, PasswordError},
        form::TypedPassword,
        limits, path,
    },
};

/// Times that a form tries to be the last that confirmed the move.
const TURNS: u8 = 4;

/// The mailed link of the move.
pub(crate) struct Confirm;

#[derive(Deserialize)]
pub(crate) struct ConfirmForm {
    email: String,
    password: TypedPassword,
}

impl LinkKind for Confirm {
    type Flash = ConfirmFlash;
    type Fields = ConfirmForm;

    const ADDRESS: Address<ConfirmFlash> = path::CONFIRM;
    const COOKIE: Cookie = Cookie::Confirm;
    const PURPOSE: LinkPurpose = LinkPurpose::Confirm;
    const DEAD_FORM: DeadForm = DeadForm::Redirect;

    async fn page(link: &MailedLink<Self>, flash: Option<ConfirmFlash>) -> Result<Option<Response>, Failure> {
        let Some(enrolment) = link.idp.accounts.confirm_page(&link.token).await? else { return Ok(None) };
        let agencies = link.idp.agencies.load();
        let agency = agencies.agency(&enrolment.agency_id).map(|agency| &**agency);
        let response = link.response().agency(agency);
        let agency_name = agency.map(|a| a.name.clone()).unwrap_or_default();
        if enrolment.stage == Stage::Finished {
            let continue_url =
                agency.and_then(|a| a.entrance(&link.idp.issuer)).unwrap_or_else(|| "/".into());
            return response.page(&page::AlreadyConfirmed { agency_name, continue_url }).map(Some);
        }
        // The address is typed, not shown: whoever holds only the link learns nothing.
        let (email, error) = match flash {
            Some(ConfirmFlash { error, email }) => (email, Some(error)),
            None => (String::new(), None),
        };
        let page = page::Confirm { email, agency_name, error: error.map(Into::into) };
        response.busy_if(error == Some(PasswordError::Busy)).page(&page).map(Some)
    }

    async fn act(link: &MailedLink<Self>, fields: ConfirmForm) -> Result<Option<Response>, Failure> {
        let ConfirmForm { email, password } = &fields;
        let refuse = |error| {
            let flash = ConfirmFlash { error, email: flash::typed(email) };
            Ok(Some(link.response().say(&path::CONFIRM, &flash)))
        };
        if let Some(missing) = Missing::of_address(email, password) {
            return refuse(PasswordError::Missing(missing));
        }
        if let Err(seconds) = limits::attempt(&link.idp, &link.browser) {
            return refuse(PasswordError::Throttled { seconds });
        }
        match link.idp.accounts.confirm(&link.token, email, password).await? {
            accounts::Confirm::Done(enrolment) => {
                let Some(id) = interaction_for(link, enrolment).await? else { return Ok(None) };
                // The link stays in its cookie: the form sent again, or gone back to, leads where it led.
                Ok(Some(link.response().see_other(path::hub(id))))
            }
            accounts::Confirm::Wrong { remaining } => refuse(PasswordError::Wrong { remaining }),
            accounts::Confirm::NoAddress(no_address) => {
                refuse(PasswordError::Missing(Missing::address(no_address)))
            }
            accounts::Confirm::NoPassword => refuse(PasswordError::Missing(Missing::password())),
            accounts::Confirm::Refused => refuse(PasswordError::Unusable),
            accounts::Confirm::Locked => refuse(PasswordError::Locked),
            accounts::Confirm::Busy => refuse(PasswordError::Busy),
            accounts::Confirm::Already | accounts::Confirm::Dead => Ok(None),
        }
    }
}

/// Returns the interaction in which the move goes on, and counts the step: the one in which it began or the link was followed before, if it is this browser's, or else
/// a new one. So a form that comes twice leads twice to the same interaction, also where both are on their way at once. `None`: the move is over.
async fn interaction_for(
    link: &MailedLink<Confirm>,
    enrolment: EnrolmentId,
) -> Result<Option<InteractionId>, Failure> {
    let accounts = &link.idp.accounts;
    let mut made = None;
    // Another request that confirms at this moment takes one turn; it has this browser's cookie, or is of another device.
    for _ in 0..TURNS {
        let Some(found) = accounts.enrolment(enrolment).await? else { return Ok(None) };
        let id = match own(link, &found).await? {
            Some(id) => id,
            None => match made {
                Some(id) => id,
                None => *made.insert(begin(link, &found).await?),
            },
        };
        if accounts.confirmed_in(&found, &id.to_string()).await? {
            count::move_step(&found.agency_id, MoveStep::Confirmed);
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Returns the interaction of this browser in which the move began, or in which the link was followed.
async fn own(link: &MailedLink<Confirm>, found: &Enrolment) -> Result<Option<InteractionId>, Failure> {
    let grants = &link.idp.grants;
    let known = [found.origin.as_deref(), found.proved_in()];
    for id in known.into_iter().flatten().filter_map(|id| id.parse::<InteractionId>().ok()) {
        if let Some(interaction) = grants.find(id, &link.browser.token).await? {
            if interaction.enrolment != Some(found.id) {
                grants.set_enrolment(&interaction, Some(found.id)).await?;
            }
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Begins an interaction of this browser's own for the move.
async fn begin(link: &MailedLink<Confirm>, found: &Enrolment) -> Result<InteractionId, Failure> {
    let (grants, browser) = (&link.idp.grants, &link.browser.token);
    let id = grants.start_home(browser, Some(&found.agency_id)).await?;
    if let Some(interaction) = grants.find(id, browser).await? {
        grants.set_enrolment(&interaction, Some(found.id)).await?;
    }
    Ok(id)
}
