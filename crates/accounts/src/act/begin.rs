//! The beginning of a move, and its first steps.

use kernel::{Done, Fault, Tx};

use crate::{
    Accounts, Enrolment, EnrolmentId, Stage, Visitor,
    store::{EnrolmentRow, IdentityRow, enrolments, identities},
};

/// The maximum number of unfinished moves of one identity.
const MOST_BESIDE: usize = 3;

impl Accounts {
    /// Begins a move after the old credentials were right, or continues the unfinished one of this identity.
    pub(crate) async fn begin_or_resume(
        &self,
        identity: &IdentityRow,
        origin: Option<&str>,
        visitor: &Visitor,
    ) -> Result<EnrolmentId, Fault> {
        let now = self.context.now();
        self.context
            .db
            .write(async |tx: &Tx| {
                let Some(pending) = enrolments::living_of(tx, identity.id, now).await?.into_iter().next()
                else {
                    return Ok(Done::Commit(self.begin(tx, identity, Stage::Notice, origin, visitor).await?));
                };
                enrolments::set_origin(tx, pending, origin).await?;
                // The old credentials were proved again, so failures at the new password are forgotten.
                self.confirm_counter(pending).clear_all(tx).await?;
                Ok(Done::Commit(pending))
            })
            .await
    }

    async fn begin(
        &self,
        tx: &Tx,
        identity: &IdentityRow,
        stage: Stage,
        origin: Option<&str>,
        visitor: &Visitor,
    ) -> Result<EnrolmentId, Fault> {
        let now = self.context.now();
        let id: EnrolmentId = self.context.id();
        let row = EnrolmentRow {
            id,
            agency_id: identity.agency_id.clone(),
            legacy_identity_id: identity.id,
            stage,
            origin: origin.map(Into::into),
            locale: visitor.locale.clone(),
            mails: 0,
            addresses: 0,
            created_at: now,
            expires_at: now + self.rules.confirm_link,
            email: None,
            email_canonical: None,
            password_hash: None,
            chosen_in: None,
            confirmed_in: None,
            confirm_hash: None,
            code_hash: None,
            code_tries: 0,
            code_until: None,
            mailed_at: None,
            finish_mailed_at: None,
            addressed_at: None,
            refused_at: None,
            confirmed_at: None,
            finished_at: None,
            account_id: None,
        };
        enrolments::insert(tx, row).await?;
        Ok(id)
    }

    /// Begins a second move for a browser with the same old credentials as another one, whose move has a confirmed address and waits at its terms.
    /// The first move stays as it is; the one that ends first moves the identity. `None` if there are too many, or if the first one is over.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn begin_beside(
        &self,
        other: EnrolmentId,
        visitor: &Visitor,
    ) -> Result<Option<EnrolmentId>, Fault> {
        let now = self.context.now();
        self.context
            .db
            .write(async |tx: &Tx| {
                let Some(other) = enrolments::living(tx, other, now).await? else {
                    return Ok(Done::RollBack(None));
                };
                let identity = identities::by_id(tx, other.legacy_identity_id).await?;
                let Some(identity) = identity.filter(|identity| identity.moved_at.is_none()) else {
                    return Ok(Done::RollBack(None));
                };
                if enrolments::living_of(tx, identity.id, now).await?.len() >= MOST_BESIDE {
                    return Ok(Done::RollBack(None));
                }
                let origin = visitor.origin.interaction.as_deref();
                // The notice was read in the first move.
                let id = self.begin(tx, &identity, Stage::Email, origin, visitor).await?;
                Ok(Done::Commit(Some(id)))
            })
            .await
    }

    /// Records that the notice was read.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn notice_read(&self, id: EnrolmentId) -> Result<(), Fault> {
        self.context
            .db
            .write(async |tx: &Tx| {
                Ok(Done::Commit(enrolments::advance(tx, id, Stage::Notice, Stage::Email).await?))
            })
            .await
    }

    /// Returns true if an account has the address whose mail this move waits for (SECURITY D10).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn has_lost_its_address(&self, waiting: &Enrolment) -> Result<bool, Fault> {
        Ok(waiting.stage == Stage::Mail
            && self.owner_of(waiting.email.as_deref().unwrap_or_default()).await?.is_some())
    }

    /// Continues such a move at the step that attaches to that account, as if the address were chosen now.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn after_its_address(&self, pending: Enrolment) -> Result<Enrolment, Fault> {
        if !self.has_lost_its_address(&pending).await? {
            return Ok(pending);
        }
        self.context
            .db
            .write(async |tx: &Tx| Ok(Done::Commit(enrolments::attach_instead(tx, pending.id).await?)))
            .await?;
        Ok(self.enrolment(pending.id).await?.unwrap_or(pending))
    }
}
