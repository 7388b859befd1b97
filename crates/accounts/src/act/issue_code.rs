//! The activation code of an identity, for somebody who lost the old password or never had one (SPEC J15).

use agencies::Agency;
use kernel::{Done, Fault, Tx};
use serde::Serialize;

use crate::{
    ACTIVATION_DAYS, Accounts, ActivationCode, evidence,
    store::{activation_codes, identities},
};

/// The reason why no code is issued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeRefused {
    /// The agency has no such identifier.
    Unknown,
    /// The identity has moved: its account needs no code.
    Moved,
    /// The agency no longer counts this person among its clients.
    Left,
}

/// The evidence of a code. It holds no identifier: the audit stream repeats it.
#[derive(Serialize)]
struct Issued<'a> {
    agency: &'a str,
    client_ref: &'a str,
    by: &'a str,
    reason: &'a str,
    until: i64,
}

impl Accounts {
    /// Issues a code for the identity with this identifier, in place of the one before, which no longer works. `by` names who asked for it, and `reason` why: both
    /// are kept in the evidence. The code cannot be read again.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn issue_code(
        &self,
        agency: &Agency,
        identifier: &str,
        by: &str,
        reason: &str,
    ) -> Result<Result<ActivationCode, CodeRefused>, Fault> {
        let Some(canonical) = agency.directory.canonical(identifier) else {
            return Ok(Err(CodeRefused::Unknown));
        };
        let (db, before) = (&self.context.db, agency.directory.canonical_before(identifier));
        let Some(identity) = identities::by_identifier(db, &agency.id, &canonical, before.as_deref()).await?
        else {
            return Ok(Err(CodeRefused::Unknown));
        };
        if identity.moved_at.is_some() {
            return Ok(Err(CodeRefused::Moved));
        }
        if identity.left_at.is_some() {
            return Ok(Err(CodeRefused::Left));
        }
        let code = ActivationCode::generate(self.context.rng.as_ref());
        let (hash, now) = (code.hash(&self.context, identity.id), self.context.now());
        let until = now + i64::from(ACTIVATION_DAYS) * 86_400;
        db.write_recorded(async |tx: &Tx| {
            activation_codes::put(tx, identity.id, &hash, now, until).await?;
            let (agency, client_ref) = (&*agency.id, &*identity.client_ref);
            let told = Issued { agency, client_ref, by, reason, until };
            evidence::append(tx, &self.context, "activation code issued", None, &told).await?;
            Ok(Done::Commit(()))
        })
        .await?;
        Ok(Ok(code))
    }
}
