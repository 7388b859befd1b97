//! The output for people.

use accounts::{DoorState, Dossier, Found, IdentityState, MailState, SessionState};
use desk::{Language, LocalTime, Shown};

use super::told::{Part, ids};
use crate::{command::import::moment, print::out};

pub(super) fn several(found: &[Found]) {
    for found in found {
        let (account, identity) = ids(found.target);
        let by = found.by.as_ref();
        let word = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let (agency, reference) = (by.map(|by| by.agency.as_str()), by.map(|by| by.client_ref.as_str()));
        let name = by.and_then(|by| by.name.as_deref());
        let state = if account.is_some() { "has moved" } else { "has not moved" };
        let id = account.or(identity).unwrap_or_default();
        out!("{id}  {:12}  {:16}  {:24}  {state}", word(agency), word(reference), word(name));
    }
    out!("{} people are found: say which one you mean, by reference, identifier or account id.", found.len());
}

pub(super) fn shown(shown: &Shown, part: Part, time: LocalTime) {
    let Shown { dossier, standing, .. } = shown;
    for language in [Language::English, Language::French] {
        out!("{}", standing.sentence(language, time));
    }
    let is = |parts: &[Part]| part == Part::Everything || parts.contains(&part);
    if is(&[Part::Links]) {
        account(dossier);
    }
    if is(&[Part::Links, Part::Identities]) {
        out!("");
        dossier.identities.iter().for_each(identity);
    }
    if is(&[Part::Identities]) {
        moves(dossier);
    }
    if is(&[]) {
        dossier.doors.iter().for_each(door);
        out!("");
        dossier.sessions.iter().for_each(session);
    }
    if is(&[Part::Mails]) {
        out!("");
        dossier.mails.iter().for_each(mail);
        out!("{} mails.", dossier.mails.len());
    }
}

fn account(dossier: &Dossier) {
    let Some(account) = &dossier.account else {
        out!("No account yet.");
        return;
    };
    let id = account.id.map(|id| id.to_string()).unwrap_or_default();
    let closed = account.closed_at.map(|at| {
        let because = account.closed_because.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        format!(", closed {}{because}", moment(at))
    });
    let closed = closed.unwrap_or_default();
    out!("account {id}  {}  {}{closed}", account.address.as_deref().unwrap_or("-"), account.locale);
}

fn identity(identity: &IdentityState) {
    let IdentityState { agency, identifier, client_ref, name, link, left_at, .. } = identity;
    let state = match link {
        Some(link) => match (link.ended_at, link.ends_at) {
            (Some(at), _) => format!("link ended {}", moment(at)),
            (None, Some(at)) => format!("linked {}, ends {}", moment(link.since), moment(at)),
            (None, None) => format!("linked {}", moment(link.since)),
        },
        None => left_at.map_or("not moved".into(), |at| format!("not moved, left {}", moment(at))),
    };
    out!(
        "{agency}  identifier {identifier}  reference {client_ref}  {}  {state}",
        name.as_deref().unwrap_or("-")
    );
    if let Some(link) = link {
        out!("{:4}link {}", "", link.id);
    }
}

fn moves(dossier: &Dossier) {
    for under_way in &dossier.moves {
        let refused = under_way.refused_at.map(|at| format!(", refused {}", moment(at))).unwrap_or_default();
        out!(
            "move at {}  since {}  step {}  {}{refused}, ends {}",
            under_way.agency,
            moment(under_way.since),
            under_way.step,
            under_way.address.as_deref().unwrap_or("-"),
            moment(under_way.expires_at)
        );
    }
}

fn door(door: &DoorState) {
    let agency = door.agency.as_ref().map(|agency| format!(" of {agency}")).unwrap_or_default();
    let state = match (door.locked_at, door.opens_at) {
        (Some(at), Some(opens)) => format!("locked {}, opens {}", moment(at), moment(opens)),
        (Some(at), None) => format!("locked {}", moment(at)),
        (None, _) => format!("{} attempts left", door.left),
    };
    out!("wrong passwords, {}{agency}: {}, {state}", door.door.name(), door.failures);
}

fn session(session: &SessionState) {
    let state = if session.open { "open" } else { "over" };
    let browser = session.browser.unwrap_or("unknown browser");
    let system = session.system.unwrap_or("unknown system");
    let network = if session.network.is_empty() { "-" } else { &session.network };
    out!(
        "session {}  {state}  {browser}, {system}  {network}  last {}",
        moment(session.since),
        moment(session.last_seen)
    );
}

fn mail(mail: &MailState) {
    let MailState { id, topic, host, at, fate, attempts, said, .. } = mail;
    let (at, state, host) = (moment(*at), fate.name(), host.as_deref().unwrap_or("-"));
    out!("{id}  {at}  {topic:18}  {state:9}  {attempts:>3} tries  {host}");
    if let Some(said) = said {
        out!("{:38}{said}", "");
    }
}
