//! Looks of staff at people. A person sees who looked at them and what was done (SPEC J14): one row for each member of staff, person and hour.

use kernel::{Done, Fault, Tx, Unix};
use uuid::Uuid;

use crate::{
    AccountId, Accounts, Intervention, LegacyIdentityId, Target,
    store::{LookRow, links, looks, used_forms},
};

/// A look of staff at a person, as its person sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StaffLook {
    /// The time.
    pub at: Unix,
    /// In which capacity: `operator`, `support`, `campaign`, `manager` or `desk`.
    pub role: String,
    /// The agency for which they looked; `None` for operators and the vendor's staff.
    pub agency: Option<String>,
    /// The names of what was done within the hour, each once, in order.
    pub done: Vec<String>,
}

/// The number of looks that a person is shown.
const MOST_SHOWN: u64 = 200;
/// The length of the time within which looks are one.
const HOUR: i64 = 3600;

impl Target {
    /// Returns the id under which looks at a person are kept.
    fn person(self) -> Uuid {
        match self {
            Self::Account(AccountId(id)) | Self::Identity(LegacyIdentityId(id)) => id,
        }
    }
}

impl Accounts {
    /// Notes that staff looked at a person. Within an hour once.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn note_look(&self, target: Target, by: &Intervention) -> Result<(), Fault> {
        let row = self.look(target, by);
        if looks::of_hour(&self.context.db, &row).await?.is_some() {
            return Ok(());
        }
        self.context
            .db
            .write(async |tx: &Tx| {
                looks::insert(tx, row.clone()).await?;
                Ok(Done::Commit(()))
            })
            .await
    }

    /// Notes in the transaction of an act what was done for a person.
    pub(crate) async fn note_done(
        &self,
        tx: &Tx,
        target: Target,
        by: &Intervention,
        done: &str,
    ) -> Result<(), Fault> {
        let row = self.look(target, by);
        looks::insert(tx, row.clone()).await?;
        // Another node may note something else of the same hour at this moment.
        while let Some(there) = looks::of_hour(tx, &row).await? {
            let noted = there.done.split(' ').any(|known| known == done);
            let all = format!("{} {done}", there.done);
            if noted || looks::add_done(tx, &there, all.trim_start()).await? {
                break;
            }
        }
        Ok(())
    }

    /// Returns the newest looks at the owner of an account, those before the move too.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn looks_at(&self, owner: AccountId) -> Result<Vec<StaffLook>, Fault> {
        let db = &self.context.db;
        let identities = links::all_of(db, owner).await?.into_iter().map(|link| link.legacy_identity_id.0);
        let person: Vec<Uuid> = [owner.0].into_iter().chain(identities).collect();
        let rows = looks::at(db, &person, MOST_SHOWN).await?;
        Ok(rows.into_iter().map(StaffLook::from).collect())
    }

    /// Returns how many looks at others than this person a member of staff took within the last hour.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn other_looks(&self, target: Target, by: &Intervention) -> Result<u64, Fault> {
        let since = self.context.now() - HOUR;
        looks::count_others(&self.context.db, &by.by, target.person(), since).await
    }

    /// Uses a form of the desk up; returns false if it was sent before.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn use_form(&self, id: Uuid) -> Result<bool, Fault> {
        used_forms::spend(&self.context.db, id, self.context.now()).await
    }

    fn look(&self, target: Target, by: &Intervention) -> LookRow {
        let at = self.context.now();
        LookRow {
            id: self.context.id(),
            person: target.person(),
            staff: by.by.clone(),
            role: by.role.to_owned(),
            agency: by.agency.clone().unwrap_or_default(),
            hour: at - at.rem_euclid(HOUR),
            at,
            done: String::new(),
        }
    }
}

impl From<LookRow> for StaffLook {
    fn from(row: LookRow) -> Self {
        Self {
            at: row.at,
            role: row.role,
            agency: Some(row.agency).filter(|agency| !agency.is_empty()),
            done: row.done.split(' ').filter(|name| !name.is_empty()).map(Into::into).collect(),
        }
    }
}
