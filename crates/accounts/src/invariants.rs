//! The invariants of this slice's rows (SECURITY part C).

use kernel::{CheckFuture, Fault, Invariant, SeenBy, Snapshot};
use uuid::Uuid;

use crate::{
    AccountId, Email, evidence,
    store::{accounts, enrolments},
};

/// The list, in the order of the table. Each query counts the rows that break it, in one text for both databases.
pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I5",
        says: "no counter of wrong passwords is below none or above the ten that config allows at most, or ten times that for an old identifier from all networks",
        otherwise: "passwords were checked beyond the lock: look for guessing in the log, and at which version each node runs",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM attempt WHERE failures < 0 OR failures > 100 OR (failures > 10 AND bucket <> '*')",
        ),
    },
    Invariant {
        id: "I5",
        says: "one counter for an address and a browser, and for an old identifier and a network, on all nodes",
        otherwise: "nodes count apart, and five attempts are five for each: restore the key",
        seen_by: SeenBy::Key("attempt"),
    },
    Invariant {
        id: "I6",
        says: "a counter of wrong passwords goes down by a reset only: a right password, a mailed link, the end of an old identifier's lock, a month without a try, four hundred days of a lock",
        otherwise: "guessing goes on after five",
        seen_by: SeenBy::Tests(
            "it compares two moments; `lockout.rs` counts each check, also with 200 at once",
        ),
    },
    Invariant {
        id: "I7",
        says: "a reset link that a newer one replaced was never used",
        otherwise: "an old mail set a password: ask its owner, and have them reset it",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM recovery WHERE used_at IS NOT NULL AND superseded_at IS NOT NULL",
        ),
    },
    Invariant {
        id: "I7",
        says: "an account's used reset links are no more than its resets",
        otherwise: "a link was used and the password stayed: ask its owner to reset it",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM account a WHERE a.auth_epoch < \
             (SELECT count(*) FROM recovery r WHERE r.account_id = a.id AND r.used_at IS NOT NULL)",
        ),
    },
    Invariant {
        id: "I7",
        says: "an account has at most one reset link that works",
        otherwise: "an older mail still sets the password: restore the index below",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM (SELECT account_id FROM recovery WHERE used_at IS NULL AND superseded_at IS NULL \
             GROUP BY account_id HAVING count(*) > 1) AS twice",
        ),
    },
    Invariant {
        id: "I7",
        says: "the database refuses a second reset link that works",
        otherwise: "two workers could leave two: restore the index",
        seen_by: SeenBy::Unique("uq_recovery_live"),
    },
    Invariant {
        id: "I7",
        says: "a reset link is one row",
        otherwise: "one mail could set two passwords: restore the index",
        seen_by: SeenBy::Unique("uq_recovery_token_hash"),
    },
    Invariant {
        id: "I7",
        says: "each new address that was confirmed has its entry in the evidence",
        otherwise: "an address was written into the database: ask its owner, at both addresses",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM account a WHERE (SELECT count(*) FROM email_change c WHERE c.account_id = a.id \
             AND c.confirmed_at IS NOT NULL) > (SELECT count(*) FROM evidence e WHERE e.account_id = a.id AND e.kind = 'email changed')",
        ),
    },
    Invariant {
        id: "I7",
        says: "the database refuses a second new address of an account that can still be confirmed",
        otherwise: "two tabs could leave two, and an old mail would change the address: restore the index",
        seen_by: SeenBy::Unique("uq_email_change_live"),
    },
    Invariant {
        id: "I7",
        says: "a link that confirms a new address is one row",
        otherwise: "one mail could change two accounts: restore the index",
        seen_by: SeenBy::Unique("uq_email_change_confirm_hash"),
    },
    Invariant {
        id: "I7",
        says: "a mailed code is tried five times at most, and none works once its address is confirmed",
        otherwise: "a code could be guessed: look for guessing in the log, and at which version each node runs",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM enrolment WHERE code_tries < 0 OR code_tries > 5 \
             OR (code_hash IS NOT NULL AND (confirmed_at IS NOT NULL OR finished_at IS NOT NULL))",
        ),
    },
    Invariant {
        id: "I8",
        says: "a password that changed was changed by a mailed link or by the current one, and the evidence says so",
        otherwise: "somebody wrote a password into the database: end that account's sessions and ask its owner",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM account a WHERE a.password_changed_at <> a.created_at AND NOT EXISTS \
             (SELECT 1 FROM evidence e WHERE e.account_id = a.id AND e.kind IN ('password reset', 'password changed', 'email taken back'))",
        ),
    },
    Invariant {
        id: "I9",
        says: "each reset, each change of the password or the address, each end of all sessions, and each end of an account raised the account's epoch by one, which ends every older session, code and token at its next use",
        otherwise: "what was given before still works, or an account was changed by hand: end its sessions",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM account a WHERE a.auth_epoch <> \
             (SELECT count(*) FROM evidence e WHERE e.account_id = a.id \
             AND e.kind IN ('password reset', 'password changed', 'email changed', 'email taken back', 'sessions ended', 'account closed'))",
        ),
    },
    Invariant {
        id: "I9",
        says: "an account that staff closed has a time, a term, and neither session nor reset link",
        otherwise: "a closed account is open somewhere: end its sessions",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM account a WHERE a.closed_why IS NOT NULL AND (a.disabled_at IS NULL OR a.kept_until IS NULL \
             OR EXISTS (SELECT 1 FROM session s WHERE s.account_id = a.id AND s.ended_at IS NULL) \
             OR EXISTS (SELECT 1 FROM recovery r WHERE r.account_id = a.id AND r.used_at IS NULL AND r.superseded_at IS NULL))",
        ),
    },
    Invariant {
        id: "I9",
        says: "no session is of an epoch that its account has not reached",
        otherwise: "such a session would outlive the next reset: end it",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM session s JOIN account a ON a.id = s.account_id WHERE s.auth_epoch > a.auth_epoch",
        ),
    },
    Invariant {
        id: "I10",
        says: "an identity has moved exactly if it is linked",
        otherwise: "somebody is between two ways to sign in: compare the evidence of that identity, then link it or take the move back",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM legacy_identity i WHERE (i.moved_at IS NULL) = \
             EXISTS (SELECT 1 FROM link l WHERE l.legacy_identity_id = i.id)",
        ),
    },
    Invariant {
        id: "I10",
        says: "an identity that has moved has no verifier, and one that has not has no recogniser",
        otherwise: "an old password signs in beside the new one: empty the verifier",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM legacy_identity WHERE (moved_at IS NOT NULL AND (verifier IS NOT NULL OR verifier_kind <> 'none')) \
             OR (moved_at IS NULL AND (recogniser IS NOT NULL OR recogniser_kind <> 'none'))",
        ),
    },
    Invariant {
        id: "I10",
        says: "each link of an account has its entry in the evidence, and each entry its link",
        otherwise: "a link that nobody proved, or a proof of none: compare the two before anybody is let in",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM account a WHERE (SELECT count(*) FROM link l WHERE l.account_id = a.id) + \
             (SELECT count(*) FROM evidence e WHERE e.account_id = a.id AND e.kind = 'link taken away') <> \
             (SELECT count(*) FROM evidence e WHERE e.account_id = a.id AND e.kind IN ('account created', 'agency attached', 'link given'))",
        ),
    },
    Invariant {
        id: "I10",
        says: "a finished enrolment names its account, keeps no password, and its identity has moved",
        otherwise: "a move ended half-way: report it, with the enrolment's id",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM enrolment e JOIN legacy_identity i ON i.id = e.legacy_identity_id \
             WHERE (e.finished_at IS NULL) <> (e.stage <> 'finished') OR (e.finished_at IS NULL) <> (e.account_id IS NULL) \
             OR (e.finished_at IS NOT NULL AND (e.password_hash IS NOT NULL OR i.moved_at IS NULL))",
        ),
    },
    Invariant {
        id: "I10",
        says: "an identity is linked once",
        otherwise: "two accounts could share an identity: restore the index",
        seen_by: SeenBy::Unique("uq_link_legacy_identity_id"),
    },
    Invariant {
        id: "I10",
        says: "an agency has an identifier once",
        otherwise: "one person could be two: restore the index",
        seen_by: SeenBy::Unique("uq_legacy_identity_agency_id_identifier_canonical"),
    },
    Invariant {
        id: "I14",
        says: "each acceptance has an entry in the evidence with the hash of the text that was shown",
        otherwise: "an acceptance cannot be proved: have it given again",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM acceptance a WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.account_id = a.account_id \
             AND e.kind = 'terms accepted' AND e.body LIKE '%\"' || a.sha256 || '\"%')",
        ),
    },
    Invariant {
        id: "I14",
        says: "each entry in the evidence of accepted terms has its acceptance",
        otherwise: "an acceptance was deleted: restore it from the evidence",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM (SELECT e.account_id FROM evidence e WHERE e.kind = 'terms accepted' GROUP BY e.account_id \
             HAVING count(*) <> (SELECT count(*) FROM acceptance a WHERE a.account_id = e.account_id)) AS uneven",
        ),
    },
    Invariant {
        id: "I14",
        says: "an account accepts a version once",
        otherwise: "one version could be accepted twice: restore the index",
        seen_by: SeenBy::Unique("uq_acceptance_account_id_version"),
    },
    Invariant {
        id: "I17",
        says: "a session's token opens one session",
        otherwise: "one cookie could be two people: restore the index",
        seen_by: SeenBy::Unique("uq_session_token_hash"),
    },
    Invariant {
        id: "I17",
        says: "the session after a sign-in is another one than before it",
        otherwise: "a session that somebody else chose becomes a person's",
        seen_by: SeenBy::Tests(
            "it compares two moments; every sign-in writes a row of its own, which `keeping.rs` looks at",
        ),
    },
    Invariant {
        id: "I18",
        says: "a migration ticket is used once, on all nodes",
        otherwise: "a ticket could be played again: restore the key",
        seen_by: SeenBy::Key("used_ticket"),
    },
    Invariant {
        id: "I21",
        says: "the evidence is whole: no entry was changed, added, moved, or taken from before another; a cut end is not seen",
        otherwise: "the evidence was written by somebody else than moncompte, or with another key: keep the database as it is, and compare with a backup",
        seen_by: SeenBy::Check(evidence::chain),
    },
    Invariant {
        id: "I24",
        says: "nothing belongs to an account or an identity that is not there",
        otherwise: "rows were deleted by hand: restore them from a backup. Accounts are never deleted, so that no `sub` comes again (I11)",
        seen_by: SeenBy::Query(ORPHANS),
    },
    Invariant {
        id: "I24",
        says: "a link and an enrolment name the agency of their identity, and a link its reference",
        otherwise: "a portal may be told another's reference: compare with the agency's file",
        seen_by: SeenBy::Query(
            "SELECT (SELECT count(*) FROM link l JOIN legacy_identity i ON i.id = l.legacy_identity_id \
             WHERE l.agency_id <> i.agency_id OR l.client_ref <> i.client_ref) + (SELECT count(*) FROM enrolment e \
             JOIN legacy_identity i ON i.id = e.legacy_identity_id WHERE e.agency_id <> i.agency_id) AS n",
        ),
    },
    Invariant {
        id: "I24",
        says: "the canonical form of an address is that of the address beside it",
        otherwise: "its owner cannot sign in, or somebody else can: write the canonical form again",
        seen_by: SeenBy::Check(uncanonical),
    },
    Invariant {
        id: "I24",
        says: "an address has one account",
        otherwise: "two accounts could have one address: restore the index",
        seen_by: SeenBy::Unique("uq_account_email_canonical"),
    },
    Invariant {
        id: "I25",
        says: "at most one delivery of an agency is being applied or taken back",
        otherwise: "two deliveries could write one identity, and no undo would give back what was: restore the index",
        seen_by: SeenBy::Unique("uq_delivery_busy"),
    },
    Invariant {
        id: "I25",
        says: "rows are kept as they were for deliveries only that can be taken back",
        otherwise: "an undo would not be whole: compare with a backup before it is tried",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM delivery_change c JOIN delivery d ON d.id = c.delivery_id WHERE d.state IN ('planned', 'undone')",
        ),
    },
    Invariant {
        id: "I25",
        says: "whoever moved and left an agency has a date on which the link ends, and no other link has one",
        otherwise: "a portal stays open to somebody who left, or closes to a client: plan the agency's complete file again",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM legacy_identity i JOIN link l ON l.legacy_identity_id = i.id \
             WHERE (i.left_at IS NULL) <> (l.ends_at IS NULL) OR (l.ended_at IS NOT NULL AND l.ends_at IS NULL)",
        ),
    },
];

const ORPHANS: &str = "SELECT \
    (SELECT count(*) FROM device t WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.account_id)) + \
    (SELECT count(*) FROM session t WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.account_id)) + \
    (SELECT count(*) FROM recovery t WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.account_id)) + \
    (SELECT count(*) FROM email_change t WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.account_id)) + \
    (SELECT count(*) FROM link t WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.account_id)) + \
    (SELECT count(*) FROM acceptance t WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.account_id)) + \
    (SELECT count(*) FROM evidence t WHERE t.account_id IS NOT NULL \
        AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.account_id)) + \
    (SELECT count(*) FROM enrolment t WHERE t.account_id IS NOT NULL \
        AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.account_id)) + \
    (SELECT count(*) FROM link t WHERE NOT EXISTS (SELECT 1 FROM legacy_identity i WHERE i.id = t.legacy_identity_id)) + \
    (SELECT count(*) FROM enrolment t WHERE NOT EXISTS (SELECT 1 FROM legacy_identity i WHERE i.id = t.legacy_identity_id)) \
    AS n";

/// Rows in memory at a time.
const BATCH: u64 = 5000;

/// Canonical forms are made here and nowhere else: no SQL can say what they should be (DESIGN "Rules that the databases force").
fn uncanonical(snapshot: &Snapshot) -> CheckFuture<'_> {
    Box::pin(async {
        let wrong = |email: &str, canonical: &str| {
            Email::parse(email).is_none_or(|address| address.canonical() != canonical)
        };
        let mut broken = 0;
        let mut last = AccountId(Uuid::nil());
        loop {
            let rows = accounts::addresses_after(snapshot, last, BATCH).await?;
            let Some(end) = rows.last() else { break };
            last = end.0;
            broken += rows.iter().filter(|(_, email, canonical)| wrong(email, canonical)).count();
        }
        let unfinished = enrolments::unfinished_addresses(snapshot).await?;
        broken += unfinished
            .iter()
            .filter(|pair| match pair {
                (Some(email), Some(canonical)) => wrong(email, canonical),
                (None, None) => false,
                _ => true,
            })
            .count();
        Ok::<_, Fault>(u64::try_from(broken).unwrap_or(u64::MAX))
    })
}
