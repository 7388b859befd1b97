use accounts::{NewPassword, PasswordChange, context_words};
use axum::response::Response;
use pages::page::{AccountPassword, ProblemKind};
use serde::Deserialize;

use super::{
    super::{enrol::min_length, sign_in::password_error},
    Member,
};
use crate::web::{
    error::Failure,
    flash::{AccountPasswordFlash, HomeFlash, PasswordError, Problems},
    form::{Form, TypedPassword},
    limits, path,
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

/// `POST /account/password`: every other session and token of the account ends (SPEC J6); this browser goes on with a new session.
pub(crate) async fn post(
    Form { context: member, fields }: Form<Member, NewPasswordForm>,
) -> Result<Response, Failure> {
    let (idp, browser) = (&member.idp, &member.browser);
    let refuse = |flash| Ok(member.response().say(&path::ACCOUNT_PASSWORD, &flash));
    if let Err(seconds) = limits::attempt(idp, browser) {
        return refuse(AccountPasswordFlash::Refused(PasswordError::Throttled { seconds }));
    }
    let context = context(&member).await?;
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
