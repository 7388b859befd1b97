use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;

use super::{answer, refuse, token::caller, trouble};
use crate::Idp;

/// `POST /introspect` (RFC 7662 §2).
pub(crate) async fn post(State(idp): State<Idp>, request: Request) -> Response {
    let (authorization, body) = match caller(request).await {
        Ok(found) => found,
        Err(error) => return refuse(&error),
    };
    match idp.grants.introspect(authorization.as_deref(), &body).await {
        Ok(Ok(told)) => answer(StatusCode::OK, &told),
        Ok(Err(error)) => refuse(&error),
        Err(fault) => trouble(&fault),
    }
}
