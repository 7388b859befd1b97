//! The guards, by area. Texts are as short as is unambiguous, so that ordinary edits around them leave them alone.

mod account;
mod crowd;
mod deliveries;
mod desk;
mod ending;
mod files;
mod granting;
mod guessing;
mod keys;
mod messages;
mod moving;
mod requests;
mod storage;
mod tokens;
mod web;
mod words;

use super::Sabotage;

/// All entries, those of one crate beside each other: the less there is to build again.
pub(super) fn all() -> impl Iterator<Item = &'static Sabotage> {
    let areas = [
        requests::GUARDS,
        tokens::GUARDS,
        guessing::GUARDS,
        ending::GUARDS,
        account::GUARDS,
        moving::GUARDS,
        granting::GUARDS,
        web::GUARDS,
        words::GUARDS,
        messages::GUARDS,
        crowd::GUARDS,
        storage::GUARDS,
        files::GUARDS,
        deliveries::GUARDS,
        desk::GUARDS,
        keys::GUARDS,
    ];
    areas.into_iter().flatten()
}
