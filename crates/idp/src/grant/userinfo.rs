//! The userinfo endpoint, and the check of access tokens.

use std::sync::Arc;

use accounts::AccountId;
use kernel::Fault;
use oidc::{
    Code, Error, Scope,
    claims::{self, Disclosed},
    client::Client,
    jwt::{self, Claims, Rules},
    request::ClaimsRequest,
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{EndpointError, Grants, table::token_grant};

/// The answer of the userinfo endpoint (OIDC Core §5.3.2).
pub enum Userinfo {
    /// `application/json`
    Json(Value),
    /// `application/jwt`, for a client that registered an algorithm.
    Jwt(String),
}

/// A valid access token, with its grant.
pub(super) struct Bearer {
    pub(super) claims: Claims,
    pub(super) scope: Scope,
    pub(super) grant: token_grant::Model,
    pub(super) client: Arc<Client>,
    pub(super) person: Disclosed,
}

impl Grants {
    /// Returns the userinfo response for an access token.
    ///
    /// # Errors
    /// [`EndpointError`]
    #[tracing::instrument(skip_all)]
    pub async fn userinfo(&self, token: &str) -> Result<Userinfo, EndpointError> {
        // A token for another resource is not valid here (RFC 8707 §2, RFC 9068 §4).
        let invalid = || Error::new(Code::InvalidToken, "the access token is not valid, or no longer");
        let bearer = self.bearer(token, Some(&self.settings.issuer)).await?.ok_or_else(invalid)?;
        if !bearer.scope.contains("openid") {
            return Err(Error::new(Code::InsufficientScope, "the access token lacks the scope openid").into());
        }
        let Bearer { scope, grant, client, person, .. } = bearer;
        let sub = self.subject(&client, AccountId(grant.account_id));
        let asked: ClaimsRequest = serde_json::from_str(&grant.claims)?;
        let mut told = claims::userinfo(&sub, &scope, &asked, &person);
        let Some(alg) = client.userinfo_signed_response_alg else {
            return Ok(Userinfo::Json(Value::Object(told)));
        };
        told.insert("iss".into(), json!(self.settings.issuer));
        told.insert("aud".into(), json!(client.client_id));
        Ok(Userinfo::Jwt(self.keys.sign(alg, "userinfo+jwt", &told).await?))
    }

    /// Checks an access token of ours, for `audience` or for any: signature and type, then the current state of grant, client and account
    /// (SECURITY #17, #30, #34).
    pub(super) async fn bearer(&self, token: &str, audience: Option<&str>) -> Result<Option<Bearer>, Fault> {
        let rules = Rules {
            typ: &[claims::ACCESS_TOKEN],
            typ_may_be_absent: false,
            issuers: &[&self.settings.issuer],
            audience,
            required: &["iss", "sub", "aud", "exp", "iat", "jti", "client_id", claims::GRANT],
            now: Some(self.context.now()),
        };
        let Ok(claims) = jwt::verify(token, &self.keys.verifiers(false).await?, &rules) else {
            return Ok(None);
        };
        let Some(id) = jwt::text(&claims, claims::GRANT).and_then(|g| g.parse::<uuid::Uuid>().ok()) else {
            return Ok(None);
        };
        let grant = token_grant::Entity::find_by_id(id).one(self.context.db.reader()).await?;
        let Some(grant) = grant.filter(|g| g.revoked_at.is_none()) else { return Ok(None) };
        let Some((_, portal)) = self.client(&grant.client_id) else { return Ok(None) };
        if jwt::text(&claims, "client_id") != Some(&grant.client_id) {
            return Ok(None);
        }
        // Its audience must be a resource that the client may name today (SECURITY #30, #35).
        let issuer = self.settings.issuer.as_str();
        let known = |name: &&str| *name == issuer || portal.client.resources.iter().any(|r| r == name);
        let audience = jwt::audience(&claims).unwrap_or_default();
        if audience.is_empty() || !audience.iter().all(known) {
            return Ok(None);
        }
        let Some(person) = self.person(&grant, &portal.client).await? else { return Ok(None) };
        let scope = Scope::parse(jwt::text(&claims, "scope").unwrap_or_default()).unwrap_or_default();
        let scope = scope.intersect(&portal.client.scopes);
        Ok(Some(Bearer { claims, scope, grant, client: portal.client, person }))
    }
}
