//! Sign-in through the provider.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::portal::Portal;
use crate::random;
use crate::short;
use crate::sign_in::{self, Answer, Denied, Extra, Refusal};
use crate::web::form::{Fields, OpenForm, Query};
use crate::web::page::{self, ErrorPage};
use crate::web::visitor::{self, Visitor};

/// The maximum length of a login hint, above that of any email address (RFC 5321 §4.5.3.1).
const MAX_HINT: usize = 320;

/// `GET /login`
pub(super) async fn login(State(portal): State<Arc<Portal>>, visitor: Visitor) -> Response {
    if visitor.session().is_some() {
        return Redirect::to("/espace").into_response();
    }
    send_away(&portal, visitor, Extra::default()).await
}

/// Redirects to the provider, with the visit cookie that identifies this browser on its return.
pub(super) async fn send_away(portal: &Portal, mut visitor: Visitor, extra: Extra) -> Response {
    let cookie = visitor.begin_visit(portal);
    let browser = visitor.browser().unwrap_or_else(random::bytes);
    let response = match sign_in::begin(portal, browser, extra).await {
        Ok(address) => Redirect::to(address.as_str()).into_response(),
        Err(refusal) => refused(portal, &visitor, &refusal),
    };
    visitor::with_cookie(response, cookie)
}

/// `GET /initiate-login`: a sign-in started elsewhere (OIDC Core §4), e.g. on the provider's front page.
pub(super) async fn initiate(
    State(portal): State<Arc<Portal>>,
    visitor: Visitor,
    Query(fields): Query,
) -> Response {
    begin_elsewhere(&portal, visitor, fields).await
}

/// The same by POST, which §4 requires. It changes nothing that a GET would not.
pub(super) async fn initiate_by_form(
    State(portal): State<Arc<Portal>>,
    visitor: Visitor,
    OpenForm(fields): OpenForm,
) -> Response {
    begin_elsewhere(&portal, visitor, fields).await
}

async fn begin_elsewhere(portal: &Portal, visitor: Visitor, mut fields: Fields) -> Response {
    if fields.get("iss") != Some(&portal.config.issuer) {
        return page::error(portal, &visitor, StatusCode::BAD_REQUEST, ErrorPage::ForeignIssuer);
    }
    // `target_link_uri` is ignored: every sign-in ends in the client space, so there is no open redirect.
    let login_hint = fields.take("login_hint").filter(|hint| hint.len() <= MAX_HINT);
    send_away(portal, visitor, Extra { login_hint, ..Extra::default() }).await
}

/// `GET /callback`
pub(super) async fn callback(
    State(portal): State<Arc<Portal>>,
    visitor: Visitor,
    Query(mut fields): Query,
) -> Response {
    let answer = Answer {
        state: fields.take("state"),
        iss: fields.take("iss"),
        code: fields.take("code"),
        error: fields.take("error"),
        error_description: fields.take("error_description"),
    };
    // In a task of its own, so that a client disconnect cannot leave a code half redeemed.
    let browser = visitor.browser();
    let finishing = portal.clone();
    let finished = tokio::spawn(async move { sign_in::finish(&finishing, browser, answer).await }).await;
    match finished {
        Ok(Ok(session)) => {
            // Each sign-in gets a new id; the old one is invalid from here on.
            visitor.session_id().map(|old| portal.sessions.close(old));
            let id = portal.sessions.open(session, portal.now());
            visitor::with_cookie(
                Redirect::to("/espace").into_response(),
                visitor::session_cookie(&portal, id),
            )
        }
        // After the back button, a bookmark or a second submit, a signed-in person sees their space.
        Ok(Err(Refusal::Stale)) if visitor.session().is_some() => Redirect::to("/espace").into_response(),
        Ok(Err(refusal)) => refused(&portal, &visitor, &refusal),
        Err(broken) => {
            tracing::error!(%broken, "sign-in failed");
            page::error(&portal, &visitor, StatusCode::BAD_GATEWAY, ErrorPage::BadAnswer)
        }
    }
}

/// Renders the page of a failed sign-in.
pub(super) fn refused(portal: &Portal, visitor: &Visitor, refusal: &Refusal) -> Response {
    tracing::info!(reason = ?short(&refusal.to_string()), "sign-in rejected");
    let (status, kind) = match refusal {
        Refusal::Unreachable(_) => (StatusCode::SERVICE_UNAVAILABLE, ErrorPage::ProviderDown),
        Refusal::Stale | Refusal::CodeRefused(_) => (StatusCode::BAD_REQUEST, ErrorPage::StaleSignIn),
        Refusal::ForeignIssuer => (StatusCode::BAD_REQUEST, ErrorPage::ForeignIssuer),
        Refusal::Incomplete => (StatusCode::BAD_REQUEST, ErrorPage::Malformed),
        Refusal::Denied(Denied::Access) => (StatusCode::FORBIDDEN, ErrorPage::AccessDenied),
        Refusal::Denied(Denied::Interaction) => (StatusCode::BAD_REQUEST, ErrorPage::InteractionRequired),
        Refusal::Denied(Denied::Outage) => (StatusCode::SERVICE_UNAVAILABLE, ErrorPage::ProviderDown),
        Refusal::Denied(Denied::Other) => (StatusCode::BAD_REQUEST, ErrorPage::Refused),
        Refusal::Exchange(_) | Refusal::IdToken(_) | Refusal::UserInfo(_) => {
            (StatusCode::BAD_GATEWAY, ErrorPage::BadAnswer)
        }
    };
    page::error(portal, visitor, status, kind)
}
