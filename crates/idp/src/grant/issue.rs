//! The issue of tokens, and the claims about a person that they hold.

use accounts::AccountId;
use kernel::{Fault, Token};
use oidc::{
    claims::{self, Access, Disclosed, Person},
    client::{Client, GrantType},
    request::ClaimsRequest,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Grants, table::token_grant};

/// The parts of a token response beside the refresh token.
pub(super) struct Issued {
    answer: Value,
}

impl Issued {
    /// The body of the answer (RFC 6749 §5.1).
    pub(super) fn with(mut self, refresh: Option<&Token>) -> Value {
        if let Some(token) = refresh {
            self.answer["refresh_token"] = json!(token.text());
        }
        self.answer
    }
}

impl Grants {
    /// Returns the claims about the person of a grant that this client's file allows today: name and email of the account, and the data that its own agency
    /// imported (SECURITY D11). `None` if a change of the account has ended the grant (SECURITY #30, I9).
    pub(super) async fn person(
        &self,
        grant: &token_grant::Model,
        client: &Client,
    ) -> Result<Option<Disclosed>, Fault> {
        let found = self.accounts.account_at(AccountId(grant.account_id), &client.owner).await?;
        let living = found.filter(|(account, _)| account.auth_epoch == grant.auth_epoch);
        Ok(living.map(|(account, known)| {
            let updated_at = known.as_ref().map(|known| known.updated_at);
            let (profile, client_refs) =
                known.map(|known| (known.profile, known.client_refs)).unwrap_or_default();
            let person =
                Person { email: account.email, name: account.name, profile, updated_at, client_refs };
            person.disclosed_to(client)
        }))
    }

    /// Signs access token and ID token.
    pub(super) async fn issue(
        &self,
        grant: &token_grant::Model,
        client: &Client,
        person: &Disclosed,
        access: Access<'_>,
        nonce: Option<&str>,
    ) -> Result<Issued, Fault> {
        let now = self.context.now();
        let sub = self.subject(client, AccountId(grant.account_id));
        let facts = claims::Grant {
            issuer: &self.settings.issuer,
            client_id: &client.client_id,
            sub: &sub,
            sid: &grant.sid,
            auth_time: grant.auth_time,
            acr: grant.acr.as_deref(),
        };
        let jti: Uuid = self.context.id();
        let life = (now, self.settings.access_life);
        let names = (grant.id.to_string(), jti.to_string());
        let token = claims::access_token(&facts, access, (&names.0, &names.1), life);
        let alg = client.id_token_signed_response_alg;
        let token = self.keys.sign(alg, claims::ACCESS_TOKEN, &token).await?;
        let asked: ClaimsRequest = serde_json::from_str(&grant.claims)?;
        let life = (now, self.settings.id_token_life);
        let id_token = claims::id_token(&facts, alg, nonce, &token, &asked, person, life);
        let id_token = self.keys.sign(alg, claims::ID_TOKEN, &id_token).await?;
        let answer = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.settings.access_life,
            "scope": access.scope.to_string(),
            "id_token": id_token,
        });
        Ok(Issued { answer })
    }

    /// Returns true if the client gets a refresh token. Without `offline_access` it ends with the session (OIDC Back-Channel Logout §2.7).
    pub(super) fn gives_refresh(client: &Client) -> bool {
        client.may(GrantType::RefreshToken)
    }
}
