//! The start of a node: what is stored wins over its folder.

use std::{collections::BTreeSet, time::Duration};

use agencies::Agencies;
use anyhow::bail;
use generations::{Files, Generation, GenerationId, Generations, PREPARING, Proposal, Proposed};
use kernel::{Context, Unix};

use crate::config::{Contents, LeftOut, Mistakes};

/// The generation that a starting node serves.
pub(crate) struct Beginning {
    pub(crate) generation: GenerationId,
    pub(crate) contents: Contents,
    /// The agencies that are as last accepted, or left out.
    pub(crate) bad: BTreeSet<String>,
    /// The fault of this node's folder, in a sentence.
    pub(crate) trouble: Option<String>,
}

/// Finds what to serve: the newest accepted generation, or, where there is none yet, the folder, which becomes the first.
///
/// # Errors
/// [`Mistakes`] in the first generation, or a fault of the database.
pub(crate) async fn begin(
    all: &Generations,
    context: &Context,
    folder: Contents,
    by: &str,
) -> anyhow::Result<Beginning> {
    match all.latest().await? {
        Some(latest) => later(all, context, folder, latest).await,
        None => first(all, context, folder.shared_is_right()?, by).await,
    }
}

async fn first(
    all: &Generations,
    context: &Context,
    folder: Contents,
    by: &str,
) -> anyhow::Result<Beginning> {
    let bad = folder.bad();
    let kept: Vec<String> = bad.iter().cloned().collect();
    let proposal = Proposal { files: &folder.files, by, base: None, before: None, kept: &kept };
    if let Proposed::Preparing(id) = all.propose(&proposal).await?
        && all.accept(id, context.clock.now_millis()).await?
    {
        folder.left_out.iter().for_each(LeftOut::log);
        return Ok(Beginning { generation: id, contents: folder, bad, trouble: None });
    }
    // Another node began at the same moment.
    for _ in 0..PREPARING * 10 {
        if let Some(latest) = all.latest().await? {
            return later(all, context, folder, latest).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!(
        "another node began to store the first generation of the configuration and did not end: start this one again"
    );
}

async fn later(
    all: &Generations,
    context: &Context,
    folder: Contents,
    latest: Generation,
) -> anyhow::Result<Beginning> {
    let mut bad: BTreeSet<String> = latest.kept.iter().cloned().collect();
    let whole = folder.mistakes.is_empty() && folder.bad().is_empty();
    if whole && all.digest(&folder.files) == latest.digest {
        return Ok(Beginning { generation: latest.id, contents: folder, bad, trouble: None });
    }
    let files = all.files(latest.id).await?;
    let contents = Contents::of(&files, context.now());
    log_mistakes(&folder, &contents.agencies);
    bad.extend(folder.bad());
    let trouble = folder_fault(all, folder, &latest, &files, context.now());
    if let Some(trouble) = &trouble {
        tracing::error!(generation = latest.id, "{trouble}");
    }
    // An older or newer version of the program may have accepted what this one does not.
    contents.left_out.iter().filter(|left_out| !bad.contains(&left_out.agency)).for_each(LeftOut::log);
    bad.extend(contents.bad());
    if !contents.mistakes.is_empty() {
        return Err(Mistakes(contents.mistakes).into());
    }
    Ok(Beginning { generation: latest.id, contents, bad, trouble })
}

/// Returns the fault of a folder beside the generation that is served, in a sentence. An agency with a mistake is as last accepted, which is no fault of the
/// folder: `moncompte_agency_bad` tells it.
pub(crate) fn folder_fault(
    all: &Generations,
    folder: Contents,
    served: &Generation,
    files: &Files,
    now: Unix,
) -> Option<String> {
    let id = served.id;
    if !folder.mistakes.is_empty() {
        return Some(format!("the folder of this node has mistakes: generation {id} is served"));
    }
    let (merged, _) = folder.with_bad_as_accepted(files, now);
    (all.digest(&merged.files) != served.digest).then(|| {
        format!(
            "the folder of this node is not generation {id}, which is served: `moncompte plan` says how it differs, `moncompte apply` takes it in"
        )
    })
}

/// Logs every mistake of a folder, with what becomes of each agency.
pub(crate) fn log_mistakes(folder: &Contents, served: &Agencies) {
    for left_out in &folder.left_out {
        let what = match served.agency(&left_out.agency) {
            Some(_) => "agency served as last accepted: there is a mistake in its file",
            None => left_out.what,
        };
        LeftOut { agency: left_out.agency.clone(), what, mistakes: left_out.mistakes.clone() }.log();
    }
    let shared = LeftOut {
        agency: String::new(),
        what: "configuration not taken in: there is a mistake in what all agencies share",
        mistakes: folder.mistakes.clone(),
    };
    shared.log();
}
