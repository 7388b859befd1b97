//! Sign-out at the provider (OpenID Connect RP-Initiated Logout 1.0).

use openidconnect::{ClientId, CsrfToken, LanguageTag, LogoutRequest, PostLogoutRedirectUrl};
use subtle::ConstantTimeEq;
use url::Url;

use crate::expiring_cache::ExpiringCache;
use crate::portal::Portal;
use crate::random::{self, Fingerprint};
use crate::session::Session;

/// Pending sign-outs at the provider, by the fingerprint of their `state`.
pub(crate) type PendingSignOuts = ExpiringCache<Fingerprint>;

/// Returns an empty set of pending sign-outs.
pub(crate) fn pending_sign_outs() -> PendingSignOuts {
    ExpiringCache::new(1_800, 50_000)
}

/// Returns the provider's sign-out address for this session; `None` if there is none or it cannot be fetched.
pub(crate) async fn begin(portal: &Portal, browser: Fingerprint, session: &Session) -> Option<Url> {
    let known = portal.provider.known().await.ok()?;
    let endpoint = known.metadata.additional_metadata().end_session_endpoint.clone()?;
    let back = PostLogoutRedirectUrl::new(portal.addresses.own("/logged-out")).ok()?;
    let state = random::token();
    portal.pending_sign_outs.put(random::fingerprint(&state), browser, portal.now());
    let tokens = session.tokens.lock().await;
    let request = LogoutRequest::from(endpoint)
        .set_id_token_hint(&tokens.id_token)
        .set_client_id(ClientId::new(portal.config.client_id.clone()))
        .set_post_logout_redirect_uri(back)
        .set_state(CsrfToken::new(state))
        .add_ui_locale(LanguageTag::new("fr".to_owned()));
    Some(request.http_get_url())
}

/// Returns true, once, if the provider sent this browser back from the sign-out that it started.
pub(crate) fn finish(portal: &Portal, browser: Option<Fingerprint>, state: &str) -> bool {
    let begun = portal.pending_sign_outs.take(&random::fingerprint(state), portal.now());
    match (begun, browser) {
        (Some(begun), Some(browser)) => begun.ct_eq(&browser).into(),
        _ => false,
    }
}
