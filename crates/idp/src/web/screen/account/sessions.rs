use accounts::{OpenSession, SessionId};
use axum::{extract::State, response::Response};
use pages::page::{AccountSessions, SessionRow};
use serde::Deserialize;

use super::{super::home, Member};
use crate::{
    Shared,
    web::{
        browser::Browser,
        error::Failure,
        flash::SessionsFlash,
        form::{EmptyForm, Form},
        path,
        response::ResponseBuilder,
    },
};

/// `GET /account/sessions`: where the account is open (SECURITY #50). What the browsers are, never where.
pub(crate) async fn get(member: Member) -> Result<Response, Failure> {
    let (idp, browser) = (&member.idp, &member.browser);
    let now = idp.context.now();
    let open = idp.accounts.open_sessions(member.person.id).await?;
    let (here, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|s| s.id == member.session.id);
    // It ended in another browser a moment ago.
    let Some(here) = here.into_iter().next() else { return home::sign_in(idp, browser).await };
    let row = |session: OpenSession| SessionRow {
        id: session.id.to_string(),
        browser: session.device.browser.map(str::to_owned),
        system: session.device.system.map(str::to_owned),
        since: session.since,
        unused: now - session.last_seen,
        kept: session.kept,
    };
    let notice = browser.flash(idp, &path::ACCOUNT_SESSIONS).map(Into::into);
    let page = AccountSessions { here: row(here), others: others.into_iter().map(row).collect(), notice };
    member.response().page(&page)
}

/// Redirects a reloaded or bookmarked form address to the list.
pub(crate) async fn again(State(idp): State<Shared>, browser: Browser) -> Response {
    ResponseBuilder::new(&idp, &browser).see_other(path::ACCOUNT_SESSIONS)
}

#[derive(Deserialize)]
pub(crate) struct SessionForm {
    session: String,
}

/// `POST /account/sessions/end`: one session, at its portals too.
pub(crate) async fn end(
    Form { context: member, fields }: Form<Member, SessionForm>,
) -> Result<Response, Failure> {
    // A session of somebody else, or one that is over, leaves nothing to end: the page says what it shows.
    if let Ok(id) = fields.session.parse::<SessionId>() {
        member.idp.grants.end_elsewhere(member.person.id, id).await?;
    }
    Ok(member.response().say(&path::ACCOUNT_SESSIONS, &SessionsFlash::Ended))
}

/// `POST /account/sessions/end-others`: all but this one.
pub(crate) async fn end_others(
    Form { context: member, .. }: Form<Member, EmptyForm>,
) -> Result<Response, Failure> {
    let (grants, visitor) = (&member.idp.grants, &member.browser.visitor);
    grants.end_all_elsewhere(member.person.id, member.session.id, visitor).await?;
    Ok(member.response().say(&path::ACCOUNT_SESSIONS, &SessionsFlash::EndedAll))
}
