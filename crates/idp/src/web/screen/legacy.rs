use std::sync::Arc;

use accounts::LegacyProof;
use agencies::Agency;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use pages::page::{self, AgencyChoice, ChooseAgency, ChoosePurpose};
use serde::Deserialize;

use super::turn::Turn;
use crate::{
    InteractionId, Shared,
    web::{
        browser::Browser,
        error::Failure,
        flash::{Flash, Missing, Said},
        form::Form,
    },
};

#[derive(Deserialize)]
pub(crate) struct Chosen {
    agency: Option<String>,
}

/// `GET /authorize/{id}/legacy`: the agency's old identifiers; at home, first which agency's.
pub(crate) async fn get(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Query(chosen): Query<Chosen>,
    browser: Browser,
) -> Result<Response, Failure> {
    let mut turn = Turn::load(&idp, &browser, id).await?;
    let flash = browser.flash(&idp);
    let Some(agency) = agency(&turn, chosen.agency.as_deref()) else { return choose(&turn) };
    let page = page::Legacy {
        identifier_label: agency.directory.identifier_label.clone(),
        identifier: flash.typed.clone(),
        agency_id: agency.id.clone(),
        error: flash.legacy_error(agency.ticket.is_some()),
    };
    turn.agency = Some(agency);
    turn.answer().page(&turn.setting(), &page)
}

/// The portal's agency; only where no portal asks, the one that was chosen (SECURITY #81).
fn agency(turn: &Turn<'_>, chosen: Option<&str>) -> Option<Arc<Agency>> {
    if turn.portal.is_some() {
        return turn.agency.clone();
    }
    let agencies = turn.idp.agencies.load();
    chosen.and_then(|id| agencies.agency(id)).cloned().or_else(|| turn.agency.clone())
}

fn choose(turn: &Turn<'_>) -> Result<Response, Failure> {
    let agencies = turn.idp.agencies.load();
    let choice =
        |a: &Arc<Agency>| AgencyChoice { id: a.id.clone(), name: a.name.clone(), city: a.city.clone() };
    let purpose = if turn.browser.session.is_some() { ChoosePurpose::Attach } else { ChoosePurpose::Move };
    let page = ChooseAgency { agencies: agencies.iter().map(choice).collect(), purpose };
    turn.answer().page(&turn.setting(), &page)
}

#[derive(Deserialize)]
pub(crate) struct Fields {
    agency: Option<String>,
    identifier: String,
    #[serde(default)]
    password: String,
    carry: Option<String>,
}

/// `POST /authorize/{id}/legacy`: right credentials begin a move, or go on with it. With `carry`, an identifier that was typed at another door only
/// fills the field in: so it becomes no part of an address.
pub(crate) async fn post(
    State(idp): State<Shared>,
    Path(id): Path<InteractionId>,
    Form { browser, fields }: Form<Fields>,
) -> Result<Response, Failure> {
    let turn = Turn::load(&idp, &browser, id).await?;
    let Some(agency) = agency(&turn, fields.agency.as_deref()) else { return choose(&turn) };
    let say = |said: Option<Said>| {
        let page = turn.path("legacy");
        let flash = Flash { said, ..Flash::default() }.typed(&fields.identifier);
        let answer = turn.answer().flash(&page, &flash);
        // At home the address keeps which agency was chosen.
        Ok(answer.see_other(&if turn.portal.is_some() {
            page
        } else {
            format!("{page}?agency={}", agency.id)
        }))
    };
    if fields.carry.is_some() {
        return say(None);
    }
    if let Some(missing) = Missing::of_identifier(&fields.identifier, &fields.password) {
        return say(Some(Said::Missing(missing)));
    }
    if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {
        return say(Some(Said::Throttled(seconds)));
    }
    let origin = id.to_string();
    let visitor = turn.visitor();
    let proof = idp
        .accounts
        .prove_legacy(&agency, &fields.identifier, &fields.password, Some(&origin), &visitor)
        .await?;
    match proof {
        LegacyProof::Enrolment(enrolment) => {
            if turn.portal.is_none() {
                idp.grants.set_agency(&turn.interaction, &agency.id).await?;
            }
            idp.grants.set_enrolment(&turn.interaction, Some(enrolment)).await?;
            Ok(turn.to_hub())
        }
        LegacyProof::Wrong { remaining } => say(Some(Said::Wrong(remaining))),
        LegacyProof::Locked { minutes } => {
            say(Some(Said::Locked(u32::try_from(minutes).unwrap_or(u32::MAX))))
        }
        LegacyProof::Moved { hint, .. } => say(Some(Said::Moved(hint))),
        LegacyProof::NoIdentifier | LegacyProof::NoPassword => {
            say(Missing::of_identifier(&fields.identifier, &fields.password).map(Said::Missing))
        }
        LegacyProof::Refused => say(Some(Said::Unusable)),
        LegacyProof::Busy => say(Some(Said::Busy)),
    }
}
