use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{ClientRequest, answer};
use crate::{Shared, grant::EndpointError};

/// `POST /token` (RFC 6749 §3.2).
pub(crate) async fn post(
    State(idp): State<Shared>,
    request: ClientRequest,
) -> Result<Response, EndpointError> {
    Ok(answer(StatusCode::OK, &idp.grants.token(request.as_call()).await?))
}
