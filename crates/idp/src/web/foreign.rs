//! Forms that other sites post: portals, to `/authorize` and `/end-session`, and attackers. They come without our cookies (SameSite=Lax), so nothing is
//! known of the browser, and no cookie is set in it: that would replace one that is there (SECURITY #42, #44).

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use pages::page::FormPost;

use super::{browser::Browser, cookie::Cookie, error::Failure, response::ResponseBuilder};
use crate::Idp;

/// The site from which a request comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Site {
    /// A page of ours, or the person.
    Ours,
    Other,
    /// The browser does not tell: an old one, or none at all.
    Unknown,
}

/// Reads what the browser says of the site (Fetch Metadata), or else the origin, which browsers before 2023 give as "null" for our own forms too.
fn site(headers: &HeaderMap, issuer: &str) -> Site {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?").to_owned());
    if let Some(site) = text("sec-fetch-site") {
        return if matches!(site.as_str(), "same-origin" | "none") { Site::Ours } else { Site::Other };
    }
    match text("origin").as_deref() {
        None | Some("null") => Site::Unknown,
        Some(origin) if issuer == origin || issuer.starts_with(&format!("{origin}/")) => Site::Ours,
        Some(_) => Site::Other,
    }
}

/// Returns true if the browser says that a page of another site sends the request.
pub(crate) fn is_from_other_site(headers: &HeaderMap, issuer: &str) -> bool {
    site(headers, issuer) == Site::Other
}

/// A form that a page of another site posts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ForeignPost {
    /// The browser says that it is from another site.
    Certainly,
    /// The browser says nothing, and sends no cookie of ours.
    Probably,
}

/// Returns what the request is, if another site may have posted it.
pub(crate) fn foreign_post(idp: &Idp, method: &Method, headers: &HeaderMap) -> Option<ForeignPost> {
    let known = || {
        [Cookie::Browser, Cookie::Session].iter().any(|cookie| !cookie.all(headers, idp.secure()).is_empty())
    };
    match site(headers, &idp.issuer) {
        _ if *method != Method::POST => None,
        Site::Other => Some(ForeignPost::Certainly),
        Site::Unknown if !known() => Some(ForeignPost::Probably),
        Site::Unknown | Site::Ours => None,
    }
}

/// Removes the cookies that would be set in a browser of which nothing is known.
pub(crate) fn set_nothing(response: &mut Response) {
    response.headers_mut().remove(header::SET_COOKIE);
}

/// The maximum length of an address (SECURITY "Numbers"), with room for the host.
const LONGEST_ADDRESS: usize = 7 * 1024;

/// Makes the browser send the same request from a page of ours, with its cookies: as a GET, or, if that is too long for an address, as a form that posts
/// itself; its redirects end at the portal, so no `form-action` holds them (SECURITY D15). `None` if no such form would help, because the browser
/// would not say where it comes from either.
pub(crate) fn pass_on(
    idp: &Idp,
    browser: &Browser,
    post: ForeignPost,
    raw: &[&str],
) -> Result<Option<Response>, Failure> {
    let both = raw.iter().copied().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("&");
    let path = &browser.path;
    let address = if both.is_empty() { path.clone() } else { format!("{path}?{both}") };
    if address.len() < LONGEST_ADDRESS && Uri::try_from(&address).is_ok() {
        return Ok(Some((StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()));
    }
    if post == ForeignPost::Probably {
        return Ok(None);
    }
    let fields: Vec<(String, String)> =
        url::form_urlencoded::parse(both.as_bytes()).into_owned().take(oidc::Params::MAX + 1).collect();
    // A form token of another site is none of ours.
    let fields: Vec<_> = fields.into_iter().filter(|(name, _)| name != "csrf").collect();
    let page = FormPost { action: path.clone(), fields };
    ResponseBuilder::new(idp, browser).posts_away().page(&page).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_foreign_by_what_the_browser_says() {
        let of = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap()));
            site(&headers.collect::<HeaderMap>(), "https://op.example/tenant")
        };
        for (headers, expected) in [
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")][..], Site::Ours),
            (&[("sec-fetch-site", "none")], Site::Ours),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://op.example")], Site::Other),
            // A sibling host is another one.
            (&[("sec-fetch-site", "same-site")], Site::Other),
            (&[("origin", "https://op.example")], Site::Ours),
            (&[("origin", "https://op.example.evil")], Site::Other),
            (&[("origin", "https://rp.example")], Site::Other),
            (&[("origin", "null")], Site::Unknown),
            (&[], Site::Unknown),
        ] {
            assert_eq!(of(headers), expected, "{headers:?}");
        }
    }
}
