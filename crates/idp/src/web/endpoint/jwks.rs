use axum::{extract::State, response::Response};

use super::{public, trouble};
use crate::Idp;

/// `GET /jwks` (RFC 7517 §5): may be kept far shorter than a key is published before it signs.
pub(crate) async fn get(State(idp): State<Idp>) -> Response {
    match idp.grants.jwks().await {
        Ok(set) => public(&set),
        Err(fault) => trouble(&fault),
    }
}
