use axum::response::Response;
use pages::page::AccountName;
use serde::Deserialize;

use super::Member;
use crate::web::{
    error::Failure,
    flash::{self, HomeFlash, NameFlash},
    form::Form,
    path,
};

/// `GET /account/name`.
pub(crate) async fn get(member: Member) -> Result<Response, Failure> {
    let page = match member.browser.flash(&member.idp, &path::ACCOUNT_NAME) {
        Some(NameFlash { refused }) => AccountName { name: refused, wrong: true },
        None => AccountName { name: member.person.name.clone().unwrap_or_default(), wrong: false },
    };
    member.response().page(&page)
}

#[derive(Deserialize)]
pub(crate) struct NameForm {
    name: String,
}

/// `POST /account/name`: portals are told at their next token.
pub(crate) async fn post(
    Form { context: member, fields }: Form<Member, NameForm>,
) -> Result<Response, Failure> {
    if member.idp.accounts.rename(member.person.id, &fields.name).await? {
        return Ok(member.response().say(&path::HOME, &HomeFlash::Name));
    }
    let flash = NameFlash { refused: flash::typed(&fields.name) };
    Ok(member.response().say(&path::ACCOUNT_NAME, &flash))
}
