use axum::{extract::State, response::Response};

use super::public;
use crate::Shared;

/// `GET /.well-known/openid-configuration` (OIDC Discovery §4) and `/.well-known/oauth-authorization-server` (RFC 8414 §3).
pub(crate) async fn get(State(idp): State<Shared>) -> Response {
    public(&idp.grants.metadata().await)
}
