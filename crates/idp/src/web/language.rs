//! The choice of a language at the foot of every page, for this browser, with an account or without.

use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::Cookie as SetCookie;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use pages::Locale;
use time::Duration;

use super::{cookie::Cookie, path};
use crate::Idp;

/// Returns the language that a person chose in this browser.
pub(crate) fn chosen(idp: &Idp, headers: &HeaderMap) -> Option<Locale> {
    Locale::from_tag(&Cookie::Language.one(headers, idp.secure())?)
}

/// Returns the cookie that keeps the choice.
pub(crate) fn cookie(idp: &Idp, locale: Locale) -> SetCookie<'static> {
    Cookie::Language.set(idp.secure(), "/", locale.tag().to_owned(), Some(Duration::days(400)))
}

/// Answers `GET …?hl=en`: keeps the choice and redirects to the same address without it. The address is this request's own, so that nothing that a browser
/// sends leads anywhere else (SECURITY #4).
pub(crate) fn choose(idp: &Idp, method: &Method, uri: &Uri) -> Option<Response> {
    let query = uri.query().filter(|_| *method == Method::GET)?;
    let (locale, rest) = requested(query)?;
    let path = path::local(uri.path().to_owned());
    let to = if rest.is_empty() { path } else { format!("{path}?{rest}") };
    let location = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/"));
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie(idp, locale).to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Some(response)
}

/// Returns the language that a query asks for, and the rest of the query.
fn requested(query: &str) -> Option<(Locale, String)> {
    if !query.contains("hl=") {
        return None;
    }
    let (requests, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| pair.starts_with("hl="));
    let tag = requests.last()?.strip_prefix("hl=")?;
    let locale = Locale::ALL.into_iter().find(|locale| locale.tag() == tag)?;
    Some((locale, rest.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_language_of_ours_is_a_wish_and_the_rest_stays() {
        let read = |query: &str| requested(query).map(|(locale, rest)| (locale.tag(), rest));
        assert_eq!(read("hl=en"), Some(("en", String::new())));
        assert_eq!(read("agency=tilleuls&hl=fr&x=%26"), Some(("fr", "agency=tilleuls&x=%26".into())));
        assert_eq!(read("hl=fr&hl=en"), Some(("en", String::new())));
        for none in ["", "hl", "hl=", "hl=de", "hl=EN", "xhl=en", "x=hl=en"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
