//! Forms that come from this browser, and the extractors of what a screen loads.

use std::{borrow::Cow, ops::Deref};

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    response::Response,
};
use http::{HeaderMap, header, request::Parts};
use pages::page::ProblemKind;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IntoDeserializer, Visitor, value},
    forward_to_deserialize_any,
};
use zeroize::Zeroizing;

use super::{body, browser::Browser, error::Failure, foreign::is_from_other_site, path};
use crate::{Idp, Shared};

/// A thing that a screen loads before its handler runs: an interaction, the person who is signed in, a mailed link.
pub(crate) trait FromBrowser: Sized {
    /// Loads it for the browser at the other end.
    ///
    /// # Errors
    /// The response in place of the screen's.
    fn from_browser(
        browser: Browser,
        parts: &mut Parts,
        idp: &Shared,
    ) -> impl Future<Output = Result<Self, Response>> + Send;
}

impl FromBrowser for Browser {
    async fn from_browser(browser: Browser, _: &mut Parts, _: &Shared) -> Result<Self, Response> {
        Ok(browser)
    }
}

/// A form with what its screen loads. It exists only after it was found to come from this browser, from a page of ours (SECURITY #42, #43).
pub(crate) struct Form<C, T> {
    pub(crate) context: C,
    pub(crate) fields: T,
}

/// A form of a button alone.
#[derive(Deserialize)]
pub(crate) struct EmptyForm {}

/// A password as it was typed, which is wiped from memory after use. No Debug: it is a secret.
#[derive(Default)]
pub(crate) struct TypedPassword(Zeroizing<String>);

impl Deref for TypedPassword {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for TypedPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Copied;
        impl Visitor<'_> for Copied {
            type Value = TypedPassword;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a password")
            }

            fn visit_str<E>(self, text: &str) -> Result<TypedPassword, E> {
                Ok(TypedPassword(Zeroizing::new(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Copied)
    }
}

/// Fields that hold a password: the rules of passwords say what may not stand in one.
const SECRETS: [&str; 2] = ["password", "current"];

impl<C: FromBrowser, T: DeserializeOwned + Send> FromRequest<Shared> for Form<C, T> {
    type Rejection = Response;

    async fn from_request(request: Request, idp: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let browser = Browser::from_request_parts(&mut parts, idp).await?;
        let fields = read_own_fields(&parts.headers, body, &browser, idp).await?;
        Ok(Self { context: C::from_browser(browser, &mut parts, idp).await?, fields })
    }
}

/// Reads the fields of a form that comes from this browser, from a page of ours.
///
/// # Errors
/// The page that says why it does not, or that it is no form.
pub(crate) async fn read_own_fields<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    browser: &Browser,
    idp: &Idp,
) -> Result<T, Failure> {
    // A page of another site is refused even with a token.
    if is_from_other_site(headers, &idp.issuer) {
        return Err(Failure::new(ProblemKind::Forbidden, "a form from another site"));
    }
    read_fields(headers, body, browser, idp).await
}

/// Reads the fields of a form that comes from this browser.
async fn read_fields<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    browser: &Browser,
    idp: &Idp,
) -> Result<T, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Failure::new(ProblemKind::BadRequest, "not a form"));
    }
    let body = body::read(body, idp).await?;
    let pairs = decode(&body)?;
    let csrf = pairs.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.as_str());
    if !csrf.is_some_and(|token| browser.owns(token)) {
        return Err(not_this_browsers(idp, browser).await);
    }
    if let Some(interaction) = path::interaction(&browser.path) {
        idp.grants.went_on(interaction);
    }
    for (n, (name, _)) in pairs.iter().enumerate() {
        if pairs[..n].iter().any(|(other, _)| other == name) {
            // Escaped: it is the client's text, and a log line stays one line (SECURITY #123).
            let name: String = name.chars().take(40).collect();
            return Err(Failure::new(ProblemKind::BadRequest, format!("the field {name:?} is there twice")));
        }
    }
    let fields = pairs.iter().map(|(name, value)| (name.as_ref(), FieldValue(value)));
    T::deserialize(value::MapDeserializer::<_, value::Error>::new(fields))
        .map_err(|_| Failure::new(ProblemKind::BadRequest, "a field is missing"))
}

/// Returns the failure of a form without this browser's token. One that came without the cookie to which forms are bound may have no other fault: the
/// page that it came from says which of the reasons it is.
async fn not_this_browsers(idp: &Idp, browser: &Browser) -> Failure {
    let id = path::interaction(&browser.path);
    if browser.is_unbound {
        let to = id.map_or_else(|| browser.path.clone(), |id| path::hub(id).into());
        return Failure::new(ProblemKind::ForeignBrowser, "a form without our cookie")
            .redirect(to, Vec::new());
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

/// The maximum number of fields that are read (SECURITY "Numbers").
const MOST_FIELDS: usize = 100;

/// The name and the value of a field. Any value may be a password, so every one is wiped.
type Field<'b> = (Cow<'b, str>, Zeroizing<String>);

/// Decodes an urlencoded body, in the order of its fields.
///
/// Each value is decoded straight into memory that is wiped. Plain copies of a password remain where this crate has no say: in `body` and the buffers
/// of the connection below it, and, for a value with both a blank and an escaped character, in the decoder's own working copy.
fn decode(body: &[u8]) -> Result<Vec<Field<'_>>, Failure> {
    if std::str::from_utf8(body).is_err() {
        return Err(Failure::new(ProblemKind::BadRequest, "not UTF-8"));
    }
    // One more than may be: thousands are not even decoded.
    let pairs: Vec<Field<'_>> = url::form_urlencoded::parse(body)
        .map(|(name, value)| (name, Zeroizing::new(value.into_owned())))
        .take(MOST_FIELDS + 1)
        .collect();
    if pairs.len() > MOST_FIELDS {
        return Err(Failure::new(ProblemKind::BadRequest, "too many fields"));
    }
    // NUL is stored by one database and refused by the other: refused here (SECURITY #109).
    if pairs.iter().any(|(n, v)| n.contains('\0') || (!SECRETS.contains(&n.as_ref()) && v.contains('\0'))) {
        return Err(Failure::new(ProblemKind::BadRequest, "a field holds NUL"));
    }
    // The replacement character stands for bytes that are no text. Nobody types it, and two different fields would read alike.
    if pairs
        .iter()
        .any(|(n, v)| n.contains(char::REPLACEMENT_CHARACTER) || v.contains(char::REPLACEMENT_CHARACTER))
    {
        return Err(Failure::new(ProblemKind::BadRequest, "a field is not UTF-8"));
    }
    Ok(pairs)
}

/// A field's value, lent to serde: a type that holds a password copies it once, into memory that is wiped.
struct FieldValue<'a>(&'a str);

impl<'de> IntoDeserializer<'de, value::Error> for FieldValue<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for FieldValue<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Typed {
        email: String,
        password: TypedPassword,
        current: Option<TypedPassword>,
        keep: Option<String>,
    }

    fn read(body: &str) -> Option<Typed> {
        let pairs = decode(body.as_bytes()).ok()?;
        let fields = pairs.iter().map(|(name, value)| (name.as_ref(), FieldValue(value)));
        Typed::deserialize(value::MapDeserializer::<_, value::Error>::new(fields)).ok()
    }

    #[test]
    fn fields_are_read_as_they_were_typed() {
        let typed = read("csrf=x&email=a%40b.test&password=+a+%2B%26%C3%A9%00&other=").unwrap();
        assert_eq!((typed.email.as_str(), &*typed.password), ("a@b.test", " a +&é\0"));
        assert!(typed.current.is_none() && typed.keep.is_none());
        let typed = read("email=&password=&current=c&keep=").unwrap();
        assert_eq!((typed.current.as_deref(), typed.keep.as_deref()), (Some("c"), Some("")));
    }

    #[test]
    fn a_form_without_its_fields_is_none() {
        for body in ["", "email=a", "password=p", "email=%00&password=p", "email=%FF&password=p"] {
            assert!(read(body).is_none(), "{body}");
        }
    }
}
