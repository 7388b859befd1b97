//! Interactions that this browser cannot go on with: the reason, and where the person goes on, with the agency kept (PEOPLE U-38).

use pages::page::ProblemKind;

use crate::{
    Idp, InteractionId,
    web::{
        browser::Browser,
        cookie::Cookie,
        error::Failure,
        flash::{self, HubFlash, SignInFlash},
        limits, path,
    },
};

/// Returns the failure in place of the interaction (SECURITY #13): whoever asks learns where it began, which they know, and nothing of it.
///
/// - no cookie of ours: the browser is given one, and told that it refuses them where it does not come back;
/// - another browser's, which may still go on with it: a page that says so;
/// - too old, gone, or of cookies that are gone: a new one at the same agency, which says why.
///
/// # Errors
/// The database.
pub(crate) async fn lost(idp: &Idp, browser: &Browser, id: InteractionId) -> Result<Failure, Failure> {
    let left = idp.grants.left_of(id).await?;
    let agencies = idp.agencies.load();
    let agency = left.as_ref().and_then(|left| left.agency_id.clone()).or_else(|| browser.agency_of(id));
    let agency = agency.and_then(|id| agencies.agency(&id)).cloned();
    let agency_id = agency.as_ref().map(|agency| agency.id.clone());
    if let Some(failure) = browser.without_cookies(idp, path::hub(id).as_str()) {
        return Ok(failure.at(agency_id));
    }
    let alive = left.as_ref().is_some_and(|left| left.alive);
    let another = !browser.is_unbound && !browser.was_probed && !browser.keeps(id);
    if another && (alive || !is_ours(id)) {
        let entrance = agency.and_then(|agency| agency.entrance(&idp.issuer));
        let failure = Failure::new(ProblemKind::ForeignBrowser, "no such interaction in this browser");
        return Ok(failure.retry(entrance.unwrap_or_else(|| "/".into())).at(agency_id));
    }
    let reason = if alive { SignInFlash::CookiesGone } else { SignInFlash::StartedAgain };
    begin_again(idp, browser, agency_id.as_deref(), reason).await
}

/// Returns true if the id is one that we make, with its time (RFC 9562 §5.7): any other was never an interaction.
fn is_ours(id: InteractionId) -> bool {
    id.0.get_version_num() == 7
}

async fn begin_again(
    idp: &Idp,
    browser: &Browser,
    agency: Option<&str>,
    reason: SignInFlash,
) -> Result<Failure, Failure> {
    limits::arrival(idp, browser)?;
    let id = idp.grants.start_home(&browser.token, agency).await?;
    let hub = path::hub(id);
    let secure = idp.secure();
    let mut cookies = Vec::new();
    if browser.is_new {
        cookies.push(Cookie::Browser.set(secure, "/", browser.token.text(), None));
        cookies.push(Cookie::set_for_interaction(secure, &id.to_string(), browser.token.text()));
    }
    if let Some(agency) = agency {
        cookies.push(browser.began_at(secure, id, agency));
    }
    cookies.push(flash::seal(idp, &hub, &HubFlash::SignIn(reason)));
    let failure = Failure::new(ProblemKind::ForeignBrowser, "the interaction is gone: another one begins");
    Ok(failure.redirect(hub, cookies.iter().map(ToString::to_string).collect()))
}
