//! A new generation is brought to all nodes: every live node prepares it, and only then all switch, at one time.

use std::{fmt, time::Duration};

use generations::{Generation, GenerationId, Generations, Node, PREPARING, Proposal, Proposed, State};
use kernel::Context;
use tokio::time::Instant;

/// The pause between two looks at the nodes.
const LOOK: Duration = Duration::from_millis(20);
/// The milliseconds from the acceptance to the switch: each node looks every 20 ms meanwhile.
const LEAD: i64 = 150;
/// The time after the switch in which nodes say that they made it.
const SWITCHING: Duration = Duration::from_secs(3);

/// A generation that all nodes were given.
pub(crate) struct Applied {
    pub(crate) id: GenerationId,
    /// The nodes that serve it.
    pub(crate) switched: Vec<String>,
    /// The live nodes that have not said so in time.
    pub(crate) late: Vec<String>,
    /// The time from the proposal to the last switch.
    pub(crate) took: Duration,
}

/// The reason why nobody switched.
#[derive(Debug)]
pub(crate) enum NotApplied {
    /// Somebody else is applying a change, so many seconds.
    UnderWay { by: String, seconds: i64 },
    /// Another generation was accepted since the comparison.
    Overtaken(GenerationId),
    /// A node cannot prepare it.
    Refused { node: String, why: String },
    /// A live node did not prepare it in time.
    Silent(String),
    /// Somebody refused it, or it took too long.
    Abandoned(String),
}

impl fmt::Display for NotApplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnderWay { by, seconds } => write!(
                f,
                "nothing changed: {by} is applying another change, since {seconds} s; wait until it has ended, then plan anew"
            ),
            Self::Overtaken(id) => {
                write!(f, "nothing changed: generation {id} was accepted meanwhile; plan anew")
            }
            Self::Refused { node, why } => {
                write!(f, "nothing changed: the node {node} cannot serve it: {why}")
            }
            Self::Silent(node) => write!(
                f,
                "nothing changed: the node {node} did not prepare it within {PREPARING} s; stop that node, or see `moncompte status`"
            ),
            Self::Abandoned(why) => write!(f, "nothing changed: {why}"),
        }
    }
}

impl std::error::Error for NotApplied {}

/// Proposes a generation and brings it to all nodes. `told` is called once it is proposed.
///
/// # Errors
/// [`NotApplied`]: nobody switched. A fault of the database: `moncompte status` says what became of it.
pub(crate) async fn apply(
    all: &Generations,
    context: &Context,
    proposal: &Proposal<'_>,
    told: impl Fn(),
) -> anyhow::Result<Applied> {
    let begun = Instant::now();
    let id = match all.propose(proposal).await? {
        Proposed::Preparing(id) => {
            told();
            accept(all, context, id).await?;
            id
        }
        // Two nodes were told to reload the same folder.
        Proposed::UnderWay(other) if other.digest == all.digest(proposal.files) => ended(all, other).await?,
        Proposed::UnderWay(other) => {
            let seconds = (context.now() - other.made_at).max(0);
            return Err(NotApplied::UnderWay { by: other.by, seconds }.into());
        }
        Proposed::Overtaken(id) => return Err(NotApplied::Overtaken(id).into()),
    };
    let switching = Instant::now();
    loop {
        let nodes: Vec<Node> = all.nodes().await?.into_iter().filter(|node| node.live).collect();
        let (switched, late): (Vec<_>, Vec<_>) = nodes.into_iter().partition(|node| node.report.serves >= id);
        if late.is_empty() || switching.elapsed() > SWITCHING {
            let names = |nodes: Vec<Node>| nodes.into_iter().map(|node| node.report.name).collect();
            let took = begun.elapsed();
            return Ok(Applied { id, switched: names(switched), late: names(late), took });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until every live node has prepared a generation, and accepts it.
async fn accept(all: &Generations, context: &Context, id: GenerationId) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let live: Vec<Node> = all.nodes().await?.into_iter().filter(|node| node.live).collect();
        if let Some(node) = live.iter().find(|node| node.report.failed == id) {
            let (node, why) = (node.report.name.clone(), node.report.error.clone().unwrap_or_default());
            all.refuse(id, &format!("{node}: {why}")).await?;
            return Err(NotApplied::Refused { node, why }.into());
        }
        let Some(waits) = live.iter().find(|node| node.report.prepared < id) else { break };
        if begun.elapsed() > Duration::from_secs(PREPARING.unsigned_abs()) {
            let node = waits.report.name.clone();
            all.refuse(id, &format!("{node} did not prepare it")).await?;
            return Err(NotApplied::Silent(node).into());
        }
        tokio::time::sleep(LOOK).await;
    }
    if all.accept(id, context.clock.now_millis() + LEAD).await? {
        return Ok(());
    }
    let why = match all.by_id(id).await?.map(|generation| generation.state) {
        Some(State::Refused(why)) => why,
        _ => "it took too long".into(),
    };
    Err(NotApplied::Abandoned(why).into())
}

/// Waits until somebody else's proposal of the same files has ended.
async fn ended(all: &Generations, other: Generation) -> anyhow::Result<GenerationId> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(PREPARING.unsigned_abs()) {
        match all.by_id(other.id).await?.map(|generation| generation.state) {
            Some(State::Accepted(_)) => return Ok(other.id),
            Some(State::Refused(why)) => return Err(NotApplied::Abandoned(why).into()),
            _ => tokio::time::sleep(LOOK).await,
        }
    }
    Err(NotApplied::Abandoned(format!("{} did not end what it began", other.by)).into())
}
