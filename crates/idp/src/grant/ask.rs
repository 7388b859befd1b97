//! Checks an authorization request, from its raw parameters to a valid request or an answer. Stores nothing.

use std::sync::Arc;

use agencies::{Agency, Portal};
use kernel::Fault;
use oidc::{
    Code, Error, Params, Refusal,
    client::Client,
    jwt::{self, Rules},
    request::{self, AuthorizationRequest},
    respond::{self, Response},
};

use super::{EndpointError, Grants};

/// A checked authorization request.
pub enum Ask {
    /// A valid request.
    Good(Box<Asking>),
    /// No client can be answered: a page of ours, status 400, no link out.
    Refused(Refusal),
    /// An answer for the client at once.
    Answer(Response),
}

/// A valid request, of which nothing is stored yet.
pub struct Asking {
    /// The request.
    pub request: AuthorizationRequest,
    /// The agency that owns the client.
    pub agency: Arc<Agency>,
    /// The portal whose client asks.
    pub portal: Portal,
}

impl Grants {
    /// Checks raw parameters. Nothing is stored.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn ask(&self, raw: &[&str]) -> Result<Ask, Fault> {
        let (params, agency, portal) = match self.who_asks(raw) {
            Ok(found) => found,
            Err(refusal) => return Ok(Ask::Refused(refusal)),
        };
        let client = &portal.client;
        let path = match request::resolve_return_path(&params, Some(client)) {
            Ok(path) => path,
            Err(refusal) => return Ok(Ask::Refused(refusal)),
        };
        let checked = match request::check(&params, client, &path) {
            Ok(request) => self.read_hint(request, client).await,
            Err(error) => Err(error.into()),
        };
        match checked {
            Ok(request) => Ok(Ask::Good(Box::new(Asking { request, agency, portal }))),
            Err(EndpointError::Refused(error)) => {
                Ok(Ask::Answer(respond::failure(&path, &self.settings.issuer, &error)))
            }
            Err(EndpointError::Fault(fault)) => Err(fault),
        }
    }

    fn who_asks(&self, raw: &[&str]) -> Result<(Params, Arc<Agency>, Portal), Refusal> {
        let params = Params::parse(raw)?;
        let (agency, portal) = self.client(request::client_id(&params)?).ok_or(Refusal::UnknownClient)?;
        Ok((params, agency, portal))
    }

    /// Returns true if the client is one of ours that is not served now because of a mistake in its agency's file (SECURITY D20).
    pub fn withholds(&self, raw: &[&str]) -> bool {
        let asks = Params::parse(raw).ok();
        let client = asks.as_ref().and_then(|params| request::client_id(params).ok());
        client.is_some_and(|client| self.agencies.load().withholds(client))
    }

    /// Reads `id_token_hint`: an ID token of ours for this client, expired or not, names the person who must be signed in (OIDC Core §3.1.2.1).
    async fn read_hint(
        &self,
        mut request: AuthorizationRequest,
        client: &Client,
    ) -> Result<AuthorizationRequest, EndpointError> {
        let Some(token) = request.id_token_hint.take() else { return Ok(request) };
        let refuse = |why| Error::new(Code::InvalidRequest, why);
        let claims = self.own_id_token(&token).await?;
        let claims = claims.ok_or_else(|| refuse("id_token_hint is not an ID token of this provider"))?;
        if !jwt::audience(&claims).is_ok_and(|aud| aud.contains(&client.client_id.as_str())) {
            return Err(refuse("id_token_hint was issued to another client").into());
        }
        request.hinted_sub = jwt::text(&claims, "sub").map(str::to_owned);
        Ok(request)
    }

    /// Returns the claims of an ID token that this provider signed, expired or not; `None` for any other text.
    pub(super) async fn own_id_token(&self, token: &str) -> Result<Option<jwt::Claims>, Fault> {
        let rules = Rules {
            typ: &["jwt"],
            typ_may_be_absent: false,
            issuers: &[&self.settings.issuer],
            audience: None,
            required: &["iss", "sub", "aud", "exp", "iat", "sid"],
            now: None,
        };
        Ok(jwt::verify(token, &self.keys.verifiers(true).await?, &rules).ok())
    }
}
