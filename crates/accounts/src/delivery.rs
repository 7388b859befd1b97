//! Deliveries as plain values: their states, what a plan tells, and the guards.

pub(crate) mod alike;
pub(crate) mod guards;
pub(crate) mod report;
pub(crate) mod shapes;

pub use guards::GuardBroken;
pub use report::{Changes, HashKind, Oddly, PlanReport, ReadColumn, Reason, Sample, SampleKind};
pub use shapes::{Shape, ShapeShift};

use kernel::{Fault, Unix};

use crate::{DeliveryId, store::DeliveryRow};

/// Days after which a delivery can no longer be taken back.
pub const UNDO_DAYS: i64 = 30;

/// How far a delivery is. It goes from each state to the next and never back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeliveryState {
    /// Read and compared; nothing of it is written.
    Planned,
    /// Being written. If that stopped, `apply` goes on and `undo` takes it back.
    Applying,
    /// Written.
    Applied,
    /// Being taken back. If that stopped, `undo` goes on.
    Undoing,
    /// Taken back.
    Undone,
}

impl DeliveryState {
    const ALL: [Self; 5] = [Self::Planned, Self::Applying, Self::Applied, Self::Undoing, Self::Undone];

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Reads its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The file of a delivery, and who brings it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Source {
    /// Its name, without folders.
    pub file: String,
    /// SHA-256 of its bytes in hex; empty where there is no file.
    pub sha256: String,
    /// The operator.
    pub by: String,
    /// The encoding by which it is read; empty where there is no file.
    pub charset: String,
    /// Sentences about the file as a whole.
    pub notes: Vec<String>,
}

/// A delivery, as the operator sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The agency whose file it is.
    pub agency: String,
    /// How far it is.
    pub state: DeliveryState,
    /// The file has all of the agency's clients: who is missing has left.
    pub complete: bool,
    /// The name of the file.
    pub file: String,
    /// SHA-256 of the file in hex.
    pub sha256: String,
    /// The findings of the plan.
    pub report: PlanReport,
    /// The guards that did not hold when it was applied all the same.
    pub forced: Vec<GuardBroken>,
    /// When it was planned, and by whom.
    pub planned: (Unix, String),
    /// When it was applied, and by whom.
    pub applied: Option<(Unix, String)>,
    /// When it was taken back, and by whom.
    pub undone: Option<(Unix, String)>,
}

impl Delivery {
    pub(crate) fn of(row: DeliveryRow) -> Result<Self, Fault> {
        Ok(Self {
            id: row.id,
            agency: row.agency_id,
            state: row.state,
            complete: row.complete,
            file: row.file,
            sha256: row.sha256,
            report: serde_json::from_str(&row.report)?,
            forced: serde_json::from_str(&row.forced)?,
            planned: (row.planned_at, row.planned_by),
            applied: row.applied_at.zip(row.applied_by),
            undone: row.undone_at.zip(row.undone_by),
        })
    }

    /// Returns who applied it; nobody's name if it was not.
    pub(crate) fn applied_by(&self) -> &str {
        self.applied.as_ref().map_or("", |(_, by)| by)
    }

    /// Returns the time until which it can be taken back, if it was applied.
    pub fn undo_until(&self) -> Option<Unix> {
        self.applied.as_ref().map(|(at, _)| at + UNDO_DAYS * 86_400)
    }
}
