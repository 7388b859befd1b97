use accounts::AcceptanceId;
use axum::{extract::Path, response::Response};
use pages::page::{AcceptanceRow, AccountAcceptances, AccountReceipt, ProblemKind, ReceiptText};

use super::Member;
use crate::{Idp, web::error::Failure};

/// `GET /account/acceptances`: what the person accepted (SPEC J7).
pub(crate) async fn get(member: Member) -> Result<Response, Failure> {
    let idp = &member.idp;
    let given = idp.accounts.acceptances(member.person.id).await?;
    let row = |given: accounts::Acceptance| AcceptanceRow {
        id: given.id.to_string(),
        version: given.receipt.version,
        accepted_at: given.receipt.accepted_at,
        agency: agency_name(idp, given.agency_id.as_deref()),
    };
    let page = AccountAcceptances { acceptances: given.into_iter().map(row).collect() };
    member.response().page(&page)
}

/// `GET /account/acceptances/{id}`: one receipt, with the text as it was accepted, if config still holds it.
pub(crate) async fn receipt(Path(id): Path<AcceptanceId>, member: Member) -> Result<Response, Failure> {
    let idp = &member.idp;
    let given = idp.accounts.acceptances(member.person.id).await?;
    let Some(given) = given.into_iter().find(|given| given.id == id) else {
        return Err(
            Failure::new(ProblemKind::NotFound, "no such acceptance of theirs").retry("/account/acceptances")
        );
    };
    let text = idp.accounts.accepted_text(&given.receipt);
    let page = AccountReceipt {
        email: member.person.email.clone(),
        agency: agency_name(idp, given.agency_id.as_deref()),
        version: given.receipt.version,
        language: given.receipt.language,
        sha256: given.receipt.sha256,
        accepted_at: given.receipt.accepted_at,
        read_to_the_end: given.read_to_the_end,
        text: text
            .map(|edition| ReceiptText { title: edition.title, body_html: pages::markdown(&edition.text) }),
    };
    member.response().page(&page)
}

/// Returns an agency's name; one that has left the configuration is not named.
fn agency_name(idp: &Idp, id: Option<&str>) -> Option<String> {
    idp.agencies.load().agency(id?).map(|agency| agency.name.clone())
}
