-- The schema of SQLite as migrations m0001 to m0016 left it: read from a database that they made. Never edited.
CREATE TABLE "seaql_migrations" ( "version" varchar NOT NULL PRIMARY KEY, "applied_at" integer NOT NULL );
CREATE TABLE "meta" ( "key" text NOT NULL PRIMARY KEY, "value" text NOT NULL );
CREATE TABLE "outbox" ( "id" uuid_text NOT NULL PRIMARY KEY, "kind" text NOT NULL, "payload" blob NOT NULL, "created_at" integer NOT NULL, "not_before" integer NOT NULL, "expires_at" integer NULL, "attempts" integer NOT NULL DEFAULT 0, "locked_until" integer NULL, "sent_at" integer NULL, "dead_at" integer NULL, "last_error" text NULL , "destination" text NULL, "about" text NULL, "dead_why" text NULL, "bounced_at" integer NULL);
CREATE INDEX "ix_outbox_sent_at_dead_at_not_before" ON "outbox" ("sent_at", "dead_at", "not_before");
CREATE TABLE "account" ( "id" uuid_text NOT NULL PRIMARY KEY, "email" text NOT NULL, "email_canonical" text NOT NULL, "name" text NULL, "profile" text NOT NULL, "password_hash" text NOT NULL, "auth_epoch" integer NOT NULL DEFAULT 0, "locale" text NOT NULL, "created_at" integer NOT NULL, "password_changed_at" integer NOT NULL, "disabled_at" integer NULL , "changed_at" integer NULL, "named_at" integer NULL, "spoken_at" integer NULL);
CREATE UNIQUE INDEX "uq_account_email_canonical" ON "account" ("email_canonical");
CREATE TABLE "attempt" ( "subject" text NOT NULL, "bucket" text NOT NULL, "failures" integer NOT NULL DEFAULT 0, "updated_at" integer NOT NULL, "locked_at" integer NULL, "notified_at" integer NULL );
CREATE UNIQUE INDEX "uq_attempt_subject_bucket" ON "attempt" ("subject", "bucket");
CREATE TABLE "device" ( "id" uuid_text NOT NULL PRIMARY KEY, "token_hash" text NOT NULL, "account_id" uuid_text NOT NULL, "created_at" integer NOT NULL, "last_seen_at" integer NOT NULL, "user_agent" text NOT NULL );
CREATE UNIQUE INDEX "uq_device_token_hash_account_id" ON "device" ("token_hash", "account_id");
CREATE TABLE "session" ( "id" uuid_text NOT NULL PRIMARY KEY, "token_hash" text NOT NULL, "account_id" uuid_text NOT NULL, "auth_epoch" integer NOT NULL DEFAULT 0, "persistent" boolean NOT NULL DEFAULT FALSE, "auth_time" integer NOT NULL, "created_at" integer NOT NULL, "last_seen_at" integer NOT NULL, "ends_at" integer NOT NULL, "ended_at" integer NULL, "user_agent" text NOT NULL, "ip_short" text NOT NULL );
CREATE UNIQUE INDEX "uq_session_token_hash" ON "session" ("token_hash");
CREATE INDEX "ix_session_account_id_ended_at" ON "session" ("account_id", "ended_at");
CREATE TABLE "recovery" ( "id" uuid_text NOT NULL PRIMARY KEY, "token_hash" text NOT NULL, "account_id" uuid_text NOT NULL, "agency_id" text NULL, "origin" text NULL, "created_at" integer NOT NULL, "expires_at" integer NOT NULL, "used_at" integer NULL, "superseded_at" integer NULL , "mailed_at" integer NULL, "mails" integer NOT NULL DEFAULT 1);
CREATE UNIQUE INDEX "uq_recovery_token_hash" ON "recovery" ("token_hash");
CREATE INDEX "ix_recovery_account_id_created_at" ON "recovery" ("account_id", "created_at");
CREATE TABLE "legacy_identity" ( "id" uuid_text NOT NULL PRIMARY KEY, "agency_id" text NOT NULL, "identifier" text NOT NULL, "identifier_canonical" text NOT NULL, "client_ref" text NOT NULL, "email" text NULL, "name" text NULL, "profile" text NOT NULL, "fingerprint" text NOT NULL, "verifier_kind" text NOT NULL, "verifier" blob NULL, "recogniser_kind" text NOT NULL, "recogniser" blob NULL, "imported_at" integer NOT NULL, "moved_at" integer NULL );
CREATE UNIQUE INDEX "uq_legacy_identity_agency_id_identifier_canonical" ON "legacy_identity" ("agency_id", "identifier_canonical");
CREATE INDEX "ix_legacy_identity_verifier_kind_id" ON "legacy_identity" ("verifier_kind", "id");
CREATE INDEX "ix_legacy_identity_recogniser_kind_id" ON "legacy_identity" ("recogniser_kind", "id");
CREATE TABLE "link" ( "id" uuid_text NOT NULL PRIMARY KEY, "account_id" uuid_text NOT NULL, "agency_id" text NOT NULL, "legacy_identity_id" uuid_text NOT NULL, "client_ref" text NOT NULL, "linked_at" integer NOT NULL );
CREATE UNIQUE INDEX "uq_link_legacy_identity_id" ON "link" ("legacy_identity_id");
CREATE INDEX "ix_link_account_id_agency_id" ON "link" ("account_id", "agency_id");
CREATE TABLE "enrolment" ( "id" uuid_text NOT NULL PRIMARY KEY, "agency_id" text NOT NULL, "legacy_identity_id" uuid_text NOT NULL, "stage" text NOT NULL, "origin" text NULL, "email" text NULL, "email_canonical" text NULL, "password_hash" text NULL, "chosen_in" text NULL, "confirmed_in" text NULL, "locale" text NOT NULL, "confirm_hash" text NULL, "mailed_at" integer NULL, "mails" integer NOT NULL DEFAULT 0, "addresses" integer NOT NULL DEFAULT 0, "confirmed_at" integer NULL, "finished_at" integer NULL, "account_id" uuid_text NULL, "created_at" integer NOT NULL, "expires_at" integer NOT NULL , "code_hash" text NULL, "code_tries" integer NOT NULL DEFAULT 0, "code_until" integer NULL, "finish_mailed_at" integer NULL, "addressed_at" integer NULL, "refused_at" integer NULL);
CREATE INDEX "ix_enrolment_legacy_identity_id_finished_at" ON "enrolment" ("legacy_identity_id", "finished_at");
CREATE UNIQUE INDEX "uq_enrolment_confirm_hash" ON "enrolment" ("confirm_hash");
CREATE INDEX "ix_enrolment_email_canonical" ON "enrolment" ("email_canonical");
CREATE TABLE "used_ticket" ( "agency_id" text NOT NULL, "jti" text NOT NULL, "expires_at" integer NOT NULL );
CREATE UNIQUE INDEX "uq_used_ticket_agency_id_jti" ON "used_ticket" ("agency_id", "jti");
CREATE TABLE "acceptance" ( "id" uuid_text NOT NULL PRIMARY KEY, "account_id" uuid_text NOT NULL, "agency_id" text NULL, "version" text NOT NULL, "language" text NOT NULL, "sha256" text NOT NULL, "accepted_at" integer NOT NULL, "ip_short" text NOT NULL, "user_agent" text NOT NULL, "method" text NOT NULL );
CREATE UNIQUE INDEX "uq_acceptance_account_id_version" ON "acceptance" ("account_id", "version");
CREATE TABLE "evidence" ( "seq" integer NOT NULL PRIMARY KEY, "at" integer NOT NULL, "kind" text NOT NULL, "account_id" uuid_text NULL, "body" text NOT NULL, "previous" text NOT NULL, "hash" text NOT NULL );
CREATE INDEX "ix_evidence_account_id" ON "evidence" ("account_id");
CREATE TABLE "evidence_head" ( "id" integer NOT NULL DEFAULT 0 PRIMARY KEY, "seq" integer NOT NULL, "hash" text NOT NULL );
CREATE TABLE "interaction" ( "id" uuid_text NOT NULL PRIMARY KEY, "browser_hash" text NOT NULL, "client_id" text NULL, "agency_id" text NULL, "request" text NOT NULL, "enrolment_id" uuid_text NULL, "created_at" integer NOT NULL, "expires_at" integer NOT NULL, "completed_at" integer NULL , "session_before" uuid_text NULL, "went_on_at" integer NULL);
CREATE INDEX "ix_interaction_expires_at" ON "interaction" ("expires_at");
CREATE TABLE "token_grant" ( "id" uuid_text NOT NULL PRIMARY KEY, "account_id" uuid_text NOT NULL, "client_id" text NOT NULL, "session_id" uuid_text NOT NULL, "sid" text NOT NULL, "scope" text NOT NULL, "claims" text NOT NULL, "acr" text NULL, "auth_time" integer NOT NULL, "auth_epoch" integer NOT NULL DEFAULT 0, "created_at" integer NOT NULL, "revoked_at" integer NULL, "revoked_why" text NULL , "resources" text NOT NULL DEFAULT '');
CREATE INDEX "ix_token_grant_account_id" ON "token_grant" ("account_id");
CREATE INDEX "ix_token_grant_session_id" ON "token_grant" ("session_id");
CREATE TABLE "code" ( "hash" text NOT NULL PRIMARY KEY, "grant_id" uuid_text NOT NULL, "client_id" text NOT NULL, "redirect_uri" text NOT NULL, "code_challenge" text NULL, "nonce" text NULL, "expires_at" integer NOT NULL, "used_at" integer NULL );
CREATE UNIQUE INDEX "uq_code_grant_id" ON "code" ("grant_id");
CREATE INDEX "ix_code_expires_at" ON "code" ("expires_at");
CREATE TABLE "refresh_token" ( "hash" text NOT NULL PRIMARY KEY, "grant_id" uuid_text NOT NULL, "created_at" integer NOT NULL, "expires_at" integer NOT NULL, "family_ends_at" integer NOT NULL, "used_at" integer NULL , "parent" text NULL, "sealed" blob NULL);
CREATE UNIQUE INDEX uq_refresh_token_live ON refresh_token (grant_id) WHERE used_at IS NULL;
CREATE TABLE "signing_key" ( "kid" text NOT NULL PRIMARY KEY, "alg" text NOT NULL, "generation" integer NOT NULL DEFAULT 0, "sealed" blob NOT NULL, "jwk" text NOT NULL, "created_at" integer NOT NULL, "active_from" integer NOT NULL );
CREATE UNIQUE INDEX "uq_signing_key_alg_generation" ON "signing_key" ("alg", "generation");
CREATE TABLE "client_session" ( "session_id" uuid_text NOT NULL, "client_id" text NOT NULL, "account_id" uuid_text NOT NULL, "sid" text NOT NULL, "sub" text NOT NULL, "first_at" integer NOT NULL, "ended_at" integer NULL );
CREATE UNIQUE INDEX "uq_client_session_session_id_client_id" ON "client_session" ("session_id", "client_id");
CREATE INDEX "ix_client_session_sid" ON "client_session" ("sid");
CREATE TABLE "used_assertion" ( "client_id" text NOT NULL, "jti" text NOT NULL, "expires_at" integer NOT NULL );
CREATE UNIQUE INDEX "uq_used_assertion_client_id_jti" ON "used_assertion" ("client_id", "jti");
CREATE UNIQUE INDEX uq_recovery_live ON recovery (account_id) WHERE used_at IS NULL AND superseded_at IS NULL;
CREATE TABLE "lock_notice" ( "subject" text NOT NULL PRIMARY KEY, "told_at" integer NOT NULL );
CREATE INDEX "ix_lock_notice_told_at" ON "lock_notice" ("told_at");
CREATE TABLE "email_change" ( "id" uuid_text NOT NULL PRIMARY KEY, "account_id" uuid_text NOT NULL, "from_email" text NOT NULL, "from_canonical" text NOT NULL, "to_email" text NOT NULL, "to_canonical" text NOT NULL, "confirm_hash" text NOT NULL, "undo_hash" text NOT NULL, "created_at" integer NOT NULL, "expires_at" integer NOT NULL, "confirmed_at" integer NULL, "ended_at" integer NULL , "refused_at" integer NULL);
CREATE UNIQUE INDEX "uq_email_change_confirm_hash" ON "email_change" ("confirm_hash");
CREATE UNIQUE INDEX "uq_email_change_undo_hash" ON "email_change" ("undo_hash");
CREATE INDEX "ix_email_change_account_id_created_at" ON "email_change" ("account_id", "created_at");
CREATE UNIQUE INDEX uq_email_change_live ON email_change (account_id) WHERE confirmed_at IS NULL AND ended_at IS NULL;
CREATE TABLE "legacy_recipe" ( "agency_id" text NOT NULL, "recipe" text NOT NULL );
CREATE UNIQUE INDEX "uq_legacy_recipe_agency_id_recipe" ON "legacy_recipe" ("agency_id", "recipe");
CREATE INDEX ix_refresh_token_sealed ON refresh_token (created_at) WHERE sealed IS NOT NULL;
CREATE INDEX ix_interaction_left ON interaction (created_at) WHERE went_on_at IS NULL AND enrolment_id IS NULL AND completed_at IS NULL;
CREATE INDEX "ix_attempt_updated_at" ON "attempt" ("updated_at");
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
