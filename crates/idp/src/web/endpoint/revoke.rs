use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use super::ClientRequest;
use crate::{Shared, grant::EndpointError};

/// `POST /revoke` (RFC 7009 §2): 200 without a body, whether there was a token to revoke or not.
pub(crate) async fn post(
    State(idp): State<Shared>,
    request: ClientRequest,
) -> Result<Response, EndpointError> {
    idp.grants.revoke(request.as_call()).await?;
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response())
}
