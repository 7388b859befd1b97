//! Generations of the configuration: the files of all agencies and of the terms as one command accepted them, and the nodes that serve them
//! (docs/adr/0018).
//!
//! A generation is proposed, prepared by every live node, and then accepted with a time at which all nodes switch; or it is refused, and nobody switches.
//! At most one is being prepared. Files that hold secrets are sealed in the database.

mod file;
mod node;
mod propose;
mod step;
mod table;

pub use file::{File, Files};
pub use node::{LIVE, Node, NodeReport};
pub use propose::{PREPARING, Proposal, Proposed};
pub use step::{Step, next_step};

use kernel::{Context, Fault, Unix};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use table::{config_generation as generation, config_generation::GenerationState};

/// The number of a generation. The first is 1; a later one has a larger number.
pub type GenerationId = i64;

/// A generation, without its files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generation {
    /// Its number.
    pub id: GenerationId,
    /// Its state.
    pub state: State,
    /// The digest of its files: 64 hex digits. Equal files have equal digests.
    pub digest: String,
    /// The person and the machine that proposed it.
    pub by: String,
    /// When it was proposed.
    pub made_at: Unix,
    /// The generation that a rollback leads to.
    pub before: Option<GenerationId>,
    /// The agencies whose new files have mistakes: they are as last accepted, or left out.
    pub kept: Vec<String>,
}

/// The state of a generation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// The nodes prepare it.
    Preparing,
    /// All nodes switch at this time, in Unix milliseconds.
    Accepted(i64),
    /// Nobody switches, for this reason.
    Refused(String),
}

/// The stored generations and nodes. Cheap to clone.
#[derive(Clone)]
pub struct Generations {
    context: Context,
}

impl Generations {
    /// Opens them in the context's database.
    pub fn new(context: Context) -> Self {
        Self { context }
    }

    /// Returns the newest accepted generation.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn latest(&self) -> Result<Option<Generation>, Fault> {
        let row = generation::Entity::find()
            .filter(generation::Column::State.eq(GenerationState::Accepted))
            .order_by_desc(generation::Column::Id)
            .one(self.context.db.reader())
            .await?;
        row.map(Generation::of).transpose()
    }

    /// Returns a generation by its number.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn by_id(&self, id: GenerationId) -> Result<Option<Generation>, Fault> {
        let row = generation::Entity::find_by_id(id).one(self.context.db.reader()).await?;
        row.map(Generation::of).transpose()
    }

    /// Returns the newest generations, the newest first; up to `most`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn newest(&self, most: u64) -> Result<Vec<Generation>, Fault> {
        let find = generation::Entity::find().order_by_desc(generation::Column::Id).limit(most);
        find.all(self.context.db.reader()).await?.into_iter().map(Generation::of).collect()
    }

    /// Returns the generations after `id` that are prepared or accepted, the newest first: what a node that serves `id` has to follow.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn after(&self, id: GenerationId) -> Result<Vec<Generation>, Fault> {
        let rows = generation::Entity::find()
            .filter(generation::Column::Id.gt(id))
            .filter(generation::Column::State.ne(GenerationState::Refused))
            .order_by_desc(generation::Column::Id)
            .all(self.context.db.reader())
            .await?;
        rows.into_iter().map(Generation::of).collect()
    }
}

impl Generation {
    fn of(row: generation::Model) -> Result<Self, Fault> {
        let state = match (row.state, row.switch_at, row.why) {
            (GenerationState::Preparing, ..) => State::Preparing,
            (GenerationState::Accepted, Some(millis), _) => State::Accepted(millis),
            (GenerationState::Refused, _, Some(why)) => State::Refused(why),
            _ => return Err(Fault::Broken(format!("generation {} has no whole state", row.id))),
        };
        Ok(Self {
            id: row.id,
            state,
            digest: row.sha256,
            by: row.made_by,
            made_at: row.made_at,
            before: row.before_id,
            kept: serde_json::from_str(&row.kept)?,
        })
    }
}
