//! Tables of the protocol: interactions, grants, codes, tokens, keys and clients' parts in sessions.

use crate::schema::{
    OnDelete::{Cascade, Restrict, SetNull},
    Table, check, index, reference, unique,
};

/// `session_before` is compared only, so it is no reference. `went_on_at` is the time from which somebody is known to have sent a form.
pub(super) const INTERACTION: Table = Table {
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

/// `session_id` is no reference, because a session's row is purged a year after its end, and a family of refresh tokens may live longer.
pub(super) const TOKEN_GRANT: Table = Table {
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

pub(super) const CODE: Table = Table {
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

/// `parent` is the hash of the token that it replaced, and `sealed` the token itself, for as long as its parent may be sent once more (SECURITY D16).
pub(super) const REFRESH_TOKEN: Table = Table {
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

/// Signing keys. Two nodes that create a key at once create one: the second insert does nothing.
pub(super) const SIGNING_KEY: Table = Table {
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

pub(super) const CLIENT_SESSION: Table = Table {
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

/// Used client assertions (SECURITY I18).
pub(super) const USED_ASSERTION: Table = Table {
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
