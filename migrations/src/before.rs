//! The last steps before the baseline, for databases of the first users: a database that has m0008 is brought to m0016 by them, and then to the baseline. They
//! never change.

use sea_orm_migration::sea_orm::DbBackend;

/// The migrations before the baseline.
pub(crate) const BEFORE: [&str; 13] = [
    "m0001_ground",
    "m0002_people",
    "m0003_grants",
    "m0004_protocol",
    "m0005_one_reset_link",
    "m0006_lock_notice",
    "m0007_my_account",
    "m0008_mail_code",
    "m0009_own_agency",
    "m0011_doors",
    "m0012_refresh_again",
    "m0014_mail",
    "m0016_left_behind",
];

/// The number of migrations that a database must have, for [`STEPS`] to bring it to the baseline.
pub(crate) const NEEDED: usize = BEFORE.len() - STEPS.len();

/// The statements of each migration after m0008, in the order of [`BEFORE`]. `{bytes}` is the type of a byte string.
const STEPS: [&[&str]; 5] = [
    // The times at which a person chose the name and the language: an agency's file no longer changes them then. A profile belongs to the agency that
    // imported it, and goes back from the account to the identity that moved first: ids are ordered by time.
    &[
        "ALTER TABLE account ADD COLUMN named_at bigint",
        "ALTER TABLE account ADD COLUMN spoken_at bigint",
        "UPDATE account SET named_at = changed_at WHERE changed_at IS NOT NULL AND EXISTS \
         (SELECT 1 FROM link l JOIN legacy_identity i ON i.id = l.legacy_identity_id WHERE l.account_id = account.id \
         AND NOT EXISTS (SELECT 1 FROM link e WHERE e.account_id = l.account_id AND e.id < l.id) \
         AND COALESCE(i.name, '') <> COALESCE(account.name, ''))",
        "UPDATE account SET spoken_at = changed_at WHERE changed_at IS NOT NULL AND account.profile NOT LIKE '%\"locale\":%' AND EXISTS \
         (SELECT 1 FROM link l JOIN legacy_identity i ON i.id = l.legacy_identity_id WHERE l.account_id = account.id \
         AND NOT EXISTS (SELECT 1 FROM link e WHERE e.account_id = l.account_id AND e.id < l.id) \
         AND i.profile LIKE '%\"locale\":%')",
        "UPDATE legacy_identity SET profile = \
         (SELECT a.profile FROM link l JOIN account a ON a.id = l.account_id WHERE l.legacy_identity_id = legacy_identity.id) \
         WHERE profile = '{}' AND EXISTS \
         (SELECT 1 FROM link l JOIN account a ON a.id = l.account_id WHERE l.legacy_identity_id = legacy_identity.id \
         AND a.profile <> '{}' AND NOT EXISTS (SELECT 1 FROM link e WHERE e.account_id = l.account_id AND e.id < l.id))",
        "UPDATE account SET profile = '{}' WHERE profile <> '{}'",
    ],
    // Reset links that are sent again, the day's counts of mails of a move, the costly recipes of an agency's old hashes.
    &[
        "ALTER TABLE recovery ADD COLUMN mailed_at bigint",
        "ALTER TABLE recovery ADD COLUMN mails integer NOT NULL DEFAULT 1",
        "ALTER TABLE enrolment ADD COLUMN finish_mailed_at bigint",
        "ALTER TABLE enrolment ADD COLUMN addressed_at bigint",
        "CREATE TABLE legacy_recipe (agency_id text NOT NULL, recipe text NOT NULL)",
        "CREATE UNIQUE INDEX uq_legacy_recipe_agency_id_recipe ON legacy_recipe (agency_id, recipe)",
    ],
    // A refresh token that comes twice.
    &[
        "ALTER TABLE refresh_token ADD COLUMN parent text",
        "ALTER TABLE refresh_token ADD COLUMN sealed {bytes}",
        "CREATE INDEX ix_refresh_token_sealed ON refresh_token (created_at) WHERE sealed IS NOT NULL",
    ],
    // Mails that are refused or come back.
    &[
        "ALTER TABLE outbox ADD COLUMN destination text",
        "ALTER TABLE outbox ADD COLUMN about text",
        "ALTER TABLE outbox ADD COLUMN dead_why text",
        "ALTER TABLE outbox ADD COLUMN bounced_at bigint",
        "ALTER TABLE enrolment ADD COLUMN refused_at bigint",
        "ALTER TABLE email_change ADD COLUMN refused_at bigint",
    ],
    // The purge of what strangers leave.
    &[
        "ALTER TABLE interaction ADD COLUMN went_on_at bigint",
        "CREATE INDEX ix_interaction_left ON interaction (created_at) \
         WHERE went_on_at IS NULL AND enrolment_id IS NULL AND completed_at IS NULL",
        "CREATE INDEX ix_attempt_updated_at ON attempt (updated_at)",
    ],
];

/// Returns the statements that bring a database with this many of [`BEFORE`] to m0016.
pub(crate) fn missing(applied: usize, backend: DbBackend) -> Vec<String> {
    let bytes = if backend == DbBackend::Sqlite { "blob" } else { "bytea" };
    let steps = STEPS.iter().skip(applied.saturating_sub(NEEDED));
    steps.flat_map(|step| step.iter()).map(|sql| sql.replace("{bytes}", bytes)).collect()
}
