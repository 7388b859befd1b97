//! The states of the pages about a person at the desk.

use super::{
    Page,
    desk::{DeskRole, Seat},
    desk_person::{
        AccountLooks, DeskAccount, DeskDoor, DeskError, DeskIdentity, DeskMail, DeskMove, DeskNotice,
        DeskPerson, DeskRefusal, DeskSession, DeskVerb, IdentityState, LookRow, Mood,
    },
};
use crate::MailBody;

impl Page for DeskPerson {
    const NAME: &'static str = "desk-person";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<DeskPerson> {
        let not_moved = not_moved();
        let (moved, stuck, vendors) = (moved(), stuck(), vendors());
        let closed = DeskPerson {
            account: Some(DeskAccount {
                closed_at: Some(1_795_000_000),
                closed_because: Some("deceased".into()),
                ..account()
            }),
            sentence: "Le compte est fermé depuis le 18 novembre à 11 h 06.".into(),
            mood: Mood::Alert,
            offers: vec![DeskVerb::Reopen],
            ..vendors.clone()
        };
        let mut all = vec![not_moved.clone(), moved.clone(), stuck.clone(), vendors.clone(), closed];
        let notices = DeskVerb::ALL.map(DeskNotice::Done).into_iter();
        let notices = notices.chain([DeskNotice::Already, DeskNotice::CodeShown]);
        all.extend(notices.map(|notice| DeskPerson { notice: Some(notice), ..moved.clone() }));
        let wrong = |person: &DeskPerson, verb, why| {
            let reason = if why == DeskRefusal::NoReason { "" } else { "a appelé ce matin" };
            DeskPerson { error: Some(DeskError { verb, reason: reason.into(), why }), ..person.clone() }
        };
        all.extend([
            wrong(&not_moved, DeskVerb::Code, DeskRefusal::NoReason),
            wrong(&stuck, DeskVerb::Unlock, DeskRefusal::AddressInReason),
            wrong(&stuck, DeskVerb::Resend, DeskRefusal::NothingChosen),
            wrong(&stuck, DeskVerb::Resend, DeskRefusal::TooSoon { seconds: 45 }),
            wrong(&stuck, DeskVerb::Resend, DeskRefusal::TooMany),
            wrong(&stuck, DeskVerb::Resend, DeskRefusal::MailOver),
            wrong(&moved, DeskVerb::EndLink, DeskRefusal::NothingChosen),
            wrong(&vendors, DeskVerb::MoveLink, DeskRefusal::NoSuchAccount),
            wrong(&vendors, DeskVerb::Close, DeskRefusal::NothingChosen),
            // What was asked for is no longer offered.
            wrong(&not_moved, DeskVerb::Unlock, DeskRefusal::NotNow),
        ]);
        all
    }
}

fn account() -> DeskAccount {
    DeskAccount {
        address: Some("m•••••@o•••.fr".into()),
        created_at: None,
        password_changed_at: None,
        closed_at: None,
        closed_because: None,
    }
}

fn identity(state: IdentityState, at: Option<i64>) -> DeskIdentity {
    DeskIdentity {
        agency: None,
        identifier: "000142".into(),
        reference: "CT-142".into(),
        name: Some("Marie Durand".into()),
        state,
        at,
        link: match state {
            IdentityState::Linked => Some("0192f0a0-0000-7000-8000-0000000000b1".into()),
            IdentityState::Ends => Some("0192f0a0-0000-7000-8000-0000000000b2".into()),
            IdentityState::Ended => Some("0192f0a0-0000-7000-8000-0000000000b3".into()),
            IdentityState::NotMoved | IdentityState::Left => None,
        },
    }
}

fn not_moved() -> DeskPerson {
    DeskPerson {
        seat: Seat::sample(),
        url: "/desk/tilleuls/person/0192f0a0-0000-7000-8000-000000000001".into(),
        form: "0192f0a0-0000-7000-8000-00000000000f".into(),
        name: Some("Marie Durand".into()),
        sentence: "L'accès n'a pas encore changé\u{a0}; les anciens identifiants fonctionnent.".into(),
        mood: Mood::Info,
        notice: None,
        error: None,
        account: None,
        identities: vec![identity(IdentityState::NotMoved, None)],
        moves: vec![],
        doors: vec![],
        mails: vec![],
        sessions: vec![],
        offers: vec![DeskVerb::Code],
    }
}

fn mail(kind: &str, fate: &str, again: bool) -> DeskMail {
    DeskMail {
        id: format!("0192f0a0-0000-7000-8000-0000000000{}", if again { "a1" } else { "a2" }),
        kind: kind.into(),
        at: 1_795_000_000,
        fate: fate.into(),
        host: Some("orange.fr".into()),
        again,
    }
}

fn moved() -> DeskPerson {
    DeskPerson {
        account: Some(account()),
        identities: vec![
            identity(IdentityState::Linked, Some(1_794_000_000)),
            DeskIdentity {
                identifier: "000977".into(),
                reference: "CT-977".into(),
                ..identity(IdentityState::Ends, Some(1_803_484_800))
            },
        ],
        mails: vec![mail("welcome", "taken", false)],
        sentence: "Tout est en ordre\u{a0}; dernière visite hier à 18\u{a0}h\u{a0}02.".into(),
        mood: Mood::Ok,
        offers: vec![DeskVerb::EndSessions, DeskVerb::EndLink],
        ..not_moved()
    }
}

fn stuck() -> DeskPerson {
    let door = |door: &str, failures, locked, opens_at| DeskDoor {
        door: door.into(),
        failures,
        left: 5_u8.saturating_sub(failures),
        locked,
        opens_at,
    };
    DeskPerson {
        moves: vec![DeskMove {
            agency: None,
            step: "mail".into(),
            address: Some("m•••••@o•••.fr".into()),
            since: 1_795_000_000,
            expires_at: 1_797_000_000,
        }],
        doors: vec![
            door("account", 3, false, None),
            door("known_browser", 5, true, None),
            door("old_identifier", 5, true, Some(1_795_003_600)),
            door("all_networks", 1, false, None),
        ],
        mails: vec![mail("confirm", "refused", true), mail("welcome", "taken", false)],
        sentence: "Le message a été refusé par orange.fr hier à 18 h 02.".into(),
        mood: Mood::Alert,
        offers: vec![DeskVerb::Resend, DeskVerb::Code, DeskVerb::Unlock],
        ..moved()
    }
}

fn vendors() -> DeskPerson {
    let session = |browser: Option<&str>| DeskSession {
        browser: browser.map(Into::into),
        system: browser.map(|_| "Windows".into()),
        network: "203.0.113.0/24".into(),
        since: 1_795_000_000,
    };
    let named = |state, agency: &str| DeskIdentity {
        agency: Some(agency.into()),
        ..identity(state, Some(1_795_000_000))
    };
    let fates = ["waiting", "came_back", "expired", "dropped"];
    DeskPerson {
        seat: Seat::sample_of_vendor(),
        url: "/desk/_all/person/0192f0a0-0000-7000-8000-000000000001".into(),
        account: Some(DeskAccount {
            created_at: Some(1_780_000_000),
            password_changed_at: Some(1_790_000_000),
            ..account()
        }),
        identities: vec![
            named(IdentityState::Linked, "Agence des Tilleuls"),
            named(IdentityState::Ended, "Cabinet Rivage"),
            named(IdentityState::Left, "Cabinet Rivage"),
        ],
        mails: MailBody::samples()
            .iter()
            .zip(fates.iter().cycle())
            .map(|(body, fate)| mail(&DeskMail::kind(body.name()), fate, false))
            .chain([mail("other", "taken", false), mail("reset-password", "waiting", true)])
            .collect(),
        sessions: vec![session(Some("Firefox")), session(None)],
        sentence: "Tout est en ordre\u{a0}; dernière visite hier à 18\u{a0}h\u{a0}02.".into(),
        mood: Mood::Ok,
        offers: vec![
            DeskVerb::Resend,
            DeskVerb::EndSessions,
            DeskVerb::EndLink,
            DeskVerb::MoveLink,
            DeskVerb::Close,
        ],
        ..not_moved()
    }
}

impl Page for AccountLooks {
    const NAME: &'static str = "account-looks";

    fn samples() -> Vec<AccountLooks> {
        let look = |role, agency: Option<&str>, done: &[DeskVerb]| LookRow {
            at: 1_795_000_000,
            role,
            agency: agency.map(Into::into),
            done: done.to_vec(),
        };
        let tilleuls = Some("Agence des Tilleuls");
        let looks = vec![
            look(Some(DeskRole::Desk), tilleuls, &[]),
            look(Some(DeskRole::Manager), tilleuls, &[DeskVerb::Code, DeskVerb::Resend]),
            look(Some(DeskRole::Desk), None, &[]),
            look(Some(DeskRole::Support), None, &DeskVerb::ALL),
            look(Some(DeskRole::Campaign), None, &[]),
            look(Some(DeskRole::Operator), None, &[DeskVerb::Unlock]),
            look(None, None, &[]),
        ];
        vec![AccountLooks { looks }, AccountLooks { looks: vec![] }]
    }
}
