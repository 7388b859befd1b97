use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use pages::{
    Locale,
    page::{self, ProblemKind},
};

use super::interaction::InteractionContext;
use crate::{
    Idp, Shared,
    web::{
        browser::Browser, compression::accepts_gzip, error::Failure, look::look, response::ResponseBuilder,
    },
};

/// `GET /authorize/{id}/help`: the help page of the agency (SPEC J9).
pub(crate) async fn get(context: InteractionContext) -> Result<Response, Failure> {
    context.response().page(&page(&context.idp, context.hub().into()))
}

/// `GET /help`, from a page outside an interaction.
pub(crate) async fn bare(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    ResponseBuilder::new(&idp, &browser).page(&page(&idp, "/".into()))
}

/// `GET /help/{picture}`: a picture of a step of the move, `fr-1.svg`, in an agency's colours where it is named, `fr-1-tilleuls.svg`.
pub(crate) async fn picture(
    State(idp): State<Shared>,
    Path(picture): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let missing = || Failure::new(ProblemKind::NotFound, "no such picture");
    let mut parts = picture.strip_suffix(".svg").ok_or_else(missing)?.splitn(3, '-');
    let (locale, step) = (parts.next().and_then(Locale::from_tag), parts.next().and_then(|n| n.parse().ok()));
    let (Some(locale), Some(step)) = (locale, step) else { return Err(missing()) };
    let agencies = idp.agencies.load();
    let look = match parts.next() {
        Some(id) => Some(look(agencies.agency(id).ok_or_else(missing)?, idp.context.now())),
        None => None,
    };
    let svg = idp
        .pages
        .picture(locale, look.as_ref(), step)
        .map_err(|fault| Failure::new(ProblemKind::Internal, fault.to_string()))?;
    let svg = svg.ok_or_else(missing)?;
    let content = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::VARY, "accept-encoding"),
    ];
    // A picture holds nobody's token, so it may be compressed.
    Ok(match accepts_gzip(&headers).then(|| pages::precompressed(svg.as_bytes())).flatten() {
        Some(compressed) => (content, [(header::CONTENT_ENCODING, "gzip")], compressed).into_response(),
        None => (content, svg).into_response(),
    })
}

fn page(idp: &Idp, back_url: String) -> page::Help {
    let rules = idp.accounts.rules();
    page::Help {
        providers: pages::Provider::KNOWN.to_vec(),
        lock_failures: rules.lock.limit,
        confirm_days: rules.confirm_days(),
        reset_minutes: rules.reset_minutes(),
        back_url,
    }
}
