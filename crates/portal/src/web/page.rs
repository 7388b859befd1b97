//! Pages: templates, and the values that all of them share.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, Value, context};

use crate::portal::Portal;
use crate::web::visitor::Visitor;
use crate::web::write;
use crate::{Error, look};

const TEMPLATES: [(&str, &str); 9] = [
    ("base.html", include_str!("../../templates/base.html")),
    ("space_base.html", include_str!("../../templates/space_base.html")),
    ("home.html", include_str!("../../templates/home.html")),
    ("old_form.html", include_str!("../../templates/old_form.html")),
    ("space.html", include_str!("../../templates/space.html")),
    ("choice.html", include_str!("../../templates/choice.html")),
    ("no_dossier.html", include_str!("../../templates/no_dossier.html")),
    ("farewell.html", include_str!("../../templates/farewell.html")),
    ("error.html", include_str!("../../templates/error.html")),
];

/// The parsed templates.
pub(crate) struct Pages(Arc<Environment<'static>>);

impl Pages {
    /// Parses all templates.
    pub fn new() -> Result<Self, Error> {
        let mut env = Environment::new();
        env.add_filter("euros", write::euros);
        env.add_filter("day", write::day);
        env.add_filter("instant", write::instant);
        for (name, source) in TEMPLATES {
            env.add_template(name, source)?;
        }
        Ok(Self(Arc::new(env)))
    }
}

/// An error as shown to a person. It never contains text that somebody sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorPage {
    NotFound,
    Malformed,
    ForeignForm,
    ForeignIssuer,
    ProviderDown,
    StaleSignIn,
    AccessDenied,
    InteractionRequired,
    Refused,
    BadAnswer,
    SessionOver,
}

impl ErrorPage {
    fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Malformed => "malformed",
            Self::ForeignForm => "foreign-form",
            Self::ForeignIssuer => "foreign-issuer",
            Self::ProviderDown => "provider-down",
            Self::StaleSignIn => "stale-sign-in",
            Self::AccessDenied => "access-denied",
            Self::InteractionRequired => "interaction-required",
            Self::Refused => "refused",
            Self::BadAnswer => "bad-answer",
            Self::SessionOver => "session-over",
        }
    }
}

/// Renders an error page.
pub(crate) fn error(portal: &Portal, visitor: &Visitor, status: StatusCode, kind: ErrorPage) -> Response {
    render(portal, visitor, status, "error.html", context! { kind => kind.name() })
}

/// Renders a page with its own values.
pub(crate) fn render(
    portal: &Portal,
    visitor: &Visitor,
    status: StatusCode,
    name: &str,
    own: Value,
) -> Response {
    let config = &portal.config;
    let shared = context! {
        agency => context! {
            name => config.agency_name.as_str(),
            city => config.city.as_str(),
            tagline => config.tagline.as_deref(),
            phone => config.phone.as_deref(),
            email => config.email.as_deref(),
            hours => config.hours.as_deref(),
            mark => portal.look.mark.name(),
            outline => look::outline(portal.look.mark),
        },
        signed_in => visitor.session().is_some(),
        csrf => visitor.form_cookie().map(|cookie| portal.form_token(cookie)),
    };
    let page =
        portal.pages.0.get_template(name).and_then(|template| template.render(context! { ..own, ..shared }));
    match page {
        Ok(page) => (status, Html(page)).into_response(),
        Err(error) => {
            tracing::error!(?error, name, "page rendering failed");
            (StatusCode::INTERNAL_SERVER_ERROR, "Cette page ne peut pas être affichée.").into_response()
        }
    }
}

/// Returns the address of the client space of a client reference.
pub(crate) fn space_address(client_ref: &str) -> String {
    let query =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("dossier", client_ref).finish();
    format!("/espace?{query}")
}
