//! Reads a `[[portal]]` section.

use std::sync::Arc;

use oidc::{
    client::{ApplicationType, AuthMethod, Client, GrantType, Pkce, ResponseMode, Secret, SubjectType},
    jwt::{Alg, Key},
    registration,
};

use super::{
    Reader, SecretSource,
    choice::{Chooser, Named, named},
};
use crate::{
    Portal,
    file::{PortalSection, SecretSection},
};

const APPLICATION_TYPES: &Named<ApplicationType> =
    &[("web", ApplicationType::Web), ("native", ApplicationType::Native)];

impl Reader<'_> {
    /// Reads the `nth` portal of the agency `owner`; its problems are in the reader.
    pub(super) fn portal(
        &mut self,
        owner: &str,
        agency_name: &str,
        nth: usize,
        section: PortalSection,
        secrets: SecretSource<'_>,
    ) -> Portal {
        let mut client = Client::new(section.client_id, owner);
        client.redirect_uris = section.redirect_uris;
        client.post_logout_redirect_uris = section.post_logout_redirect_uris;
        client.backchannel_logout_uri = section.backchannel_logout_uri;
        client.frontchannel_logout_uri = section.frontchannel_logout_uri;
        client.initiate_login_uri = section.initiate_login_uri;
        client.cors_origins = section.cors_origins;
        client.resources = section.resources;
        client.jwks_uri = section.jwks_uri;
        client.default_max_age = section.default_max_age;
        if section.default_max_age.is_some_and(|seconds| seconds < 0) {
            self.wrong("portal.default_max_age", nth, "must be a number of seconds");
        }
        if let Some(scopes) = section.scopes {
            client.scopes = scopes.iter().map(String::as_str).collect();
            // A file that names `profile` gets all of its claims.
            client.withheld = &[];
        }
        let mut choose = Chooser { reader: self, nth };
        if let Some(kind) = choose.one("application_type", section.application_type, APPLICATION_TYPES) {
            client.application_type = kind;
        }
        let methods = named(AuthMethod::ALL, AuthMethod::as_str);
        let method = choose.one("token_endpoint_auth_method", section.token_endpoint_auth_method, &methods);
        client.token_endpoint_auth_method = method.unwrap_or(client.token_endpoint_auth_method);
        let signing = named(Alg::SIGNING, Alg::as_str);
        let alg = choose.one("id_token_signed_response_alg", section.id_token_signed_response_alg, &signing);
        client.id_token_signed_response_alg = alg.unwrap_or(client.id_token_signed_response_alg);
        client.userinfo_signed_response_alg =
            choose.one("userinfo_signed_response_alg", section.userinfo_signed_response_alg, &signing);
        let any = [signing, named(&[Alg::HS256], Alg::as_str)].concat();
        client.token_endpoint_auth_signing_alg =
            choose.one("token_endpoint_auth_signing_alg", section.token_endpoint_auth_signing_alg, &any);
        let kinds = named(SubjectType::ALL, SubjectType::as_str);
        let kind = choose.one("subject_type", section.subject_type, &kinds);
        client.subject_type = kind.unwrap_or(client.subject_type);
        let grants = named(GrantType::ALL, GrantType::as_str);
        if let Some(grants) = choose.many("grant_types", section.grant_types, &grants) {
            client.grant_types = grants;
        }
        let modes = named(ResponseMode::ALL, ResponseMode::as_str);
        let silent = section.response_modes.is_none();
        if let Some(modes) = choose.many("response_modes", section.response_modes, &modes) {
            client.response_modes = modes;
        } else if silent {
            // The modes in discovery, since libraries choose from it (OAuth Multiple Response Types §2.1).
            client.response_modes = ResponseMode::ALL.to_vec();
        }
        if let Some(reason) = section.pkce_exempt_because {
            client.pkce = Pkce::Exempt;
            if reason.trim().len() < 10 {
                self.wrong("portal.pkce_exempt_because", nth, "say why this client cannot do PKCE");
            }
        }
        for jwk in section.jwks {
            match Key::from_jwk_for(&jwk.to_string(), client.token_endpoint_auth_signing_alg) {
                Ok(key) => client.keys.push(key),
                Err(refused) => self.wrong("portal.jwks", nth, refused.to_string()),
            }
        }
        let plain = |sha256, file| SecretSection { sha256, file, not_after: None };
        let hashes = section
            .client_secret_sha256
            .into_iter()
            .map(|hash| ("client_secret_sha256", plain(Some(hash), None)));
        let file = section.client_secret_file.map(|file| ("client_secret_file", plain(None, Some(file))));
        let listed = section.client_secrets.into_iter().map(|secret| ("client_secrets", secret));
        for (key, secret) in hashes.chain(file).chain(listed) {
            let method = client.token_endpoint_auth_method;
            match self.secret(nth, secret, method, secrets) {
                Ok(secret) => client.secrets.push(secret),
                Err(reason) => self.wrong(&format!("portal.{key}"), nth, reason),
            }
        }
        for found in registration::check(&client) {
            let key = match found.field {
                "client_secret" | "secrets" => "portal.client_secret_file".to_owned(),
                "scope" => "portal.scopes".to_owned(),
                field => format!("portal.{field}"),
            };
            self.wrong(&key, nth, found.reason);
        }
        if let Some(home) = &section.home
            && !url::Url::parse(home).is_ok_and(|u| matches!(u.scheme(), "https" | "http"))
        {
            self.wrong("portal.home", nth, "must be an address such as \"https://espace.agence.fr/\"");
        }
        Portal {
            name: section.name.unwrap_or_else(|| agency_name.to_owned()),
            home: section.home,
            allow_unlinked: section.allow_unlinked,
            client: Arc::new(client),
        }
    }

    /// Reads a secret; the error is one sentence. The secret itself is kept only for the one method that needs it (OIDC Core §9).
    fn secret(
        &mut self,
        nth: usize,
        section: SecretSection,
        method: AuthMethod,
        secrets: SecretSource<'_>,
    ) -> Result<Secret, String> {
        let ends_at = self.end("portal.client_secrets.not_after", nth, section.not_after.as_deref());
        let secret = match (section.sha256, section.file) {
            (Some(hash), None) => {
                let bytes = hex::decode(&hash).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
                let hash = bytes.ok_or("must be 64 hex digits: `printf %s SECRET | sha256sum`")?;
                Secret { hash, key: None, ends_at: None }
            }
            (None, Some(file)) => match secrets(&file)? {
                secret if method == AuthMethod::SecretJwt => {
                    Secret::shared(&secret).map_err(|e| e.to_string())?
                }
                secret if secret.len() >= 22 => Secret::hashed(&secret),
                _ => {
                    return Err(
                        "holds fewer than 22 characters: make one with `openssl rand -base64 32`".into()
                    );
                }
            },
            _ => return Err("give either sha256 or file".into()),
        };
        Ok(Secret { ends_at, ..secret })
    }
}
