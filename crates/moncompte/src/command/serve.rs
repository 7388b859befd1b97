use std::process::ExitCode;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::Where;
use crate::{
    config::{LeftOut, Prepared},
    measures, ops, requests,
    serving::{Limits, listen, serve, stop_signal},
    supervisor::Supervisor,
    telemetry,
    traces::Traces,
    wire::Wired,
    worker::Worker,
};

#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    place: Where,
}

impl Serve {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let told = stop_signal()?;
        let prepared = Prepared::read(&self.place.config)?;
        let traces = Traces::begin(&prepared.config.settings.telemetry)?;
        telemetry::begin_traced(self.place.log, "info,sqlx=warn", traces.as_ref());
        let measures = measures::install()?;
        prepared.make_folders()?;
        let Prepared { config, post } = prepared;
        if let Some(warning) = config.warning() {
            tracing::warn!("{warning}");
        }
        let (public, private) =
            (listen(&config.settings.listen).await?, listen(&config.settings.ops_listen).await?);
        let wired = Wired::new(config).await?;
        wired.left_out.iter().for_each(LeftOut::log);
        let address = public.local_addr()?;
        tracing::info!(%address, issuer = %wired.idp.issuer, hash_memory_mib = wired.hash_memory / 1024, "ready");
        let stop = CancellationToken::new();
        let supervisor = Supervisor::default();
        let ops = ops::router(&wired.idp, supervisor.clone(), measures.clone(), wired.agencies());
        let router = requests::observed(idp::router(wired.idp.clone()), &wired.idp, traces.is_some());
        let Wired { idp, writer, outbound, limits, .. } = wired;
        let worker = tokio::spawn(Worker { idp, writer, post, outbound, supervisor }.run(stop.clone()));
        let signal = {
            let stop = stop.clone();
            async move {
                told.await;
                stop.cancel();
                Ok(())
            }
        };
        let served = tokio::try_join!(
            serve(public, router, limits, stop.clone()),
            serve(private, ops, Limits::operators(), stop.clone()),
            measures::keep(measures, stop.clone()),
            signal
        );
        stop.cancel();
        let _ = worker.await;
        if let Some(traces) = traces {
            traces.end().await;
        }
        served?;
        Ok(ExitCode::SUCCESS)
    }
}
