//! Forms that other sites post: portals, to `/authorize` and `/end-session`, and whoever else tries. They come without our cookies (SameSite=Lax), so
//! nothing is known of the browser, and nothing is set in it: a cookie would take the place of one that is there (SECURITY #42, #44).

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use pages::page::FormPost;

use super::{
    answer::{Answer, Setting},
    browser::Browser,
    cookie::Jar,
    error::Failure,
};
use crate::Idp;

/// What a request says of where it comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    /// A page of ours, or the person.
    Here,
    Elsewhere,
    /// An old browser, or none, says nothing.
    Unknown,
}

/// The word of the browser (Fetch Metadata), or else the origin, which browsers before 2023 give as "null" for our own forms too.
fn from(headers: &HeaderMap, issuer: &str) -> From {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?").to_owned());
    if let Some(site) = text("sec-fetch-site") {
        return if matches!(site.as_str(), "same-origin" | "none") { From::Here } else { From::Elsewhere };
    }
    match text("origin").as_deref() {
        None | Some("null") => From::Unknown,
        Some(origin) if issuer == origin || issuer.starts_with(&format!("{origin}/")) => From::Here,
        Some(_) => From::Elsewhere,
    }
}

/// Whether the browser says that a page of another site sends this.
pub(crate) fn is_elsewhere(headers: &HeaderMap, issuer: &str) -> bool {
    from(headers, issuer) == From::Elsewhere
}

/// A form that a page of another site posts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ForeignPost {
    /// The browser says so.
    Certainly,
    /// It says nothing, and brings no cookie of ours.
    Probably,
}

/// Whether a request is one.
pub(crate) fn foreign_post(idp: &Idp, method: &Method, headers: &HeaderMap) -> Option<ForeignPost> {
    let known = || [Jar::Browser, Jar::Session].iter().any(|jar| !jar.all(headers, idp.secure()).is_empty());
    match from(headers, &idp.issuer) {
        _ if *method != Method::POST => None,
        From::Elsewhere => Some(ForeignPost::Certainly),
        From::Unknown if !known() => Some(ForeignPost::Probably),
        From::Unknown | From::Here => None,
    }
}

/// Takes away what would be set in a browser of which nothing is known.
pub(crate) fn set_nothing(response: &mut Response) {
    response.headers_mut().remove(header::SET_COOKIE);
}

/// What fits an address (SECURITY "Numbers"), with room for the host.
const LONGEST_ADDRESS: usize = 7 * 1024;

/// Sends the browser on to the same request from a page of ours, to which it brings its cookies: as a GET, or, where that is too long for an address, as
/// a form that posts itself; its redirects end at the portal, so no `form-action` holds them (SECURITY D15). `None` where no such form would help, for the
/// browser would not say where it comes from either.
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
        url::form_urlencoded::parse(both.as_bytes()).into_owned().take(oidc::Params::MOST + 1).collect();
    // What another site calls its form token is none of ours.
    let fields: Vec<_> = fields.into_iter().filter(|(name, _)| name != "csrf").collect();
    let setting = Setting { locale: browser.locale(&[], None), agency: None, base: String::new() };
    let page = FormPost { action: path.clone(), fields };
    Answer::new(idp, browser).posts_away().page(&setting, &page).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_foreign_by_what_the_browser_says() {
        let of = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap()));
            from(&headers.collect::<HeaderMap>(), "https://op.example/tenant")
        };
        for (headers, expected) in [
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")][..], From::Here),
            (&[("sec-fetch-site", "none")], From::Here),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://op.example")], From::Elsewhere),
            // A sibling host is another one.
            (&[("sec-fetch-site", "same-site")], From::Elsewhere),
            (&[("origin", "https://op.example")], From::Here),
            (&[("origin", "https://op.example.evil")], From::Elsewhere),
            (&[("origin", "https://rp.example")], From::Elsewhere),
            (&[("origin", "null")], From::Unknown),
            (&[], From::Unknown),
        ] {
            assert_eq!(of(headers), expected, "{headers:?}");
        }
    }
}
