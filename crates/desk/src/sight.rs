//! The part of a person that an actor sees: staff of one agency see their agency's side, and nothing by which they could tell that the person is known elsewhere.

use accounts::{AccountState, Dossier};

use crate::Actor;

impl Actor {
    /// Returns what this actor may see of a person.
    pub fn sees(&self, dossier: Dossier) -> Dossier {
        match self.agency() {
            Some(agency) => side_of(agency, dossier),
            None => dossier,
        }
    }
}

fn side_of(agency: &str, whole: Dossier) -> Dossier {
    let Dossier { account, identities, moves, sessions: _, doors, mails } = whole;
    let identities: Vec<_> = identities.into_iter().filter(|of| of.agency == agency).collect();
    // One who moved with another agency alone is to this one as somebody without an account.
    let linked = identities.iter().filter_map(|of| of.link.as_ref()).any(|link| link.ended_at.is_none());
    let own = |of: &Option<String>| of.as_deref() == Some(agency);
    Dossier {
        account: account.filter(|_| linked).map(|account| account_of(agency, account)),
        identities,
        moves: moves.into_iter().filter(|of| of.agency == agency).collect(),
        // They may be of another agency's portal.
        sessions: Vec::new(),
        doors: doors
            .into_iter()
            .filter(|of| if of.door.is_of_account() { linked } else { own(&of.agency) })
            .collect(),
        mails: mails.into_iter().filter(|of| own(&of.agency)).collect(),
    }
}

/// The time of the first move may be before the link, the name may be another agency's, an address that was proved elsewhere is not theirs to know, and neither is why
/// the account was closed.
fn account_of(agency: &str, account: AccountState) -> AccountState {
    let proved_here = account.proved_at.iter().any(|of| of == agency);
    AccountState {
        id: None,
        address: account.address.filter(|_| proved_here),
        proved_at: account.proved_at.into_iter().filter(|of| of == agency).collect(),
        name: None,
        locale: account.locale,
        created_at: None,
        password_changed_at: None,
        closed_at: account.closed_at,
        closed_because: None,
        kept_until: None,
    }
}

#[cfg(test)]
mod tests {
    use accounts::{
        Door, DoorState, EnrolmentId, Fate, IdentityState, LegacyIdentityId, LinkState, MailState, MoveState,
        SessionId, SessionState,
    };
    use uuid::Uuid;

    use super::*;
    use crate::{Role, Subject, VendorRole, Verb};

    fn identity(agency: &str, linked: bool, ended_at: Option<i64>) -> IdentityState {
        let link = LinkState { id: Uuid::nil(), since: 5, ends_at: ended_at, ended_at };
        IdentityState {
            id: LegacyIdentityId(Uuid::nil()),
            agency: agency.into(),
            identifier: format!("{agency}-100"),
            client_ref: format!("{agency}-R1"),
            name: Some(format!("Marie of {agency}")),
            moved_at: linked.then_some(5),
            left_at: None,
            link: linked.then_some(link),
        }
    }

    fn mail(agency: Option<&str>) -> MailState {
        MailState {
            id: Uuid::nil(),
            topic: "welcome".into(),
            agency: agency.map(Into::into),
            host: Some("orange.fr".into()),
            at: 1,
            fate: Fate::Taken,
            decided_at: 2,
            attempts: 1,
            said: None,
        }
    }

    fn door(door: Door, agency: Option<&str>) -> DoorState {
        let agency = agency.map(Into::into);
        DoorState { door, agency, failures: 3, left: 2, locked_at: None, opens_at: None }
    }

    /// A person whom two agencies know; `here`: linked to the second too.
    fn known_to_two(here: IdentityState) -> Dossier {
        let under_way = |agency: &str| MoveState {
            id: EnrolmentId(Uuid::nil()),
            agency: agency.into(),
            step: "mail",
            address: Some(format!("{}•••••@e•••.test", &agency[..1])),
            since: 1,
            mailed_at: None,
            refused_at: None,
            confirmed_at: None,
            expires_at: 9,
        };
        Dossier {
            account: Some(AccountState {
                address: Some("m•••••@o•••.fr".into()),
                proved_at: vec!["tilleuls".into()],
                name: Some("Marie of tilleuls".into()),
                ..crate::standing::tests::account()
            }),
            identities: vec![identity("tilleuls", true, None), here],
            moves: vec![under_way("tilleuls"), under_way("rivage")],
            sessions: vec![SessionState {
                id: SessionId(Uuid::nil()),
                since: 1,
                last_seen: 2,
                network: "192.0.2.0/24".into(),
                browser: None,
                system: None,
                open: true,
                kept: false,
            }],
            doors: vec![
                door(Door::Account, None),
                door(Door::OldIdentifier, Some("tilleuls")),
                door(Door::OldIdentifier, Some("rivage")),
            ],
            mails: vec![mail(None), mail(Some("tilleuls")), mail(Some("rivage"))],
        }
    }

    fn rivage() -> Actor {
        Actor::Agency { name: "lea".into(), agency: "rivage".into(), role: Role::Manager }
    }

    /// SPEC J14: nothing of the other side remains, by any field.
    #[test]
    fn staff_of_an_agency_see_that_agencys_side_only() {
        let seen = rivage().sees(known_to_two(identity("rivage", true, None)));
        let text = format!("{seen:?}");
        assert!(!text.contains("tilleuls") && !text.contains("o•••"), "{text}");
        assert!(seen.sessions.is_empty());
        assert_eq!((seen.identities.len(), seen.moves.len(), seen.mails.len()), (1, 1, 1));
        assert_eq!(seen.doors.len(), 2, "the account's, and the own old identifier's");
        let account = seen.account.unwrap();
        assert_eq!((account.id, account.address, account.created_at), (None, None, None));
    }

    /// SPEC J14: where the agency knows the person without a link, and where its link ended, there is no account to see.
    #[test]
    fn an_account_of_another_agency_is_not_seen_at_all() {
        for here in [identity("rivage", false, None), identity("rivage", true, Some(7))] {
            let whole = known_to_two(here);
            assert!(!rivage().may(Verb::Unlock, &Subject::of(&whole)), "not their account to unlock");
            let seen = rivage().sees(whole);
            assert!(seen.account.is_none() && seen.doors.iter().all(|door| !door.door.is_of_account()));
        }
    }

    #[test]
    fn the_masked_address_is_seen_where_it_was_proved_and_operators_see_all() {
        let whole = || known_to_two(identity("rivage", true, None));
        let tilleuls = Actor::Agency { name: "zoe".into(), agency: "tilleuls".into(), role: Role::Desk };
        assert_eq!(tilleuls.sees(whole()).account.unwrap().address.as_deref(), Some("m•••••@o•••.fr"));
        assert_eq!(Actor::Operator { name: "marie".into() }.sees(whole()), whole());
        assert_eq!(Actor::Vendor { name: "nadia".into(), role: VendorRole::Support }.sees(whole()), whole());
    }
}
