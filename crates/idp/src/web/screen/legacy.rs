use std::sync::Arc;

use accounts::{ActivationCode, LegacyProof};
use agencies::Agency;
use axum::{
    extract::{Query, State},
    response::Response,
};
use pages::page::{self, AgencyChoice, ChooseAgency, ChoosePurpose};
use serde::Deserialize;

use super::interaction::InteractionContext;
use crate::Shared;
use crate::web::{
    browser::Browser,
    closed::{closed, is_listed, open},
    count::{self, MoveStep},
    error::Failure,
    flash::{self, LegacyFlash, LegacyRefused, Missing},
    form::{Form, TypedPassword},
    limits, path,
    response::ResponseBuilder,
};

#[derive(Deserialize)]
pub(crate) struct Chosen {
    agency: Option<String>,
    /// Whatever it says: the page asks for an activation code.
    code: Option<String>,
}

/// `GET /authorize/{id}/legacy`: the agency's old identifiers; at home, first which agency's.
pub(crate) async fn get(
    Query(chosen): Query<Chosen>,
    mut context: InteractionContext,
) -> Result<Response, Failure> {
    let flash = context.browser.flash(&context.idp, &path::legacy(context.id()));
    let Some(agency) = agency(&context, chosen.agency.as_deref()) else { return choose(&context) };
    let empty = LegacyFlash { error: None, identifier: String::new(), code: None };
    let LegacyFlash { error, identifier, code } = flash.unwrap_or(empty);
    let busy = matches!(error, Some(LegacyRefused::Busy));
    let page = page::Legacy {
        identifier_label: agency.directory.identifier_label.clone(),
        identifier,
        agency_id: agency.id.clone(),
        code: code.or_else(|| chosen.code.map(|_| String::new())),
        error: error.map(|error| error.shown(!agency.tickets.is_empty())),
    };
    context.agency = Some(agency);
    context.response().busy_if(busy).page(&page)
}

/// Returns the portal's agency; only if no portal asks, the one that was chosen (SECURITY #81).
fn agency(context: &InteractionContext, chosen: Option<&str>) -> Option<Arc<Agency>> {
    if context.portal.is_some() {
        return context.agency.clone();
    }
    let (agencies, now) = (context.idp.agencies.load(), context.idp.context.now());
    let chosen = chosen.and_then(|id| agencies.agency(id)).cloned().or_else(|| context.agency.clone());
    chosen.filter(|agency| closed(agency, now).is_none())
}

fn choose(context: &InteractionContext) -> Result<Response, Failure> {
    let agencies = context.idp.agencies.load();
    let choice =
        |a: &Arc<Agency>| AgencyChoice { id: a.id.clone(), name: a.name.clone(), city: a.city.clone() };
    let purpose = if context.browser.session.is_some() { ChoosePurpose::Attach } else { ChoosePurpose::Move };
    let now = context.idp.context.now();
    let listed = agencies.iter().filter(|agency| is_listed(agency, now));
    let page = ChooseAgency { agencies: listed.map(choice).collect(), purpose };
    context.response().page(&page)
}

#[derive(Deserialize)]
pub(crate) struct LegacyForm {
    agency: Option<String>,
    identifier: String,
    #[serde(default)]
    password: TypedPassword,
    activation: Option<TypedPassword>,
    carry: Option<String>,
}

/// `POST /authorize/{id}/legacy`: right credentials begin a move, or go on with it. An activation code stands in place of the password. With
/// `carry`, an identifier that was typed on another page only fills the field in: so it becomes no part of an address.
pub(crate) async fn post(
    Form { context, fields }: Form<InteractionContext, LegacyForm>,
) -> Result<Response, Failure> {
    let (idp, id) = (&context.idp, context.id());
    let LegacyForm { identifier, activation: code, .. } = &fields;
    let password = code.as_ref().unwrap_or(&fields.password);
    let Some(agency) = agency(&context, fields.agency.as_deref()) else { return choose(&context) };
    let say = |error: Option<LegacyRefused>| {
        let page = path::legacy(id);
        let code = code.as_ref().map(|code| flash::typed(code));
        // At home the address keeps which agency was chosen.
        let chosen = context.portal.is_none().then_some(&*agency.id);
        let to = address(&page, chosen, code.is_some());
        let flash = LegacyFlash { error, identifier: flash::typed(identifier), code };
        Ok(context.response().flash(&page, &flash).see_other(to))
    };
    if fields.carry.is_some() {
        return say(None);
    }
    if let Some(missing) = Missing::of_identifier(identifier, password) {
        return say(Some(LegacyRefused::Missing(missing)));
    }
    if code.as_ref().is_some_and(|code| ActivationCode::parse(code).is_none()) {
        return say(Some(LegacyRefused::Misspelt));
    }
    if let Err(seconds) = limits::attempt(idp, &context.browser) {
        return say(Some(LegacyRefused::Throttled { seconds }));
    }
    let (origin, visitor) = (id.to_string(), context.visitor());
    match idp.accounts.prove_legacy(&agency, identifier, password, Some(&origin), &visitor).await? {
        LegacyProof::Enrolment(enrolment) => {
            count::move_step(&agency.id, MoveStep::Begun);
            if context.portal.is_none() {
                idp.grants.set_agency(&context.interaction, &agency.id).await?;
            }
            idp.grants.set_enrolment(&context.interaction, Some(enrolment)).await?;
            Ok(context.to_hub())
        }
        LegacyProof::Wrong { remaining } => say(Some(LegacyRefused::Wrong { remaining })),
        LegacyProof::Locked { minutes } => {
            say(Some(LegacyRefused::Locked { minutes: u32::try_from(minutes).unwrap_or(u32::MAX) }))
        }
        LegacyProof::Moved { hint, .. } => say(Some(LegacyRefused::Moved { hint })),
        LegacyProof::Closed => say(Some(LegacyRefused::Closed)),
        LegacyProof::Left => say(Some(LegacyRefused::Left)),
        LegacyProof::NoIdentifier | LegacyProof::NoPassword => {
            say(Missing::of_identifier(identifier, password).map(LegacyRefused::Missing))
        }
        LegacyProof::Refused => say(Some(LegacyRefused::Unusable)),
        LegacyProof::Busy => say(Some(LegacyRefused::Busy)),
    }
}

/// Returns the address of the page of a chosen agency, for its old password or its activation code.
fn address(page: &flash::Address<LegacyFlash>, agency: Option<&str>, by_code: bool) -> String {
    let agency = agency.map(|id| format!("agency={id}"));
    let query: Vec<String> = agency.into_iter().chain(by_code.then(|| "code=1".to_owned())).collect();
    match query.is_empty() {
        true => page.as_str().to_owned(),
        false => format!("{}?{}", page.as_str(), query.join("&")),
    }
}

/// `GET /activate?agency=…&identifier=…&code=…`: the address in the QR code of a letter. It fills the fields in, and leaves nothing of them in the address.
pub(crate) async fn activate(
    State(idp): State<Shared>,
    browser: Browser,
    Query(letter): Query<Letter>,
) -> Result<Response, Failure> {
    limits::arrival(&idp, &browser)?;
    let agency = letter.agency.and_then(|id| idp.agencies.load().agency(&id).cloned());
    if let Some(agency) = &agency {
        open(agency, idp.context.now())?;
    }
    let id = idp.grants.start_home(&browser.token, None).await?;
    let page = path::legacy(id);
    let flash = LegacyFlash {
        error: None,
        identifier: flash::typed(&letter.identifier),
        code: Some(flash::typed(&letter.code)),
    };
    let to = address(&page, agency.as_ref().map(|agency| &*agency.id), true);
    Ok(ResponseBuilder::new(&idp, &browser).flash(&page, &flash).enter(id, to))
}

/// The parameters of the address on a letter.
#[derive(Deserialize)]
pub(crate) struct Letter {
    agency: Option<String>,
    #[serde(default)]
    identifier: String,
    #[serde(default)]
    code: TypedPassword,
}
