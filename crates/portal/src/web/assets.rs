//! The stylesheet, the agency's colours and the emblem, all embedded in this program.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::portal::Portal;

const CSS: &str = include_str!("../../assets/portal.css");
/// File names carry no version, so browsers may cache them only briefly.
const KEEP: &str = "public, max-age=300";

pub(super) async fn stylesheet() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, KEEP)], CSS).into_response()
}

pub(super) async fn theme(State(portal): State<Arc<Portal>>) -> Response {
    let css = portal.look.css.clone();
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, KEEP)], css).into_response()
}

pub(super) async fn icon(State(portal): State<Arc<Portal>>) -> Response {
    let svg = portal.look.icon.clone();
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, KEEP)], svg).into_response()
}
