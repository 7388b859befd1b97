//! The front page and the client space.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::portal::Portal;
use crate::refresh::{Renewal, When, renew};
use crate::session::{Notice, Person, Session};
use crate::web::form::{OwnForm, Query};
use crate::web::page::{self, ErrorPage};
use crate::web::visitor::{self, Visitor};

/// `GET /`
pub(super) async fn home(State(portal): State<Arc<Portal>>, visitor: Visitor) -> Response {
    let old_sign_in = portal.old_sign_in.is_some();
    page::render(&portal, &visitor, StatusCode::OK, "home.html", context! { old_sign_in })
}

/// `GET /espace`: a person who is not signed in is sent to sign in.
pub(super) async fn show(
    State(portal): State<Arc<Portal>>,
    visitor: Visitor,
    Query(fields): Query,
) -> Response {
    let Some(session) = visitor.session() else { return Redirect::to("/login").into_response() };
    if renew(&portal, session, When::IfSoonOver).await == Renewal::Over {
        return over(&portal, &visitor);
    }
    let person = session.person();
    // Only references that the provider confirms can be chosen.
    let asked = fields.get("dossier");
    let chosen = match person.client_refs.as_slice() {
        [only] => Some(only.as_str()),
        several => several.iter().map(String::as_str).find(|known| Some(*known) == asked),
    };
    let details = details(session, &person, portal.now());
    match chosen {
        Some(client_ref) => dossier(&portal, &visitor, &person, client_ref, details),
        None if person.client_refs.is_empty() => {
            let name = display_name(&person);
            page::render(&portal, &visitor, StatusCode::OK, "no_dossier.html", context! { name, details })
        }
        None => choice(&portal, &visitor, &person, details),
    }
}

/// `POST /refresh`
pub(super) async fn refresh(
    State(portal): State<Arc<Portal>>,
    OwnForm { visitor, fields }: OwnForm,
) -> Response {
    let Some(session) = visitor.session() else { return Redirect::to("/login").into_response() };
    let notice = match renew(&portal, session, When::Now).await {
        Renewal::Over => return over(&portal, &visitor),
        Renewal::Done | Renewal::NotNeeded => Notice::Refreshed,
        Renewal::Impossible => Notice::NoRefreshToken,
        Renewal::Postponed => Notice::NotRefreshed,
    };
    session.say(notice);
    let known = session.person().client_refs;
    let back = match fields.get("dossier").filter(|asked| known.iter().any(|known| known == asked)) {
        Some(client_ref) => page::space_address(client_ref),
        None => "/espace".to_owned(),
    };
    Redirect::to(&back).into_response()
}

/// Ends the session because the provider revoked the grant.
fn over(portal: &Portal, visitor: &Visitor) -> Response {
    visitor.session_id().map(|id| portal.sessions.close(id));
    let nobody = Visitor::default();
    let response = page::error(portal, &nobody, StatusCode::UNAUTHORIZED, ErrorPage::SessionOver);
    visitor::with_cookie(response, visitor::no_session_cookie(portal))
}

fn dossier(
    portal: &Portal,
    visitor: &Visitor,
    person: &Person,
    client_ref: &str,
    details: Value,
) -> Response {
    let record = portal.clients.get(client_ref);
    let name = record.and_then(|record| record.name.clone()).or_else(|| display_name(person));
    let others = person.client_refs.len() > 1;
    page::render(
        portal,
        visitor,
        StatusCode::OK,
        "space.html",
        context! { record => Serde(record), client_ref, name, others, details },
    )
}

fn choice(portal: &Portal, visitor: &Visitor, person: &Person, details: Value) -> Response {
    let dossiers: Vec<Value> = person
        .client_refs
        .iter()
        .map(|client_ref| {
            let record = portal.clients.get(client_ref);
            let place = record
                .and_then(|record| record.properties.first())
                .and_then(|property| property.label.clone());
            let kind = record.and_then(|record| record.kind.clone());
            context! { client_ref, address => page::space_address(client_ref), place, kind }
        })
        .collect();
    let name = display_name(person);
    page::render(portal, visitor, StatusCode::OK, "choice.html", context! { dossiers, name, details })
}

fn display_name(person: &Person) -> Option<String> {
    person.name.clone().or_else(|| person.email.clone())
}

fn details(session: &Session, person: &Person, now: i64) -> Value {
    let notice = match session.said() {
        Some(Notice::Refreshed) => Some("refreshed"),
        Some(Notice::NotRefreshed) => Some("not-refreshed"),
        Some(Notice::NoRefreshToken) => Some("no-refresh-token"),
        None => None,
    };
    context! {
        sub => session.sub.as_str(),
        sid => session.sid.as_deref(),
        email => person.email.as_deref(),
        email_verified => person.email_verified,
        client_refs => person.client_refs.clone(),
        access_until => person.access_until,
        access_minutes => (person.access_until - now).max(0).div_euclid(60),
        notice,
    }
}
