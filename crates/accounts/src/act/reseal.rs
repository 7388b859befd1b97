//! Whatever of people is sealed, sealed with the newest key (docs/adr/0019).

use kernel::{Fault, Resealed, Told, Tx, reseal_rows};

use super::deliver::renew_row_before;
use crate::{
    AccountId, Accounts, DeliveryId, EnrolmentId, LegacyIdentityId, pepper,
    store::{
        accounts, deliveries, enrolments,
        identities::{self, Slot},
    },
    verifier::{self, Kind},
};

impl Accounts {
    /// Seals the password hashes of accounts and of moves under way with the newest key, and those that are not sealed yet.
    ///
    /// # Errors
    /// [`Fault`] of the database, or a hash that does not open.
    pub async fn reseal_passwords(&self, told: Told<'_>) -> Result<Resealed, Fault> {
        let db = &self.context.db;
        let renew = |hash: &String| pepper::renew(&self.context, hash);
        let mut done = reseal_rows(
            db,
            async |last: Option<AccountId>| accounts::hashes_after(db, last).await,
            renew,
            async |tx: &Tx, id: &AccountId, was: &String, is: &String| {
                accounts::reseal(tx, *id, was, is).await
            },
            told,
        )
        .await?;
        done += reseal_rows(
            db,
            async |last: Option<EnrolmentId>| enrolments::hashes_after(db, last).await,
            renew,
            async |tx: &Tx, id: &EnrolmentId, was: &String, is: &String| {
                enrolments::reseal(tx, *id, was, is).await
            },
            told,
        )
        .await?;
        Ok(done)
    }

    /// Seals the old hashes of identities with the newest key, and the rows that deliveries keep.
    ///
    /// # Errors
    /// [`Fault`] of the database, or a hash that does not open.
    pub async fn reseal_identities(&self, told: Told<'_>) -> Result<Resealed, Fault> {
        let (db, context) = (&self.context.db, &self.context);
        let mut done = Resealed::default();
        for slot in [Slot::Verifier, Slot::Recogniser] {
            done += reseal_rows(
                db,
                async |last: Option<LegacyIdentityId>| identities::sealed_after(db, slot, last).await,
                |(kind, bytes): &(Kind, Vec<u8>)| {
                    Ok(verifier::renew(context, *kind, bytes)?.map(|bytes| (*kind, bytes)))
                },
                async |tx: &Tx, id: &LegacyIdentityId, was: &(Kind, Vec<u8>), is: &(Kind, Vec<u8>)| {
                    identities::reseal(tx, slot, *id, &was.1, &is.1).await
                },
                told,
            )
            .await?;
        }
        done += reseal_rows(
            db,
            async |last: Option<(DeliveryId, LegacyIdentityId)>| deliveries::kept_after(db, last).await,
            |sealed: &Vec<u8>| renew_row_before(context, sealed),
            async |tx: &Tx, key: &(DeliveryId, LegacyIdentityId), was: &Vec<u8>, is: &Vec<u8>| {
                deliveries::reseal(tx, *key, was, is).await
            },
            told,
        )
        .await?;
        Ok(done)
    }
}
