//! The mailed link of a forgotten password (SPEC J6).

use accounts::Origin;
use axum::response::Response;
use pages::page::{self, LinkPurpose, ProblemKind};
use serde::Deserialize;

use super::{
    enrol::min_length,
    mailed_link::{DeadForm, LinkKind, MailedLink},
};
use crate::{
    InteractionId,
    web::{
        cookie::Cookie,
        count,
        error::Failure,
        flash::{Address, NewPasswordFlash, Problems},
        form::TypedPassword,
        limits, path,
    },
};

/// The mailed link of a forgotten password.
pub(crate) struct Reset;

#[derive(Deserialize)]
pub(crate) struct ResetForm {
    password: TypedPassword,
}

impl LinkKind for Reset {
    type Flash = NewPasswordFlash;
    type Fields = ResetForm;

    const ADDRESS: Address<NewPasswordFlash> = path::RESET;
    const COOKIE: Cookie = Cookie::Reset;
    const PURPOSE: LinkPurpose = LinkPurpose::Reset;
    const DEAD_FORM: DeadForm = DeadForm::Page;

    async fn page(
        link: &MailedLink<Self>,
        flash: Option<NewPasswordFlash>,
    ) -> Result<Option<Response>, Failure> {
        let Some(found) = link.idp.accounts.reset_page(&link.token).await? else { return Ok(None) };
        let agencies = link.idp.agencies.load();
        let agency = found.origin.agency_id.as_deref().and_then(|id| agencies.agency(id)).map(|a| &**a);
        let min_length = min_length(&link.idp);
        let (errors, waits) = NewPasswordFlash::shown(flash.as_ref(), min_length);
        let page =
            page::Reset { email: found.email, min_length, forbidden_words: found.context, errors, waits };
        link.response().agency(agency).page(&page).map(Some)
    }

    /// Sets the password and goes on to the portal where it began.
    async fn act(link: &MailedLink<Self>, fields: ResetForm) -> Result<Option<Response>, Failure> {
        let (idp, browser) = (&link.idp, &link.browser);
        let say = |flash| Ok(Some(link.response().say(&path::RESET, &flash)));
        if let Err(seconds) = limits::attempt(idp, browser) {
            return say(NewPasswordFlash::Throttled(seconds));
        }
        let session = browser.session.as_ref();
        let outcome = idp.accounts.reset(&link.token, &fields.password, session, &browser.visitor).await?;
        count::reset(&outcome);
        match outcome {
            accounts::Reset::Done(signed_in, origin) => {
                let id = interaction_for(link, &origin).await?;
                // The link stays in its cookie, used as it is: the form sent again leads where it led.
                Ok(Some(link.response().signed_in(&signed_in).see_other(path::hub(id))))
            }
            accounts::Reset::Again(signed_in, origin) => {
                let response = link.signed_in(&signed_in).await?;
                let id = interaction_for(link, &origin).await?;
                Ok(Some(response.see_other(path::hub(id))))
            }
            accounts::Reset::Problems(problems) => say(NewPasswordFlash::Problems(Problems::new(problems))),
            accounts::Reset::Used(origin) => password_is_set(link, &origin).await.map(Some),
            accounts::Reset::Dead => Ok(None),
            accounts::Reset::Busy => {
                Err(Failure::new(ProblemKind::Busy, "no room to hash").retry(path::RESET))
            }
        }
    }
}

async fn password_is_set(link: &MailedLink<Reset>, origin: &Origin) -> Result<Response, Failure> {
    let continue_url = begun(link, origin).await?.map_or_else(|| "/".into(), |id| path::hub(id).into());
    let agencies = link.idp.agencies.load();
    let agency = origin.agency_id.as_deref().and_then(|id| agencies.agency(id)).map(|a| &**a);
    link.response().agency(agency).page(&page::PasswordSet { continue_url })
}

/// Returns the interaction in which the reset was asked for, if this is its browser.
async fn begun(link: &MailedLink<Reset>, origin: &Origin) -> Result<Option<InteractionId>, Failure> {
    let Some(id) = origin.interaction.as_deref().and_then(|o| o.parse().ok()) else { return Ok(None) };
    Ok(link.idp.grants.find(id, &link.browser.token).await?.map(|interaction| interaction.id))
}

async fn interaction_for(link: &MailedLink<Reset>, origin: &Origin) -> Result<InteractionId, Failure> {
    match begun(link, origin).await? {
        Some(id) => Ok(id),
        None => {
            let grants = &link.idp.grants;
            Ok(grants.start_home(&link.browser.token, origin.agency_id.as_deref()).await?)
        }
    }
}
