//! The check of invariants notices each violation (SECURITY part C); every other test of these suites runs it at its end and finds none.

use idp::grant::INVARIANTS;
use testbed::{apply, both};

use crate::grant::world::{World, redeem, refresh, text};

/// Violations: the invariant's id, the statements that break it, and those that restore it, the same on both databases.
const PLANTS: &[(&str, &str, &str)] = &[
    ("I1", "UPDATE code SET used_at = NULL", "UPDATE code SET used_at = 7"),
    (
        "I1",
        "DROP INDEX uq_code_grant_id; INSERT INTO code (hash, grant_id, client_id, redirect_uri, expires_at, used_at) \
         SELECT 'x', grant_id, client_id, '', 7, 7 FROM code LIMIT 1",
        "DELETE FROM code WHERE hash = 'x'; CREATE UNIQUE INDEX uq_code_grant_id ON code (grant_id)",
    ),
    (
        "I2",
        "UPDATE token_grant SET revoked_at = NULL WHERE revoked_why IS NOT NULL",
        "UPDATE token_grant SET revoked_at = 7 WHERE revoked_why IS NOT NULL",
    ),
    (
        "I2",
        "UPDATE token_grant SET revoked_why = 'forgotten' WHERE revoked_at IS NULL",
        "UPDATE token_grant SET revoked_why = NULL WHERE revoked_why = 'forgotten'",
    ),
    (
        "I3",
        "DROP INDEX uq_refresh_token_live; UPDATE refresh_token SET used_at = NULL",
        "UPDATE refresh_token SET used_at = 7; CREATE UNIQUE INDEX uq_refresh_token_live ON refresh_token (grant_id) WHERE used_at IS NULL",
    ),
    (
        "I4",
        "UPDATE refresh_token SET family_ends_at = family_ends_at + 1 WHERE created_at = (SELECT max(created_at) FROM refresh_token)",
        "UPDATE refresh_token SET family_ends_at = family_ends_at - 1 WHERE created_at = (SELECT max(created_at) FROM refresh_token)",
    ),
    (
        "I11",
        "UPDATE client_session SET sub = 'x' || sub WHERE sid = (SELECT max(sid) FROM client_session)",
        "UPDATE client_session SET sub = substr(sub, 2) WHERE sid = (SELECT max(sid) FROM client_session)",
    ),
    (
        "I11",
        "INSERT INTO client_session (session_id, client_id, account_id, sid, sub, first_at) \
         SELECT id, client_id, id, 'x', (SELECT max(sub) FROM client_session WHERE client_id = 'rp'), 7 FROM token_grant WHERE client_id = 'rp' LIMIT 1",
        "DELETE FROM client_session WHERE sid = 'x'",
    ),
    (
        "I11",
        "UPDATE meta SET value = 'x' || value WHERE key = 'pairwise_salt'",
        "UPDATE meta SET value = substr(value, 2) WHERE key = 'pairwise_salt'",
    ),
    (
        "I17",
        "INSERT INTO client_session (session_id, client_id, account_id, sid, sub, first_at) \
         SELECT session_id, 'x', id, 'x', 'x', 7 FROM token_grant LIMIT 1",
        "DELETE FROM client_session WHERE sid = 'x'",
    ),
    (
        "I18",
        "ALTER TABLE used_assertion RENAME TO used_assertion_away; CREATE TABLE used_assertion AS SELECT * FROM used_assertion_away; \
         INSERT INTO used_assertion (client_id, jti, expires_at) VALUES ('rp', 'x', 7), ('rp', 'x', 8)",
        "DROP TABLE used_assertion; ALTER TABLE used_assertion_away RENAME TO used_assertion",
    ),
    (
        "I22",
        "UPDATE signing_key SET alg = 'PS' || substr(alg, 3)",
        "UPDATE signing_key SET alg = 'RS' || substr(alg, 3)",
    ),
    (
        "I22",
        "DROP INDEX uq_signing_key_alg_generation",
        "CREATE UNIQUE INDEX uq_signing_key_alg_generation ON signing_key (alg, generation)",
    ),
    (
        "I24",
        "UPDATE code SET client_id = 'x' || client_id",
        "UPDATE code SET client_id = substr(client_id, 2)",
    ),
    (
        "I24",
        "INSERT INTO refresh_token (hash, grant_id, created_at, expires_at, family_ends_at, used_at) \
         SELECT 'x', session_id, 7, 7, 7, 7 FROM token_grant LIMIT 1",
        "DELETE FROM refresh_token WHERE hash = 'x'",
    ),
];

#[apply(both!)]
#[tokio::test]
async fn each_invariant_can_be_seen_broken(world: World) {
    // Two sign-ins at one client, a rotation, and a grant that was revoked.
    let (first, second) = (world.sign_in().await, world.sign_in().await);
    let tokens = world.tokens(&first).await;
    world.bed.clock.advance(1);
    refresh(&world.a, text(&tokens, "refresh_token")).await.unwrap();
    let code = world.code(&second).await;
    redeem(&world.b, &code).await.unwrap();
    assert!(redeem(&world.a, &code).await.is_err());
    world.bed.see_each_broken(INVARIANTS, PLANTS).await;
}
