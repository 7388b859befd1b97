use axum::extract::{FromRequest, FromRequestParts, Request};
use http::header;
use pages::page::ProblemKind;
use serde::de::DeserializeOwned;

use super::{body, browser::Browser, error::Failure, foreign::is_elsewhere, path};
use crate::{Idp, Shared};

/// A form that exists only after it was found to come from this browser, from a page of ours (SECURITY #42, #43).
pub(crate) struct Form<T> {
    pub(crate) browser: Browser,
    pub(crate) fields: T,
}

/// Fields that hold a password: what may not stand in one, its own rules say.
const SECRETS: [&str; 2] = ["password", "current"];

impl<T: DeserializeOwned> FromRequest<Shared> for Form<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, idp: &Shared) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let browser = Browser::from_request_parts(&mut parts, idp).await?;
        // A page of another site is refused even with a token.
        if is_elsewhere(&parts.headers, &idp.issuer) {
            return Err(Failure::new(ProblemKind::Forbidden, "a form from another site"));
        }
        let pairs = read_pairs(Request::from_parts(parts, body), idp).await?;
        let csrf = pairs.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.as_str());
        if !csrf.is_some_and(|token| browser.owns(token)) {
            return Err(not_this_browsers(idp, &browser).await);
        }
        if let Some(interaction) = path::interaction(&browser.path) {
            idp.grants.went_on(interaction);
        }
        for (n, (name, _)) in pairs.iter().enumerate() {
            if pairs[..n].iter().any(|(other, _)| other == name) {
                // Escaped: it is the client's text, and a log line stays one line (SECURITY #123).
                let name: String = name.chars().take(40).collect();
                return Err(Failure::new(
                    ProblemKind::BadRequest,
                    format!("the field {name:?} is there twice"),
                ));
            }
        }
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let fields = serde_urlencoded::from_str(&encoded)
            .map_err(|_| Failure::new(ProblemKind::BadRequest, "a field is missing"))?;
        Ok(Self { browser, fields })
    }
}

/// A form without this browser's token. One that came without the cookie to which forms are bound may have no other fault: the page that it came from
/// says which of the reasons it is.
async fn not_this_browsers(idp: &Idp, browser: &Browser) -> Failure {
    let id = path::interaction(&browser.path);
    if browser.unbound {
        let to = id.map_or_else(|| browser.path.clone(), path::hub);
        return Failure::new(ProblemKind::ForeignBrowser, "a form without our cookie").onward(to, Vec::new());
    }
    // Begin again where it began: at the agency's portal, if the id tells which (PEOPLE U-38).
    let agency = match id {
        Some(id) => match idp.grants.left_of(id).await {
            Ok(left) => left.and_then(|left| left.agency_id).or_else(|| browser.agency_of(id)),
            Err(fault) => return fault.into(),
        },
        None => None,
    };
    let agencies = idp.agencies.load();
    let entrance = agency.as_deref().and_then(|id| agencies.agency(id)?.entrance(&idp.issuer));
    let failure = Failure::new(ProblemKind::ForeignBrowser, "the form token is not this browser's");
    failure.retry(entrance.unwrap_or_else(|| "/".into())).at(agency)
}

/// The most fields that are looked at (SECURITY "Numbers").
const MOST_FIELDS: usize = 100;

/// Reads an urlencoded body as ordered pairs.
async fn read_pairs(request: Request, idp: &Idp) -> Result<Vec<(String, String)>, Failure> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Failure::new(ProblemKind::BadRequest, "not a form"));
    }
    let body = body::read(request.into_body(), idp).await?;
    if std::str::from_utf8(&body).is_err() {
        return Err(Failure::new(ProblemKind::BadRequest, "not UTF-8"));
    }
    // One more than may be: thousands are not even taken apart.
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(&body).into_owned().take(MOST_FIELDS + 1).collect();
    if pairs.len() > MOST_FIELDS {
        return Err(Failure::new(ProblemKind::BadRequest, "too many fields"));
    }
    // NUL is stored by one database and refused by the other: refused here (SECURITY #109).
    if pairs.iter().any(|(n, v)| n.contains('\0') || (!SECRETS.contains(&n.as_str()) && v.contains('\0'))) {
        return Err(Failure::new(ProblemKind::BadRequest, "a field holds NUL"));
    }
    // What stands for bytes that are no text. Nobody types it, and two different fields would read alike.
    if pairs
        .iter()
        .any(|(n, v)| n.contains(char::REPLACEMENT_CHARACTER) || v.contains(char::REPLACEMENT_CHARACTER))
    {
        return Err(Failure::new(ProblemKind::BadRequest, "a field is not UTF-8"));
    }
    Ok(pairs)
}
