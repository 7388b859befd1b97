use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;

use super::{Called, answer, refuse, trouble};
use crate::Shared;

/// `POST /token` (RFC 6749 §3.2).
pub(crate) async fn post(State(idp): State<Shared>, request: Request) -> Response {
    let called = match Called::read(&idp, request).await {
        Ok(called) => called,
        Err(error) => return refuse(&error),
    };
    match idp.grants.token(called.as_call()).await {
        Ok(Ok(tokens)) => answer(StatusCode::OK, &tokens),
        Ok(Err(error)) => refuse(&error),
        Err(fault) => trouble(&fault),
    }
}
