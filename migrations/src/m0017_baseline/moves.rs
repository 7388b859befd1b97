//! Tables of accounts for the move: imported identities, links to accounts, and moves under way.

use crate::schema::{OnDelete::Restrict, Table, check, index, reference, unique};

/// Old identifiers. `fingerprint` is a keyed hash of the imported row, which tells whether a later import changes anything. A verifier is `none`, `bare`
/// (strong, as text), `sealed` (weak, encrypted) or `wrapped` (Argon2id over the digest). After the move it becomes the recogniser, which recognises the old
/// password to show a hint and never signs anyone in.
pub(super) const LEGACY_IDENTITY: Table = Table {
    name: "legacy_identity",
    columns: "
        id UUID NOT NULL,
        agency_id text NOT NULL,
        identifier text NOT NULL,
        identifier_canonical text NOT NULL,
        client_ref text NOT NULL,
        email text,
        name text,
        profile text NOT NULL,
        fingerprint text NOT NULL,
        verifier_kind text NOT NULL,
        verifier BYTES,
        recogniser_kind text NOT NULL,
        recogniser BYTES,
        imported_at TIME NOT NULL,
        moved_at TIME,
    ",
    key: "id",
    checks: &[
        check("ck_legacy_identity_verifier_kind", "verifier_kind IN ('none', 'bare', 'sealed', 'wrapped')"),
        check(
            "ck_legacy_identity_recogniser_kind",
            "recogniser_kind IN ('none', 'bare', 'sealed', 'wrapped')",
        ),
        check("ck_legacy_identity_verifier", "(verifier_kind = 'none') = (verifier IS NULL)"),
        check("ck_legacy_identity_recogniser", "(recogniser_kind = 'none') = (recogniser IS NULL)"),
        // SECURITY I10
        check(
            "ck_legacy_identity_moved_at",
            "(moved_at IS NULL AND recogniser_kind = 'none') OR (moved_at IS NOT NULL AND verifier_kind = 'none')",
        ),
    ],
    references: &[],
    indexes: &[
        unique("uq_legacy_identity_agency_id_identifier_canonical", "agency_id, identifier_canonical"),
        index("ix_legacy_identity_verifier_kind_id", "verifier_kind, id"),
        index("ix_legacy_identity_recogniser_kind_id", "recogniser_kind, id"),
    ],
};

/// The costly recipes of an agency's old hashes, without their salts: an unknown identifier is checked at the cost of one of them (SECURITY #60).
pub(super) const LEGACY_RECIPE: Table = Table {
    name: "legacy_recipe",
    columns: "
        agency_id text NOT NULL,
        recipe text NOT NULL,
    ",
    key: "agency_id, recipe",
    checks: &[],
    references: &[],
    indexes: &[],
};

pub(super) const LINK: Table = Table {
    name: "link",
    columns: "
        id UUID NOT NULL,
        account_id UUID NOT NULL,
        agency_id text NOT NULL,
        legacy_identity_id UUID NOT NULL,
        client_ref text NOT NULL,
        linked_at TIME NOT NULL,
    ",
    key: "id",
    checks: &[],
    references: &[
        reference("account_id", "account", Restrict),
        reference("legacy_identity_id", "legacy_identity", Restrict),
    ],
    indexes: &[
        unique("uq_link_legacy_identity_id", "legacy_identity_id"),
        index("ix_link_account_id_agency_id", "account_id, agency_id"),
    ],
};

/// Moves under way. `chosen_in` and `confirmed_in` are the interactions in which the password was chosen and the mailed link was followed: only these may
/// end the move. `code_hash`, `code_tries` and `code_until` are of the code in the newest confirmation mail. `finish_mailed_at` and `addressed_at` are
/// counted by the day.
pub(super) const ENROLMENT: Table = Table {
    name: "enrolment",
    columns: "
        id UUID NOT NULL,
        agency_id text NOT NULL,
        legacy_identity_id UUID NOT NULL,
        stage text NOT NULL,
        origin text,
        email text,
        email_canonical text,
        password_hash text,
        chosen_in text,
        confirmed_in text,
        locale text NOT NULL,
        confirm_hash text,
        mailed_at TIME,
        mails integer NOT NULL DEFAULT 0,
        addresses integer NOT NULL DEFAULT 0,
        confirmed_at TIME,
        finished_at TIME,
        account_id UUID,
        created_at TIME NOT NULL,
        expires_at TIME NOT NULL,
        code_hash text,
        code_tries integer NOT NULL DEFAULT 0,
        code_until TIME,
        finish_mailed_at TIME,
        addressed_at TIME,
        refused_at TIME,
    ",
    key: "id",
    checks: &[
        check(
            "ck_enrolment_stage",
            "stage IN ('notice', 'email', 'password', 'mail', 'link', 'terms', 'finished')",
        ),
        check("ck_enrolment_mails", "mails >= 0"),
        check("ck_enrolment_addresses", "addresses >= 0"),
        check("ck_enrolment_expires_at", "expires_at >= created_at"),
        // SECURITY I7
        check("ck_enrolment_code_tries", "code_tries BETWEEN 0 AND 5"),
        // SECURITY I10. The transaction that ends a move sets the account one statement later, so the other direction is no check.
        check("ck_enrolment_finished_at", "(finished_at IS NULL) = (stage <> 'finished')"),
        check("ck_enrolment_account_id", "account_id IS NULL OR finished_at IS NOT NULL"),
    ],
    references: &[
        reference("legacy_identity_id", "legacy_identity", Restrict),
        reference("account_id", "account", Restrict),
    ],
    indexes: &[
        index("ix_enrolment_legacy_identity_id_finished_at", "legacy_identity_id, finished_at"),
        unique("uq_enrolment_confirm_hash", "confirm_hash"),
        index("ix_enrolment_email_canonical", "email_canonical"),
    ],
};

/// Used migration tickets: a second use of the same `jti` is refused until the ticket expires (SECURITY I18).
pub(super) const USED_TICKET: Table = Table {
    name: "used_ticket",
    columns: "
        agency_id text NOT NULL,
        jti text NOT NULL,
        expires_at TIME NOT NULL,
    ",
    key: "agency_id, jti",
    checks: &[],
    references: &[],
    indexes: &[],
};
