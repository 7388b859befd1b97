use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use oidc::{Code, Error, Params};

use super::{answer, authorization, form, put, refuse, trouble};
use crate::{
    Idp, Shared,
    grant::{EndpointError, Userinfo},
};

/// `GET /userinfo` (OIDC Core §5.3.1).
pub(crate) async fn get(State(idp): State<Shared>, request: Request) -> Response {
    match authorization(request.headers()) {
        Ok(header) => respond(&idp, header.as_deref().map(bearer)).await,
        Err(error) => challenge(Some(&error)),
    }
}

/// `POST /userinfo`: the token in the header, or in a form (RFC 6750 §2.2).
pub(crate) async fn post(State(idp): State<Shared>, request: Request) -> Response {
    let presented = match authorization(request.headers()) {
        Ok(header) => header.as_deref().map(bearer),
        Err(error) => return challenge(Some(&error)),
    };
    // A form that does not parse holds no token; a POST with the header needs no form at all.
    let params = form(&idp, request).await.and_then(|body| Ok(Params::parse(&[&body])?));
    let in_body = params.ok().and_then(|params| params.get("access_token").map(str::to_owned));
    match (presented, in_body) {
        (Some(_), Some(_)) => {
            challenge(Some(&Error::new(Code::InvalidRequest, "send the access token once")))
        }
        (Some(presented), None) => respond(&idp, Some(presented)).await,
        (None, in_body) => respond(&idp, in_body.map(Some)).await,
    }
}

/// Answers for a presented token; `Some(None)` is a header that holds no bearer token.
async fn respond(idp: &Idp, presented: Option<Option<String>>) -> Response {
    let token = match presented {
        Some(Some(token)) => token,
        Some(None) => {
            let why = "the Authorization header holds no bearer token";
            return challenge(Some(&Error::new(Code::InvalidRequest, why)));
        }
        // Without a token there is nothing to explain (RFC 6750 §3.1).
        None => return challenge(None),
    };
    match idp.grants.userinfo(&token).await {
        Ok(Userinfo::Json(claims)) => answer(StatusCode::OK, &claims),
        Ok(Userinfo::Jwt(token)) => {
            let headers = [(header::CONTENT_TYPE, "application/jwt"), (header::CACHE_CONTROL, "no-store")];
            (headers, token).into_response()
        }
        Err(EndpointError::Refused(error)) => challenge(Some(&error)),
        Err(EndpointError::Fault(fault)) => trouble(&fault),
    }
}

/// Returns the token of a `Bearer` header. The scheme is case-insensitive (RFC 9110 §11.1).
fn bearer(header: &str) -> Option<String> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

/// Answers 401, or the error's status, with a `WWW-Authenticate` challenge (RFC 6750 §3).
fn challenge(error: Option<&Error>) -> Response {
    let Some(error) = error else {
        let mut response = (StatusCode::UNAUTHORIZED, [(header::CACHE_CONTROL, "no-store")]).into_response();
        put(&mut response, header::WWW_AUTHENTICATE, "Bearer realm=\"moncompte\"");
        return response;
    };
    let (code, why) = (error.code().as_str(), error.description());
    let mut response = refuse(error);
    let header = format!("Bearer realm=\"moncompte\", error=\"{code}\", error_description=\"{why}\"");
    put(&mut response, header::WWW_AUTHENTICATE, &header);
    response
}
