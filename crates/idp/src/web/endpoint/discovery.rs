use axum::{extract::State, response::Response};

use super::{public, trouble};
use crate::Idp;

/// `GET /.well-known/openid-configuration` (OIDC Discovery §4) and `/.well-known/oauth-authorization-server` (RFC 8414 §3).
pub(crate) async fn get(State(idp): State<Idp>) -> Response {
    match idp.grants.metadata().await {
        Ok(document) => public(&document),
        Err(fault) => trouble(&fault),
    }
}
