//! Where a person stands, decided from what is known of them: the one thing that matters most on the telephone.

use accounts::{Dossier, Fate, IdentityState};
use kernel::Unix;

/// Where a person stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The account is closed.
    Closed {
        /// The time.
        since: Unix,
    },
    /// The account is locked by wrong passwords.
    Locked {
        /// The time.
        since: Unix,
    },
    /// The old identifier is locked, and opens by itself.
    OldDoorLocked {
        /// The time at which it opens.
        until: Unix,
    },
    /// The newest mail was refused by the server of its address.
    MailRefused {
        /// The domain of the address.
        host: Option<String>,
        /// The time.
        at: Unix,
    },
    /// The newest mail was taken, and returned.
    MailCameBack {
        /// The domain of the address.
        host: Option<String>,
        /// The time.
        at: Unix,
    },
    /// The newest mail was given up.
    MailGivenUp {
        /// The time.
        at: Unix,
    },
    /// The newest mail was tried and not taken yet.
    MailWaits {
        /// The domain of the address.
        host: Option<String>,
        /// The time at which it was queued.
        since: Unix,
    },
    /// A move is under way.
    Moving {
        /// The next step.
        step: &'static str,
        /// The time at which it began.
        since: Unix,
    },
    /// Wrong passwords are counted.
    AttemptsLeft {
        /// The attempts before the lock.
        left: u8,
    },
    /// The only link ends at a date.
    LinkEnds {
        /// The time.
        at: Unix,
    },
    /// No link is left.
    LinkEnded {
        /// The time.
        at: Unix,
    },
    /// All is well.
    SeenLast {
        /// The time of the last visit.
        at: Unix,
    },
    /// All is well, and no visit is known.
    Moved {
        /// The time of the link.
        since: Unix,
    },
    /// An account without any link.
    Unlinked,
    /// The agency does not count the person among its clients any more.
    Left {
        /// The time.
        since: Unix,
    },
    /// The old credentials work.
    NotMoved,
}

impl Standing {
    /// Decides where a person stands: what keeps them out first, then what they wait for, then the rest.
    pub fn of(dossier: &Dossier) -> Self {
        closed(dossier)
            .or_else(|| locked(dossier))
            .or_else(|| mail(dossier))
            .or_else(|| moving(dossier))
            .or_else(|| counted(dossier))
            .unwrap_or_else(|| at_rest(dossier))
    }
}

fn closed(dossier: &Dossier) -> Option<Standing> {
    let since = dossier.account.as_ref()?.closed_at?;
    Some(Standing::Closed { since })
}

fn locked(dossier: &Dossier) -> Option<Standing> {
    let since = |of_account: bool| {
        let doors = dossier.doors.iter().filter(move |door| door.door.is_of_account() == of_account);
        doors.filter_map(|door| Some((door.locked_at?, door.opens_at))).max()
    };
    match (since(true), since(false)) {
        (Some((since, _)), _) => Some(Standing::Locked { since }),
        (None, Some((_, Some(until)))) => Some(Standing::OldDoorLocked { until }),
        _ => None,
    }
}

fn mail(dossier: &Dossier) -> Option<Standing> {
    let newest = dossier.mails.iter().max_by_key(|mail| mail.at)?;
    let (host, at) = (newest.host.clone(), newest.decided_at);
    match newest.fate {
        Fate::Refused => Some(Standing::MailRefused { host, at }),
        Fate::CameBack => Some(Standing::MailCameBack { host, at }),
        Fate::Expired => Some(Standing::MailGivenUp { at }),
        Fate::Waiting if newest.attempts > 0 => Some(Standing::MailWaits { host, since: newest.at }),
        Fate::Waiting | Fate::Taken | Fate::Dropped => None,
    }
}

fn moving(dossier: &Dossier) -> Option<Standing> {
    let newest = dossier.moves.iter().max_by_key(|under_way| under_way.since)?;
    Some(Standing::Moving { step: newest.step, since: newest.since })
}

fn counted(dossier: &Dossier) -> Option<Standing> {
    let left = dossier.doors.iter().map(|door| door.left).min()?;
    Some(Standing::AttemptsLeft { left })
}

fn at_rest(dossier: &Dossier) -> Standing {
    let Some(_) = &dossier.account else {
        let left = dossier.identities.iter().map(|identity| identity.left_at).max().flatten();
        return left.map_or(Standing::NotMoved, |since| Standing::Left { since });
    };
    let links = || dossier.identities.iter().filter_map(|IdentityState { link, .. }| link.as_ref());
    let alive = || links().filter(|link| link.ended_at.is_none());
    let Some(since) = alive().map(|link| link.since).min() else {
        let ended = links().filter_map(|link| link.ended_at).max();
        return ended.map_or(Standing::Unlinked, |at| Standing::LinkEnded { at });
    };
    if let Some(at) = alive().map(|link| link.ends_at).min_by_key(|ends| ends.unwrap_or(Unix::MAX)).flatten()
        && alive().all(|link| link.ends_at.is_some())
    {
        return Standing::LinkEnds { at };
    }
    match dossier.sessions.iter().map(|session| session.last_seen).max() {
        Some(at) => Standing::SeenLast { at },
        None => Standing::Moved { since },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use accounts::{
        AccountId, AccountState, Door, DoorState, EnrolmentId, LegacyIdentityId, LinkState, MailState,
        MoveState, SessionId, SessionState,
    };
    use uuid::Uuid;

    use super::*;

    /// An account of which nothing is known.
    pub(crate) fn account() -> AccountState {
        AccountState {
            id: Some(AccountId(Uuid::nil())),
            address: None,
            proved_at: Vec::new(),
            name: None,
            locale: "fr".into(),
            created_at: Some(1),
            password_changed_at: Some(1),
            closed_at: None,
            closed_because: None,
            kept_until: None,
        }
    }

    fn identity(link: Option<LinkState>, left_at: Option<Unix>) -> IdentityState {
        IdentityState {
            id: LegacyIdentityId(Uuid::nil()),
            agency: "tilleuls".into(),
            identifier: "100".into(),
            client_ref: "R1".into(),
            name: None,
            moved_at: link.as_ref().map(|link| link.since),
            left_at,
            link,
        }
    }

    fn link(ends_at: Option<Unix>, ended_at: Option<Unix>) -> Option<LinkState> {
        Some(LinkState { id: Uuid::nil(), since: 10, ends_at, ended_at })
    }

    fn moved() -> Dossier {
        Dossier {
            account: Some(account()),
            identities: vec![identity(link(None, None), None)],
            ..Dossier::default()
        }
    }

    fn door(door: Door, left: u8, locked_at: Option<Unix>, opens_at: Option<Unix>) -> DoorState {
        DoorState { door, agency: None, failures: 5 - left.min(5), left, locked_at, opens_at }
    }

    fn mail(fate: Fate, at: Unix, attempts: i32) -> MailState {
        MailState {
            id: Uuid::nil(),
            topic: "confirm".into(),
            agency: None,
            host: Some("orange.fr".into()),
            at,
            fate,
            decided_at: at + 1,
            attempts,
            said: None,
        }
    }

    fn under_way() -> MoveState {
        MoveState {
            id: EnrolmentId(Uuid::nil()),
            agency: "tilleuls".into(),
            step: "mail",
            address: None,
            since: 50,
            mailed_at: None,
            refused_at: None,
            confirmed_at: None,
            expires_at: 99,
        }
    }

    /// Each cause is told alone, and before every later one.
    #[test]
    fn what_keeps_a_person_out_is_told_before_what_they_wait_for_and_the_rest() {
        let mut person = moved();
        assert_eq!(Standing::of(&person), Standing::Moved { since: 10 });
        person.sessions = vec![SessionState {
            id: SessionId(Uuid::nil()),
            since: 20,
            last_seen: 30,
            network: String::new(),
            browser: None,
            system: None,
            open: true,
            kept: false,
        }];
        assert_eq!(Standing::of(&person), Standing::SeenLast { at: 30 });
        person.doors = vec![door(Door::Account, 3, None, None), door(Door::KnownBrowser, 2, None, None)];
        assert_eq!(Standing::of(&person), Standing::AttemptsLeft { left: 2 });
        person.moves = vec![under_way()];
        assert_eq!(Standing::of(&person), Standing::Moving { step: "mail", since: 50 });
        let host = || Some("orange.fr".to_owned());
        for (fate, attempts, expected) in [
            (Fate::Waiting, 1, Standing::MailWaits { host: host(), since: 60 }),
            (Fate::Expired, 9, Standing::MailGivenUp { at: 61 }),
            (Fate::CameBack, 1, Standing::MailCameBack { host: host(), at: 61 }),
            (Fate::Refused, 1, Standing::MailRefused { host: host(), at: 61 }),
        ] {
            person.mails = vec![mail(fate, 60, attempts), mail(Fate::Taken, 40, 1)];
            assert_eq!(Standing::of(&person), expected);
        }
        person.doors.push(door(Door::OldIdentifier, 0, Some(70), Some(3670)));
        assert_eq!(Standing::of(&person), Standing::OldDoorLocked { until: 3670 });
        person.doors.push(door(Door::Account, 0, Some(71), None));
        assert_eq!(Standing::of(&person), Standing::Locked { since: 71 });
        person.account.as_mut().unwrap().closed_at = Some(80);
        assert_eq!(Standing::of(&person), Standing::Closed { since: 80 });
    }

    #[test]
    fn a_mail_that_arrived_or_was_dropped_or_waits_for_its_turn_is_no_news() {
        for (fate, attempts) in [(Fate::Taken, 1), (Fate::Dropped, 1), (Fate::Waiting, 0)] {
            let person =
                Dossier { mails: vec![mail(fate, 60, attempts), mail(Fate::Refused, 40, 1)], ..moved() };
            assert_eq!(Standing::of(&person), Standing::Moved { since: 10 }, "{fate:?}");
        }
    }

    #[test]
    fn links_and_identities_without_an_account_are_told_apart() {
        let of = |account: Option<AccountState>, identities: Vec<IdentityState>| {
            Standing::of(&Dossier { account, identities, ..Dossier::default() })
        };
        let (ends, ended) = (link(Some(90), None), link(Some(90), Some(90)));
        assert_eq!(of(Some(account()), vec![identity(ends.clone(), None)]), Standing::LinkEnds { at: 90 });
        assert_eq!(of(Some(account()), vec![identity(ended.clone(), None)]), Standing::LinkEnded { at: 90 });
        let two = vec![identity(ends, None), identity(link(None, None), None), identity(ended, None)];
        assert_eq!(of(Some(account()), two), Standing::Moved { since: 10 }, "one link stays");
        assert_eq!(of(Some(account()), vec![]), Standing::Unlinked);
        assert_eq!(of(None, vec![identity(None, Some(7))]), Standing::Left { since: 7 });
        assert_eq!(of(None, vec![identity(None, None)]), Standing::NotMoved);
    }
}
