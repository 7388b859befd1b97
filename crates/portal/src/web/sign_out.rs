//! Sign-out by the person and by the provider.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::context;
use serde_json::json;

use crate::back_channel::{self, RelyingParty};
use crate::portal::Portal;
use crate::random;
use crate::short;
use crate::sign_out;
use crate::web::form::{OpenForm, OwnForm, Query};
use crate::web::page;
use crate::web::visitor::{self, Visitor};

/// `POST /logout`: the session ends at once, whatever the provider does next.
pub(super) async fn leave(
    State(portal): State<Arc<Portal>>,
    OwnForm { mut visitor, .. }: OwnForm,
) -> Response {
    let Some(session) = visitor.session_id().and_then(|id| portal.sessions.close(id)) else {
        return Redirect::to("/").into_response();
    };
    let cookie = visitor.begin_visit(&portal);
    let browser = visitor.browser().unwrap_or_else(random::bytes);
    let response = match sign_out::begin(&portal, browser, &session).await {
        Some(address) => Redirect::to(address.as_str()).into_response(),
        None => farewell(&portal, StatusCode::OK, "here"),
    };
    visitor::with_cookie(visitor::with_cookie(response, cookie), visitor::no_session_cookie(&portal))
}

/// `GET /logged-out`: the return from the provider's sign-out.
pub(super) async fn left(
    State(portal): State<Arc<Portal>>,
    visitor: Visitor,
    Query(fields): Query,
) -> Response {
    let outcome = fields.get("state").map(|state| sign_out::finish(&portal, visitor.browser(), state));
    match outcome {
        Some(true) => farewell(&portal, StatusCode::OK, "everywhere"),
        // The page does not say who is signed in, since anybody can send a person to this address.
        Some(false) => farewell(&portal, StatusCode::BAD_REQUEST, "unknown"),
        None => farewell(&portal, StatusCode::OK, "unknown"),
    }
}

fn farewell(portal: &Portal, status: StatusCode, how: &str) -> Response {
    page::render(portal, &Visitor::default(), status, "farewell.html", context! { how })
}

/// `POST /backchannel-logout` (Back-Channel Logout §2.5 to §2.8).
pub(super) async fn back_channel(State(portal): State<Arc<Portal>>, OpenForm(fields): OpenForm) -> Response {
    let relying_party = RelyingParty { issuer: &portal.config.issuer, client_id: &portal.config.client_id };
    let token = fields.get("logout_token").unwrap_or_default();
    match back_channel::verify(&portal.provider, &portal.seen_tokens, &relying_party, token, portal.now())
        .await
    {
        Ok(goodbye) => {
            let ended = portal.sessions.close_all(goodbye.sid.as_deref(), goodbye.sub.as_deref());
            tracing::info!(ended, "back-channel logout");
            StatusCode::OK.into_response()
        }
        Err(refused) => {
            tracing::warn!(reason = ?short(&refused.to_string()), "logout token refused");
            (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_request" }))).into_response()
        }
    }
}
