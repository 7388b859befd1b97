use accounts::AcceptanceId;
use axum::{
    extract::{Path, State},
    response::Response,
};
use pages::page::{AcceptanceRow, AccountAcceptances, AccountReceipt, ProblemKind, ReceiptText};

use super::{Member, sign_in_first};
use crate::{
    Idp, Shared,
    web::{browser::Browser, error::Failure},
};

/// `GET /account/acceptances`: what the person accepted (SPEC J7).
pub(crate) async fn get(State(idp): State<Shared>, browser: Browser) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let given = idp.accounts.acceptances(member.person.id).await?;
    let row = |given: accounts::Acceptance| AcceptanceRow {
        id: given.id.to_string(),
        version: given.receipt.version,
        accepted_at: given.receipt.accepted_at,
        agency: agency_name(&idp, given.agency_id.as_deref()),
    };
    let page = AccountAcceptances { acceptances: given.into_iter().map(row).collect() };
    member.answer().page(&member.setting(), &page)
}

/// `GET /account/acceptances/{id}`: one receipt, with the text as it was accepted, if config still holds it.
pub(crate) async fn receipt(
    State(idp): State<Shared>,
    Path(id): Path<AcceptanceId>,
    browser: Browser,
) -> Result<Response, Failure> {
    let Some(member) = Member::of(&idp, &browser).await? else { return sign_in_first(&idp, &browser).await };
    let given = idp.accounts.acceptances(member.person.id).await?;
    let Some(given) = given.into_iter().find(|given| given.id == id) else {
        return Err(
            Failure::new(ProblemKind::NotFound, "no such acceptance of theirs").retry("/account/acceptances")
        );
    };
    let text = idp.accounts.accepted_text(&given.receipt);
    let page = AccountReceipt {
        email: member.person.email.clone(),
        agency: agency_name(&idp, given.agency_id.as_deref()),
        version: given.receipt.version,
        language: given.receipt.language,
        sha256: given.receipt.sha256,
        accepted_at: given.receipt.accepted_at,
        read_to_the_end: given.read_to_the_end,
        text: text
            .map(|edition| ReceiptText { title: edition.title, body_html: pages::markdown(&edition.text) }),
    };
    member.answer().page(&member.setting(), &page)
}

/// An agency that has left config is not named.
fn agency_name(idp: &Idp, id: Option<&str>) -> Option<String> {
    idp.agencies.load().agency(id?).map(|agency| agency.name.clone())
}
