//! The portal as a program: `portal <configuration.toml>`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let path = PathBuf::from(std::env::args_os().nth(1).context("usage: portal <configuration.toml>")?);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let config = portal::Config::from_toml(&text, folder).with_context(|| path.display().to_string())?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| config.listen.to_string())?;
    tracing::info!(address = %listener.local_addr()?, home = %config.base_url, "listening");
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    };
    portal::serve(listener, config, shutdown).await.with_context(|| path.display().to_string())
}
