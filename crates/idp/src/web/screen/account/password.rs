use accounts::{NewPassword, PasswordChange, context_words};
use axum::response::Response;
use http::request::Parts;
use kernel::Token;
use pages::page::{AccountPassword, ProblemKind};
use serde::Deserialize;

use super::{
    super::{enrol::min_length, home, sign_in::password_error},
    Member,
};
use crate::{
    Shared,
    web::{
        browser::Browser,
        cookie::Cookie,
        error::Failure,
        flash::{AccountPasswordFlash, HomeFlash, Missing, PasswordError, Problems},
        form::{Form, FromBrowser, TypedPassword},
        limits, path,
        response::ResponseBuilder,
    },
};

/// `GET /account/password`.
pub(crate) async fn get(member: Member) -> Result<Response, Failure> {
    let flash = member.browser.flash(&member.idp, &path::ACCOUNT_PASSWORD);
    let min_length = min_length(&member.idp);
    let (error, errors) = match flash {
        Some(AccountPasswordFlash::Refused(error)) => (Some(error), Vec::new()),
        Some(AccountPasswordFlash::Problems(problems)) => (None, problems.shown(min_length)),
        None => (None, Vec::new()),
    };
    let page = AccountPassword {
        forbidden_words: context(&member).await?,
        email: member.person.email.clone(),
        min_length,
        error: error.map(Into::into),
        errors,
    };
    member.response().busy_if(error == Some(PasswordError::Busy)).page(&page)
}

/// Returns the words that a password may not hold: the person's name, address and agencies.
async fn context(member: &Member) -> Result<Vec<String>, Failure> {
    let agencies = member.idp.agencies.load();
    let linked = member.idp.accounts.linked_agencies(member.person.id).await?;
    let names = linked.iter().filter_map(|link| agencies.agency(&link.agency_id)).map(|a| a.name.as_str());
    let own = [member.person.name.as_deref().unwrap_or_default(), &member.person.email];
    Ok(context_words(own.into_iter().chain(names)))
}

#[derive(Deserialize)]
pub(crate) struct NewPasswordForm {
    current: TypedPassword,
    password: TypedPassword,
}

/// The sender of the form.
pub(crate) enum Sender {
    /// The person who is signed in.
    Member(Box<Member>),
    /// A browser whose session has ended, as it does when the form comes the first time.
    SignedOut(Box<SignedOut>),
}

pub(crate) struct SignedOut {
    idp: Shared,
    browser: Browser,
    /// The token of the session that has ended.
    token: Token,
}

impl FromBrowser for Sender {
    async fn from_browser(browser: Browser, parts: &mut Parts, idp: &Shared) -> Result<Self, Response> {
        let token = Cookie::Session.one(&parts.headers, idp.secure()).and_then(|value| Token::parse(&value));
        match token {
            Some(token) if browser.session.is_none() => {
                Ok(Self::SignedOut(Box::new(SignedOut { idp: idp.clone(), browser, token })))
            }
            _ => Ok(Self::Member(Box::new(Member::from_browser(browser, parts, idp).await?))),
        }
    }
}

/// `POST /account/password`: every other session and token of the account ends (SPEC J6); this browser goes on with a new session.
pub(crate) async fn post(
    Form { context: sender, fields }: Form<Sender, NewPasswordForm>,
) -> Result<Response, Failure> {
    match sender {
        Sender::Member(member) => change(&member, &fields).await,
        Sender::SignedOut(sender) => sent_again(&sender, &fields).await,
    }
}

/// Answers the form that was sent again before its first answer came as that one did; asks for the sign-in in all other cases.
async fn sent_again(sender: &SignedOut, fields: &NewPasswordForm) -> Result<Response, Failure> {
    let SignedOut { idp, browser, token } = sender;
    if limits::attempt(idp, browser).is_ok()
        && let Some(signed_in) =
            idp.accounts.password_changed_again(token, &fields.password, &browser.visitor).await?
    {
        let response = ResponseBuilder::new(idp, browser).signed_in(&signed_in);
        return Ok(response.say(&path::HOME, &HomeFlash::Password));
    }
    home::sign_in(idp, browser).await
}

async fn change(member: &Member, fields: &NewPasswordForm) -> Result<Response, Failure> {
    let (idp, browser) = (&member.idp, &member.browser);
    let refuse = |flash| Ok(member.response().say(&path::ACCOUNT_PASSWORD, &flash));
    if let Some(missing) = Missing::of_password(Some(&fields.current)) {
        return refuse(AccountPasswordFlash::Refused(PasswordError::Missing(missing)));
    }
    if let Err(seconds) = limits::attempt(idp, browser) {
        return refuse(AccountPasswordFlash::Refused(PasswordError::Throttled { seconds }));
    }
    let context = context(member).await?;
    let typed = NewPassword { current: &fields.current, new: &fields.password, context: &context };
    match idp.accounts.change_password(&member.session, &typed, &browser.visitor).await? {
        PasswordChange::Done(signed_in) => {
            Ok(member.replace_session(&signed_in).await?.say(&path::HOME, &HomeFlash::Password))
        }
        PasswordChange::Problems(problems) => refuse(AccountPasswordFlash::Problems(Problems::new(problems))),
        PasswordChange::Refused(refused) => refuse(AccountPasswordFlash::Refused(password_error(&refused))),
        PasswordChange::Busy => {
            Err(Failure::new(ProblemKind::Busy, "no room to hash").retry(path::ACCOUNT_PASSWORD))
        }
        PasswordChange::Gone => Ok(member.response().see_other(path::ACCOUNT_PASSWORD)),
    }
}
