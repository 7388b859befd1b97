//! The output as JSON, under stable names.

use accounts::{AccountState, DoorState, Found, IdentityState, MailState, MoveState, SessionState, Target};
use desk::{Language, LocalTime, Shown};
use serde_json::{Value, json};

use crate::command::import::moment;

/// The part of a person that a command shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Everything,
    Mails,
    Links,
    Identities,
}

pub(super) fn found(found: &Found) -> Value {
    let (account, identity) = ids(found.target);
    let by = found.by.as_ref();
    json!({
        "account": account, "identity": identity, "agency": by.map(|by| &by.agency),
        "reference": by.map(|by| &by.client_ref), "name": by.and_then(|by| by.name.as_ref()),
    })
}

/// The ids of an account and of an identity, of which a target has one.
pub(super) fn ids(target: Target) -> (Option<String>, Option<String>) {
    match target {
        Target::Account(id) => (Some(id.to_string()), None),
        Target::Identity(id) => (None, Some(id.to_string())),
    }
}

pub(super) fn done(done: &str, target: Target, more: Value) -> Value {
    let (account, identity) = ids(target);
    let mut told = json!({ "done": done, "account": account, "identity": identity });
    if let (Value::Object(told), Value::Object(more)) = (&mut told, more) {
        told.extend(more);
    }
    told
}

pub(super) fn shown(shown: &Shown, part: Part, time: LocalTime) -> Value {
    let Shown { dossier, standing, .. } = shown;
    let list = |rows: Vec<Value>| Value::Array(rows);
    let identities = || list(dossier.identities.iter().map(identity).collect());
    let moves = || list(dossier.moves.iter().map(under_way).collect());
    let mails = || list(dossier.mails.iter().map(mail).collect());
    let standing = json!({
        "fr": standing.sentence(Language::French, time), "en": standing.sentence(Language::English, time),
    });
    let account = dossier.account.as_ref().map(account);
    match part {
        Part::Mails => json!({ "standing": standing, "mails": mails() }),
        Part::Links => {
            let linked = dossier.identities.iter().filter(|identity| identity.link.is_some());
            json!({ "account": account, "links": list(linked.map(identity).collect()) })
        }
        Part::Identities => json!({ "identities": identities(), "moves": moves() }),
        Part::Everything => json!({
            "account": account,
            "standing": standing,
            "identities": identities(),
            "moves": moves(),
            "attempts": list(dossier.doors.iter().map(door).collect()),
            "sessions": list(dossier.sessions.iter().map(session).collect()),
            "mails": mails(),
        }),
    }
}

fn account(account: &AccountState) -> Value {
    json!({
        "id": account.id.map(|id| id.to_string()), "address": account.address, "proved_at": account.proved_at,
        "name": account.name, "language": account.locale, "created_at": account.created_at.map(moment),
        "password_changed_at": account.password_changed_at.map(moment),
        "closed_at": account.closed_at.map(moment), "closed_because": account.closed_because,
        "kept_until": account.kept_until.map(moment),
    })
}

fn identity(identity: &IdentityState) -> Value {
    let link = identity.link.as_ref().map(|link| {
        json!({
            "id": link.id.to_string(), "since": moment(link.since), "ends_at": link.ends_at.map(moment),
            "ended_at": link.ended_at.map(moment),
        })
    });
    json!({
        "id": identity.id.to_string(), "agency": identity.agency, "identifier": identity.identifier,
        "reference": identity.client_ref, "name": identity.name, "moved_at": identity.moved_at.map(moment),
        "left_at": identity.left_at.map(moment), "link": link,
    })
}

fn under_way(under_way: &MoveState) -> Value {
    json!({
        "id": under_way.id.to_string(), "agency": under_way.agency, "step": under_way.step,
        "address": under_way.address, "since": moment(under_way.since),
        "mailed_at": under_way.mailed_at.map(moment), "refused_at": under_way.refused_at.map(moment),
        "confirmed_at": under_way.confirmed_at.map(moment), "expires_at": moment(under_way.expires_at),
    })
}

fn door(door: &DoorState) -> Value {
    json!({
        "door": door.door.name(), "agency": door.agency, "failures": door.failures, "left": door.left,
        "locked_at": door.locked_at.map(moment), "opens_at": door.opens_at.map(moment),
    })
}

fn session(session: &SessionState) -> Value {
    json!({
        "id": session.id.to_string(), "since": moment(session.since), "last_seen": moment(session.last_seen),
        "network": session.network, "browser": session.browser, "system": session.system,
        "open": session.open, "kept": session.kept,
    })
}

fn mail(mail: &MailState) -> Value {
    json!({
        "id": mail.id.to_string(), "kind": mail.topic, "agency": mail.agency, "host": mail.host,
        "at": moment(mail.at), "state": mail.fate.name(), "decided_at": moment(mail.decided_at),
        "attempts": mail.attempts, "said": mail.said,
    })
}
