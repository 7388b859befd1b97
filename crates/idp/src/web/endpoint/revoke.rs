use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use super::{Called, refuse, trouble};
use crate::Shared;

/// `POST /revoke` (RFC 7009 §2): 200 without a body, whether there was something to revoke or not.
pub(crate) async fn post(State(idp): State<Shared>, request: Request) -> Response {
    let called = match Called::read(&idp, request).await {
        Ok(called) => called,
        Err(error) => return refuse(&error),
    };
    match idp.grants.revoke(called.as_call()).await {
        Ok(Ok(())) => (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response(),
        Ok(Err(error)) => refuse(&error),
        Err(fault) => trouble(&fault),
    }
}
