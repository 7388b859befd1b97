//! Passwords: limits of wrong ones, and answers that tell nothing: crates/accounts, crates/kernel.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn rule(names: &'static [&'static str]) -> Tests {
    beside("accounts", names)
}

const fn kernel(names: &'static [&'static str]) -> Tests {
    beside("kernel", names)
}

const fn journey(names: &'static [&'static str]) -> Tests {
    it("accounts", names)
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "hashes a password of any length",
        items: &[61, 62],
        file: "crates/kernel/src/secret.rs",
        find: "if typed.len() > Self::MAX {",
        replace: "if typed.len() > 1000 * Self::MAX {",
        caught_by: kernel(&["passwords_are_refused_before_hashing_never_truncated"]),
    },
    Sabotage {
        name: "takes the same letters from another keyboard for another password",
        items: &[61],
        file: "crates/kernel/src/secret.rs",
        find: "Zeroizing::new(spelling::fold(&self.0).into_owned())",
        replace: "Zeroizing::new(self.0.chars().collect())",
        caught_by: kernel(&["passwords_are_refused_before_hashing_never_truncated"]),
    },
    Sabotage {
        name: "makes tokens of eight random bytes",
        items: &[72],
        file: "crates/kernel/src/secret.rs",
        find: r#"    pub fn generate(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 32];
        rng.fill(&mut bytes);
        Self(bytes)
    }

    /// Builds a token"#,
        replace: r#"    pub fn generate(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 32];
        rng.fill(&mut bytes[..8]);
        Self(bytes)
    }

    /// Builds a token"#,
        caught_by: kernel(&["every_byte_of_a_token_is_chance"]),
    },
    Sabotage {
        name: "checks a password without asking whether there is an attempt left",
        items: &[51, 52],
        file: "crates/accounts/src/store/attempts.rs",
        find: ".action_and_where(Expr::col(count).lt(i32::from(limit)))",
        replace: ".action_and_where(Expr::col(count).lt(i32::from(limit) * 1000))",
        caught_by: journey(&[
            "two_hundred_wrong_passwords_at_once_are_five_checks",
            "five_wrong_passwords_lock_and_the_sequence_is_the_same_without_an_account",
        ]),
    },
    Sabotage {
        name: "counts an attempt after the password was checked",
        items: &[52],
        file: "crates/accounts/src/store/attempts.rs",
        find: "failures: Set(1),",
        replace: "failures: Set(0),",
        caught_by: journey(&["five_wrong_passwords_lock_and_the_sequence_is_the_same_without_an_account"]),
    },
    Sabotage {
        name: "counts every spelling of an address by itself",
        items: &[54],
        file: "crates/legacy/src/address.rs",
        find: "let canonical = shown.to_ascii_lowercase();",
        replace: "let canonical = shown.clone();",
        caught_by: journey(&["five_wrong_passwords_lock_and_the_sequence_is_the_same_without_an_account"]),
    },
    Sabotage {
        name: "counts the owner's own browser with everybody else",
        items: &[57],
        file: "crates/accounts/src/lockout.rs",
        find: "device.unwrap_or_default().to_owned()",
        replace: "device.map(|_| String::new()).unwrap_or_default()",
        caught_by: journey(&["a_stranger_cannot_lock_the_owner_out_of_their_own_browser"]),
    },
    Sabotage {
        name: "takes a browser that another account knows for the owner's",
        items: &[53, 58],
        file: "crates/accounts/src/store/enrolments/meant.rs",
        find: r#"of(DEVICE, "account_id").eq(of(ACCOUNT, "id"))"#,
        replace: r#"of(DEVICE, "account_id").is_not_null()"#,
        caught_by: journey(&["a_stranger_cannot_lock_the_owner_out_of_their_own_browser"]),
    },
    Sabotage {
        name: "lets a sign-in in one browser clear the count of all",
        items: &[58],
        file: "crates/accounts/src/store/attempts.rs",
        find: r#"        .filter(Column::Bucket.eq(&key.bucket))
        .exec_with_returning(tx.conn())"#,
        replace: "        .exec_with_returning(tx.conn())",
        caught_by: journey(&["a_stranger_cannot_lock_the_owner_out_of_their_own_browser"]),
    },
    Sabotage {
        name: "lets anybody's sign-in clear everybody's count",
        items: &[58],
        file: "crates/accounts/src/store/attempts.rs",
        find: r#"let cleared = Entity::delete_many()
        .filter(Column::Subject.eq(&key.subject))"#,
        replace: "let cleared = Entity::delete_many()",
        caught_by: journey(&["a_sign_in_clears_nobody_elses_count"]),
    },
    Sabotage {
        name: "clears a count without a word in the evidence",
        items: &[58],
        file: "crates/accounts/src/lockout.rs",
        find: "if self.failures > 0 {",
        replace: "if self.failures > 99 {",
        caught_by: it("accounts", &["success_clears_the_count"]),
    },
    Sabotage {
        name: "leaves the lock on after a reset",
        items: &[57],
        file: "crates/accounts/src/act/renew.rs",
        find: r#"Change::Reset { .. } => of(&owner.email_canonical).clear_all(tx).await,"#,
        replace: r#"Change::Reset { .. } => Ok(drop(of(&owner.email_canonical))),"#,
        caught_by: journey(&["the_lock_mail_unlocks"]),
    },
    Sabotage {
        name: "tells an owner of every lock",
        items: &[57],
        file: "crates/accounts/src/store/attempts.rs",
        find: "Expr::col(told).lte(now - pause)",
        replace: "Expr::col(told).lte(now + 0 * pause)",
        caught_by: journey(&["who_locks_an_account_again_and_again_sends_its_owner_one_mail_an_hour"]),
    },
    Sabotage {
        name: "says when a locked address has no account",
        items: &[59],
        file: "crates/accounts/src/guard.rs",
        find: "Attempt::Locked { now, .. } => return Ok(Guarded::Locked { now }),",
        replace: r#"Attempt::Locked { now, .. } if stored.is_some() => return Ok(Guarded::Locked { now }),
            Attempt::Locked { .. } => return Ok(Guarded::Wrong { remaining: 0 }),"#,
        caught_by: journey(&["five_wrong_passwords_lock_and_the_sequence_is_the_same_without_an_account"]),
    },
    Sabotage {
        name: "hashes nothing where there is no account",
        items: &[60],
        file: "crates/accounts/src/hasher.rs",
        find: r#"        let known = stored.is_some();
"#,
        replace: r#"        let known = stored.is_some();
        if !known {
            return Ok(Verdict { right: false, outdated: false });
        }
"#,
        caught_by: journey(&["every_sign_in_costs_one_hash_and_a_locked_one_none"]),
    },
    Sabotage {
        name: "hashes nothing where there is no old identifier",
        items: &[60, 82],
        file: "crates/accounts/src/verifier.rs",
        find: "Old::Nobody => hasher.verify(None, password).await.map(|v| v.right),",
        replace: "Old::Nobody => Ok(false),",
        caught_by: journey(&["every_sign_in_costs_one_hash_and_a_locked_one_none"]),
    },
    Sabotage {
        name: "knows a password for nobody",
        items: &[59, 60],
        file: "crates/accounts/src/hasher.rs",
        find: "right: known && verdict, outdated",
        replace: "right: verdict || known && verdict, outdated",
        caught_by: rule(&["right_is_right_wrong_is_wrong_and_nobody_is_never_right"]),
    },
    Sabotage {
        name: "hashes for a locked account",
        items: &[51, 62],
        file: "crates/accounts/src/guard.rs",
        find: "Attempt::Locked { now, .. } => return Ok(Guarded::Locked { now }),",
        replace: r#"Attempt::Locked { now, .. } => {
                let _ = self.hasher.verify(stored, secret).await;
                return Ok(Guarded::Locked { now });
            }"#,
        caught_by: journey(&["every_sign_in_costs_one_hash_and_a_locked_one_none"]),
    },
    Sabotage {
        name: "counts the old identifiers one try at a time",
        items: &[82],
        file: "crates/accounts/src/act/prove_legacy.rs",
        find: "let own = Counter::of_legacy(&self.context, &agency.id, canonical, &visitor.network());",
        replace: "let own = Counter::of_legacy(&self.context, &agency.id, canonical, &self.context.token().text());",
        caught_by: journey(&["an_old_identifier_locks_too_and_opens_by_itself"]),
    },
    Sabotage {
        name: "counts guesses on the page of attaching by themselves",
        items: &[53],
        file: "crates/accounts/src/guard.rs",
        find: "let counter = self.account_counter(row, visitor).await?;",
        replace: "let counter = Counter::of_enrolment(&self.context, &row.id.to_string());",
        caught_by: journey(&["guesses_while_attaching_count_with_all_others"]),
    },
    Sabotage {
        name: "lets anybody's browser of a full queue wait",
        items: &[62],
        file: "crates/accounts/src/hasher.rs",
        find: "(before < most).then_some(place)",
        replace: "(before < most * 1000).then_some(place)",
        caught_by: rule(&["a_full_queue_says_busy_at_once"]),
    },
    Sabotage {
        name: "signs a disabled person in",
        items: &[30],
        file: "crates/accounts/src/store/enrolments/meant.rs",
        find: "let is_able = found.disabled_at.is_none();",
        replace: "let is_able = found.auth_epoch >= 0;",
        caught_by: journey(&["who_is_disabled_is_nobody"]),
    },
    Sabotage {
        name: "looks at the newest of several moves alone",
        items: &[59],
        file: "crates/accounts/src/store/enrolments/meant.rs",
        find: "const MOVES: u64 = 5;",
        replace: "const MOVES: u64 = 1;",
        caught_by: journey(&["of_several_moves_of_an_address_each_password_continues_its_own"]),
    },
    Sabotage {
        name: "takes blanks for a password",
        items: &[61],
        file: "crates/kernel/src/secret.rs",
        find: "if Self::is_blank(&typed) {",
        replace: "if typed.len() > Self::MAX {",
        caught_by: journey(&["the_hash_of_nothing_is_no_verifier_and_nothing_is_typed_at_any_door"]),
    },
    Sabotage {
        name: "keeps the hash of nothing as a verifier",
        items: &[61],
        file: "crates/accounts/src/act/deliver/read.rs",
        find: "row.verifier.as_ref().is_some_and(|hash| hash.is_of_nothing(is_nothing))",
        replace: "row.verifier.as_ref().is_some_and(|hash| hash.is_of_nothing(is_nothing) && false)",
        caught_by: journey(&["the_hash_of_nothing_is_no_verifier_and_nothing_is_typed_at_any_door"]),
    },
    Sabotage {
        name: "takes the word for a missing password for one",
        items: &[61],
        file: "crates/accounts/src/act/prove_legacy.rs",
        find: "Ok(_) if legacy::stands_for_no_password(typed) =>",
        replace: "Ok(_) if legacy::stands_for_no_password(typed) && typed.is_empty() =>",
        caught_by: journey(&["the_word_for_a_missing_password_opens_no_identity"]),
    },
    Sabotage {
        name: "keeps the hash of a word for nothing as a verifier",
        items: &[61],
        file: "crates/legacy/src/hash/mod.rs",
        find: "blanks.iter().chain(words)",
        replace: "blanks.iter().chain(&words[..0])",
        caught_by: journey(&["the_word_for_a_missing_password_opens_no_identity"]),
    },
    Sabotage {
        name: "locks an old identifier for every network",
        items: &[57, 82],
        file: "crates/accounts/src/lockout.rs",
        find: r#"keyed(context, &["network", network])"#,
        replace: r#"keyed(context, &["network", &network[..0]])"#,
        caught_by: journey(&["an_old_identifier_is_locked_where_it_was_tried_and_nowhere_else"]),
    },
    Sabotage {
        name: "counts no failures of all networks together",
        items: &[82],
        file: "crates/accounts/src/lockout.rs",
        find: "limit: self.limit.saturating_mul(NETWORKS), ..self",
        replace: "limit: self.limit.saturating_mul(NETWORKS * 2), ..self",
        caught_by: journey(&["many_networks_together_lock_an_old_identifier_but_not_its_owners_own"]),
    },
    Sabotage {
        name: "runs no dear recipe for an identifier that nobody has",
        items: &[60, 82],
        file: "crates/accounts/src/verifier.rs",
        find: "let others = costly.beside(stored.recipe());",
        replace: "let others = if stored.recipe().is_none() { Vec::new() } else { costly.beside(stored.recipe()) };",
        caught_by: journey(&["every_old_identifier_costs_the_same_dear_hashes"]),
    },
    Sabotage {
        name: "judges a new password where requests are answered",
        items: &[62],
        file: "crates/accounts/src/password.rs",
        find: "self.hasher.run(move |_| is_guessable(&text, &context)).await?",
        replace: "is_guessable(&text, &context)",
        caught_by: journey(&["a_password_is_judged_on_a_hashing_thread"]),
    },
    Sabotage {
        name: "hashes the first 72 bytes of a password",
        items: &[61],
        file: "crates/accounts/src/guard.rs",
        find: "text.as_bytes().to_vec()",
        replace: "text.as_bytes().iter().copied().take(72).collect()",
        caught_by: journey(&["a_password_counts_to_its_last_byte"]),
    },
    Sabotage {
        name: "counts a right password that another tab was faster than",
        items: &[57, 58],
        file: "crates/accounts/src/act/attach.rs",
        find: "counter.give_back(db).await?;",
        replace: "let _ = counter;",
        caught_by: journey(&["right_passwords_that_attach_in_the_same_moment_are_no_failures"]),
    },
    Sabotage {
        name: "counts a right password that met an outage",
        items: &[116],
        file: "crates/accounts/src/lockout.rs",
        find: "if outcome.is_err()",
        replace: "if false",
        caught_by: journey(&["an_outage_at_the_sign_in_is_no_wrong_password"]),
    },
    Sabotage {
        name: "takes any activation code",
        items: &[53],
        file: "crates/accounts/src/store/activation_codes.rs",
        find: ".filter(Column::Hash.eq(hash.as_str()))",
        replace: r#".filter(Column::Hash.ne(format!("not {}", hash.as_str())))"#,
        caught_by: journey(&["wrong_codes_count_as_wrong_passwords_and_tell_nothing"]),
    },
    Sabotage {
        name: "takes an activation code for ever",
        items: &[53],
        file: "crates/accounts/src/store/activation_codes.rs",
        find: ".filter(Column::ExpiresAt.gt(now))",
        replace: ".filter(Column::ExpiresAt.gt(0 * now))",
        caught_by: journey(&["a_code_works_once_for_one_move_and_until_another_is_issued"]),
    },
    Sabotage {
        name: "counts a slip in an activation code",
        items: &[53],
        file: "crates/idp/src/web/screen/legacy.rs",
        find: "ActivationCode::parse(code).is_none()",
        replace: "ActivationCode::parse(code).is_none() && code.is_empty()",
        caught_by: it("idp", &["a_slip_is_no_attempt_and_a_wrong_code_is"]),
    },
    Sabotage {
        name: "lets strangers add to the evidence",
        items: &[113],
        file: "crates/accounts/src/act/forgot.rs",
        find: r#"            if let Some(row) = &row {
                self.record_lock(row.id, &request).await?;"#,
        replace: r#"            {
                let owner = row.as_ref().map_or(AccountId(uuid::Uuid::nil()), |row| row.id);
                self.record_lock(owner, &request).await?;"#,
        caught_by: journey(&["strangers_add_nothing_to_the_evidence"]),
    },
    Sabotage {
        name: "never forgets a count of wrong passwords",
        items: &[113],
        file: "crates/accounts/src/act/purge.rs",
        find: "purge::attempts(db, now - COUNT, now - LOCK)",
        replace: "purge::attempts(db, 0 * COUNT, now - LOCK)",
        caught_by: journey(&["counts_and_what_they_caused_are_forgotten_in_time"]),
    },
];
