use accounts::{NewPassword, PasswordChange, context_words};
use axum::{extract::State, response::Response};
use pages::page::{AccountPassword, ProblemKind};
use serde::Deserialize;

use super::{
    super::{enrol::min_length, sign_in::said},
    Member, sign_in_first,
};
use crate::{
    Shared,
    web::{
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
        form::Form,
    },
};

const PATH: &str = "/account/password";

/// `GET /account/password`.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let (flash, min_length) = (browser.flash(&idp), min_length(&idp));
    let page = AccountPassword {
        forbidden_words: context(&member).await?,
        email: member.person.email.clone(),
        min_length,
        error: flash.sign_in_error(),
        errors: flash.password_problems(min_length),
    };
    member.answer().page(&member.setting(), &page)
}

/// The person's name, address and agencies.
async fn context(member: &Member<'_>) -> Result<Vec<String>, Failure> {
    let agencies = member.idp.agencies.load();
    let linked = member.idp.accounts.linked_agencies(member.person.id).await?;
    let names = linked.iter().filter_map(|link| agencies.agency(&link.agency_id)).map(|a| a.name.as_str());
    let own = [member.person.name.as_deref().unwrap_or_default(), &member.person.email];
    Ok(context_words(own.into_iter().chain(names)))
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    current: String,
    password: String,
}

/// `POST /account/password`: every other session and token of the account ends (SPEC J6); this browser goes on with a new session.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let say = |said| Ok(member.answer().say(PATH, &Flash::said(said)));
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return say(Said::Throttled(seconds));
    }
    let context = context(&member).await?;
    let typed = NewPassword { current: &fields.current, new: &fields.password, context: &context };
    match idp.accounts.change_password(member.session, &typed, &browser.visitor).await? {
        PasswordChange::Done(signed_in) => {
            let answer = member.goes_on(&signed_in).await?;
            Ok(answer.say("/", &Flash::said(Said::PasswordSaved)))
        }
        PasswordChange::Problems(problems) => {
            say(Said::Problems(problems.into_iter().map(Into::into).collect()))
        }
        PasswordChange::Refused(refused) => say(said(&refused)),
        PasswordChange::Busy => Err(Failure::new(ProblemKind::Busy, "no room to hash").retry(PATH)),
        PasswordChange::Gone => Ok(member.answer().see_other(PATH)),
    }
}
