//! An activation code at the door of old passwords: right, it begins the move as they do, and wrong, it counts as they do (SPEC J15).

use kernel::{Done, Fault, Password, Tx};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Accounts, ActivationCode, LegacyIdentityId, evidence,
    store::{CodeRow, IdentityRow, activation_codes},
};

/// The evidence of a code that was right.
#[derive(Serialize)]
struct Used<'a> {
    agency: &'a str,
    client_ref: &'a str,
}

impl Accounts {
    /// Returns the code of the identity, if that is what was typed. What has the form of a code is looked for whether there is such an identity or not.
    pub(crate) async fn right_code(
        &self,
        identity: Option<&IdentityRow>,
        typed: &Password,
    ) -> Result<Option<CodeRow>, Fault> {
        let Some(code) = ActivationCode::parse(typed.typed()) else { return Ok(None) };
        let id = identity.map_or(LegacyIdentityId(Uuid::nil()), |row| row.id);
        activation_codes::right(&self.context.db, id, &code.hash(&self.context, id), self.context.now()).await
    }

    /// Records that the code was right, the first time.
    pub(crate) async fn note_code(&self, identity: &IdentityRow, code: &CodeRow) -> Result<(), Fault> {
        if code.used_at.is_some() {
            return Ok(());
        }
        self.context
            .db
            .write_recorded(async |tx: &Tx| {
                if !activation_codes::note_use(tx, identity.id, self.context.now()).await? {
                    return Ok(Done::RollBack(()));
                }
                let used = Used { agency: &identity.agency_id, client_ref: &identity.client_ref };
                evidence::append(tx, &self.context, "activation code used", None, &used).await?;
                Ok(Done::Commit(()))
            })
            .await
    }
}
