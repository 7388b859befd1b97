use std::{
    process::ExitCode,
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use clap::Args;
use generations::Generations;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Where;
use crate::{
    audit::Audit,
    change::{begin::begin, follow::Follower, host, keys::KeyFiles, reload::Reload},
    config::{Contents, Overlay, Prepared},
    current::{Current, Running},
    measures, ops,
    serving::{Farewell, Limits, Signals, listen, serve},
    supervisor::Supervisor,
    telemetry,
    traces::Traces,
    wire::{self, Wired},
    worker::Worker,
};

#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    overlay: Overlay,
    /// Name of this node among all that share the database; unless given, the machine's with the port.
    #[arg(long, env = "MONCOMPTE_NODE")]
    node: Option<String>,
}

impl Serve {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let hung_up = Arc::new(Notify::new());
        let mut signals = Signals::listen({
            let hung_up = hung_up.clone();
            move || hung_up.notify_one()
        })?;
        let prepared = Prepared::read(&self.place.config, &self.overlay)?;
        let traces = Traces::begin(&prepared.config.settings.telemetry)?;
        let place = prepared.config.audit();
        // As `status` names it. The port of an address that leaves it to the system is not known yet.
        let of_port = |port: &str| self.node.clone().unwrap_or_else(|| format!("{}:{port}", host()));
        let name = of_port(prepared.config.settings.listen.rsplit(':').next().unwrap_or_default());
        let audit = place.map(|place| Audit::begin(&place, name)).transpose()?.map(telemetry::keep_audit);
        telemetry::begin_observed(self.place.log, "info,sqlx=warn", traces.as_ref(), audit);
        let measures = measures::install()?;
        prepared.make_folders()?;
        let Prepared { mut config, post } = prepared;
        if let Some(warning) = config.warning() {
            tracing::warn!("{warning}");
        }
        let (public, private) =
            (listen(&config.settings.listen).await?, listen(&config.settings.ops_listen).await?);
        let address = public.local_addr()?;
        let name = of_port(&address.port().to_string());
        let context = wire::context(&config).await?;
        let drain = config.settings.drain_seconds;
        // Other nodes learn of this one first, and this one of them.
        let key_files = KeyFiles::new(self.place.config.clone(), context.keys.clone());
        let (all, settings) = (Generations::new(context.clone()), config.marks(&context.keys));
        let folder = std::mem::replace(&mut config.contents, Contents::none());
        let beginning = begin(&all, &context, folder, &format!("start of {name}")).await?;
        config.contents = beginning.contents;
        let Wired { idp, writer, outbound, limits, hash_memory } = Wired::over(context, config).await?;
        let stop = CancellationToken::new();
        let supervisor = Supervisor::default();
        let running = Running::new(beginning.generation, (idp, writer), beginning.bad, traces.is_some());
        let current = Current::new(running);
        let follower = Arc::new(Follower {
            all,
            current: current.clone(),
            name,
            settings,
            trouble: Mutex::default(),
            look: Notify::new(),
            switched: Notify::new(),
            due: AtomicBool::default(),
        });
        follower.folder_is(beginning.trouble);
        follower.arrive().await?;
        tracing::info!(
            %address, issuer = %current.load().idp.issuer, hash_memory_mib = hash_memory / 1024, generation = beginning.generation, "ready"
        );
        tracing::info!(target: "audit", event = "node_started", generation = beginning.generation);
        let reload = Reload { folder: self.place.config, follower: follower.clone() };
        let leaving = CancellationToken::new();
        let ops = ops::router(current.clone(), supervisor.clone(), measures.clone(), leaving.clone());
        let routes = {
            let current = current.clone();
            move || current.load().router.clone()
        };
        let follower = Some(follower);
        let worker = Worker { current, follower, key_files: Some(key_files), post, outbound, supervisor };
        let worker = tokio::spawn(worker.run(stop.clone()));
        let signal = {
            let stop = stop.clone();
            async move {
                if signals.farewell().await == Farewell::Terminate {
                    leaving.cancel();
                    tracing::info!(seconds = drain, "stop: not ready from now on, then ended");
                    // A second signal ends it at once.
                    let _ = tokio::time::timeout(Duration::from_secs(drain), signals.farewell()).await;
                }
                stop.cancel();
                Ok(())
            }
        };
        let served = tokio::try_join!(
            serve(public, routes, limits, stop.clone()),
            serve(private, move || ops.clone(), Limits::operators(), stop.clone()),
            measures::keep(measures, stop.clone()),
            reload.at_each(hung_up, stop.clone()),
            signal
        );
        stop.cancel();
        let _ = worker.await;
        tracing::info!(target: "audit", event = "node_stopped");
        if let Some(traces) = traces {
            traces.end().await;
        }
        served?;
        Ok(ExitCode::SUCCESS)
    }
}
