use axum::response::Response;
use pages::{
    Locale,
    page::{AccountLanguage, ProblemKind},
};
use serde::Deserialize;

use super::Member;
use crate::web::{error::Failure, flash::HomeFlash, form::Form, language, path};

/// `GET /account/language`.
pub(crate) async fn get(member: Member) -> Result<Response, Failure> {
    let language = Locale::from_tag(&member.person.locale).unwrap_or(Locale::Fr);
    member.response().page(&AccountLanguage { language })
}

#[derive(Deserialize)]
pub(crate) struct LanguageForm {
    language: String,
}

/// `POST /account/language`: kept on the account, for its pages and mails; here at once, whatever the foot of a page said before.
pub(crate) async fn post(
    Form { context: member, fields }: Form<Member, LanguageForm>,
) -> Result<Response, Failure> {
    let idp = &member.idp;
    let Some(locale) = Locale::ALL.into_iter().find(|locale| locale.tag() == fields.language) else {
        return Err(Failure::new(ProblemKind::BadRequest, "no such language").retry("/account/language"));
    };
    idp.accounts.speak(member.person.id, locale.tag()).await?;
    let response = member.response().cookie(language::cookie(idp, locale));
    Ok(response.say(&path::HOME, &HomeFlash::Language))
}
