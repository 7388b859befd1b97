//! The link at the foot of every page: the same page in the other language, for this browser, with an account or without.

use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::Cookie;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use pages::Locale;
use time::Duration;

use super::{cookie::Jar, path};
use crate::Idp;

/// What a person chose in this browser.
pub(crate) fn chosen(idp: &Idp, headers: &HeaderMap) -> Option<Locale> {
    Locale::from_tag(&Jar::Language.one(headers, idp.secure())?)
}

/// Keeps the choice.
pub(crate) fn cookie(idp: &Idp, locale: Locale) -> Cookie<'static> {
    Jar::Language.bake(idp.secure(), "/", locale.tag().to_owned(), Some(Duration::days(400)))
}

/// `GET …?hl=en`: keeps the choice and comes back to the same address without it. The address is this request's own, so that nothing that a browser
/// sends leads anywhere else (SECURITY #4).
pub(crate) fn choose(idp: &Idp, method: &Method, uri: &Uri) -> Option<Response> {
    let query = uri.query().filter(|_| *method == Method::GET)?;
    let (locale, rest) = wish(query)?;
    let path = path::local(uri.path().to_owned());
    let to = if rest.is_empty() { path } else { format!("{path}?{rest}") };
    let location = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/"));
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie(idp, locale).to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Some(response)
}

/// The language that a query asks for, and the query without the wish.
fn wish(query: &str) -> Option<(Locale, String)> {
    if !query.contains("hl=") {
        return None;
    }
    let (wishes, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| pair.starts_with("hl="));
    let tag = wishes.last()?.strip_prefix("hl=")?;
    let locale = Locale::ALL.into_iter().find(|locale| locale.tag() == tag)?;
    Some((locale, rest.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_language_of_ours_is_a_wish_and_the_rest_stays() {
        let read = |query: &str| wish(query).map(|(locale, rest)| (locale.tag(), rest));
        assert_eq!(read("hl=en"), Some(("en", String::new())));
        assert_eq!(read("agency=tilleuls&hl=fr&x=%26"), Some(("fr", "agency=tilleuls&x=%26".into())));
        assert_eq!(read("hl=fr&hl=en"), Some(("en", String::new())));
        for none in ["", "hl", "hl=", "hl=de", "hl=EN", "xhl=en", "x=hl=en"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
