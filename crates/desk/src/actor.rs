//! Actors, and the one table of verbs that each may use for whom.

use accounts::Dossier;

/// The role of an agency's staff.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Helps on the telephone.
    Desk,
    /// Leads the agency's move.
    Manager,
}

/// The role of the vendor's staff.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VendorRole {
    /// Helps people of all agencies.
    Support,
    /// Plans the move of agencies: finds and sees people, and changes nothing.
    Campaign,
}

/// Somebody who acts for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Actor {
    /// An operator at the command line, who has the database anyway.
    Operator {
        /// User and host.
        name: String,
    },
    /// The vendor's staff, for all agencies.
    Vendor {
        /// The name that the evidence keeps.
        name: String,
        /// The role.
        role: VendorRole,
    },
    /// Staff of one agency.
    Agency {
        /// The name that the evidence keeps.
        name: String,
        /// The agency.
        agency: String,
        /// The role.
        role: Role,
    },
}

/// Something that staff do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Find a person by an agency's identifier, reference or name.
    Find,
    /// Find a person by the address or the id of an account.
    FindAnywhere,
    /// See a person.
    Show,
    /// Send a mail once more.
    Resend,
    /// Clear the counts of wrong passwords.
    Unlock,
    /// End all sessions.
    EndSessions,
    /// Take a link away from an account.
    EndLink,
    /// Give a link to another account.
    MoveLink,
    /// Close an account.
    Close,
    /// Reopen a closed account.
    Reopen,
    /// Issue an activation code to somebody who has not moved.
    IssueCode,
    /// Invite staff whom a file names.
    Invite,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Find,
        Self::FindAnywhere,
        Self::Show,
        Self::Resend,
        Self::Unlock,
        Self::EndSessions,
        Self::EndLink,
        Self::MoveLink,
        Self::Close,
        Self::Reopen,
        Self::IssueCode,
        Self::Invite,
    ];

    /// Returns a stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::FindAnywhere => "find anywhere",
            Self::Show => "show",
            Self::Resend => "resend",
            Self::Unlock => "unlock",
            Self::EndSessions => "end sessions",
            Self::EndLink => "end a link",
            Self::MoveLink => "move a link",
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::IssueCode => "issue a code",
            Self::Invite => "invite staff",
        }
    }
}

/// The people for whom somebody may do something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Nobody.
    Nobody,
    /// Whom the actor's agency knows.
    Known,
    /// Whose account is linked to the actor's agency.
    Linked,
    /// Everybody.
    Everybody,
}

/// The agencies of a person, as far as they decide who may act for them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Subject {
    /// The agencies that issued them an identity.
    pub known_at: Vec<String>,
    /// The agencies with a link that has not ended.
    pub linked_at: Vec<String>,
}

impl Subject {
    /// Reads a person's agencies.
    pub(crate) fn of(dossier: &Dossier) -> Self {
        let linked = dossier.identities.iter().filter(|identity| {
            let link = identity.link.as_ref();
            link.is_some_and(|link| link.ended_at.is_none())
        });
        Self {
            linked_at: linked.map(|identity| identity.agency.clone()).collect(),
            known_at: dossier.identities.iter().map(|identity| identity.agency.clone()).collect(),
        }
    }
}

impl Actor {
    /// The name that the evidence keeps.
    pub fn name(&self) -> &str {
        let (Self::Operator { name } | Self::Vendor { name, .. } | Self::Agency { name, .. }) = self;
        name
    }

    /// The agency, of an agency's staff.
    pub fn agency(&self) -> Option<&str> {
        match self {
            Self::Operator { .. } | Self::Vendor { .. } => None,
            Self::Agency { agency, .. } => Some(agency),
        }
    }

    /// The capacity, as the evidence keeps it.
    pub fn role(&self) -> &'static str {
        match self {
            Self::Operator { .. } => "operator",
            Self::Vendor { role: VendorRole::Support, .. } => "support",
            Self::Vendor { role: VendorRole::Campaign, .. } => "campaign",
            Self::Agency { role: Role::Manager, .. } => "manager",
            Self::Agency { role: Role::Desk, .. } => "desk",
        }
    }

    /// Returns the people for whom this actor may do something: the table of docs/adr/0022.
    pub fn reach(&self, verb: Verb) -> Reach {
        match (self, verb) {
            (Self::Operator { .. } | Self::Vendor { role: VendorRole::Support, .. }, _) => Reach::Everybody,
            (Self::Vendor { .. }, Verb::Find | Verb::Show) => Reach::Everybody,
            (Self::Vendor { .. }, _) => Reach::Nobody,
            (Self::Agency { .. }, Verb::Find | Verb::Show | Verb::Resend | Verb::IssueCode) => Reach::Known,
            // Sessions may be of another agency's portal: they end unseen and uncounted.
            // Their own agency's staff.
            (Self::Agency { role: Role::Manager, .. }, Verb::Invite) => Reach::Known,
            (Self::Agency { .. }, Verb::Invite) => Reach::Nobody,
            // Of links, those that they see: their own agency's.
            (Self::Agency { .. }, Verb::Unlock | Verb::EndSessions | Verb::EndLink) => Reach::Linked,
            // An address tells whether somebody is known elsewhere; the account is of all agencies.
            (Self::Agency { .. }, Verb::FindAnywhere | Verb::MoveLink | Verb::Close | Verb::Reopen) => {
                Reach::Nobody
            }
        }
    }

    /// Returns true if this actor may do this for this person.
    pub fn may(&self, verb: Verb, subject: &Subject) -> bool {
        let own = |agencies: &[String]| agencies.iter().any(|agency| self.agency() == Some(agency));
        match self.reach(verb) {
            Reach::Nobody => false,
            Reach::Known => own(&subject.known_at),
            Reach::Linked => own(&subject.linked_at),
            Reach::Everybody => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff(role: Role) -> Actor {
        Actor::Agency { name: "lea".into(), agency: "rivage".into(), role }
    }

    /// SPEC J14: every actor and every verb, for a stranger, for whom the agency knows, and for whose account is linked there.
    #[test]
    fn each_actor_may_do_what_the_table_says_and_nothing_for_another_agencys_client() {
        let subject = |known: &[&str], linked: &[&str]| Subject {
            known_at: known.iter().map(|agency| (*agency).to_owned()).collect(),
            linked_at: linked.iter().map(|agency| (*agency).to_owned()).collect(),
        };
        let elsewhere = subject(&["tilleuls"], &["tilleuls"]);
        let known = subject(&["rivage", "tilleuls"], &["tilleuls"]);
        let linked = subject(&["rivage", "tilleuls"], &["rivage", "tilleuls"]);
        let operator = Actor::Operator { name: "marie@host".into() };
        let vendor = |role| Actor::Vendor { name: "nadia".into(), role };
        let (support, campaign) = (vendor(VendorRole::Support), vendor(VendorRole::Campaign));
        let (all, none) = ([true; 3], [false; 3]);
        let (desk, manager) = (staff(Role::Desk), staff(Role::Manager));
        let (known_here, linked_here) = ([false, true, true], [false, false, true]);
        let table = [
            (Verb::Find, [all, all, all, known_here, known_here]),
            (Verb::FindAnywhere, [all, all, none, none, none]),
            (Verb::Show, [all, all, all, known_here, known_here]),
            (Verb::Resend, [all, all, none, known_here, known_here]),
            (Verb::Unlock, [all, all, none, linked_here, linked_here]),
            (Verb::EndSessions, [all, all, none, linked_here, linked_here]),
            (Verb::EndLink, [all, all, none, linked_here, linked_here]),
            (Verb::MoveLink, [all, all, none, none, none]),
            (Verb::Close, [all, all, none, none, none]),
            (Verb::Reopen, [all, all, none, none, none]),
            (Verb::IssueCode, [all, all, none, known_here, known_here]),
            (Verb::Invite, [all, all, none, known_here, none]),
        ];
        assert_eq!(table.map(|(verb, _)| verb), Verb::ALL);
        for (verb, expected) in table {
            for (actor, expected) in
                [&operator, &support, &campaign, &manager, &desk].into_iter().zip(expected)
            {
                let may = [&elsewhere, &known, &linked].map(|subject| actor.may(verb, subject));
                assert_eq!(may, expected, "{} {}", actor.role(), verb.name());
            }
        }
    }
}
