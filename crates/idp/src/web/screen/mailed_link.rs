//! The screen to which a mailed link leads, the same for every kind of link: the token moves from the address to a cookie, the browser comes back to the
//! clean address, and the page asks before anything changes. Opening a link changes nothing (SECURITY #70, #71). A kind names its cookie, its page and
//! its act.

use std::marker::PhantomData;

use axum::{extract::FromRequestParts, response::Response};
use http::request::Parts;
use kernel::Token;
use pages::{
    Page,
    page::{LinkDead, LinkMissing, LinkPurpose},
};
use serde::de::DeserializeOwned;

use crate::{
    Shared,
    web::{
        browser::Browser,
        cookie::Cookie,
        error::Failure,
        flash::Address,
        form::{Form, FromBrowser},
        link::Link,
        response::ResponseBuilder,
    },
};

/// A kind of mailed link.
pub(crate) trait LinkKind: Sized + Send + Sync + 'static {
    /// The flash that its page shows.
    type Flash: DeserializeOwned + Send;
    /// The fields of its page's form.
    type Fields: DeserializeOwned + Send;

    /// The address of its page.
    const ADDRESS: Address<Self::Flash>;
    /// The cookie that keeps its token.
    const COOKIE: Cookie;
    /// The purpose that the page of a dead link names.
    const PURPOSE: LinkPurpose;
    /// The answer to a form whose link is dead.
    const DEAD_FORM: DeadForm;

    /// Shows the page; `None` if the link is dead.
    fn page(
        link: &MailedLink<Self>,
        flash: Option<Self::Flash>,
    ) -> impl Future<Output = Result<Option<Response>, Failure>> + Send;

    /// Does what the page's form asks; `None` if the link is dead.
    fn act(
        link: &MailedLink<Self>,
        fields: Self::Fields,
    ) -> impl Future<Output = Result<Option<Response>, Failure>> + Send;
}

/// The answer to a form whose link is dead.
#[derive(Clone, Copy)]
pub(crate) enum DeadForm {
    /// The page that says so.
    Page,
    /// A redirect to the link's page, which may have more to say: that another click was first.
    Redirect,
}

/// A mailed link that was opened in this browser.
pub(crate) struct MailedLink<K> {
    pub(crate) idp: Shared,
    pub(crate) browser: Browser,
    pub(crate) token: Token,
    kind: PhantomData<fn() -> K>,
}

/// `GET …?token=…` moves the token to a cookie (see [`MailedLink`]'s extractor); the clean address shows the page.
pub(crate) async fn get<K: LinkKind>(link: MailedLink<K>) -> Result<Response, Failure> {
    let flash = link.browser.flash(&link.idp, &K::ADDRESS);
    match K::page(&link, flash).await? {
        Some(page) => Ok(page),
        None => link.dead_page(K::PURPOSE),
    }
}

/// The form of the page.
pub(crate) async fn post<K: LinkKind>(
    Form { context: link, fields }: Form<MailedLink<K>, K::Fields>,
) -> Result<Response, Failure> {
    match K::act(&link, fields).await? {
        Some(response) => Ok(response),
        None => gone_form::<K>(&link.idp, &link.browser, &LinkDead { purpose: K::PURPOSE }),
    }
}

impl<K> MailedLink<K> {
    pub(crate) fn response(&self) -> ResponseBuilder<'_> {
        ResponseBuilder::new(&self.idp, &self.browser)
    }

    /// Shows the page of a dead link.
    pub(crate) fn dead_page(&self, purpose: LinkPurpose) -> Result<Response, Failure> {
        self.response().page(&LinkDead { purpose })
    }

    /// Signs this browser in; the sessions at portals of the session that it replaces go over to the new one, or end.
    pub(crate) async fn signed_in(
        &self,
        signed_in: &accounts::SignedIn,
    ) -> Result<ResponseBuilder<'_>, Failure> {
        if let Some(old) = &self.browser.session {
            self.idp.grants.session_replaced(old, &signed_in.session).await?;
        }
        Ok(self.response().signed_in(signed_in))
    }
}

/// Answers a form whose link is dead, or not here, with the page that says so or by the link's own page.
fn gone_form<K: LinkKind>(idp: &Shared, browser: &Browser, page: &impl Page) -> Result<Response, Failure> {
    let response = ResponseBuilder::new(idp, browser);
    match K::DEAD_FORM {
        DeadForm::Page => response.page(page),
        DeadForm::Redirect => Ok(response.see_other(K::ADDRESS)),
    }
}

/// The token that the browser keeps.
fn kept<K: LinkKind>(parts: &Parts, idp: &Shared) -> Option<Token> {
    K::COOKIE.one(&parts.headers, idp.secure()).and_then(|token| Token::parse(&token))
}

/// For the form: the address holds no token any more.
impl<K: LinkKind> FromBrowser for MailedLink<K> {
    async fn from_browser(browser: Browser, parts: &mut Parts, idp: &Shared) -> Result<Self, Response> {
        match kept::<K>(parts, idp) {
            Some(token) => Ok(Self { idp: idp.clone(), browser, token, kind: PhantomData }),
            None => Err(gone_form::<K>(idp, &browser, &LinkMissing {})?),
        }
    }
}

/// For the page. A token in the address moves to the cookie, so that no address keeps it; text that is no token makes the link dead, whatever the cookie
/// holds.
impl<K: LinkKind> FromRequestParts<Shared> for MailedLink<K> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, idp: &Shared) -> Result<Self, Response> {
        let browser = Browser::from_request_parts(parts, idp).await?;
        let path = K::ADDRESS;
        let response = ResponseBuilder::new(idp, &browser);
        match Link::read(parts.uri.query()) {
            Link::Token(token) => {
                return Err(response.link(K::COOKIE, path.as_str(), &token).see_other(path));
            }
            Link::Broken => return Err(response.page(&LinkDead { purpose: K::PURPOSE })?),
            Link::Bare => {}
        }
        // Where cookies are refused no link works, and it would be said of each that it is dead.
        if let Some(failure) = browser.without_cookies(idp, path.as_str()) {
            return Err(failure.into());
        }
        match kept::<K>(parts, idp) {
            Some(token) => Ok(Self { idp: idp.clone(), browser, token, kind: PhantomData }),
            None => Err(response.page(&LinkMissing {})?),
        }
    }
}
