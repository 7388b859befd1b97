//! The few things that help a person now, of those that an actor may do for them.

use accounts::{Dossier, Fate, MailState};

use crate::{Actor, Subject, Verb};

/// The order in which they are offered.
const OFFERED: [Verb; 8] = [
    Verb::Resend,
    Verb::IssueCode,
    Verb::Unlock,
    Verb::EndSessions,
    Verb::EndLink,
    Verb::MoveLink,
    Verb::Close,
    Verb::Reopen,
];

/// Mails with a link, which can be written anew.
const WITH_LINK: [&str; 4] = ["confirm", "finish-enrolment", "reset-password", "account-locked"];

/// Returns what may be done and helps, by what the actor sees.
pub(crate) fn of(actor: &Actor, subject: &Subject, seen: &Dossier) -> Vec<Verb> {
    OFFERED.into_iter().filter(|verb| actor.may(*verb, subject) && helps(*verb, seen)).collect()
}

fn helps(verb: Verb, seen: &Dossier) -> bool {
    let is_open = seen.account.as_ref().map(|account| account.closed_at.is_none());
    match verb {
        Verb::Resend => seen.mails.iter().any(may_go_again),
        Verb::IssueCode => seen.identities.iter().any(|of| of.moved_at.is_none() && of.left_at.is_none()),
        Verb::Unlock => is_open == Some(true) && seen.doors.iter().any(|of| of.door.is_of_account()),
        // Of a closed account too: its identity may be needed by somebody else.
        Verb::EndLink => seen.identities.iter().any(|of| of.link.is_some()),
        Verb::MoveLink => {
            let links = seen.identities.iter().filter_map(|of| of.link.as_ref());
            links.into_iter().any(|link| link.ended_at.is_none())
        }
        Verb::EndSessions | Verb::Close => is_open == Some(true),
        Verb::Reopen => is_open == Some(false),
        Verb::Find | Verb::FindAnywhere | Verb::Show | Verb::Invite => false,
    }
}

/// Returns true for a mail that [`crate::Desk::resend`] can send again: one that waits, or one with a link.
pub fn may_go_again(mail: &MailState) -> bool {
    mail.fate == Fate::Waiting || WITH_LINK.contains(&&*mail.topic)
}

#[cfg(test)]
mod tests {
    use accounts::{AccountState, Door, DoorState, IdentityState, LegacyIdentityId, LinkState};
    use uuid::Uuid;

    use super::*;
    use crate::{Role, VendorRole};

    fn identity(moved_at: Option<i64>, left_at: Option<i64>) -> IdentityState {
        IdentityState {
            id: LegacyIdentityId(Uuid::nil()),
            agency: "rivage".into(),
            identifier: "1".into(),
            client_ref: "R1".into(),
            name: None,
            moved_at,
            left_at,
            link: moved_at.map(|since| LinkState {
                id: Uuid::nil(),
                since,
                ends_at: None,
                ended_at: left_at,
            }),
        }
    }

    fn account(closed_at: Option<i64>) -> AccountState {
        AccountState {
            id: None,
            address: None,
            proved_at: vec![],
            name: None,
            locale: "fr".into(),
            created_at: None,
            password_changed_at: None,
            closed_at,
            closed_because: None,
            kept_until: None,
        }
    }

    fn mail(topic: &str, fate: Fate) -> MailState {
        MailState {
            id: Uuid::nil(),
            topic: topic.into(),
            agency: Some("rivage".into()),
            host: None,
            at: 1,
            fate,
            decided_at: 1,
            attempts: 1,
            said: None,
        }
    }

    #[test]
    fn what_helps_now_is_offered_to_those_who_may() {
        let here = vec!["rivage".to_owned()];
        let subject = Subject { known_at: here.clone(), linked_at: here };
        let desk = Actor::Agency { name: "lea".into(), agency: "rivage".into(), role: Role::Desk };
        let vendor = |role| Actor::Vendor { name: "nadia".into(), role };
        let not_moved = Dossier { identities: vec![identity(None, None)], ..Dossier::default() };
        let moved = Dossier {
            account: Some(account(None)),
            identities: vec![identity(Some(1), None)],
            mails: vec![mail("welcome", Fate::Taken)],
            ..Dossier::default()
        };
        let count = DoorState {
            door: Door::Account,
            agency: None,
            failures: 1,
            left: 4,
            locked_at: None,
            opens_at: None,
        };
        let counted =
            Dossier { doors: vec![count], mails: vec![mail("confirm", Fate::Refused)], ..moved.clone() };
        let closed = Dossier { account: Some(account(Some(2))), ..moved.clone() };
        let left = Dossier { identities: vec![identity(None, Some(3))], ..Dossier::default() };
        let of = |actor: &Actor, seen: &Dossier| of(actor, &subject, seen);
        assert_eq!(of(&desk, &not_moved), [Verb::IssueCode]);
        assert_eq!(of(&desk, &left), []);
        let link_over = Dossier { identities: vec![identity(Some(1), Some(2))], ..moved.clone() };
        assert_eq!(of(&desk, &moved), [Verb::EndSessions, Verb::EndLink]);
        assert_eq!(of(&desk, &counted), [Verb::Resend, Verb::Unlock, Verb::EndSessions, Verb::EndLink]);
        assert_eq!(of(&desk, &closed), [Verb::EndLink]);
        let support = vendor(VendorRole::Support);
        assert_eq!(of(&support, &moved), [Verb::EndSessions, Verb::EndLink, Verb::MoveLink, Verb::Close]);
        assert_eq!(of(&support, &closed), [Verb::EndLink, Verb::MoveLink, Verb::Reopen]);
        assert_eq!(of(&support, &link_over), [Verb::EndSessions, Verb::EndLink, Verb::Close]);
        assert_eq!(of(&vendor(VendorRole::Campaign), &counted), []);
    }
}
