use accounts::{AccountState, DoorState, Dossier, IdentityState, MailState, MoveState, SessionState};
use axum::response::Response;
use desk::{Language, LocalTime, Shown, Standing, Verb};
use pages::{
    Locale,
    page::{
        DeskAccount, DeskDoor, DeskIdentity, DeskMail, DeskMove, DeskPerson, DeskSession, DeskVerb,
        IdentityState as State, Mood,
    },
};

use super::AtDesk;
use crate::web::{error::Failure, flash::DeskPersonFlash, path};

/// `GET /desk/{seat}/person/{id}`: the look is noted, and shown to its person.
pub(crate) async fn get(at: AtDesk) -> Result<Response, Failure> {
    let (target, id) = at.target().await?;
    let address = path::desk_person(at.seat.key(), id);
    let shown = at.desk().show(&at.seat.actor, target).await.map_err(|error| at.failure(error))?;
    let flash = at.clerk.browser.flash(at.idp(), &address);
    let (notice, error) = flash.map(DeskPersonFlash::shown).unwrap_or_default();
    let time = LocalTime { now: at.idp().context.now(), offset: pages::paris_offset };
    let language = match at.clerk.browser.locale(&[], at.seat.agency.as_deref()) {
        Locale::Fr => Language::French,
        Locale::En => Language::English,
    };
    let Shown { dossier, standing, offers, .. } = shown;
    let Dossier { account, identities, moves, sessions, doors, mails } = dossier;
    // By the identity that was opened, of several with an agency.
    let named = identities.iter().find(|of| of.id.0 == id).or(identities.first());
    let page = DeskPerson {
        seat: at.shown(),
        url: address.into(),
        form: at.idp().context.id::<uuid::Uuid>().to_string(),
        name: named.and_then(|of| of.name.clone()).or_else(|| account.as_ref()?.name.clone()),
        sentence: standing.sentence(language, time),
        mood: mood(&standing),
        notice,
        error,
        account: account.map(shown_account),
        identities: identities.into_iter().map(|of| identity(&at, of)).collect(),
        moves: moves.into_iter().map(|of| moving(&at, of)).collect(),
        doors: doors.iter().map(door).collect(),
        mails: mails.into_iter().map(mail).collect(),
        sessions: sessions.into_iter().filter(|of| of.open).map(session).collect(),
        offers: offers.into_iter().filter_map(offer).collect(),
    };
    at.response().page(&page)
}

fn mood(standing: &Standing) -> Mood {
    match standing {
        Standing::SeenLast { .. } | Standing::Moved { .. } => Mood::Ok,
        Standing::NotMoved
        | Standing::Moving { .. }
        | Standing::AttemptsLeft { .. }
        | Standing::MailWaits { .. }
        | Standing::LinkEnds { .. } => Mood::Info,
        Standing::Closed { .. }
        | Standing::Locked { .. }
        | Standing::OldDoorLocked { .. }
        | Standing::MailRefused { .. }
        | Standing::MailCameBack { .. }
        | Standing::MailGivenUp { .. }
        | Standing::LinkEnded { .. }
        | Standing::Unlinked
        | Standing::Left { .. } => Mood::Alert,
    }
}

fn offer(verb: Verb) -> Option<DeskVerb> {
    Some(match verb {
        Verb::Resend => DeskVerb::Resend,
        Verb::IssueCode => DeskVerb::Code,
        Verb::Unlock => DeskVerb::Unlock,
        Verb::EndSessions => DeskVerb::EndSessions,
        Verb::EndLink => DeskVerb::EndLink,
        Verb::MoveLink => DeskVerb::MoveLink,
        Verb::Close => DeskVerb::Close,
        Verb::Reopen => DeskVerb::Reopen,
        Verb::Find | Verb::FindAnywhere | Verb::Show | Verb::Invite => return None,
    })
}

fn shown_account(account: AccountState) -> DeskAccount {
    let AccountState { address, created_at, password_changed_at, closed_at, closed_because, .. } = account;
    DeskAccount { address, created_at, password_changed_at, closed_at, closed_because }
}

/// Returns the name of an agency for those who see several; one that has left the configuration by its id.
fn agency(at: &AtDesk, id: &str) -> Option<String> {
    if at.seat.actor.agency().is_some() {
        return None;
    }
    let agencies = at.idp().agencies.load();
    Some(agencies.agency(id).map_or_else(|| id.to_owned(), |agency| agency.name.clone()))
}

fn identity(at: &AtDesk, of: IdentityState) -> DeskIdentity {
    let (state, when) = match (&of.link, of.left_at) {
        (Some(link), _) => match (link.ended_at, link.ends_at) {
            (Some(ended), _) => (State::Ended, Some(ended)),
            (None, Some(ends)) => (State::Ends, Some(ends)),
            (None, None) => (State::Linked, Some(link.since)),
        },
        (None, Some(left)) => (State::Left, Some(left)),
        (None, None) => (State::NotMoved, None),
    };
    DeskIdentity {
        agency: agency(at, &of.agency),
        identifier: of.identifier,
        reference: of.client_ref,
        name: of.name,
        state,
        at: when,
        link: of.link.map(|link| link.id.to_string()),
    }
}

fn moving(at: &AtDesk, of: MoveState) -> DeskMove {
    DeskMove {
        agency: agency(at, &of.agency),
        step: of.step.to_owned(),
        address: of.address,
        since: of.since,
        expires_at: of.expires_at,
    }
}

fn door(of: &DoorState) -> DeskDoor {
    DeskDoor {
        door: of.door.name().to_owned(),
        failures: of.failures,
        left: of.left,
        locked: of.locked_at.is_some(),
        opens_at: of.opens_at,
    }
}

fn mail(of: MailState) -> DeskMail {
    DeskMail {
        again: desk::may_go_again(&of),
        id: of.id.to_string(),
        kind: DeskMail::kind(&of.topic),
        at: of.at,
        fate: of.fate.name().to_owned(),
        host: of.host,
    }
}

fn session(of: SessionState) -> DeskSession {
    DeskSession {
        browser: of.browser.map(Into::into),
        system: of.system.map(Into::into),
        network: of.network,
        since: of.since,
    }
}
