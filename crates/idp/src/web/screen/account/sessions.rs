use accounts::{OpenSession, SessionId};
use axum::{extract::State, response::Response};
use pages::page::{AccountSessions, SessionRow, SessionsNotice};
use serde::Deserialize;

use super::{super::sign_in::Nothing, Member, sign_in_first};
use crate::{
    Shared,
    web::{
        answer::Answer,
        browser::Browser,
        error::Failure,
        flash::{Flash, Said},
        form::Form,
    },
};

const PATH: &str = "/account/sessions";

/// `GET /account/sessions`: where the account is open (SECURITY #50). What the browsers are, never where.
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let now = idp.context.now();
    let open = idp.accounts.open_sessions(member.person.id).await?;
    let (here, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|s| s.id == member.session.id);
    // It ended in another browser a moment ago.
    let Some(here) = here.into_iter().next() else { return sign_in_first(&idp, &browser).await };
    let row = |session: OpenSession| SessionRow {
        id: session.id.to_string(),
        browser: session.device.browser.map(str::to_owned),
        system: session.device.system.map(str::to_owned),
        since: session.since,
        unused: now - session.last_seen,
        kept: session.kept,
    };
    let notice = match browser.flash(&idp).said {
        Some(Said::SessionEnded) => Some(SessionsNotice::Ended),
        Some(Said::SessionsEnded) => Some(SessionsNotice::EndedAll),
        _ => None,
    };
    let page = AccountSessions { here: row(here), others: others.into_iter().map(row).collect(), notice };
    member.answer().page(&member.setting(), &page)
}

/// A reloaded or bookmarked form address leads to the list.
pub(crate) async fn again(State(idp): State<Shared>, browser: Browser) -> Response {
    Answer::new(&idp, &browser).see_other(PATH)
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    session: String,
}

/// `POST /account/sessions/end`: one session, at its portals too.
pub(crate) async fn end(
    State(idp): State<Shared>,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    // Whatever is no session of theirs, or none that lives, has nothing left to end: the page says what it shows.
    if let Ok(id) = fields.session.parse::<SessionId>() {
        idp.grants.end_elsewhere(member.person.id, id).await?;
    }
    Ok(member.answer().say(PATH, &Flash::said(Said::SessionEnded)))
}

/// `POST /account/sessions/end-others`: all but this one.
pub(crate) async fn end_others(
    State(idp): State<Shared>,
    Form { browser, .. }: Form<Nothing>,
) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    idp.grants.end_all_elsewhere(member.person.id, member.session.id, &browser.visitor).await?;
    Ok(member.answer().say(PATH, &Flash::said(Said::SessionsEnded)))
}
