//! Files that pages load: assets of the pages, and the colours and logos of agencies.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use pages::page::ProblemKind;

use super::{compression::accepts_gzip, error::Failure, look::look};
use crate::Shared;

/// `GET /assets/{path}`.
pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = pages::asset(&path) else {
        return Failure::new(ProblemKind::NotFound, "no such asset").into_response();
    };
    let known = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    match &asset.gzip {
        Some(compressed) if accepts_gzip(&headers) => {
            (known, [(header::CONTENT_ENCODING, "gzip")], compressed.as_slice()).into_response()
        }
        _ => (known, asset.bytes).into_response(),
    }
}

/// `GET /look/{agency}.css` and `GET /look/{agency}.{extension}`: the agency's colours and its logo.
pub(super) async fn of_agency(State(idp): State<Shared>, Path(file): Path<String>) -> Response {
    /// The content policy of a logo: opened by itself, it loads nothing and runs nothing, whatever is in the file.
    const STILL: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    let agencies = idp.agencies.load();
    let (id, extension) = file.rsplit_once('.').unwrap_or_default();
    let cache = (header::CACHE_CONTROL, "public, max-age=300");
    match agencies.agency(id).map(|agency| (agency, &agency.logo)) {
        Some((agency, _)) if extension == "css" => (
            [(header::CONTENT_TYPE, "text/css; charset=utf-8"), cache],
            look(agency, idp.context.now()).stylesheet(),
        )
            .into_response(),
        Some((_, Some(logo))) if extension == logo.extension => {
            let headers =
                [(header::CONTENT_TYPE, logo.content_type), (header::CONTENT_SECURITY_POLICY, STILL), cache];
            (headers, logo.bytes.to_vec()).into_response()
        }
        _ => Failure::new(ProblemKind::NotFound, "no such agency").into_response(),
    }
}
