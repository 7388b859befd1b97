//! Sign-in: the authorization request and its response (OIDC Core §3.1).

use openidconnect::core::{CoreAuthenticationFlow, CoreErrorResponseType, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, CsrfToken, LanguageTag, LoginHint, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RequestTokenError, Scope,
    SignatureVerificationError, TokenResponse as _,
};
use subtle::ConstantTimeEq;
use url::Url;

use crate::expiring_cache::ExpiringCache;
use crate::portal::Portal;
use crate::provider::{IdToken, IdTokenClaims, Known, MoreClaims, TokenResponse, Unreachable, chain};
use crate::random::{self, Fingerprint};
use crate::session::{Person, Session, Tokens};
use crate::short;

/// The time that a person may take at the provider: to move, read a mail and come back.
const PENDING_SECONDS: i64 = 2 * 3_600;
/// The tolerated time by which a token may be issued in the future.
const SKEW_SECONDS: i64 = 60;
/// The maximum age of a token that was just fetched.
const OLDEST_SECONDS: i64 = 600;

/// Pending sign-ins, by the fingerprint of their `state`; several at a time for a browser with several tabs.
pub(crate) type Pending = ExpiringCache<PendingSignIn>;

/// Returns an empty set of pending sign-ins.
pub(crate) fn pending() -> Pending {
    ExpiringCache::new(PENDING_SECONDS, 50_000)
}

/// The state of a sign-in while the person is at the provider.
pub(crate) struct PendingSignIn {
    browser: Fingerprint,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// Optional parameters of an authorization request.
#[derive(Default)]
pub(crate) struct Extra {
    pub migration_ticket: Option<String>,
    pub login_hint: Option<String>,
}

/// The parameters of an authorization response (RFC 6749 §4.1.2, RFC 9207).
#[derive(Default)]
pub(crate) struct Answer {
    pub state: Option<String>,
    pub iss: Option<String>,
    pub code: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
}

/// The reason why a sign-in failed. Each has its page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Expired, used before, started in another browser, or invented.
    #[error("no such sign-in under way in this browser")]
    Stale,
    #[error("the answer names another issuer, or none")]
    ForeignIssuer,
    #[error("the provider says no: {0}")]
    Denied(Denied),
    #[error("the answer has neither code nor error")]
    Incomplete,
    #[error("the code is refused: {0}")]
    CodeRefused(String),
    #[error("the token endpoint fails: {0}")]
    Exchange(String),
    #[error("the ID token is refused: {0}")]
    IdToken(String),
    #[error("userinfo fails: {0}")]
    UserInfo(String),
}

/// An error response (RFC 6749 §4.1.2.1, OIDC Core §3.1.2.6), grouped by what the person can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("access_denied")]
    Access,
    #[error("login, consent or another interaction required")]
    Interaction,
    #[error("temporarily_unavailable or server_error")]
    Outage,
    #[error("another error")]
    Other,
}

impl Denied {
    fn read(error: &str) -> Self {
        match error {
            "access_denied" => Self::Access,
            "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
                Self::Interaction
            }
            "temporarily_unavailable" | "server_error" => Self::Outage,
            _ => Self::Other,
        }
    }
}

/// Returns the provider's address that starts a sign-in for this browser.
pub(crate) async fn begin(portal: &Portal, browser: Fingerprint, extra: Extra) -> Result<Url, Refusal> {
    let known = portal.provider.known().await?;
    let verifier = PkceCodeVerifier::new(random::token());
    let (state, nonce) = (CsrfToken::new(random::token()), Nonce::new(random::token()));
    let mut request = known
        .client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_ui_locale(LanguageTag::new("fr".to_owned()));
    // openidconnect adds `openid` itself.
    for scope in portal.config.scopes.iter().filter(|scope| *scope != "openid") {
        request = request.add_scope(Scope::new(scope.clone()));
    }
    if let Some(hint) = extra.login_hint {
        request = request.set_login_hint(LoginHint::new(hint));
    }
    if let Some(ticket) = extra.migration_ticket {
        request = request.add_extra_param("migration_ticket", ticket);
    }
    let (address, state, nonce) = request.url();
    portal.pending.put(
        random::fingerprint(state.secret()),
        PendingSignIn { browser, nonce, verifier },
        portal.now(),
    );
    Ok(address)
}

/// Turns the authorization response into a session, or into the reason of its failure.
pub(crate) async fn finish(
    portal: &Portal,
    browser: Option<Fingerprint>,
    answer: Answer,
) -> Result<Session, Refusal> {
    let state = answer.state.as_deref().ok_or(Refusal::Stale)?;
    let browser = browser.ok_or(Refusal::Stale)?;
    // Removed whatever the outcome: a state is valid for one response.
    let begun = portal.pending.take(&random::fingerprint(state), portal.now()).ok_or(Refusal::Stale)?;
    if !bool::from(begun.browser.ct_eq(&browser)) {
        return Err(Refusal::Stale);
    }
    let known = portal.provider.known().await?;
    check_issuer(portal, &known, answer.iss.as_deref())?;
    if let Some(error) = answer.error {
        let description = answer.error_description.unwrap_or_default();
        tracing::info!(error = ?short(&error), description = ?short(&description), "sign-in refused by the provider");
        return Err(Refusal::Denied(Denied::read(&error)));
    }
    let code = AuthorizationCode::new(answer.code.ok_or(Refusal::Incomplete)?);
    let tokens = exchange(portal, &known, code, begun.verifier).await?;
    let id_token = tokens.id_token().ok_or_else(|| Refusal::IdToken("there is none".to_owned()))?.clone();
    let (known, claims) = verify(portal, known, &id_token, Some(&begun.nonce), tokens.access_token()).await?;
    let person = person(portal, &known, &claims, &tokens).await?;
    let kept =
        Tokens { id_token, access: tokens.access_token().clone(), refresh: tokens.refresh_token().cloned() };
    let sid = claims.additional_claims().sid.clone();
    Ok(Session::new(claims.subject().to_string(), sid, person, kept, portal.now()))
}

/// Checks the issuer before anything else in the response is trusted (RFC 9207 §2.4).
fn check_issuer(portal: &Portal, known: &Known, iss: Option<&str>) -> Result<(), Refusal> {
    let promised = known.metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match iss {
        Some(iss) if iss == portal.config.issuer => Ok(()),
        None if !promised => Ok(()),
        _ => Err(Refusal::ForeignIssuer),
    }
}

async fn exchange(
    portal: &Portal,
    known: &Known,
    code: AuthorizationCode,
    verifier: PkceCodeVerifier,
) -> Result<TokenResponse, Refusal> {
    let http = portal.provider.http().caller();
    let request = known.client.exchange_code(code).map_err(|error| Refusal::Exchange(error.to_string()))?;
    request.set_pkce_verifier(verifier).request_async(&http).await.map_err(|error| match error {
        RequestTokenError::ServerResponse(said) if *said.error() == CoreErrorResponseType::InvalidGrant => {
            Refusal::CodeRefused(said.to_string())
        }
        error => Refusal::Exchange(chain(&error)),
    })
}

/// Verifies an ID token (OIDC Core §3.1.3.7; without a nonce, §12.2) and its binding to the access token (§3.1.3.6). An unknown key id makes the portal
/// fetch the keys once.
pub(crate) async fn verify(
    portal: &Portal,
    known: std::sync::Arc<Known>,
    id_token: &IdToken,
    nonce: Option<&Nonce>,
    access: &openidconnect::AccessToken,
) -> Result<(std::sync::Arc<Known>, IdTokenClaims), Refusal> {
    match verify_with(portal, &known, id_token, nonce, access) {
        Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
            let anew = portal.provider.known_refreshed().await?;
            let claims = verify_with(portal, &anew, id_token, nonce, access);
            claims.map(|claims| (anew, claims))
        }
        claims => claims.map(|claims| (known, claims)),
    }
    .map_err(|error| Refusal::IdToken(chain(&error)))
}

fn verify_with(
    portal: &Portal,
    known: &Known,
    id_token: &IdToken,
    nonce: Option<&Nonce>,
    access: &openidconnect::AccessToken,
) -> Result<IdTokenClaims, ClaimsVerificationError> {
    use CoreJwsSigningAlgorithm::{EcdsaP256Sha256, EdDsa, RsaSsaPkcs1V15Sha256, RsaSsaPssSha256};
    let now = portal.now();
    let verifier = known
        .client
        .id_token_verifier()
        // Asymmetric algorithms only: the client secret is not a signing key here, and `none` is refused.
        .set_allowed_algs([RsaSsaPkcs1V15Sha256, RsaSsaPssSha256, EcdsaP256Sha256, EdDsa])
        .set_time_fn(move || chrono::DateTime::from_timestamp(now, 0).unwrap_or_default())
        .set_issue_time_verifier_fn(move |issued| match issued.timestamp() {
            at if at > now + SKEW_SECONDS => Err("issued in the future".to_owned()),
            at if at < now - OLDEST_SECONDS => Err("issued long ago".to_owned()),
            _ => Ok(()),
        });
    let claims = match nonce {
        Some(nonce) => id_token.claims(&verifier, nonce)?,
        None => id_token.claims(&verifier, |_: Option<&Nonce>| Ok(()))?,
    };
    // openidconnect leaves azp to the caller (OIDC Core §3.1.3.7, 4 and 5).
    if claims.authorized_party().is_some_and(|azp| azp.as_str() != portal.config.client_id) {
        return Err(ClaimsVerificationError::InvalidAudience("azp names another client".to_owned()));
    }
    if let Some(promised) = claims.access_token_hash() {
        let other = |error: &dyn std::error::Error| ClaimsVerificationError::Other(chain(error));
        let algorithm = id_token.signing_alg().map_err(|error| other(&error))?;
        let key = id_token.signing_key(&verifier).map_err(|error| other(&error))?;
        let real = AccessTokenHash::from_token(access, algorithm, key).map_err(|error| other(&error))?;
        if real != *promised {
            return Err(ClaimsVerificationError::Other("at_hash belongs to another access token".to_owned()));
        }
    }
    Ok(claims.clone())
}

/// Requests userinfo, if available, and completes it from the ID token. A response with another subject is refused (OIDC Core §5.3.2).
pub(crate) async fn person(
    portal: &Portal,
    known: &Known,
    claims: &IdTokenClaims,
    tokens: &TokenResponse,
) -> Result<Person, Refusal> {
    let mut person = Person {
        email: claims.email().map(|email| email.to_string()),
        email_verified: claims.email_verified().unwrap_or_default(),
        name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
        client_refs: claims.additional_claims().client_refs.clone().unwrap_or_default(),
        access_until: access_until(portal, tokens),
    };
    let subject = claims.subject().clone();
    let Ok(request) = known.client.user_info(tokens.access_token().clone(), Some(subject)) else {
        return Ok(person);
    };
    let http = portal.provider.http().caller();
    let told: openidconnect::UserInfoClaims<MoreClaims, openidconnect::core::CoreGenderClaim> =
        request.request_async(&http).await.map_err(|error| Refusal::UserInfo(chain(&error)))?;
    if let Some(email) = told.email() {
        person.email = Some(email.to_string());
        person.email_verified = told.email_verified().unwrap_or_default();
    }
    if let Some(name) = told.name().and_then(|name| name.get(None)) {
        person.name = Some(name.to_string());
    }
    if let Some(refs) = &told.additional_claims().client_refs {
        person.client_refs.clone_from(refs);
    }
    Ok(person)
}

/// Returns the expiry of the access token. Without `expires_in` a short lifetime is assumed.
pub(crate) fn access_until(portal: &Portal, tokens: &TokenResponse) -> i64 {
    let seconds = tokens.expires_in().map_or(300, |life| i64::try_from(life.as_secs()).unwrap_or(i64::MAX));
    portal.now().saturating_add(seconds)
}
