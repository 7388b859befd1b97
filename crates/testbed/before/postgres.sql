-- The schema of PostgreSQL as migrations m0001 to m0016 left it: dumped from a database that they made. Never edited.
CREATE TABLE acceptance (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    agency_id text,
    version text NOT NULL,
    language text NOT NULL,
    sha256 text NOT NULL,
    accepted_at bigint NOT NULL,
    ip_short text NOT NULL,
    user_agent text NOT NULL,
    method text NOT NULL
);
CREATE TABLE account (
    id uuid NOT NULL,
    email text NOT NULL,
    email_canonical text NOT NULL,
    name text,
    profile text NOT NULL,
    password_hash text NOT NULL,
    auth_epoch integer DEFAULT 0 NOT NULL,
    locale text NOT NULL,
    created_at bigint NOT NULL,
    password_changed_at bigint NOT NULL,
    disabled_at bigint,
    changed_at bigint,
    named_at bigint,
    spoken_at bigint
);
CREATE TABLE attempt (
    subject text NOT NULL,
    bucket text NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    updated_at bigint NOT NULL,
    locked_at bigint,
    notified_at bigint
);
CREATE TABLE client_session (
    session_id uuid NOT NULL,
    client_id text NOT NULL,
    account_id uuid NOT NULL,
    sid text NOT NULL,
    sub text NOT NULL,
    first_at bigint NOT NULL,
    ended_at bigint
);
CREATE TABLE code (
    hash text NOT NULL,
    grant_id uuid NOT NULL,
    client_id text NOT NULL,
    redirect_uri text NOT NULL,
    code_challenge text,
    nonce text,
    expires_at bigint NOT NULL,
    used_at bigint
);
CREATE TABLE device (
    id uuid NOT NULL,
    token_hash text NOT NULL,
    account_id uuid NOT NULL,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    user_agent text NOT NULL
);
CREATE TABLE email_change (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    from_email text NOT NULL,
    from_canonical text NOT NULL,
    to_email text NOT NULL,
    to_canonical text NOT NULL,
    confirm_hash text NOT NULL,
    undo_hash text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    confirmed_at bigint,
    ended_at bigint,
    refused_at bigint
);
CREATE TABLE enrolment (
    id uuid NOT NULL,
    agency_id text NOT NULL,
    legacy_identity_id uuid NOT NULL,
    stage text NOT NULL,
    origin text,
    email text,
    email_canonical text,
    password_hash text,
    chosen_in text,
    confirmed_in text,
    locale text NOT NULL,
    confirm_hash text,
    mailed_at bigint,
    mails integer DEFAULT 0 NOT NULL,
    addresses integer DEFAULT 0 NOT NULL,
    confirmed_at bigint,
    finished_at bigint,
    account_id uuid,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    code_hash text,
    code_tries integer DEFAULT 0 NOT NULL,
    code_until bigint,
    finish_mailed_at bigint,
    addressed_at bigint,
    refused_at bigint
);
CREATE TABLE evidence (
    seq bigint NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    account_id uuid,
    body text NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL
);
CREATE TABLE evidence_head (
    id integer DEFAULT 0 NOT NULL,
    seq bigint NOT NULL,
    hash text NOT NULL
);
CREATE TABLE interaction (
    id uuid NOT NULL,
    browser_hash text NOT NULL,
    client_id text,
    agency_id text,
    request text NOT NULL,
    enrolment_id uuid,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    completed_at bigint,
    session_before uuid,
    went_on_at bigint
);
CREATE TABLE legacy_identity (
    id uuid NOT NULL,
    agency_id text NOT NULL,
    identifier text NOT NULL,
    identifier_canonical text NOT NULL,
    client_ref text NOT NULL,
    email text,
    name text,
    profile text NOT NULL,
    fingerprint text NOT NULL,
    verifier_kind text NOT NULL,
    verifier bytea,
    recogniser_kind text NOT NULL,
    recogniser bytea,
    imported_at bigint NOT NULL,
    moved_at bigint
);
CREATE TABLE legacy_recipe (
    agency_id text NOT NULL,
    recipe text NOT NULL
);
CREATE TABLE link (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    agency_id text NOT NULL,
    legacy_identity_id uuid NOT NULL,
    client_ref text NOT NULL,
    linked_at bigint NOT NULL
);
CREATE TABLE lock_notice (
    subject text NOT NULL,
    told_at bigint NOT NULL
);
CREATE TABLE meta (
    key text NOT NULL,
    value text NOT NULL
);
CREATE TABLE outbox (
    id uuid NOT NULL,
    kind text NOT NULL,
    payload bytea NOT NULL,
    created_at bigint NOT NULL,
    not_before bigint NOT NULL,
    expires_at bigint,
    attempts integer DEFAULT 0 NOT NULL,
    locked_until bigint,
    sent_at bigint,
    dead_at bigint,
    last_error text,
    destination text,
    about text,
    dead_why text,
    bounced_at bigint
);
CREATE TABLE recovery (
    id uuid NOT NULL,
    token_hash text NOT NULL,
    account_id uuid NOT NULL,
    agency_id text,
    origin text,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    superseded_at bigint,
    mailed_at bigint,
    mails integer DEFAULT 1 NOT NULL
);
CREATE TABLE refresh_token (
    hash text NOT NULL,
    grant_id uuid NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    family_ends_at bigint NOT NULL,
    used_at bigint,
    parent text,
    sealed bytea
);
CREATE TABLE seaql_migrations (
    version character varying NOT NULL,
    applied_at bigint NOT NULL
);
CREATE TABLE session (
    id uuid NOT NULL,
    token_hash text NOT NULL,
    account_id uuid NOT NULL,
    auth_epoch integer DEFAULT 0 NOT NULL,
    persistent boolean DEFAULT false NOT NULL,
    auth_time bigint NOT NULL,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    ended_at bigint,
    user_agent text NOT NULL,
    ip_short text NOT NULL
);
CREATE TABLE signing_key (
    kid text NOT NULL,
    alg text NOT NULL,
    generation integer DEFAULT 0 NOT NULL,
    sealed bytea NOT NULL,
    jwk text NOT NULL,
    created_at bigint NOT NULL,
    active_from bigint NOT NULL
);
CREATE TABLE token_grant (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    client_id text NOT NULL,
    session_id uuid NOT NULL,
    sid text NOT NULL,
    scope text NOT NULL,
    claims text NOT NULL,
    acr text,
    auth_time bigint NOT NULL,
    auth_epoch integer DEFAULT 0 NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint,
    revoked_why text,
    resources text DEFAULT ''::text NOT NULL
);
CREATE TABLE used_assertion (
    client_id text NOT NULL,
    jti text NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE used_ticket (
    agency_id text NOT NULL,
    jti text NOT NULL,
    expires_at bigint NOT NULL
);
ALTER TABLE acceptance ADD CONSTRAINT acceptance_pkey PRIMARY KEY (id);
ALTER TABLE account ADD CONSTRAINT account_pkey PRIMARY KEY (id);
ALTER TABLE code ADD CONSTRAINT code_pkey PRIMARY KEY (hash);
ALTER TABLE device ADD CONSTRAINT device_pkey PRIMARY KEY (id);
ALTER TABLE email_change ADD CONSTRAINT email_change_pkey PRIMARY KEY (id);
ALTER TABLE enrolment ADD CONSTRAINT enrolment_pkey PRIMARY KEY (id);
ALTER TABLE evidence_head ADD CONSTRAINT evidence_head_pkey PRIMARY KEY (id);
ALTER TABLE evidence ADD CONSTRAINT evidence_pkey PRIMARY KEY (seq);
ALTER TABLE interaction ADD CONSTRAINT interaction_pkey PRIMARY KEY (id);
ALTER TABLE legacy_identity ADD CONSTRAINT legacy_identity_pkey PRIMARY KEY (id);
ALTER TABLE link ADD CONSTRAINT link_pkey PRIMARY KEY (id);
ALTER TABLE lock_notice ADD CONSTRAINT lock_notice_pkey PRIMARY KEY (subject);
ALTER TABLE meta ADD CONSTRAINT meta_pkey PRIMARY KEY (key);
ALTER TABLE outbox ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE recovery ADD CONSTRAINT recovery_pkey PRIMARY KEY (id);
ALTER TABLE refresh_token ADD CONSTRAINT refresh_token_pkey PRIMARY KEY (hash);
ALTER TABLE seaql_migrations ADD CONSTRAINT seaql_migrations_pkey PRIMARY KEY (version);
ALTER TABLE session ADD CONSTRAINT session_pkey PRIMARY KEY (id);
ALTER TABLE signing_key ADD CONSTRAINT signing_key_pkey PRIMARY KEY (kid);
ALTER TABLE token_grant ADD CONSTRAINT token_grant_pkey PRIMARY KEY (id);
CREATE INDEX ix_attempt_updated_at ON attempt (updated_at);
CREATE INDEX ix_client_session_sid ON client_session (sid);
CREATE INDEX ix_code_expires_at ON code (expires_at);
CREATE INDEX ix_email_change_account_id_created_at ON email_change (account_id, created_at);
CREATE INDEX ix_enrolment_email_canonical ON enrolment (email_canonical);
CREATE INDEX ix_enrolment_legacy_identity_id_finished_at ON enrolment (legacy_identity_id, finished_at);
CREATE INDEX ix_evidence_account_id ON evidence (account_id);
CREATE INDEX ix_interaction_expires_at ON interaction (expires_at);
CREATE INDEX ix_interaction_left ON interaction (created_at) WHERE ((went_on_at IS NULL) AND (enrolment_id IS NULL) AND (completed_at IS NULL));
CREATE INDEX ix_legacy_identity_recogniser_kind_id ON legacy_identity (recogniser_kind, id);
CREATE INDEX ix_legacy_identity_verifier_kind_id ON legacy_identity (verifier_kind, id);
CREATE INDEX ix_link_account_id_agency_id ON link (account_id, agency_id);
CREATE INDEX ix_lock_notice_told_at ON lock_notice (told_at);
CREATE INDEX ix_outbox_sent_at_dead_at_not_before ON outbox (sent_at, dead_at, not_before);
CREATE INDEX ix_recovery_account_id_created_at ON recovery (account_id, created_at);
CREATE INDEX ix_refresh_token_sealed ON refresh_token (created_at) WHERE (sealed IS NOT NULL);
CREATE INDEX ix_session_account_id_ended_at ON session (account_id, ended_at);
CREATE INDEX ix_token_grant_account_id ON token_grant (account_id);
CREATE INDEX ix_token_grant_session_id ON token_grant (session_id);
CREATE UNIQUE INDEX uq_acceptance_account_id_version ON acceptance (account_id, version);
CREATE UNIQUE INDEX uq_account_email_canonical ON account (email_canonical);
CREATE UNIQUE INDEX uq_attempt_subject_bucket ON attempt (subject, bucket);
CREATE UNIQUE INDEX uq_client_session_session_id_client_id ON client_session (session_id, client_id);
CREATE UNIQUE INDEX uq_code_grant_id ON code (grant_id);
CREATE UNIQUE INDEX uq_device_token_hash_account_id ON device (token_hash, account_id);
CREATE UNIQUE INDEX uq_email_change_confirm_hash ON email_change (confirm_hash);
CREATE UNIQUE INDEX uq_email_change_live ON email_change (account_id) WHERE ((confirmed_at IS NULL) AND (ended_at IS NULL));
CREATE UNIQUE INDEX uq_email_change_undo_hash ON email_change (undo_hash);
CREATE UNIQUE INDEX uq_enrolment_confirm_hash ON enrolment (confirm_hash);
CREATE UNIQUE INDEX uq_legacy_identity_agency_id_identifier_canonical ON legacy_identity (agency_id, identifier_canonical);
CREATE UNIQUE INDEX uq_legacy_recipe_agency_id_recipe ON legacy_recipe (agency_id, recipe);
CREATE UNIQUE INDEX uq_link_legacy_identity_id ON link (legacy_identity_id);
CREATE UNIQUE INDEX uq_recovery_live ON recovery (account_id) WHERE ((used_at IS NULL) AND (superseded_at IS NULL));
CREATE UNIQUE INDEX uq_recovery_token_hash ON recovery (token_hash);
CREATE UNIQUE INDEX uq_refresh_token_live ON refresh_token (grant_id) WHERE (used_at IS NULL);
CREATE UNIQUE INDEX uq_session_token_hash ON session (token_hash);
CREATE UNIQUE INDEX uq_signing_key_alg_generation ON signing_key (alg, generation);
CREATE UNIQUE INDEX uq_used_assertion_client_id_jti ON used_assertion (client_id, jti);
CREATE UNIQUE INDEX uq_used_ticket_agency_id_jti ON used_ticket (agency_id, jti);
INSERT INTO evidence_head (id, seq, hash) VALUES (1, 0, '');
INSERT INTO seaql_migrations (version, applied_at) VALUES
    ('m0001_ground', 1795000000),
    ('m0002_people', 1795000000),
    ('m0003_grants', 1795000000),
    ('m0004_protocol', 1795000000),
    ('m0005_one_reset_link', 1795000000),
    ('m0006_lock_notice', 1795000000),
    ('m0007_my_account', 1795000000),
    ('m0008_mail_code', 1795000000),
    ('m0009_own_agency', 1795000000),
    ('m0011_doors', 1795000000),
    ('m0012_refresh_again', 1795000000),
    ('m0014_mail', 1795000000),
    ('m0016_left_behind', 1795000000);
