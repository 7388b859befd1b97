//! The nodes, and what each of them serves.

use std::collections::BTreeMap;

use kernel::Fault;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::OnConflict};

use crate::{GenerationId, Generations, table::node};

/// The milliseconds for which a node that was seen counts as live.
pub const LIVE: i64 = 10_000;
/// The milliseconds after which a node that was not seen is forgotten.
const FORGOTTEN: i64 = 86_400_000;

/// A node's report about itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NodeReport {
    /// Its name, which no other node has.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// The generation that it serves; 0 for none.
    pub serves: GenerationId,
    /// The newest generation that it has prepared or serves.
    pub prepared: GenerationId,
    /// The newest generation that it could not prepare; 0 for none.
    pub failed: GenerationId,
    /// The fault of that folder, in a sentence.
    pub error: Option<String>,
    /// The keys of its `moncompte.toml`, with marks that tell one value from another and reveal none.
    pub settings: BTreeMap<String, String>,
    /// The names of its keys for what is sealed, the one that seals first; empty for a version that does not tell.
    pub sealing_keys: Vec<String>,
}

/// A node as it was last seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its report.
    pub report: NodeReport,
    /// When it was seen last, in Unix milliseconds.
    pub seen_at: i64,
    /// True if it was seen within [`LIVE`].
    pub live: bool,
}

impl Generations {
    /// Stores a node's report, with the time.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn report(&self, report: &NodeReport) -> Result<(), Fault> {
        let row = node::ActiveModel {
            id: Set(report.name.clone()),
            version: Set(report.version.clone()),
            seen_at: Set(self.context.clock.now_millis()),
            serves: Set(report.serves),
            prepared: Set(report.prepared),
            failed: Set(report.failed),
            error: Set(report.error.clone()),
            settings: Set(serde_json::to_string(&report.settings)?),
            sealing_keys: Set(Some(serde_json::to_string(&report.sealing_keys)?)),
        };
        let columns = [
            node::Column::Version,
            node::Column::SeenAt,
            node::Column::Serves,
            node::Column::Prepared,
            node::Column::Failed,
            node::Column::Error,
            node::Column::Settings,
            node::Column::SealingKeys,
        ];
        node::Entity::insert(row)
            .on_conflict(OnConflict::column(node::Column::Id).update_columns(columns).to_owned())
            .exec_without_returning(self.context.db.writer())
            .await?;
        Ok(())
    }

    /// Forgets a node that stops, so that nobody waits for it.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn leave(&self, name: &str) -> Result<(), Fault> {
        node::Entity::delete_by_id(name).exec(self.context.db.writer()).await?;
        Ok(())
    }

    /// Returns all nodes, ordered by name.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn nodes(&self) -> Result<Vec<Node>, Fault> {
        let rows = node::Entity::find().order_by_asc(node::Column::Id).all(self.context.db.reader()).await?;
        let now = self.context.clock.now_millis();
        let read = |row: node::Model| {
            Ok(Node {
                seen_at: row.seen_at,
                live: now - row.seen_at <= LIVE,
                report: NodeReport {
                    name: row.id,
                    version: row.version,
                    serves: row.serves,
                    prepared: row.prepared,
                    failed: row.failed,
                    error: row.error,
                    settings: serde_json::from_str(&row.settings)?,
                    sealing_keys: row
                        .sealing_keys
                        .map(|keys| serde_json::from_str(&keys))
                        .transpose()?
                        .unwrap_or_default(),
                },
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Forgets the nodes that were not seen for a day.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn forget_nodes(&self) -> Result<(), Fault> {
        let before = self.context.clock.now_millis() - FORGOTTEN;
        node::Entity::delete_many()
            .filter(node::Column::SeenAt.lt(before))
            .exec(self.context.db.writer())
            .await?;
        Ok(())
    }
}
