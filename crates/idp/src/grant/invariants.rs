//! The invariants of this slice's rows (SECURITY part C).

use kernel::{CheckFuture, Invariant, SeenBy, Snapshot};

use super::{SALT_KEY, keys, open_salt};

/// The list, in the order of the table. Each query counts the rows that break it, in one text for both databases.
pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I1",
        says: "no refresh token exists whose code was not redeemed",
        otherwise: "tokens were given without a code: revoke those grants, and look for who wrote them",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM refresh_token r JOIN code c ON c.grant_id = r.grant_id WHERE c.used_at IS NULL",
        ),
    },
    Invariant {
        id: "I1",
        says: "a grant has one code",
        otherwise: "one sign-in gave two codes: revoke that grant, and restore the index below",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM (SELECT grant_id FROM code GROUP BY grant_id HAVING count(*) > 1) AS twice",
        ),
    },
    Invariant {
        id: "I1",
        says: "the database refuses a second code of a grant",
        otherwise: "two nodes could answer one request twice: restore the index",
        seen_by: SeenBy::Unique("uq_code_grant_id"),
    },
    Invariant {
        id: "I2",
        says: "a grant that was revoked for a reason is revoked, and the other way round",
        otherwise: "tokens of a grant whose code or token was used twice are alive: revoke it",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM token_grant WHERE (revoked_at IS NULL) <> (revoked_why IS NULL)",
        ),
    },
    Invariant {
        id: "I3",
        says: "a family has at most one living refresh token",
        otherwise: "a stolen token and the client's own live side by side: revoke that grant, and restore the index below",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM (SELECT grant_id FROM refresh_token WHERE used_at IS NULL \
             GROUP BY grant_id HAVING count(*) > 1) AS twice",
        ),
    },
    Invariant {
        id: "I3",
        says: "the database refuses a second living refresh token of a family",
        otherwise: "a rotation on two nodes could leave two: restore the index",
        seen_by: SeenBy::Unique("uq_refresh_token_live"),
    },
    Invariant {
        id: "I4",
        says: "a family ends at one time, which rotation does not move",
        otherwise: "a family lives longer than was allowed, and its reuse is forgotten before its end: revoke that grant",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM (SELECT grant_id FROM refresh_token GROUP BY grant_id \
             HAVING min(family_ends_at) <> max(family_ends_at)) AS torn",
        ),
    },
    Invariant {
        id: "I11",
        says: "a person has one `sub` at a client, and no two persons share one",
        otherwise: "portals take people for strangers, or for each other: look which agency's `subject_type` or name changed, and take it back",
        seen_by: SeenBy::Query(
            "SELECT (SELECT count(*) FROM (SELECT account_id, client_id FROM client_session GROUP BY account_id, client_id \
             HAVING count(DISTINCT sub) > 1) AS changed) + (SELECT count(*) FROM (SELECT client_id, sub FROM client_session \
             GROUP BY client_id, sub HAVING count(DISTINCT account_id) > 1) AS shared) AS n",
        ),
    },
    Invariant {
        id: "I11",
        says: "the salt of pairwise subjects opens with this node's key",
        otherwise: "everybody would get another `sub`: give this node the `secret_key_file` of the others, or restore the row from a backup",
        seen_by: SeenBy::Check(salt),
    },
    Invariant {
        id: "I15",
        says: "what is granted was asked for and is configured, at issue and at every refresh",
        otherwise: "a portal learns more than it may",
        seen_by: SeenBy::Tests(
            "config is not in the database, so each answer reckons it anew; `refresh.rs` shrinks config under a living grant",
        ),
    },
    Invariant {
        id: "I16",
        says: "no token for a disabled account, a removed client, or where terms are due",
        otherwise: "a portal lets somebody in who should not be",
        seen_by: SeenBy::Tests(
            "account and config are looked at when a token is given or used, terms before a code is given, not when they change; `refresh.rs` takes a client away \
             under a living grant, `terms.rs` publishes terms under a living session",
        ),
    },
    Invariant {
        id: "I17",
        says: "a session belongs to one account for life",
        otherwise: "one person's browser holds another's tokens: revoke the grants of that session",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM (SELECT session_id FROM (SELECT session_id, account_id FROM client_session \
             UNION SELECT session_id, account_id FROM token_grant) AS owners GROUP BY session_id HAVING count(*) > 1) AS shared",
        ),
    },
    Invariant {
        id: "I18",
        says: "no client assertion was taken twice",
        otherwise: "somebody played a client's proof again: have that client change its key, and restore the primary key below",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM (SELECT client_id, jti FROM used_assertion GROUP BY client_id, jti HAVING count(*) > 1) AS twice",
        ),
    },
    Invariant {
        id: "I18",
        says: "the database refuses a client assertion the second time, on all nodes",
        otherwise: "a client's proof could be played again: restore the key",
        seen_by: SeenBy::Key("used_assertion"),
    },
    Invariant {
        id: "I22",
        says: "every signing key opens on this node, and signs what its published half accepts",
        otherwise: "portals refuse what this node signs: give it the `secret_key_file` of the others, or `moncompte keys rotate`",
        seen_by: SeenBy::Check(keys::unusable),
    },
    Invariant {
        id: "I22",
        says: "an algorithm has one key of each generation",
        otherwise: "two nodes could sign with keys of their own: restore the index",
        seen_by: SeenBy::Unique("uq_signing_key_alg_generation"),
    },
    Invariant {
        id: "I24",
        says: "no code and no refresh token is without its grant, and a code is of its grant's client",
        otherwise: "such a token cannot be revoked; it opens nothing either: delete it",
        seen_by: SeenBy::Query(
            "SELECT (SELECT count(*) FROM code c WHERE NOT EXISTS (SELECT 1 FROM token_grant g WHERE g.id = c.grant_id \
             AND g.client_id = c.client_id)) + (SELECT count(*) FROM refresh_token r \
             WHERE NOT EXISTS (SELECT 1 FROM token_grant g WHERE g.id = r.grant_id)) AS n",
        ),
    },
];

fn salt(snapshot: &Snapshot) -> CheckFuture<'_> {
    Box::pin(async {
        let stored = snapshot.stored_value(SALT_KEY).await?;
        Ok(u64::from(stored.is_some_and(|stored| open_salt(snapshot.keys(), &stored).is_err())))
    })
}
