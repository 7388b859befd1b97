use axum::{extract::State, response::Response};
use pages::{
    Locale,
    page::{AccountLanguage, ProblemKind},
};
use serde::Deserialize;

use super::{Member, sign_in_first};
use crate::{
    Shared,
    web::{
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
        form::Form,
        language,
    },
};

/// `GET /account/language`.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let language = Locale::from_tag(&member.person.locale).unwrap_or(Locale::Fr);
    member.answer().page(&member.setting(), &AccountLanguage { language })
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    language: String,
}

/// `POST /account/language`: kept on the account, for its pages and mails; here at once, whatever the foot of a page said before.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let Some(locale) = Locale::ALL.into_iter().find(|locale| locale.tag() == fields.language) else {
        return Err(Failure::new(ProblemKind::BadRequest, "no such language").retry("/account/language"));
    };
    idp.accounts.speak(member.person.id, locale.tag()).await?;
    let answer = member.answer().cookie(language::cookie(&idp, locale));
    Ok(answer.say("/", &Flash::said(Said::LanguageSaved)))
}
