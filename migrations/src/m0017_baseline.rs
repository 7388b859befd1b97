//! The whole schema. docs/adr/0013 explains what each kind of constraint holds, and which columns are no references.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

use crate::schema::{
    OnDelete::{Cascade, Restrict, SetNull},
    Table, check, index, reference, unique,
};

/// The name under which a database records that it has the baseline.
pub(crate) const NAME: &str = "m0017_baseline";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        NAME
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for table in TABLES {
            db.execute_unprepared(&table.create(db.get_database_backend())).await?;
            for index in table.create_indexes(db.get_database_backend()) {
                db.execute_unprepared(&index).await?;
            }
        }
        db.execute_unprepared("INSERT INTO evidence_head (id, seq, hash) VALUES (1, 0, '')").await?;
        Ok(())
    }

    /// On SQLite too: a process that is killed leaves no half schema.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Every table, after those that it refers to.
pub(crate) const TABLES: &[Table] = &[
    META,
    OUTBOX,
    ACCOUNT,
    ATTEMPT,
    LOCK_NOTICE,
    DEVICE,
    SESSION,
    RECOVERY,
    EMAIL_CHANGE,
    LEGACY_IDENTITY,
    LEGACY_RECIPE,
    LINK,
    ENROLMENT,
    USED_TICKET,
    ACCEPTANCE,
    EVIDENCE,
    EVIDENCE_HEAD,
    INTERACTION,
    TOKEN_GRANT,
    CODE,
    REFRESH_TOKEN,
    SIGNING_KEY,
    CLIENT_SESSION,
    USED_ASSERTION,
];

const META: Table = Table {
    name: "meta",
    columns: "
        key text NOT NULL,
        value text NOT NULL,
    ",
    key: "key",
    checks: &[],
    references: &[],
    indexes: &[],
};

/// Messages to send. `destination` groups them by the host that takes them, `about` is the row that learns of a refused address.
const OUTBOX: Table = Table {
    name: "outbox",
    columns: "
        id UUID NOT NULL,
        kind text NOT NULL,
        payload BYTES NOT NULL,
        created_at TIME NOT NULL,
        not_before TIME NOT NULL,
        expires_at TIME,
        attempts integer NOT NULL DEFAULT 0,
        locked_until TIME,
        sent_at TIME,
        dead_at TIME,
        last_error text,
        destination text,
        about text,
        dead_why text,
        bounced_at TIME,
    ",
    key: "id",
    checks: &[
        check("ck_outbox_attempts", "attempts >= 0"),
        // SECURITY I12
        check("ck_outbox_end", "sent_at IS NULL OR (dead_at IS NULL AND length(payload) = 0)"),
    ],
    references: &[],
    indexes: &[index("ix_outbox_sent_at_dead_at_not_before", "sent_at, dead_at, not_before")],
};

/// Nothing reads `profile` since m0009: what an agency knows is at the identity. `changed_at` is the claim `updated_at`; `named_at` and `spoken_at` say
/// when the owner chose the name and the language.
const ACCOUNT: Table = Table {
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
    // A change of the address and a sign-in would otherwise stop each other.
    indexes: &[unique("uq_account_email_canonical", "email_canonical").changes()],
};

/// Failed attempts, for addresses with and without an account alike. A subject is a keyed hash of what was typed, a bucket is a known device, a network, or
/// ''. The limits are those that the configuration allows at most (SECURITY I5).
const ATTEMPT: Table = Table {
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

/// When the owner of an address was last told of a lock: apart from the count, which a reset clears. Its subject is that of `attempt`.
const LOCK_NOTICE: Table = Table {
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

const DEVICE: Table = Table {
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

const SESSION: Table = Table {
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

/// Reset links. One that works is sent again: `mails` says how often it was sent, `mailed_at` when last.
const RECOVERY: Table = Table {
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

/// Addresses that are to take the place of others, and those that have: the owner before has the last word for some days. `ended_at` is when one was
/// cancelled, replaced by a newer one, or taken back; `refused_at` is when its server refused the new address.
const EMAIL_CHANGE: Table = Table {
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

/// Old identifiers. `fingerprint` is a keyed hash of the imported row, which tells whether a later import changes anything. A verifier is `none`, `bare`
/// (strong, as text), `sealed` (weak, encrypted) or `wrapped` (Argon2id over the digest). After the move it becomes the recogniser, which recognises the old
/// password to show a hint and never signs anyone in.
const LEGACY_IDENTITY: Table = Table {
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

/// The dear recipes of an agency's old hashes, without their salts: what an identifier that nobody has is checked with (SECURITY #60).
const LEGACY_RECIPE: Table = Table {
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

const LINK: Table = Table {
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
const ENROLMENT: Table = Table {
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
        // SECURITY I10. The transaction that ends a move names its account a statement later, so the other direction is no check.
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

/// Migration tickets seen: a second use of the same `jti` is refused until it would have expired anyway (SECURITY I18).
const USED_TICKET: Table = Table {
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

const ACCEPTANCE: Table = Table {
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

/// Without a reference: an entry outlives whatever it speaks of, and its account is part of what its hash covers.
const EVIDENCE: Table = Table {
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

/// The chain's end: one row, updated by every transaction that adds to it, which puts them in an order.
const EVIDENCE_HEAD: Table = Table {
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

/// `session_before` is compared only, so it is no reference. `went_on_at` is since when somebody is known to have sent a form.
const INTERACTION: Table = Table {
    name: "interaction",
    columns: "
        id UUID NOT NULL,
        browser_hash text NOT NULL,
        client_id text,
        agency_id text,
        request text NOT NULL,
        enrolment_id UUID,
        created_at TIME NOT NULL,
        expires_at TIME NOT NULL,
        completed_at TIME,
        session_before UUID,
        went_on_at TIME,
    ",
    key: "id",
    checks: &[check("ck_interaction_expires_at", "expires_at >= created_at")],
    references: &[reference("enrolment_id", "enrolment", SetNull)],
    indexes: &[
        index("ix_interaction_expires_at", "expires_at"),
        // For the purge of interactions in which nobody sent a form.
        index("ix_interaction_left", "created_at")
            .only("went_on_at IS NULL AND enrolment_id IS NULL AND completed_at IS NULL"),
        // For the purge of enrolments. Partial: most interactions have none.
        index("ix_interaction_enrolment_id", "enrolment_id").only("enrolment_id IS NOT NULL"),
    ],
};

/// Its session's row is purged a year after its end, and a long family of tokens may outlive it: so `session_id` is no reference.
const TOKEN_GRANT: Table = Table {
    name: "token_grant",
    columns: "
        id UUID NOT NULL,
        account_id UUID NOT NULL,
        client_id text NOT NULL,
        session_id UUID NOT NULL,
        sid text NOT NULL,
        scope text NOT NULL,
        claims text NOT NULL,
        acr text,
        auth_time TIME NOT NULL,
        auth_epoch integer NOT NULL DEFAULT 0,
        created_at TIME NOT NULL,
        revoked_at TIME,
        revoked_why text,
        resources text NOT NULL DEFAULT '',
    ",
    key: "id",
    checks: &[
        check("ck_token_grant_auth_epoch", "auth_epoch >= 0"),
        // SECURITY I2
        check("ck_token_grant_revoked_at", "(revoked_at IS NULL) = (revoked_why IS NULL)"),
    ],
    references: &[reference("account_id", "account", Restrict)],
    indexes: &[
        index("ix_token_grant_account_id", "account_id"),
        index("ix_token_grant_session_id", "session_id"),
    ],
};

const CODE: Table = Table {
    name: "code",
    columns: "
        hash text NOT NULL,
        grant_id UUID NOT NULL,
        client_id text NOT NULL,
        redirect_uri text NOT NULL,
        code_challenge text,
        nonce text,
        expires_at TIME NOT NULL,
        used_at TIME,
    ",
    key: "hash",
    checks: &[],
    references: &[reference("grant_id", "token_grant", Cascade)],
    indexes: &[unique("uq_code_grant_id", "grant_id"), index("ix_code_expires_at", "expires_at")],
};

/// `parent` is the hash of the token in whose place one came, and `sealed` the token itself, for as long as its parent may be sent once more (SECURITY D16).
const REFRESH_TOKEN: Table = Table {
    name: "refresh_token",
    columns: "
        hash text NOT NULL,
        grant_id UUID NOT NULL,
        created_at TIME NOT NULL,
        expires_at TIME NOT NULL,
        family_ends_at TIME NOT NULL,
        used_at TIME,
        parent text,
        sealed BYTES,
    ",
    key: "hash",
    checks: &[check("ck_refresh_token_expires_at", "expires_at >= created_at")],
    references: &[reference("grant_id", "token_grant", Cascade)],
    indexes: &[
        // At most one living token in a family (SECURITY I3).
        unique("uq_refresh_token_live", "grant_id").only("used_at IS NULL"),
        // For the purge of grants, which the index above does not serve.
        index("ix_refresh_token_grant_id", "grant_id"),
        // For the removal of sealed tokens, a minute later.
        index("ix_refresh_token_sealed", "created_at").only("sealed IS NOT NULL"),
    ],
};

/// Two nodes that make a key at once make one: the second insert does nothing.
const SIGNING_KEY: Table = Table {
    name: "signing_key",
    columns: "
        kid text NOT NULL,
        alg text NOT NULL,
        generation integer NOT NULL DEFAULT 0,
        sealed BYTES NOT NULL,
        jwk text NOT NULL,
        created_at TIME NOT NULL,
        active_from TIME NOT NULL,
    ",
    key: "kid",
    checks: &[check("ck_signing_key_generation", "generation >= 0")],
    references: &[],
    indexes: &[unique("uq_signing_key_alg_generation", "alg, generation")],
};

const CLIENT_SESSION: Table = Table {
    name: "client_session",
    columns: "
        session_id UUID NOT NULL,
        client_id text NOT NULL,
        account_id UUID NOT NULL,
        sid text NOT NULL,
        sub text NOT NULL,
        first_at TIME NOT NULL,
        ended_at TIME,
    ",
    key: "session_id, client_id",
    checks: &[],
    references: &[reference("session_id", "session", Cascade), reference("account_id", "account", Restrict)],
    indexes: &[index("ix_client_session_sid", "sid")],
};

/// Client assertions seen (SECURITY I18).
const USED_ASSERTION: Table = Table {
    name: "used_assertion",
    columns: "
        client_id text NOT NULL,
        jti text NOT NULL,
        expires_at TIME NOT NULL,
    ",
    key: "client_id, jti",
    checks: &[],
    references: &[],
    indexes: &[],
};
