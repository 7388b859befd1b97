//! Every route of the provider, by kind. Tests read them from the router; a new one gets a row in `tests/it/journeys/every_route.rs`.

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use pages::page::ProblemKind;
use tracing::Instrument;

use super::{
    cors,
    endpoint::{discovery, end_session, introspect, jwks, revoke, token, userinfo},
    error::Failure,
    file,
    screen::{
        account::{self, acceptances, agencies, email, language, looks, memo, name, password, sessions},
        arrive,
        confirm::Confirm,
        desk, enrol, forgot, help, home, hub,
        invitation::Invitation,
        legacy, mail_code, mailed_link,
        new_address::NewAddress,
        reset::Reset,
        sign_in, sign_out,
        take_back::TakeBack,
        terms,
    },
};
use crate::Shared;

/// All routes, with the layers that only some of them have.
pub(super) fn all(idp: &Shared) -> Router<Shared> {
    let reading = reading_endpoints();
    let writing = writing_endpoints().route_layer(middleware::from_fn(run_to_completion));
    let endpoints = writing.merge(reading).route_layer(cors::listed(idp));
    let screens = interaction_screens().merge(link_screens()).merge(home_screens());
    let screens = screens.merge(account_screens()).merge(desk_screens());
    let screens = screens.route_layer(middleware::from_fn(run_to_completion));
    endpoints.merge(documents()).merge(screens).merge(files())
}

/// The endpoints that clients call, and that change something.
fn writing_endpoints() -> Router<Shared> {
    Router::new().route("/token", post(token::post)).route("/revoke", post(revoke::post))
}

/// The endpoints that clients call, and that only read.
fn reading_endpoints() -> Router<Shared> {
    Router::new()
        .route("/userinfo", get(userinfo::get).post(userinfo::post))
        .route("/introspect", post(introspect::post))
}

/// The public documents of the protocol.
fn documents() -> Router<Shared> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::get))
        .route("/.well-known/oauth-authorization-server", get(discovery::get))
        .route("/jwks", get(jwks::get))
}

/// The requests of portals that a browser brings, and the screens of an interaction.
fn interaction_screens() -> Router<Shared> {
    Router::new()
        .route("/authorize", get(arrive::get).post(arrive::post))
        .route("/end-session", get(end_session::get).post(end_session::post))
        .route("/authorize/{id}", get(hub::get))
        .route("/authorize/{id}/status", get(hub::status))
        .route("/authorize/{id}/sign-in", get(hub::again).post(sign_in::post))
        .route("/authorize/{id}/switch", post(sign_in::switch))
        .route("/authorize/{id}/continue", post(sign_in::proceed))
        .route("/authorize/{id}/legacy", get(legacy::get).post(legacy::post))
        .route("/authorize/{id}/notice", get(enrol::notice).post(enrol::notice_read))
        .route("/authorize/{id}/email", get(enrol::email).post(enrol::choose_email))
        .route("/authorize/{id}/password", get(enrol::password).post(enrol::choose_password))
        .route("/authorize/{id}/resend", get(hub::again).post(enrol::resend))
        .route("/authorize/{id}/code", get(mail_code::get).post(mail_code::post))
        .route("/authorize/{id}/link", get(hub::again).post(enrol::link))
        .route("/authorize/{id}/leave", get(hub::again).post(enrol::leave))
        .route("/authorize/{id}/terms", get(hub::again).post(terms::post))
        .route("/authorize/{id}/refuse", get(terms::refuse))
        .route("/authorize/{id}/connected", get(terms::connected))
        .route("/authorize/{id}/forgot", get(forgot::get).post(forgot::post))
        .route("/authorize/{id}/help", get(help::get))
}

/// The screens to which mailed links lead.
fn link_screens() -> Router<Shared> {
    Router::new()
        .route("/confirm", get(mailed_link::get::<Confirm>).post(mailed_link::post::<Confirm>))
        .route("/reset", get(mailed_link::get::<Reset>).post(mailed_link::post::<Reset>))
        .route("/new-address", get(mailed_link::get::<NewAddress>).post(mailed_link::post::<NewAddress>))
        .route("/invitation", get(mailed_link::get::<Invitation>).post(mailed_link::post::<Invitation>))
        .route("/take-back", get(mailed_link::get::<TakeBack>).post(mailed_link::post::<TakeBack>))
}

/// The provider's own front page, and the pages that need neither a portal nor an account.
fn home_screens() -> Router<Shared> {
    Router::new()
        .route("/", get(home::get))
        .route("/attach", get(home::attach))
        .route("/legacy", get(home::attach))
        .route("/activate", get(legacy::activate))
        .route("/forgot", get(home::forgot))
        .route("/help", get(help::bare))
        .route("/sign-out", get(sign_out::get).post(sign_out::post))
}

/// The pages of a person's own account.
fn account_screens() -> Router<Shared> {
    Router::new()
        .route("/account", get(account::get))
        .route("/account/agencies", get(agencies::get))
        .route("/account/acceptances", get(acceptances::get))
        .route("/account/acceptances/{id}", get(acceptances::receipt))
        .route("/account/looks", get(looks::get))
        .route("/account/memo", get(memo::get))
        .route("/account/email", get(email::get).post(email::post))
        .route("/account/email/cancel", get(email::again).post(email::cancel))
        .route("/account/name", get(name::get).post(name::post))
        .route("/account/language", get(language::get).post(language::post))
        .route("/account/password", get(password::get).post(password::post))
        .route("/account/sessions", get(sessions::get))
        .route("/account/sessions/end", get(sessions::again).post(sessions::end))
        .route("/account/sessions/end-others", get(sessions::again).post(sessions::end_others))
}

/// The desk, for staff.
fn desk_screens() -> Router<Shared> {
    Router::new()
        .route("/desk", get(desk::get))
        .route("/desk/{seat}", get(desk::search::get))
        .route("/desk/{seat}/search", get(desk::search::again).post(desk::search::post))
        .route("/desk/{seat}/invite", get(desk::search::again).post(desk::invite::post))
        .route("/desk/{seat}/person/{id}", get(desk::person::get))
        .route("/desk/{seat}/person/{id}/{verb}", get(desk::act::get).post(desk::act::post))
}

/// Files: style sheets, scripts, logos and pictures.
fn files() -> Router<Shared> {
    Router::new()
        .route("/assets/{*path}", get(file::asset))
        .route("/look/{file}", get(file::of_agency))
        .route("/help/{picture}", get(help::picture))
        .route("/robots.txt", get(async || "User-agent: *\nDisallow: /\n"))
}

/// Runs a handler that may write in a task of its own, so that a client disconnect, or a second click that cancels the first, cannot cancel the handler
/// between two writes. An attempt whose password was right is not left counted, and a reset that is done reaches the portals.
async fn run_to_completion(request: Request, next: Next) -> Response {
    let handled = tokio::spawn(next.run(request).in_current_span()).await;
    handled.unwrap_or_else(|_| Failure::new(ProblemKind::Internal, "a handler panicked").into_response())
}
