use axum::{
    extract::{Path, State},
    response::Response,
};
use pages::page;

use super::turn::Turn;
use crate::{
    Idp, InteractionId,
    web::{
        answer::{Answer, Setting},
        browser::Browser,
        error::Failure,
    },
};

/// `GET /authorize/{id}/help`: the help page of the agency (SPEC J9).
pub(crate) async fn get(
    State(idp): State<Idp>,
    Path(id): Path<InteractionId>,
    browser: Browser,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    turn.answer().page(&turn.setting(), &page(&idp, turn.hub()))
}

/// `GET /help`, from a page outside an interaction.
pub(crate) async fn bare(State(idp): State<Idp>, browser: Browser) -> Result<Response, Failure> {
    let setting = Setting { locale: browser.locale(&[], None), agency: None, base: String::new() };
    Answer::new(&idp, &browser).page(&setting, &page(&idp, "/".into()))
}

fn page(idp: &Idp, back_url: String) -> page::Help {
    let rules = idp.accounts.rules();
    page::Help {
        legacy_door: true,
        lock_failures: rules.lock.limit,
        confirm_days: u16::try_from(rules.confirm_link / 86400).unwrap_or(7),
        reset_minutes: u16::try_from(rules.reset_link / 60).unwrap_or(30),
        back_url,
    }
}
