//! `check --connect`: the staff of the files who have no account here yet. That is a hint: a file may be written before its people have moved.

use std::collections::BTreeSet;

use agencies::canonical_address;
use kernel::{
    Snapshot,
    sea_orm::{ConnectionTrait, DbErr, Statement},
};

use super::connect::{Found, Trial};
use crate::config::Config;

/// Looks for the accounts of all staff, or of those of one agency. Nothing is said where there is no staff, and none where the database cannot be read: another
/// trial says so.
pub(super) async fn staff(config: &Config, agency: Option<&str>) -> Option<Trial> {
    let own = config.contents.agencies.iter().filter(|one| agency.is_none_or(|id| id == one.id));
    let named = own.flat_map(|one| one.staff.iter().map(|staff| (one.id.as_str(), staff.email.clone())));
    let vendors = config.settings.staff.iter().filter(|_| agency.is_none());
    let vendors = vendors.map(|section| ("moncompte.toml", canonical_address(&section.email)));
    let all: Vec<(&str, String)> = named.chain(vendors).collect();
    if all.is_empty() {
        return None;
    }
    let snapshot = Snapshot::open(&config.database, config.seal.clone()).await.ok()?;
    let known = accounts(&snapshot, all.iter().map(|(_, email)| email.as_str())).await.ok()?;
    let missing: Vec<String> = all
        .iter()
        .filter(|(_, email)| !known.contains(email))
        .map(|(file, email)| format!("{email} ({file})"))
        .collect();
    let found = match missing.len() {
        0 => format!("{} people, each with an account", all.len()),
        n => format!(
            "{n} of {} people have no account here yet, invite them by `moncompte desk invite`: {}",
            all.len(),
            missing.join(", ")
        ),
    };
    Some(Trial::of("staff", Found::Fine(found)))
}

/// Returns those of the addresses that accounts have.
async fn accounts(
    snapshot: &Snapshot,
    emails: impl Iterator<Item = &str>,
) -> Result<BTreeSet<String>, DbErr> {
    let (connection, mut known) = (snapshot.conn(), BTreeSet::new());
    let backend = connection.get_database_backend();
    for email in emails {
        let sql = "SELECT email_canonical FROM account WHERE email_canonical = $1 AND disabled_at IS NULL";
        let query = Statement::from_sql_and_values(backend, sql, [email.into()]);
        if let Some(row) = connection.query_one_raw(query).await? {
            known.insert(row.try_get("", "email_canonical")?);
        }
    }
    Ok(known)
}
