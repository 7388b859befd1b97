//! The items of docs/requirements/security-attacks.md that block any release, of the areas that the program's own code answers for: A1 to A9, A11 to A13,
//! and the clock of A14.

/// Every such item and its subject.
pub(super) const P0: &[(u16, &str)] = &[
    (1, "redirect_uri not exact"),
    (2, "loopback exception abused"),
    (3, "open redirect by error"),
    (4, "local return-URL trick"),
    (5, "PKCE downgrade"),
    (6, "parameter pollution"),
    (7, "request object, request_uri"),
    (8, "implicit, hybrid, password grant"),
    (9, "mix-up"),
    (10, "injected output"),
    (12, "skipped steps"),
    (13, "authorization-session fixation"),
    (14, "prompt, max_age, hint ignored"),
    (17, "code replayed"),
    (18, "code replayed at once"),
    (19, "code bound to nothing"),
    (20, "refresh replayed"),
    (21, "refresh replayed at once"),
    (22, "revoked refresh lives again"),
    (23, "scope grows on refresh"),
    (24, "refresh never ends"),
    (25, "client authentication tricks"),
    (26, "secret guessing and timing"),
    (27, "client assertion replayed, or for others"),
    (29, "token response cached"),
    (30, "disabled person or client"),
    (31, "alg none, confusion"),
    (32, "kid, jwk, jku injection"),
    (33, "wrong JSON types in claims"),
    (34, "cross-use of tokens"),
    (35, "token for another audience"),
    (36, "key rotation"),
    (37, "nodes disagree on keys"),
    (39, "nonce, at_hash, auth_time, sid"),
    (40, "session fixation"),
    (41, "cookie tossing"),
    (42, "CSRF"),
    (43, "login CSRF"),
    (44, "forced logout"),
    (45, "open redirect after logout"),
    (46, "session survives its end"),
    (47, "session on a shared computer"),
    (51, "sequential guessing"),
    (52, "parallel guessing"),
    (53, "other doors to the password"),
    (54, "other spellings of an account"),
    (55, "throttle evaded by headers"),
    (56, "spraying"),
    (57, "lockout as a weapon"),
    (58, "lock reset too easily"),
    (59, "enumeration by content"),
    (60, "enumeration by time"),
    (61, "password handling"),
    (62, "hash flood"),
    (65, "re-authentication skipped"),
    (66, "link host poisoning"),
    (67, "password set without the mailed token"),
    (68, "link used twice"),
    (69, "older links survive"),
    (70, "mail scanner consumes link"),
    (71, "token leaks"),
    (72, "token guessable or readable"),
    (73, "reset as oracle or mail bomb"),
    (74, "twin mailbox"),
    (75, "address-change hijack"),
    (76, "reset keeps the intruder"),
    (78, "one identity, two accounts"),
    (79, "link without proof"),
    (80, "pre-hijack"),
    (81, "namespace confusion"),
    (82, "migration page as oracle"),
    (83, "legacy secret lives on"),
    (84, "weak legacy hashes at rest"),
    (85, "crash between steps"),
    (86, "sub changes or is reused"),
    (89, "code without terms"),
    (90, "accepted differs from shown"),
    (91, "acceptance without evidence"),
    (92, "consent bypass"),
    (93, "consent replay, clickjacking"),
    (95, "header injection in mail"),
    (96, "markup injection in mail"),
    (97, "SMTP down or unsafe"),
    (98, "outbox lost or doubled"),
    (105, "missing headers"),
    (106, "clickjacking"),
    (108, "smuggling, Host, methods"),
    (109, "size and shape limits"),
    (110, "slow and many connections"),
    (111, "panic"),
    (114, "killed at any point"),
    (115, "power lost"),
    (116, "SQLite busy"),
    (117, "a database that falls silent"),
    (118, "a database that is away"),
    (119, "disk full"),
    (120, "a node that stands still"),
    (121, "clocks that jump"),
];

/// The items without a guard to remove, and the reason.
pub(super) const NO_GUARD: &[(u16, &str)] = &[
    (4, "no address that a browser sends is ever read: the way back is the id of an interaction"),
    (22, "what is revoked is a row of the database: no node remembers anything that a restart could forget"),
    (66, "no header of a request has any part in a link: its host is the configured issuer"),
    (70, "opening a link only reads: nothing is there that could be left out"),
    (
        92,
        "nobody is asked for consent: the portals are the account's own, and what a client may have is in its file",
    ),
    (
        108,
        "requests are read by hyper, and every route names its methods: there is nothing of ours between them",
    ),
    (
        111,
        "two layers turn a panic into an answer, and no request is known that makes one: fuzzing looks for it",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{NO_GUARD, P0};
    use crate::sabotage::list;

    #[test]
    fn every_item_that_blocks_a_release_has_a_sabotage_or_a_reason() {
        let tried: BTreeSet<u16> = list::all().flat_map(|entry| entry.items.iter().copied()).collect();
        let reasons: BTreeSet<u16> = NO_GUARD.iter().map(|(n, _)| *n).collect();
        let known: BTreeSet<u16> = P0.iter().map(|(n, _)| *n).collect();
        let missing: Vec<_> = P0.iter().filter(|(n, _)| !tried.contains(n) && !reasons.contains(n)).collect();
        assert!(missing.is_empty(), "neither tried nor excused: {missing:?}");
        let both: Vec<_> = tried.intersection(&reasons).collect();
        assert!(both.is_empty(), "excused and tried: {both:?}");
        assert!(reasons.is_subset(&known), "an excuse for what is not in the list");
    }
}
