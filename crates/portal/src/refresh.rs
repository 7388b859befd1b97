//! Renewing the access token with the refresh token (RFC 6749 §6, OIDC Core §12).

use std::sync::Arc;

use openidconnect::core::CoreErrorResponseType;
use openidconnect::{OAuth2TokenResponse, RequestTokenError, TokenResponse as _};

use crate::portal::Portal;
use crate::provider::{IdToken, TokenResponse, chain};
use crate::session::{Person, Session, Tokens};
use crate::sign_in::{self, Refusal};

/// An access token that expires sooner than this is renewed.
const SOON_SECONDS: i64 = 60;

/// The result of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    Done,
    NotNeeded,
    /// There is no refresh token.
    Impossible,
    /// The provider does not answer, or its answer is invalid. The session continues unchanged.
    Postponed,
    /// The provider revoked the grant, so the session ends too.
    Over,
}

/// The condition of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Now,
    IfSoonOver,
}

/// Renews the tokens of a session. Runs in a task of its own: a client that disconnects in the middle would otherwise lose the new refresh token, and the old one,
/// used again, would cost the person their whole grant.
pub(crate) async fn renew(portal: &Arc<Portal>, session: &Arc<Session>, when: When) -> Renewal {
    let (portal, session) = (portal.clone(), session.clone());
    tokio::spawn(async move { renew_alone(&portal, &session, when).await })
        .await
        .unwrap_or(Renewal::Postponed)
}

async fn renew_alone(portal: &Portal, session: &Session, when: When) -> Renewal {
    let soon_over = || session.person().access_until - portal.now() < SOON_SECONDS;
    if when == When::IfSoonOver && !soon_over() {
        return Renewal::NotNeeded;
    }
    // A second tab waits here and then finds nothing left to do.
    let mut tokens = session.tokens.lock().await;
    if when == When::IfSoonOver && !soon_over() {
        return Renewal::NotNeeded;
    }
    let Some(refresh) = tokens.refresh.clone() else { return Renewal::Impossible };
    let Ok(known) = portal.provider.known().await else { return Renewal::Postponed };
    let http = portal.provider.http().caller();
    let Ok(request) = known.client.exchange_refresh_token(&refresh) else { return Renewal::Impossible };
    let answer = match request.request_async(&http).await {
        Ok(answer) => answer,
        Err(RequestTokenError::ServerResponse(said))
            if *said.error() == CoreErrorResponseType::InvalidGrant =>
        {
            return Renewal::Over;
        }
        Err(error) => {
            tracing::warn!(error = %chain(&error), "refresh failed");
            return Renewal::Postponed;
        }
    };
    take_over(portal, session, &mut tokens, answer).await
}

/// Stores the new tokens first, then checks their subject: the old refresh token is used up in any case.
async fn take_over(
    portal: &Portal,
    session: &Session,
    tokens: &mut Tokens,
    answer: TokenResponse,
) -> Renewal {
    tokens.access = answer.access_token().clone();
    if let Some(refresh) = answer.refresh_token() {
        tokens.refresh = Some(refresh.clone());
    }
    // Without a new ID token, which OIDC Core §12.2 allows, the known claims stay.
    let mut person = session.person();
    person.access_until = sign_in::access_until(portal, &answer);
    if let Some(id_token) = answer.id_token() {
        match refreshed_person(portal, session, id_token, &answer).await {
            Ok(told) => person = told.unwrap_or(person),
            Err(error) => {
                tracing::warn!(%error, "refreshed ID token refused");
                return Renewal::Over;
            }
        }
        tokens.id_token = id_token.clone();
    }
    // Last and at once: until here other tabs wait.
    session.set_person(person);
    Renewal::Done
}

/// Returns the person's current claims from userinfo; `None` if it does not answer.
async fn refreshed_person(
    portal: &Portal,
    session: &Session,
    id_token: &IdToken,
    answer: &TokenResponse,
) -> Result<Option<Person>, Refusal> {
    let known = portal.provider.known().await?;
    let (known, claims) = sign_in::verify(portal, known, id_token, None, answer.access_token()).await?;
    if claims.subject().as_str() != session.sub {
        return Err(Refusal::IdToken("it speaks of somebody else".to_owned()));
    }
    let person = sign_in::person(portal, &known, &claims, answer).await;
    Ok(person.inspect_err(|error| tracing::warn!(%error, "userinfo request failed after a refresh")).ok())
}
