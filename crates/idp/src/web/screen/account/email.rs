use accounts::AddressWish;
use axum::{extract::State, response::Response};
use pages::page::{AccountEmail, AccountEmailAsked};
use serde::Deserialize;

use super::{super::sign_in::password_error, Member};
use crate::{
    Shared,
    web::{
        browser::Browser,
        error::Failure,
        flash::{self, AccountEmailError, AccountEmailFlash, Missing, NewEmailRefused, PasswordError},
        form::{EmptyForm, Form, TypedPassword},
        limits, path,
        response::ResponseBuilder,
    },
};

/// `GET /account/email`: asks for another address, or says that one waits for its confirmation.
pub(crate) async fn get(member: Member) -> Result<Response, Failure> {
    let idp = &member.idp;
    let email = member.person.email.clone();
    if let Some(pending) = idp.accounts.pending_address(member.person.id).await? {
        let hours = u16::try_from(idp.accounts.rules().email_link / 3600).unwrap_or(24);
        let page = AccountEmailAsked { email, asked: pending.email, hours, refused: pending.refused };
        return member.response().page(&page);
    }
    let (typed, wrong, error) = match member.browser.flash(idp, &path::ACCOUNT_EMAIL) {
        Some(AccountEmailFlash { error: AccountEmailError::Email(wrong), email }) => {
            (email, Some(wrong.into()), None)
        }
        Some(AccountEmailFlash { error: AccountEmailError::Password(error), email }) => {
            (email, None, Some(error))
        }
        None => (String::new(), None, None),
    };
    let page = AccountEmail { email, typed, wrong, error: error.map(Into::into) };
    member.response().busy_if(error == Some(PasswordError::Busy)).page(&page)
}

#[derive(Deserialize)]
pub(crate) struct NewEmailForm {
    email: String,
    password: TypedPassword,
    sure: Option<String>,
}

/// `POST /account/email`: with the password, whatever the session's age (SECURITY #65). The answer is the same for every address.
pub(crate) async fn post(
    Form { context: member, fields }: Form<Member, NewEmailForm>,
) -> Result<Response, Failure> {
    let (idp, browser) = (&member.idp, &member.browser);
    let say = |error| {
        let flash = AccountEmailFlash { error, email: flash::typed(&fields.email) };
        Ok(member.response().say(&path::ACCOUNT_EMAIL, &flash))
    };
    let email = |error| say(AccountEmailError::Email(error));
    let password = |error| say(AccountEmailError::Password(error));
    if accounts::Email::read(&fields.email).is_err() {
        return email(NewEmailRefused::Invalid);
    }
    if let Some(missing) = Missing::of_password(Some(&fields.password)) {
        return password(PasswordError::Missing(missing));
    }
    if let Err(seconds) = limits::attempt(idp, browser) {
        return password(PasswordError::Throttled { seconds });
    }
    let sure = fields.sure.is_some();
    let typed = accounts::NewAddress { email: &fields.email, sure, password: &fields.password };
    match idp.accounts.ask_address(member.person.id, &typed, &browser.visitor).await? {
        AddressWish::Asked | AddressWish::Gone => Ok(member.response().see_other(path::ACCOUNT_EMAIL)),
        AddressWish::Invalid => email(NewEmailRefused::Invalid),
        AddressWish::Suggestion(meant) => email(NewEmailRefused::Suggestion(meant)),
        AddressWish::Same => email(NewEmailRefused::Same),
        AddressWish::TooMany => email(NewEmailRefused::TooMany),
        AddressWish::Refused(refused) => password(password_error(&refused)),
    }
}

/// `POST /account/email/cancel`: the change is taken back before it was confirmed.
pub(crate) async fn cancel(
    Form { context: member, .. }: Form<Member, EmptyForm>,
) -> Result<Response, Failure> {
    member.idp.accounts.cancel_address(member.person.id).await?;
    Ok(member.response().see_other(path::ACCOUNT_EMAIL))
}

/// Redirects a reloaded or bookmarked form address to the page.
pub(crate) async fn again(State(idp): State<Shared>, browser: Browser) -> Response {
    ResponseBuilder::new(&idp, &browser).see_other(path::ACCOUNT_EMAIL)
}
