//! The operator's look at an old password: which kind of hash takes it, before anybody's sign-in depends on it. It counts as no attempt, and the evidence tells
//! who looked.

use agencies::Agency;
use kernel::{Done, Fault, Password, Tx};
use legacy::hash::Recipe;
use serde_json::json;

use crate::{
    Accounts, OldSite, evidence,
    store::{identities, recipes},
    verifier::{self, Stored},
};

/// The outcome of a password that an operator tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tried {
    /// The agency has no such identifier.
    Unknown,
    /// The person has moved: nothing signs them in here any more.
    Moved,
    /// A complete file did not have the person: nothing signs them in here until a file has them again.
    Left,
    /// The identity has no hash.
    NoHash,
    /// Nothing was typed that can be a password.
    NoPassword,
    /// Right.
    Right {
        /// The algorithm.
        kind: String,
        /// How the hash rests: `bare`, `sealed` or `wrapped`.
        stored: &'static str,
        /// How the password was read.
        reading: String,
    },
    /// Not right.
    Wrong {
        /// As above.
        kind: String,
        /// As above.
        stored: &'static str,
        /// How the password was read, one after the other.
        readings: Vec<String>,
    },
}

impl Accounts {
    /// Tries an old password. `by`: the operator.
    ///
    /// # Errors
    /// [`Fault`] of the database, or [`Fault::Unavailable`] where there is no room to hash.
    pub async fn try_hash(
        &self,
        agency: &Agency,
        identifier: &str,
        typed: &str,
        by: &str,
    ) -> Result<Tried, Fault> {
        let (context, db) = (&self.context, &self.context.db);
        let Some(canonical) = agency.directory.canonical(identifier) else { return Ok(Tried::Unknown) };
        let before = agency.directory.canonical_before(identifier);
        let Some(identity) = identities::by_identifier(db, &agency.id, &canonical, before.as_deref()).await?
        else {
            return Ok(Tried::Unknown);
        };
        let body = json!({ "agency": agency.id, "legacy_identity": identity.id, "by": by });
        db.write_recorded(async |tx: &Tx| {
            Ok(Done::Commit(evidence::append(tx, context, "old password tried", None, &body).await?))
        })
        .await?;
        if identity.moved_at.is_some() {
            return Ok(Tried::Moved);
        }
        if identity.left_at.is_some() {
            return Ok(Tried::Left);
        }
        let Ok(password) = Password::new(typed) else { return Ok(Tried::NoPassword) };
        if legacy::stands_for_no_password(typed) {
            return Ok(Tried::NoPassword);
        }
        let read = || verifier::read(context, identity.verifier_kind, identity.verifier.as_deref());
        let Some(kind) = read()?.recipe().map(Recipe::name) else { return Ok(Tried::NoHash) };
        let stored = match read()? {
            Stored::None => return Ok(Tried::NoHash),
            Stored::Verifier(_) | Stored::Wrapped(..) => identity.verifier_kind.as_str(),
        };
        let costly = recipes::of(db, &agency.id).await?;
        // As at a sign-in, in that order.
        let readings = OldSite::of(agency).unwrap_or_default().readings(password.typed());
        let right = verifier::find_right(&self.hasher, read, &costly, &readings).await?;
        let right = right.map_err(|busy| Fault::Unavailable(busy.to_string()))?;
        let mut names: Vec<String> = readings.into_iter().map(|reading| reading.name).collect();
        Ok(match right {
            Some(at) => Tried::Right { kind, stored, reading: names.swap_remove(at) },
            None => Tried::Wrong { kind, stored, readings: names },
        })
    }
}
