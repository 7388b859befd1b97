//! The generation that this node serves, as one value. A request takes it when it begins and keeps it to its end, and so does each piece of work of the worker.

use std::{collections::BTreeMap, sync::Arc};

use agencies::Agencies;
use arc_swap::ArcSwap;
use axum::Router;
use generations::GenerationId;
use idp::Idp;

use crate::{config::Contents, post::Writer, requests};

/// Everything that one generation makes.
pub(crate) struct Running {
    /// Its number; 0 for a folder that is served without generations, as by the demo.
    pub(crate) generation: GenerationId,
    pub(crate) idp: Idp,
    pub(crate) writer: Writer,
    pub(crate) router: Router,
    /// Every agency, with true if its file has a mistake (SECURITY D20).
    pub(crate) agencies: BTreeMap<String, bool>,
    traced: bool,
}

impl Running {
    /// Builds it around a provider. `bad` are the agencies that are as last accepted, or left out.
    pub(crate) fn new(
        generation: GenerationId,
        (idp, writer): (Idp, Writer),
        bad: impl IntoIterator<Item = String>,
        traced: bool,
    ) -> Self {
        let router = requests::observed(idp::router(idp.clone()), &idp, traced);
        let served = idp.agencies.load_full();
        let mut agencies: BTreeMap<String, bool> = names(&served).map(|id| (id, false)).collect();
        agencies.extend(bad.into_iter().map(|id| (id, true)));
        Self { generation, idp, writer, router, agencies, traced }
    }

    /// Builds the next generation: what does not depend on agencies and terms is shared.
    pub(crate) fn next(
        &self,
        generation: GenerationId,
        contents: Contents,
        bad: impl IntoIterator<Item = String>,
    ) -> Self {
        let terms = contents.terms.clone();
        let idp = self.idp.with(contents.agencies, contents.terms);
        let writer = self.writer.with(idp.agencies.load_full(), terms);
        Self::new(generation, (idp, writer), bad, self.traced)
    }
}

fn names(agencies: &Agencies) -> impl Iterator<Item = String> {
    agencies.iter().map(|agency| agency.id.clone())
}

/// The place of what is served now. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Current(Arc<ArcSwap<Running>>);

impl Current {
    pub(crate) fn new(running: Running) -> Self {
        let current = Self(Arc::new(ArcSwap::from_pointee(running)));
        current.tell(&BTreeMap::new());
        current
    }

    /// Returns what is served now, to be kept for one piece of work.
    pub(crate) fn load(&self) -> Arc<Running> {
        self.0.load_full()
    }

    /// Serves another generation from now on.
    pub(crate) fn switch(&self, running: Arc<Running>) {
        let before = self.0.swap(running);
        self.tell(&before.agencies);
    }

    /// Sets the gauges.
    fn tell(&self, before: &BTreeMap<String, bool>) {
        let now = self.load();
        #[allow(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("moncompte_config_generation").set(now.generation as f64);
        let gone = before.keys().filter(|id| !now.agencies.contains_key(*id)).map(|id| (id, &false));
        for (agency, bad) in now.agencies.iter().chain(gone) {
            metrics::gauge!("moncompte_agency_bad", "agency" => agency.clone())
                .set(f64::from(u8::from(*bad)));
        }
    }
}
