//! The activation code of an identity, for somebody who lost the old password or never had one (SPEC J15).

use kernel::{Done, Fault, Tx, Unix};
use serde_json::json;

use crate::{
    ACTIVATION_DAYS, Accounts, ActivationCode, Intervention, LegacyIdentityId, Target, evidence,
    store::{IdentityRow, activation_codes, identities},
};

/// A code that was issued.
pub struct IssuedCode {
    /// The code: it cannot be read again.
    pub code: ActivationCode,
    /// When it ends.
    pub until: Unix,
}

/// The reason why no code is issued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeRefused {
    /// There is no such identity.
    Unknown,
    /// The identity has moved: its account needs no code.
    Moved,
    /// The agency no longer counts this person among its clients.
    Left,
}

impl Accounts {
    /// Issues a code for an identity, in place of the one before, which no longer works.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn issue_code(
        &self,
        id: LegacyIdentityId,
        intervention: &Intervention,
    ) -> Result<Result<IssuedCode, CodeRefused>, Fault> {
        let context = &self.context;
        let Some(identity) = identities::by_id(&context.db, id).await? else {
            return Ok(Err(CodeRefused::Unknown));
        };
        if identity.moved_at.is_some() {
            return Ok(Err(CodeRefused::Moved));
        }
        if identity.left_at.is_some() {
            return Ok(Err(CodeRefused::Left));
        }
        let code = ActivationCode::generate(context.rng.as_ref());
        let until = context
            .db
            .write_recorded(async |tx: &Tx| {
                Ok(Done::Commit(self.put_code(tx, &identity, &code, intervention).await?))
            })
            .await?;
        Ok(Ok(IssuedCode { code, until }))
    }

    /// Stores a code in the transaction of an act, with its evidence; returns when it ends.
    pub(crate) async fn put_code(
        &self,
        tx: &Tx,
        identity: &IdentityRow,
        code: &ActivationCode,
        intervention: &Intervention,
    ) -> Result<Unix, Fault> {
        let (context, id) = (&self.context, identity.id);
        let now = context.now();
        let until = now + i64::from(ACTIVATION_DAYS) * 86_400;
        activation_codes::put(tx, id, &code.hash(context, id), now, until).await?;
        let of = json!({ "agency": identity.agency_id, "client_ref": identity.client_ref, "until": until });
        self.note_done(tx, Target::Identity(id), intervention, "code").await?;
        evidence::append(tx, context, "activation code issued", None, &intervention.entry(of)).await?;
        Ok(until)
    }
}
