//! The check of invariants notices each violation (SECURITY part C); every other test of this suite runs it at its end and finds none.

use accounts::{INVARIANTS, LegacyProof, Reset, Ticket};
use testbed::{apply, both};

use crate::stage::{PASSWORD, Stage, answered, visitor};

const MARIE: &str = "marie@exemple.test";
const PAUL: &str = "paul@exemple.test";

/// Violations: the invariant's id, the statements that break it, and those that restore it, the same on both databases.
const PLANTS: &[(&str, &str, &str)] = &[
    ("I5", "UPDATE attempt SET failures = 11", "UPDATE attempt SET failures = 1"),
    ("I5", "UPDATE attempt SET failures = -1", "UPDATE attempt SET failures = 1"),
    (
        "I5",
        "ALTER TABLE attempt RENAME TO attempt_away; CREATE TABLE attempt AS SELECT * FROM attempt_away",
        "DROP TABLE attempt; ALTER TABLE attempt_away RENAME TO attempt",
    ),
    // An index of that name that is not unique is not the index.
    (
        "I7",
        "DROP INDEX uq_recovery_token_hash; CREATE INDEX uq_recovery_token_hash ON recovery (token_hash)",
        "DROP INDEX uq_recovery_token_hash; CREATE UNIQUE INDEX uq_recovery_token_hash ON recovery (token_hash)",
    ),
    (
        "I7",
        "UPDATE recovery SET superseded_at = 7 WHERE used_at IS NOT NULL",
        "UPDATE recovery SET superseded_at = NULL WHERE superseded_at = 7",
    ),
    (
        "I7",
        "UPDATE recovery SET used_at = 7 WHERE used_at IS NULL AND superseded_at IS NULL",
        "UPDATE recovery SET used_at = NULL WHERE used_at = 7",
    ),
    (
        "I7",
        "DROP INDEX uq_recovery_live; INSERT INTO recovery (id, token_hash, account_id, created_at, expires_at) \
         SELECT id, 'x', account_id, 7, 7 FROM device WHERE account_id IN (SELECT account_id FROM recovery) LIMIT 1",
        "DELETE FROM recovery WHERE token_hash = 'x'; \
         CREATE UNIQUE INDEX uq_recovery_live ON recovery (account_id) WHERE used_at IS NULL AND superseded_at IS NULL",
    ),
    (
        "I7",
        "UPDATE email_change SET confirmed_at = 7 WHERE confirmed_at IS NULL",
        "UPDATE email_change SET confirmed_at = NULL WHERE confirmed_at = 7",
    ),
    (
        "I7",
        "DROP INDEX uq_email_change_live",
        "CREATE UNIQUE INDEX uq_email_change_live ON email_change (account_id) WHERE confirmed_at IS NULL AND ended_at IS NULL",
    ),
    (
        "I7",
        "DROP INDEX uq_email_change_confirm_hash",
        "CREATE UNIQUE INDEX uq_email_change_confirm_hash ON email_change (confirm_hash)",
    ),
    ("I7", "UPDATE enrolment SET code_tries = 6", "UPDATE enrolment SET code_tries = 0"),
    (
        "I7",
        "UPDATE enrolment SET code_hash = 'x' WHERE finished_at IS NOT NULL",
        "UPDATE enrolment SET code_hash = NULL WHERE code_hash = 'x'",
    ),
    (
        "I8",
        "UPDATE account SET password_changed_at = created_at + 1 WHERE email_canonical = 'paul@exemple.test'",
        "UPDATE account SET password_changed_at = created_at WHERE email_canonical = 'paul@exemple.test'",
    ),
    (
        "I9",
        "UPDATE account SET auth_epoch = auth_epoch + 1 WHERE email_canonical = 'paul@exemple.test'",
        "UPDATE account SET auth_epoch = auth_epoch - 1 WHERE email_canonical = 'paul@exemple.test'",
    ),
    (
        "I9",
        "UPDATE session SET auth_epoch = auth_epoch + 5",
        "UPDATE session SET auth_epoch = auth_epoch - 5",
    ),
    // Closed with a session that goes on, with a reset link, and without a time.
    (
        "I9",
        "UPDATE account SET closed_why = 'wish', disabled_at = 7, kept_until = 7 WHERE email_canonical = 'paul@exemple.test'",
        "UPDATE account SET closed_why = NULL, disabled_at = NULL, kept_until = NULL WHERE disabled_at = 7",
    ),
    (
        "I9",
        "UPDATE session SET ended_at = 7 WHERE ended_at IS NULL; \
         UPDATE account SET closed_why = 'wish', disabled_at = 7, kept_until = 7 WHERE email_canonical = 'marie@exemple.test'",
        "UPDATE session SET ended_at = NULL WHERE ended_at = 7; \
         UPDATE account SET closed_why = NULL, disabled_at = NULL, kept_until = NULL WHERE disabled_at = 7",
    ),
    (
        "I9",
        "UPDATE account SET closed_why = 'wish', disabled_at = 7 WHERE email_canonical = 'ines@ailleurs.test'; UPDATE session SET ended_at = 7 WHERE ended_at IS NULL",
        "UPDATE session SET ended_at = NULL WHERE ended_at = 7; UPDATE account SET closed_why = NULL, disabled_at = NULL WHERE disabled_at = 7",
    ),
    // Moved without a link; linked without having moved; a verifier left; a recogniser too early.
    (
        "I10",
        "UPDATE legacy_identity SET moved_at = 7 WHERE identifier = 'NEW-7'",
        "UPDATE legacy_identity SET moved_at = NULL WHERE moved_at = 7",
    ),
    (
        "I10",
        "UPDATE legacy_identity SET verifier_kind = 'bare' WHERE moved_at IS NOT NULL",
        "UPDATE legacy_identity SET verifier_kind = 'none' WHERE moved_at IS NOT NULL",
    ),
    (
        "I10",
        "UPDATE legacy_identity SET recogniser_kind = 'bare' WHERE moved_at IS NULL",
        "UPDATE legacy_identity SET recogniser_kind = 'none' WHERE moved_at IS NULL",
    ),
    // A link that goes from one account to another leaves both uneven.
    (
        "I10",
        "UPDATE link SET account_id = (SELECT id FROM account WHERE email_canonical = 'paul@exemple.test') WHERE agency_id = 'rivage'",
        "UPDATE link SET account_id = (SELECT id FROM account WHERE email_canonical = 'marie@exemple.test') WHERE agency_id = 'rivage'",
    ),
    (
        "I10",
        "UPDATE enrolment SET password_hash = 'x' WHERE finished_at IS NOT NULL",
        "UPDATE enrolment SET password_hash = NULL WHERE finished_at IS NOT NULL",
    ),
    (
        "I10",
        "UPDATE enrolment SET stage = 'terms' WHERE finished_at IS NOT NULL",
        "UPDATE enrolment SET stage = 'finished' WHERE finished_at IS NOT NULL",
    ),
    (
        "I10",
        "DROP INDEX uq_link_legacy_identity_id",
        "CREATE UNIQUE INDEX uq_link_legacy_identity_id ON link (legacy_identity_id)",
    ),
    (
        "I10",
        "DROP INDEX uq_legacy_identity_agency_id_identifier_canonical",
        "CREATE UNIQUE INDEX uq_legacy_identity_agency_id_identifier_canonical ON legacy_identity (agency_id, identifier_canonical)",
    ),
    (
        "I14",
        "UPDATE acceptance SET sha256 = 'x' || sha256",
        "UPDATE acceptance SET sha256 = substr(sha256, 2)",
    ),
    (
        "I14",
        "UPDATE acceptance SET version = 'other', account_id = (SELECT id FROM account WHERE email_canonical = 'marie@exemple.test') \
         WHERE account_id = (SELECT id FROM account WHERE email_canonical = 'paul@exemple.test')",
        "UPDATE acceptance SET version = '2026-11', account_id = (SELECT id FROM account WHERE email_canonical = 'paul@exemple.test') \
         WHERE version = 'other'",
    ),
    (
        "I14",
        "DROP INDEX uq_acceptance_account_id_version",
        "CREATE UNIQUE INDEX uq_acceptance_account_id_version ON acceptance (account_id, version)",
    ),
    (
        "I17",
        "DROP INDEX uq_session_token_hash",
        "CREATE UNIQUE INDEX uq_session_token_hash ON session (token_hash)",
    ),
    (
        "I18",
        "ALTER TABLE used_ticket RENAME TO used_ticket_away; CREATE TABLE used_ticket AS SELECT * FROM used_ticket_away",
        "DROP TABLE used_ticket; ALTER TABLE used_ticket_away RENAME TO used_ticket",
    ),
    // Changed, added before the beginning, and cut at the end.
    (
        "I21",
        "UPDATE evidence SET body = body || ' ' WHERE seq = 2",
        "UPDATE evidence SET body = rtrim(body) WHERE seq = 2",
    ),
    (
        "I21",
        "INSERT INTO evidence (seq, at, kind, body, previous, hash) VALUES (-3, 7, 'x', '{}', '', '')",
        "DELETE FROM evidence WHERE seq = -3",
    ),
    ("I21", "UPDATE evidence_head SET seq = seq + 1", "UPDATE evidence_head SET seq = seq - 1"),
    // An id that is no account's and no identity's: a session's.
    (
        "I24",
        "INSERT INTO device (id, token_hash, account_id, created_at, last_seen_at, user_agent) \
         SELECT id, 'x', id, 7, 7, '' FROM session LIMIT 1",
        "DELETE FROM device WHERE token_hash = 'x'",
    ),
    (
        "I24",
        "INSERT INTO session (id, token_hash, account_id, auth_time, created_at, last_seen_at, ends_at, user_agent, ip_short) \
         SELECT id, 'x', id, 7, 7, 7, 7, '', '' FROM link LIMIT 1",
        "DELETE FROM session WHERE token_hash = 'x'",
    ),
    (
        "I24",
        "INSERT INTO recovery (id, token_hash, account_id, created_at, expires_at, superseded_at) \
         SELECT id, 'x', id, 7, 7, 7 FROM session LIMIT 1",
        "DELETE FROM recovery WHERE token_hash = 'x'",
    ),
    (
        "I24",
        "INSERT INTO enrolment (id, agency_id, legacy_identity_id, stage, locale, created_at, expires_at) \
         SELECT id, 'tilleuls', id, 'notice', 'fr', 7, 7 FROM session LIMIT 1",
        "DELETE FROM enrolment WHERE created_at = 7",
    ),
    (
        "I24",
        "UPDATE email_change SET account_id = id",
        "UPDATE email_change SET account_id = (SELECT id FROM account WHERE email_canonical = 'ines@ailleurs.test')",
    ),
    (
        "I24",
        "UPDATE link SET client_ref = 'x' || client_ref",
        "UPDATE link SET client_ref = substr(client_ref, 2)",
    ),
    (
        "I24",
        "UPDATE enrolment SET agency_id = 'x' || agency_id",
        "UPDATE enrolment SET agency_id = substr(agency_id, 2)",
    ),
    ("I24", "UPDATE account SET email = 'x' || email", "UPDATE account SET email = substr(email, 2)"),
    (
        "I24",
        "UPDATE enrolment SET email_canonical = NULL WHERE finished_at IS NULL AND email IS NOT NULL",
        "UPDATE enrolment SET email_canonical = email WHERE finished_at IS NULL AND email IS NOT NULL",
    ),
    (
        "I24",
        "DROP INDEX uq_account_email_canonical",
        "CREATE UNIQUE INDEX uq_account_email_canonical ON account (email_canonical)",
    ),
    (
        "I25",
        "DROP INDEX uq_delivery_busy",
        "CREATE UNIQUE INDEX uq_delivery_busy ON delivery (agency_id) WHERE state IN ('applying', 'undoing')",
    ),
    (
        "I25",
        "INSERT INTO delivery_change (delivery_id, legacy_identity_id, row_before) SELECT d.id, i.id, 'x' FROM delivery d, legacy_identity i \
         WHERE d.agency_id = 'rivage' AND i.agency_id = 'rivage'; UPDATE delivery SET state = 'undone', undone_at = 7 WHERE agency_id = 'rivage'",
        "DELETE FROM delivery_change; UPDATE delivery SET state = 'applied', undone_at = NULL WHERE undone_at = 7",
    ),
    (
        "I25",
        "UPDATE legacy_identity SET left_at = 7 WHERE moved_at IS NOT NULL",
        "UPDATE legacy_identity SET left_at = NULL WHERE left_at = 7",
    ),
];

#[apply(both!)]
#[tokio::test]
async fn each_invariant_can_be_seen_broken(stage: Stage) {
    lived_in(&stage).await;
    stage.bed.see_each_broken(INVARIANTS, PLANTS).await;
}

/// A person whose address has changed and who asks for another change.
async fn changed_address(stage: &Stage) {
    let moved = stage.moved(&stage.tilleuls, "103", "Vieux-Secret 4", "ines@exemple.test").await;
    let owner = moved.session.account;
    let ask = async |email| {
        let typed = accounts::NewAddress { email, sure: true, password: PASSWORD };
        let asked = stage.accounts.ask_address(owner, &typed, &visitor()).await.unwrap();
        assert!(matches!(asked, accounts::AddressWish::Asked));
        stage.mailed_token(email).await
    };
    let token = ask("ines@ailleurs.test").await;
    let (accounts, session) = (&stage.accounts, Some(&moved.session));
    let confirmed = accounts.confirm_address(&token, None, session, &visitor()).await.unwrap();
    assert!(matches!(confirmed, accounts::AddressConfirm::Done(_)));
    ask("ines@troisieme.test").await;
}

/// Two people who have moved, one of them with two agencies and a reset behind her, a move under way, and a wrong password.
async fn lived_in(stage: &Stage) {
    stage
        .import(
            &stage.tilleuls,
            "identifier,password\n100,Vieux-Secret 1\n101,Vieux-Secret 2\n102,Vieux-Secret 3\n103,Vieux-Secret 4\n",
        )
        .await;
    stage.import(&stage.rivage, "identifier,password\nr,Autre Secret\n").await;
    stage.moved(&stage.tilleuls, "100", "Vieux-Secret 1", MARIE).await;
    stage.moved(&stage.tilleuls, "101", "Vieux-Secret 2", PAUL).await;
    let second = stage.enrol(&stage.rivage, "r", "Autre Secret").await;
    stage.accounts.notice_read(second).await.unwrap();
    stage.accounts.choose_email(second, MARIE, true, &visitor()).await.unwrap();
    let attached = stage.accounts.attach(second, Some(PASSWORD), None, &visitor()).await.unwrap();
    assert!(matches!(attached, accounts::Attach::Done(Some(_))));
    stage.mails().await;
    stage.bed.clock.advance(10);
    stage.accounts.forgot(MARIE, &visitor()).await.unwrap();
    let link = stage.mailed_token(MARIE).await;
    let reset = stage.accounts.reset(&link, "girafe tambour lampion", None, &visitor()).await.unwrap();
    assert!(matches!(reset, Reset::Done(..)));
    // A second link, not followed yet.
    stage.accounts.forgot(MARIE, &visitor()).await.unwrap();
    stage.mails().await;
    changed_address(stage).await;
    stage.up_to_mail(&stage.tilleuls, "102", "Vieux-Secret 3", "luc@exemple.test").await;
    let ticket = Ticket {
        jti: "one".into(),
        expires_at: stage.bed.context.now() + 300,
        identifier: "NEW-7".into(),
        client_ref: None,
        email: None,
        name: None,
    };
    let proof = stage.accounts.prove_by_ticket(&stage.tilleuls, &ticket, None, &visitor()).await.unwrap();
    assert!(matches!(proof, LegacyProof::Enrolment(_)));
    assert_eq!(answered(&stage.sign_in(PAUL, "faux faux faux").await), "wrong, 4 left");
}
