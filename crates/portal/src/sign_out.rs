//! Signing out at the provider too (OpenID Connect RP-Initiated Logout 1.0).

use openidconnect::{ClientId, CsrfToken, LanguageTag, LogoutRequest, PostLogoutRedirectUrl};
use subtle::ConstantTimeEq;
use url::Url;

use crate::portal::Portal;
use crate::random::{self, Fingerprint};
use crate::session::Session;
use crate::shelf::Shelf;

/// Browsers on their way through the provider's sign-out, by the fingerprint of the `state`.
pub(crate) type Departures = Shelf<Fingerprint>;

/// A memory for departures.
pub(crate) fn departures() -> Departures {
    Shelf::new(1_800, 50_000)
}

/// The provider's sign-out address for this session; `None` where it has none or cannot be asked.
pub(crate) async fn begin(portal: &Portal, browser: Fingerprint, session: &Session) -> Option<Url> {
    let known = portal.provider.known().await.ok()?;
    let endpoint = known.metadata.additional_metadata().end_session_endpoint.clone()?;
    let back = PostLogoutRedirectUrl::new(portal.addresses.own("/logged-out")).ok()?;
    let state = random::token();
    portal.departures.put(random::fingerprint(&state), browser, portal.now());
    let tokens = session.tokens.lock().await;
    let request = LogoutRequest::from(endpoint)
        .set_id_token_hint(&tokens.id_token)
        .set_client_id(ClientId::new(portal.config.client_id.clone()))
        .set_post_logout_redirect_uri(back)
        .set_state(CsrfToken::new(state))
        .add_ui_locale(LanguageTag::new("fr".to_owned()));
    Some(request.http_get_url())
}

/// Whether the provider sent this very browser back from the sign-out that it began; true once.
pub(crate) fn finish(portal: &Portal, browser: Option<Fingerprint>, state: &str) -> bool {
    let begun = portal.departures.take(&random::fingerprint(state), portal.now());
    match (begun, browser) {
        (Some(begun), Some(browser)) => begun.ct_eq(&browser).into(),
        _ => false,
    }
}
