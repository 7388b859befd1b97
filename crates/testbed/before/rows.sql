-- Rows of every table, as the release before the baseline wrote them. @1 to @9 are ids and @b is bytes, which each database writes in its own way.
INSERT INTO meta (key, value) VALUES ('pairwise_salt', 'sealed');
INSERT INTO outbox (id, kind, payload, created_at, not_before, attempts, sent_at, dead_at, dead_why, destination, about) VALUES
    (@1, 'mail', @empty, 1795427000, 1795427000, 1, 1795427001, NULL, NULL, NULL, NULL),
    (@2, 'mail', @b, 1795427000, 1795427000, 9, NULL, 1795427900, 'refused', 'exemple.test', 'enrolment'),
    (@3, 'logout', @b, 1795427990, 1795427990, 0, NULL, NULL, NULL, 'portail.test', NULL);
INSERT INTO account (id, email, email_canonical, name, profile, password_hash, auth_epoch, locale, created_at, password_changed_at, changed_at, named_at) VALUES
    (@1, 'Marie@exemple.test', 'marie@exemple.test', 'Marie Durand', '{}', 'argon2id', 1, 'fr', 1795400000, 1795410000, 1795410000, 1795410000),
    (@2, 'paul@exemple.test', 'paul@exemple.test', NULL, '{}', 'argon2id', 0, 'en', 1795400001, 1795400001, NULL, NULL);
INSERT INTO attempt (subject, bucket, failures, updated_at, locked_at) VALUES
    ('marie', '', 5, 1795427000, 1795427000), ('marie', 'device', 0, 1795427000, NULL), ('old', '*', 50, 1795427000, 1795427000);
INSERT INTO lock_notice (subject, told_at) VALUES ('marie', 1795427000);
INSERT INTO device (id, token_hash, account_id, created_at, last_seen_at, user_agent) VALUES (@1, 'd1', @1, 1795400000, 1795427000, 'Firefox');
INSERT INTO session (id, token_hash, account_id, auth_epoch, persistent, auth_time, created_at, last_seen_at, ends_at, ended_at, user_agent, ip_short) VALUES
    (@1, 's1', @1, 1, TRUE, 1795410000, 1795410000, 1795427000, 1798000000, NULL, 'Firefox', '192.0.2.0'),
    (@2, 's2', @2, 0, FALSE, 1795400001, 1795400001, 1795400001, 1795440000, 1795420000, '', '');
INSERT INTO recovery (id, token_hash, account_id, agency_id, created_at, expires_at, used_at, superseded_at, mailed_at, mails) VALUES
    (@1, 'r1', @1, 'tilleuls', 1795409000, 1795411000, 1795410000, NULL, 1795409000, 1),
    (@2, 'r2', @2, NULL, 1795427000, 1795429000, NULL, NULL, 1795427100, 2);
INSERT INTO email_change (id, account_id, from_email, from_canonical, to_email, to_canonical, confirm_hash, undo_hash, created_at, expires_at) VALUES
    (@1, @2, 'paul@exemple.test', 'paul@exemple.test', 'paul@neuf.test', 'paul@neuf.test', 'c1', 'u1', 1795427000, 1795430000);
INSERT INTO legacy_identity (id, agency_id, identifier, identifier_canonical, client_ref, email, profile, fingerprint, verifier_kind, verifier, recogniser_kind, recogniser, imported_at, moved_at) VALUES
    (@1, 'tilleuls', '100', '100', 'T-1', NULL, '{"given_name":"Marie"}', 'f1', 'none', NULL, 'bare', @b, 1795300000, 1795400000),
    (@2, 'tilleuls', '101', '101', 'T-2', NULL, '{}', 'f2', 'none', NULL, 'sealed', @b, 1795300000, 1795400001),
    (@3, 'rivage', 'R', 'r', 'R-1', 'luc@exemple.test', '{}', 'f3', 'wrapped', @b, 'none', NULL, 1795300000, NULL);
INSERT INTO legacy_recipe (agency_id, recipe) VALUES ('tilleuls', 'pbkdf2');
INSERT INTO link (id, account_id, agency_id, legacy_identity_id, client_ref, linked_at) VALUES
    (@1, @1, 'tilleuls', @1, 'T-1', 1795400000), (@2, @2, 'tilleuls', @2, 'T-2', 1795400001);
INSERT INTO enrolment (id, agency_id, legacy_identity_id, stage, email, email_canonical, password_hash, locale, confirm_hash, mails, confirmed_at, finished_at, account_id, created_at, expires_at, code_hash, code_tries, code_until) VALUES
    (@1, 'tilleuls', @1, 'finished', 'Marie@exemple.test', 'marie@exemple.test', NULL, 'fr', 'e1', 1, 1795399000, 1795400000, @1, 1795390000, 1795490000, NULL, 0, NULL),
    (@2, 'rivage', @3, 'mail', 'luc@exemple.test', 'luc@exemple.test', 'argon2id', 'fr', 'e2', 1, NULL, NULL, NULL, 1795420000, 1795520000, 'code', 2, 1795430000);
INSERT INTO used_ticket (agency_id, jti, expires_at) VALUES ('tilleuls', 'one', 1795428300);
INSERT INTO acceptance (id, account_id, agency_id, version, language, sha256, accepted_at, ip_short, user_agent, method) VALUES
    (@1, @1, 'tilleuls', '2026-11', 'fr', 'abc', 1795400000, '192.0.2.0', 'Firefox', 'ticked');
INSERT INTO evidence (seq, at, kind, account_id, body, previous, hash) VALUES
    (1, 1795400000, 'terms accepted', @1, '{"sha256":"abc"}', '', 'h1'), (2, 1795400000, 'account created', @1, '{}', 'h1', 'h2');
UPDATE evidence_head SET seq = 2, hash = 'h2';
INSERT INTO interaction (id, browser_hash, client_id, agency_id, request, enrolment_id, created_at, expires_at, completed_at, session_before, went_on_at) VALUES
    (@1, 'b1', 'portail', 'rivage', '{}', @2, 1795427000, 1795513400, NULL, NULL, 1795427500),
    (@2, 'b2', NULL, NULL, '{}', NULL, 1795427000, 1795513400, NULL, @9, NULL);
INSERT INTO token_grant (id, account_id, client_id, session_id, sid, scope, claims, auth_time, auth_epoch, created_at, revoked_at, revoked_why, resources) VALUES
    (@1, @1, 'portail', @1, 'sid1', 'openid', '{}', 1795410000, 1, 1795410001, NULL, NULL, 'https://api.test'),
    (@2, @2, 'portail', @9, 'sid2', 'openid', '{}', 1795400001, 0, 1795400002, 1795400003, 'code_reuse', '');
INSERT INTO code (hash, grant_id, client_id, redirect_uri, expires_at, used_at) VALUES
    ('c1', @1, 'portail', 'https://portail.test/cb', 1795410060, 1795410002), ('c2', @2, 'portail', 'https://portail.test/cb', 1795400062, 1795400003);
INSERT INTO refresh_token (hash, grant_id, created_at, expires_at, family_ends_at, used_at, parent, sealed) VALUES
    ('t1', @1, 1795410002, 1797410002, 1799410002, 1795427990, NULL, NULL), ('t2', @1, 1795427990, 1797427990, 1799410002, NULL, 't1', @b);
INSERT INTO signing_key (kid, alg, generation, sealed, jwk, created_at, active_from) VALUES ('k1', 'RS256', 0, @b, '{}', 1795300000, 1795300000);
INSERT INTO client_session (session_id, client_id, account_id, sid, sub, first_at, ended_at) VALUES
    (@1, 'portail', @1, 'sid1', 'sub1', 1795410001, NULL), (@2, 'portail', @2, 'sid2', 'sub2', 1795400002, 1795420000);
INSERT INTO used_assertion (client_id, jti, expires_at) VALUES ('portail', 'a1', 1795428300);
