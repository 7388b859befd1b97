//! The signals that a node understands.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signal that ends a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Farewell {
    /// Ctrl-C: somebody waits at the terminal.
    Interrupt,
    /// SIGTERM: a service manager.
    Terminate,
}

/// Listens for signals from its creation on, which is before anything is started, so that none ends the program without a graceful shutdown.
pub(crate) struct Signals<F> {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    first: Signal,
    second: Signal,
    hung_up: F,
}

impl<F: Fn()> Signals<F> {
    /// Begins to listen. SIGHUP calls `hung_up`; SIGUSR1 and SIGUSR2, which other servers interpret, are logged and ignored.
    pub(crate) fn listen(hung_up: F) -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            first: signal(SignalKind::user_defined1())?,
            second: signal(SignalKind::user_defined2())?,
            hung_up,
        })
    }

    /// Waits for the next signal that ends the node.
    pub(crate) async fn farewell(&mut self) -> Farewell {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return Farewell::Interrupt,
                _ = self.terminate.recv() => return Farewell::Terminate,
                _ = self.hang_up.recv() => (self.hung_up)(),
                _ = self.first.recv() => tracing::warn!("SIGUSR1 ignored"),
                _ = self.second.recv() => tracing::warn!("SIGUSR2 ignored"),
            }
        }
    }
}
