use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;

use super::{answer, authorization, form, refuse, trouble};
use crate::Idp;

/// `POST /token` (RFC 6749 §3.2).
pub(crate) async fn post(State(idp): State<Idp>, request: Request) -> Response {
    let (authorization, body) = match caller(request).await {
        Ok(found) => found,
        Err(error) => return refuse(&error),
    };
    match idp.grants.token(authorization.as_deref(), &body).await {
        Ok(Ok(tokens)) => answer(StatusCode::OK, &tokens),
        Ok(Err(error)) => refuse(&error),
        Err(fault) => trouble(&fault),
    }
}

/// What a client says of itself, and what it asks.
pub(super) async fn caller(request: Request) -> Result<(Option<String>, String), oidc::Error> {
    let authorization = authorization(request.headers())?;
    Ok((authorization, form(request).await?))
}
