//! The regular work on the queue that no single delivery does: messages that expire while they wait, messages that came back, and the gauges.

use std::{collections::BTreeMap, time::Duration};

use kernel::{Fault, outbox};
use tokio_util::sync::CancellationToken;

use super::{LANES, MAIL};
use crate::{bounce, worker::Worker};

impl Worker {
    /// Handles what no single delivery sees: messages that expire while they wait, bounces, and the gauges.
    pub(super) async fn periodic_round(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let context = &self.context();
            self.post.tidy();
            for (what, done) in [
                ("messages that expired", self.expire().await),
                ("messages that came back", self.read_bounces().await),
                ("the count of the messages", self.measure().await),
            ] {
                if let Err(fault) = done {
                    tracing::warn!(%fault, what, "periodic task postponed");
                }
            }
            metrics::gauge!("moncompte_logout_hosts_silent")
                .set(self.outbound.hosts.silent(context.now()) as f64);
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(5)) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn expire(&self) -> Result<(), Fault> {
        let context = &self.context();
        if !context.clock.is_trusted() {
            // Nothing expires by a time that may be wrong (SECURITY D13).
            return Ok(());
        }
        for (message, kind) in outbox::expire(&context.db, context.now()).await? {
            metrics::counter!("moncompte_letters_total", "kind" => kind.clone(), "fate" => "expired")
                .increment(1);
            tracing::error!(message_id = %message, kind, "message expired unsent");
        }
        Ok(())
    }

    async fn read_bounces(&self) -> Result<(), Fault> {
        let running = self.running();
        let Some(path) = &running.writer.return_path else { return Ok(()) };
        let Some(folder) = path.folder.clone() else { return Ok(()) };
        let read = tokio::task::spawn_blocking(move || bounce::messages_in(&folder)).await;
        let broken = |error: &dyn std::fmt::Display| Fault::Broken(format!("mail.bounces: {error}"));
        let messages = read.map_err(|e| broken(&e))?.map_err(|e| broken(&e))?;
        for (file, message) in messages {
            if let Some(bounce) = bounce::read(&message, path) {
                let why = format!("came back: {}", bounce.status);
                if self.running().idp.accounts.mail_bounced(bounce.message, &why).await? {
                    metrics::counter!("moncompte_letters_total", "kind" => MAIL, "fate" => "bounced")
                        .increment(1);
                    tracing::warn!(message_id = %bounce.message, status = bounce.status, "message bounced");
                }
            }
            // Another node may have read it too, in which case it was news to one of them only.
            let _ = tokio::fs::remove_file(file).await;
        }
        Ok(())
    }

    async fn measure(&self) -> Result<(), Fault> {
        let context = &self.context();
        let paused = outbox::paused(context.db.reader()).await?.is_some();
        metrics::gauge!("moncompte_outbox_paused").set(f64::from(u8::from(paused)));
        let status = outbox::status(context.db.reader()).await?;
        for lane in &LANES {
            let of_lane = || status.iter().filter(|s| lane.kinds.contains(&s.kind.as_str()));
            let waiting: i64 = of_lane().map(|s| s.waiting).sum();
            let oldest = of_lane().filter_map(|s| s.oldest).min().map_or(0, |at| (context.now() - at).max(0));
            metrics::gauge!("moncompte_outbox_waiting", "queue" => lane.name).set(waiting as f64);
            metrics::gauge!("moncompte_outbox_oldest_seconds", "queue" => lane.name).set(oldest as f64);
            let mut dead: BTreeMap<&str, i64> =
                BTreeMap::from([("refused", 0), ("expired", 0), ("dropped", 0)]);
            for (why, messages) in of_lane().flat_map(|s| &s.dead) {
                *dead.entry(why).or_default() += messages;
            }
            for (why, messages) in dead {
                let why = why.to_owned();
                metrics::gauge!("moncompte_outbox_dead", "queue" => lane.name, "why" => why)
                    .set(messages as f64);
            }
        }
        Ok(())
    }
}
