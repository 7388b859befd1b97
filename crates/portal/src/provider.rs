//! The OpenID provider: its metadata and keys, fetched when first needed and cached.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreSubjectIdentifierType,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, ClientId, ClientSecret, EmptyExtraTokenFields,
    EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl,
    ProviderMetadata, RedirectUrl, StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};

use crate::config::{Addresses, Config, refused};
use crate::{Clock, Error};

/// The time for which metadata and keys are used before they are fetched again.
const FRESH_SECONDS: i64 = 3_600;
/// The minimum time between two fetches for unknown key ids, so that forged ids cannot cause a flood of requests.
const REFETCH_SECONDS: i64 = 30;
/// The time for which requests fail at once after a failed fetch.
const PAUSE_SECONDS: i64 = 2;
/// The maximum size of a response of the provider.
const MAX_BODY: usize = 1024 * 1024;

/// The metadata added by RP-Initiated Logout 1.0 and RFC 9207.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct MoreMetadata {
    pub end_session_endpoint: Option<EndSessionUrl>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}
impl AdditionalProviderMetadata for MoreMetadata {}

/// The non-standard claims that the client space needs.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct MoreClaims {
    /// The agency's own references of this person.
    pub client_refs: Option<Vec<String>>,
    /// The provider's session id, for back-channel logout.
    pub sid: Option<String>,
}
impl AdditionalClaims for MoreClaims {}

pub(crate) type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub(crate) type IdToken = openidconnect::IdToken<
    MoreClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

pub(crate) type IdTokenClaims = openidconnect::IdTokenClaims<MoreClaims, CoreGenderClaim>;

type IdTokenFields = openidconnect::IdTokenFields<
    MoreClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

pub(crate) type TokenResponse = StandardTokenResponse<IdTokenFields, CoreTokenType>;

pub(crate) type Client = openidconnect::Client<
    MoreClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A snapshot of the provider's metadata and keys.
pub(crate) struct Known {
    pub metadata: Metadata,
    pub client: Client,
    /// The same keys for jsonwebtoken, which verifies logout tokens. Keys that it cannot read are left out.
    pub keys: Vec<jsonwebtoken::jwk::Jwk>,
    fetched_at: i64,
}

/// A cache of the provider's metadata and keys.
pub(crate) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect: RedirectUrl,
    http: Http,
    clock: Clock,
    state: RwLock<State>,
    // Allows one fetch at a time; waiting requests use its result.
    gate: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    known: Option<Arc<Known>>,
    failed_at: Option<i64>,
}

/// The provider does not answer, or its answer is invalid. The text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("the provider cannot be used: {0}")]
pub(crate) struct Unreachable(String);

impl Provider {
    /// Builds the cache without fetching.
    pub fn new(config: &Config, addresses: &Addresses, clock: Clock) -> Result<Self, Error> {
        let issuer =
            IssuerUrl::new(config.issuer.clone()).map_err(|_| refused("issuer", "is not an address"))?;
        let redirect = RedirectUrl::new(addresses.own("/callback"))
            .map_err(|_| refused("base_url", "is not an address"))?;
        Ok(Self {
            issuer,
            client_id: ClientId::new(config.client_id.clone()),
            client_secret: ClientSecret::new(config.client_secret.expose().to_owned()),
            redirect,
            http: Http::new()?,
            clock,
            state: RwLock::default(),
            gate: tokio::sync::Mutex::default(),
        })
    }

    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Returns metadata and keys, at most an hour old unless the provider is unreachable.
    pub async fn known(&self) -> Result<Arc<Known>, Unreachable> {
        self.known_within(FRESH_SECONDS).await
    }

    /// Returns keys that were just fetched, for an unknown key id (OIDC Core §10.1.1).
    pub async fn known_refreshed(&self) -> Result<Arc<Known>, Unreachable> {
        self.known_within(REFETCH_SECONDS).await
    }

    /// Returns the cached metadata and keys without a fetch.
    pub fn remembered(&self) -> Option<Arc<Known>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).known.clone()
    }

    async fn known_within(&self, age: i64) -> Result<Arc<Known>, Unreachable> {
        let fresh = |known: &Arc<Known>| (self.clock)() - known.fetched_at < age;
        if let Some(known) = self.remembered().filter(fresh) {
            return Ok(known);
        }
        let _alone = self.gate.lock().await;
        let remembered = self.remembered();
        if let Some(known) = remembered.clone().filter(fresh) {
            return Ok(known);
        }
        let failed_at = self.state.read().unwrap_or_else(PoisonError::into_inner).failed_at;
        let paused = failed_at.is_some_and(|at| ((self.clock)() - at).abs() < PAUSE_SECONDS);
        let fetched =
            if paused { Err(Unreachable("it failed a moment ago".to_owned())) } else { self.fetch().await };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match (fetched, remembered) {
            (Ok(known), _) => {
                *state = State { known: Some(known.clone()), failed_at: None };
                Ok(known)
            }
            (Err(error), old) => {
                if !paused {
                    tracing::warn!(%error, "discovery failed");
                    state.failed_at = Some((self.clock)());
                }
                // Old keys are better than none: the provider keeps a retired key published for a while.
                old.ok_or(error)
            }
        }
    }

    async fn fetch(&self) -> Result<Arc<Known>, Unreachable> {
        let http = self.http.caller();
        let metadata =
            Metadata::discover_async(self.issuer.clone(), &http).await.map_err(|e| Unreachable(chain(&e)))?;
        let id = self.client_id.clone();
        let client = Client::from_provider_metadata(metadata.clone(), id, Some(self.client_secret.clone()))
            .set_redirect_uri(self.redirect.clone());
        let keys = metadata.jwks().keys().iter().filter_map(as_jwk).collect();
        Ok(Arc::new(Known { metadata, client, keys, fetched_at: (self.clock)() }))
    }
}

fn as_jwk(key: &CoreJsonWebKey) -> Option<jsonwebtoken::jwk::Jwk> {
    serde_json::to_value(key).and_then(serde_json::from_value).ok()
}

/// Returns an error with its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The HTTP client: limited in time and size, without redirects and without proxy variables.
pub(crate) struct Http(reqwest::Client);

/// A failed request to the provider.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error(transparent)]
    Transport(#[from] reqwest::Error),
    #[error("the answer is too large")]
    TooLarge,
    #[error(transparent)]
    Shape(#[from] http::Error),
}

type Answer = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send>>;

impl Http {
    fn new() -> Result<Self, Error> {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(10))
            .no_proxy()
            .user_agent("espace-client/0.1")
            .build()
            .map(Self)
            .map_err(Error::HttpClient)
    }

    /// Returns the function that openidconnect calls.
    pub fn caller(&self) -> impl Fn(HttpRequest) -> Answer + use<> {
        let client = self.0.clone();
        move |request| Box::pin(send(client.clone(), request))
    }
}

async fn send(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let mut response = client.execute(request.try_into()?).await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(HttpError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let mut answer = http::Response::builder().status(response.status());
    if let Some(headers) = answer.headers_mut() {
        headers.clone_from(response.headers());
    }
    Ok(answer.body(body)?)
}
