//! The form for the old identifiers that the agency issued itself.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;

use crate::old_sign_in::Attempt;
use crate::portal::Portal;
use crate::sign_in::Extra;
use crate::ticket;
use crate::web::entry;
use crate::web::form::OwnForm;
use crate::web::page::{self, ErrorPage};
use crate::web::visitor::{self, Visitor};

/// `GET /anciens-identifiants`
pub(super) async fn show(State(portal): State<Arc<Portal>>, mut visitor: Visitor) -> Response {
    if portal.old_sign_in.is_none() {
        return page::error(&portal, &visitor, StatusCode::NOT_FOUND, ErrorPage::NotFound);
    }
    let cookie = visitor.begin_visit(&portal);
    visitor::with_cookie(form(&portal, &visitor, StatusCode::OK, "", None), cookie)
}

/// `POST /anciens-identifiants`: on success the provider gets a migration ticket.
pub(super) async fn submit(
    State(portal): State<Arc<Portal>>,
    OwnForm { fields, visitor }: OwnForm,
) -> Response {
    let (Some(door), Some(key)) = (&portal.old_sign_in, &portal.config.ticket) else {
        return page::error(&portal, &visitor, StatusCode::NOT_FOUND, ErrorPage::NotFound);
    };
    let identifier = fields.get("identifiant").unwrap_or_default().trim();
    let password = fields.get("mot_de_passe").unwrap_or_default();
    if identifier.is_empty() || password.is_empty() {
        return form(&portal, &visitor, StatusCode::UNPROCESSABLE_ENTITY, identifier, Some("missing"));
    }
    let login = match door.check(identifier, password, portal.now()) {
        Attempt::Right(login) => login,
        Attempt::Wrong => {
            return form(&portal, &visitor, StatusCode::UNPROCESSABLE_ENTITY, identifier, Some("wrong"));
        }
        Attempt::Wait => {
            return form(&portal, &visitor, StatusCode::TOO_MANY_REQUESTS, identifier, Some("wait"));
        }
    };
    match ticket::issue(&portal.config, key, identifier, login, portal.now()) {
        Ok(ticket) => {
            let extra = Extra { migration_ticket: Some(ticket), ..Extra::default() };
            entry::send_away(&portal, visitor, extra).await
        }
        Err(error) => {
            tracing::error!(%error, "migration ticket not signed");
            page::error(&portal, &visitor, StatusCode::SERVICE_UNAVAILABLE, ErrorPage::ProviderDown)
        }
    }
}

fn form(
    portal: &Portal,
    visitor: &Visitor,
    status: StatusCode,
    identifier: &str,
    problem: Option<&str>,
) -> Response {
    page::render(portal, visitor, status, "old_form.html", context! { identifier, problem })
}
