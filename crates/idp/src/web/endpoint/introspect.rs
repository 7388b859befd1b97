use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{ClientRequest, answer};
use crate::{Shared, grant::EndpointError};

/// `POST /introspect` (RFC 7662 §2).
pub(crate) async fn post(
    State(idp): State<Shared>,
    request: ClientRequest,
) -> Result<Response, EndpointError> {
    Ok(answer(StatusCode::OK, &idp.grants.introspect(request.as_call()).await?))
}
