use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;

use super::{Called, answer, refuse, trouble};
use crate::Shared;

/// `POST /introspect` (RFC 7662 §2).
pub(crate) async fn post(State(idp): State<Shared>, request: Request) -> Response {
    let called = match Called::read(&idp, request).await {
        Ok(called) => called,
        Err(error) => return refuse(&error),
    };
    match idp.grants.introspect(called.as_call()).await {
        Ok(Ok(told)) => answer(StatusCode::OK, &told),
        Ok(Err(error)) => refuse(&error),
        Err(fault) => trouble(&fault),
    }
}
