use axum::{extract::State, response::Response};
use pages::page::AccountName;
use serde::Deserialize;

use super::{Member, sign_in_first};
use crate::{
    Shared,
    web::{
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
        form::Form,
    },
};

const PATH: &str = "/account/name";

/// `GET /account/name`.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let flash = browser.flash(&idp);
    let page = match flash.said {
        Some(Said::Invalid) => AccountName { name: flash.typed, wrong: true },
        _ => AccountName { name: member.person.name.clone().unwrap_or_default(), wrong: false },
    };
    member.answer().page(&member.setting(), &page)
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    name: String,
}

/// `POST /account/name`: portals are told at their next token.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    if idp.accounts.rename(member.person.id, &fields.name).await? {
        return Ok(member.answer().say("/", &Flash::said(Said::NameSaved)));
    }
    Ok(member.answer().say(PATH, &Flash::said(Said::Invalid).typed(&fields.name)))
}
