//! Tables of accounts: people, sessions, attempts, mailed links, acceptances and evidence.

use crate::schema::{OnDelete::Restrict, Table, check, index, reference, unique};

/// Nothing reads `profile` since m0009: the profile that an agency delivers is at the identity. `changed_at` is the claim `updated_at`; `named_at` and
/// `spoken_at` are the times at which the owner chose the name and the language.
pub(super) const ACCOUNT: Table = Table {
    name: "account",
    columns: "
        id UUID NOT NULL,
        email text NOT NULL,
        email_canonical text NOT NULL,
        name text,
        profile text NOT NULL,
        password_hash text NOT NULL,
        auth_epoch integer NOT NULL DEFAULT 0,
        locale text NOT NULL,
        created_at TIME NOT NULL,
        password_changed_at TIME NOT NULL,
        disabled_at TIME,
        changed_at TIME,
        named_at TIME,
        spoken_at TIME,
    ",
    key: "id",
    checks: &[check("ck_account_auth_epoch", "auth_epoch >= 0")],
    references: &[],
    // Not a key for PostgreSQL: else a change of the address and a sign-in would block each other.
    indexes: &[unique("uq_account_email_canonical", "email_canonical").changes()],
};

/// Failed attempts, for addresses with and without an account alike. A subject is a keyed hash of the typed address, a bucket is a known device, a network, or
/// ''. The checks have the highest limits that the configuration allows (SECURITY I5).
pub(super) const ATTEMPT: Table = Table {
    name: "attempt",
    columns: "
        subject text NOT NULL,
        bucket text NOT NULL,
        failures integer NOT NULL DEFAULT 0,
        updated_at TIME NOT NULL,
        locked_at TIME,
        notified_at TIME,
    ",
    key: "subject, bucket",
    checks: &[check(
        "ck_attempt_failures",
        "failures BETWEEN 0 AND 10 OR (bucket = '*' AND failures BETWEEN 0 AND 100)",
    )],
    references: &[],
    indexes: &[index("ix_attempt_updated_at", "updated_at")],
};

/// The last time at which the owner of an address was told of a lock. Apart from the count, which a reset clears. Its subject is that of `attempt`.
pub(super) const LOCK_NOTICE: Table = Table {
    name: "lock_notice",
    columns: "
        subject text NOT NULL,
        told_at TIME NOT NULL,
    ",
    key: "subject",
    checks: &[],
    references: &[],
    indexes: &[index("ix_lock_notice_told_at", "told_at")],
};

pub(super) const DEVICE: Table = Table {
    name: "device",
    columns: "
        id UUID NOT NULL,
        token_hash text NOT NULL,
        account_id UUID NOT NULL,
        created_at TIME NOT NULL,
        last_seen_at TIME NOT NULL,
        user_agent text NOT NULL,
    ",
    key: "id",
    checks: &[],
    references: &[reference("account_id", "account", Restrict)],
    indexes: &[unique("uq_device_token_hash_account_id", "token_hash, account_id")],
};

pub(super) const SESSION: Table = Table {
    name: "session",
    columns: "
        id UUID NOT NULL,
        token_hash text NOT NULL,
        account_id UUID NOT NULL,
        auth_epoch integer NOT NULL DEFAULT 0,
        persistent boolean NOT NULL DEFAULT FALSE,
        auth_time TIME NOT NULL,
        created_at TIME NOT NULL,
        last_seen_at TIME NOT NULL,
        ends_at TIME NOT NULL,
        ended_at TIME,
        user_agent text NOT NULL,
        ip_short text NOT NULL,
    ",
    key: "id",
    checks: &[
        check("ck_session_auth_epoch", "auth_epoch >= 0"),
        check("ck_session_ends_at", "ends_at >= created_at"),
    ],
    references: &[reference("account_id", "account", Restrict)],
    indexes: &[
        unique("uq_session_token_hash", "token_hash"),
        index("ix_session_account_id_ended_at", "account_id, ended_at"),
    ],
};

/// Reset links. A link that works is sent again: `mails` counts its mails, `mailed_at` is the time of the last one.
pub(super) const RECOVERY: Table = Table {
    name: "recovery",
    columns: "
        id UUID NOT NULL,
        token_hash text NOT NULL,
        account_id UUID NOT NULL,
        agency_id text,
        origin text,
        created_at TIME NOT NULL,
        expires_at TIME NOT NULL,
        used_at TIME,
        superseded_at TIME,
        mailed_at TIME,
        mails integer NOT NULL DEFAULT 1,
    ",
    key: "id",
    checks: &[
        check("ck_recovery_expires_at", "expires_at >= created_at"),
        check("ck_recovery_mails", "mails >= 1"),
        // SECURITY I7
        check("ck_recovery_end", "used_at IS NULL OR superseded_at IS NULL"),
    ],
    references: &[reference("account_id", "account", Restrict)],
    indexes: &[
        unique("uq_recovery_token_hash", "token_hash"),
        index("ix_recovery_account_id_created_at", "account_id, created_at"),
        // At most one link of an account works (SECURITY I7).
        unique("uq_recovery_live", "account_id").only("used_at IS NULL AND superseded_at IS NULL"),
    ],
};

/// Changes of an account's address, requested and done; the old address can take a change back for some days. `ended_at` is the time at which one was
/// cancelled, replaced by a newer one, or taken back; `refused_at` is the time at which its server refused the new address.
pub(super) const EMAIL_CHANGE: Table = Table {
    name: "email_change",
    columns: "
        id UUID NOT NULL,
        account_id UUID NOT NULL,
        from_email text NOT NULL,
        from_canonical text NOT NULL,
        to_email text NOT NULL,
        to_canonical text NOT NULL,
        confirm_hash text NOT NULL,
        undo_hash text NOT NULL,
        created_at TIME NOT NULL,
        expires_at TIME NOT NULL,
        confirmed_at TIME,
        ended_at TIME,
        refused_at TIME,
    ",
    key: "id",
    checks: &[check("ck_email_change_expires_at", "expires_at >= created_at")],
    references: &[reference("account_id", "account", Restrict)],
    indexes: &[
        unique("uq_email_change_confirm_hash", "confirm_hash"),
        unique("uq_email_change_undo_hash", "undo_hash"),
        index("ix_email_change_account_id_created_at", "account_id, created_at"),
        // At most one new address of an account can still be confirmed (SECURITY #75).
        unique("uq_email_change_live", "account_id").only("confirmed_at IS NULL AND ended_at IS NULL"),
    ],
};

pub(super) const ACCEPTANCE: Table = Table {
    name: "acceptance",
    columns: "
        id UUID NOT NULL,
        account_id UUID NOT NULL,
        agency_id text,
        version text NOT NULL,
        language text NOT NULL,
        sha256 text NOT NULL,
        accepted_at TIME NOT NULL,
        ip_short text NOT NULL,
        user_agent text NOT NULL,
        method text NOT NULL,
    ",
    key: "id",
    checks: &[],
    references: &[reference("account_id", "account", Restrict)],
    indexes: &[unique("uq_acceptance_account_id_version", "account_id, version")],
};

/// Without references: an entry outlives its account, whose id is covered by the entry's hash.
pub(super) const EVIDENCE: Table = Table {
    name: "evidence",
    columns: "
        seq TIME NOT NULL,
        at TIME NOT NULL,
        kind text NOT NULL,
        account_id UUID,
        body text NOT NULL,
        previous text NOT NULL,
        hash text NOT NULL,
    ",
    key: "seq",
    checks: &[check("ck_evidence_seq", "seq >= 1")],
    references: &[],
    indexes: &[index("ix_evidence_account_id", "account_id")],
};

/// The end of the chain of evidence: one row, which every transaction that appends updates, so that they are in an order.
pub(super) const EVIDENCE_HEAD: Table = Table {
    name: "evidence_head",
    columns: "
        id integer NOT NULL DEFAULT 0,
        seq TIME NOT NULL,
        hash text NOT NULL,
    ",
    key: "id",
    checks: &[check("ck_evidence_head_id", "id = 1"), check("ck_evidence_head_seq", "seq >= 0")],
    references: &[],
    indexes: &[],
};
