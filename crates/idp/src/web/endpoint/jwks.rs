use axum::{extract::State, response::Response};

use super::public;
use crate::Shared;

/// `GET /jwks` (RFC 7517 §5). Caches may store it for far less time than a key is published before it signs.
pub(crate) async fn get(State(idp): State<Shared>) -> Response {
    public(&idp.grants.jwks().await)
}
