//! Delivery of the outbox. Each queue has its own concurrency, so that a portal that hangs delays no mail (FINDING S19). Mail pauses while the server refuses
//! all of it, and a message ends only by a verdict on its address or by its age (SECURITY D19).

mod rounds;

use std::{sync::Arc, time::Duration};

use idp::{Grants, grant::BACKCHANNEL_LOGOUT};
use kernel::{
    Fault,
    outbox::{self, Leased, Outcome, Pause, Selection},
};
use tokio::{sync::Notify, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    hosts::Call,
    post::{Blame, NotSent},
    worker::Worker,
};

const MAIL: &str = "mail";
const RECOVERY: &str = "recovery";

/// A queue: the kinds of its messages, and its concurrency.
struct Lane {
    name: &'static str,
    kinds: &'static [&'static str],
    places: usize,
}

/// A kind in none of the queues waits for a newer node that knows it.
const LANES: [Lane; 3] = [
    Lane { name: "mail", kinds: &[MAIL], places: 8 },
    Lane { name: "work", kinds: &[RECOVERY, accounts::SESSIONS_ENDED, accounts::LINK_ENDED], places: 4 },
    Lane { name: "calls", kinds: &[BACKCHANNEL_LOGOUT], places: 8 },
];

/// A leased message, and what else this node holds for it.
struct Delivery {
    message: Leased,
    /// The right to probe the mail server, if this message is the probe.
    probe: Option<Pause>,
    /// The call to a portal, if this message is one.
    call: Option<Call>,
}

impl Worker {
    /// Delivers due messages until told to stop; deliveries under way are completed.
    pub(crate) async fn deliver(self: Arc<Self>, stop: CancellationToken) {
        let notifiers = LANES.map(|_| Notify::new());
        let [mail, work, calls] = &LANES;
        tokio::join!(
            self.lane(mail, &notifiers[0], &stop),
            self.lane(work, &notifiers[1], &stop),
            self.lane(calls, &notifiers[2], &stop),
            self.notify_queues(&notifiers, &stop),
            self.periodic_round(&stop),
        );
    }

    /// Wakes every queue when a message is committed.
    async fn notify_queues(&self, notifiers: &[Notify], stop: &CancellationToken) {
        let context = self.context();
        loop {
            tokio::select! {
                () = context.db.mail_committed() => notifiers.iter().for_each(Notify::notify_one),
                () = stop.cancelled() => return,
            }
        }
    }

    async fn lane(self: &Arc<Self>, lane: &'static Lane, notifier: &Notify, stop: &CancellationToken) {
        let mut under_way = JoinSet::new();
        while !stop.is_cancelled() {
            let held = match self.take(lane, under_way.len()).await {
                Ok(held) => held,
                Err(fault) => {
                    tracing::warn!(%fault, queue = lane.name, "outbox unreadable");
                    Vec::new()
                }
            };
            let nothing = held.is_empty();
            for held in held {
                let this = self.clone();
                under_way.spawn(async move { this.one(held).await });
            }
            while under_way.try_join_next().is_some() {}
            if nothing || under_way.len() >= lane.places {
                tokio::select! {
                    Some(_) = under_way.join_next() => {}
                    () = notifier.notified() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn take(&self, lane: &Lane, under_way: usize) -> Result<Vec<Delivery>, Fault> {
        let room = lane.places.saturating_sub(under_way);
        if room == 0 {
            return Ok(Vec::new());
        }
        let context = self.context();
        let (db, now) = (&context.db, context.now());
        let selection = Selection { kinds: lane.kinds, except: &[] };
        match lane.name {
            "mail" => match outbox::paused(db.reader()).await? {
                Some(pause) => self.take_probe(selection, &pause, under_way).await,
                None => self.take_all(selection, room as u64).await,
            },
            "calls" => {
                let except = self.closed_clients(now);
                // One at a time, since each call counts towards the limit of its host.
                let mut held = self.take_all(Selection { except: &except, ..selection }, 1).await?;
                for held in &mut held {
                    let host = held.message.destination.as_deref().and_then(|client| self.host_of(client));
                    held.call = host.and_then(|host| self.outbound.hosts.call(&host, now));
                }
                Ok(held)
            }
            _ => self.take_all(selection, room as u64).await,
        }
    }

    async fn take_all(&self, selection: Selection<'_>, room: u64) -> Result<Vec<Delivery>, Fault> {
        let messages = outbox::lease_of(&self.context().db, self.context().now(), selection, room).await?;
        Ok(messages.into_iter().map(|message| Delivery { message, probe: None, call: None }).collect())
    }

    /// Takes the right to probe while the server refuses all messages: one message, on one node.
    async fn take_probe(
        &self,
        selection: Selection<'_>,
        pause: &Pause,
        under_way: usize,
    ) -> Result<Vec<Delivery>, Fault> {
        let context = self.context();
        let (db, now) = (&context.db, context.now());
        if under_way > 0 || now < pause.until || !outbox::is_due(db, now, selection).await? {
            return Ok(Vec::new());
        }
        let Some(probe) = outbox::take_probe(db, now, pause).await? else { return Ok(Vec::new()) };
        let mut held = self.take_all(selection, 1).await?;
        match held.first_mut() {
            Some(held) => held.probe = Some(probe),
            None => outbox::return_probe(db, now, &probe).await?,
        }
        Ok(held)
    }

    /// Returns the host of a client's logout address.
    fn host_of(&self, client_id: &str) -> Option<String> {
        let agencies = self.running().idp.agencies.load_full();
        let (_, portal) = agencies.portal(client_id)?;
        host(portal.client.backchannel_logout_uri.as_deref()?)
    }

    /// Returns the clients whose host has enough calls or does not answer: their messages are skipped.
    fn closed_clients(&self, now: kernel::Unix) -> Vec<String> {
        let agencies = self.running().idp.agencies.load_full();
        let portals = agencies.iter().flat_map(|agency| &agency.portals);
        let closed = portals.filter(|portal| {
            let host = portal.client.backchannel_logout_uri.as_deref().and_then(host);
            host.is_some_and(|host| self.outbound.hosts.is_closed(&host, now))
        });
        closed.map(|portal| portal.client.client_id.clone()).collect()
    }

    #[tracing::instrument(name = "message", skip_all, fields(kind = held.message.kind, message_id = %held.message.id))]
    async fn one(&self, held: Delivery) {
        let Delivery { message, probe, call } = held;
        let context = &self.context();
        let outcome = if message.expires_at.is_some_and(|end| end <= context.now()) {
            // `next_outcome` gives the same result, and it is logged as any other that expires.
            Err(NotSent::waits("worthless by now"))
        } else {
            self.send(&message, call).await
        };
        let written = match &outcome {
            Ok(answer) => self.has_left(&message, answer.as_deref()).await,
            Err(NotSent { blame: Blame::Address, why }) => self.is_refused(&message, why).await,
            Err(NotSent { blame: Blame::Message, why }) => self.waits(&message, why).await,
            Err(NotSent { blame: Blame::Server { max_pause }, why }) => {
                self.all_wait(&message, probe.as_ref(), why, *max_pause).await
            }
        };
        if let Err(fault) = written {
            // Its lease ends by itself, and it is sent once more (at least once).
            tracing::warn!(%fault, message_id = %message.id, "message outcome not stored");
        }
        let refuses_all = matches!(outcome, Err(NotSent { blame: Blame::Server { .. }, .. }));
        if probe.is_some() && !refuses_all {
            match outbox::end_pause(&context.db).await {
                Ok(_) => tracing::warn!("mail pause ended: the mail server accepts messages again"),
                Err(fault) => tracing::warn!(%fault, "end of the mail pause not stored"),
            }
        }
    }

    async fn has_left(&self, message: &Leased, answer: Option<&str>) -> Result<(), Fault> {
        count(message, "sent");
        outbox::sent_with(&self.context().db, message.id, self.context().now(), answer).await
    }

    async fn is_refused(&self, message: &Leased, why: &str) -> Result<(), Fault> {
        count(message, "dead");
        tracing::warn!(message_id = %message.id, kind = message.kind, why, "message dead: address refused");
        self.running().idp.accounts.mail_refused(message, why).await
    }

    async fn waits(&self, message: &Leased, why: &str) -> Result<(), Fault> {
        let context = &self.context();
        let now = context.now();
        let outcome =
            outbox::next_outcome(message.attempts, message.created_at, message.expires_at, now, false);
        self.log_outcome(message, outcome, why);
        outbox::failed(&context.db, message, outcome, why, now).await
    }

    async fn all_wait(
        &self,
        message: &Leased,
        probe: Option<&Pause>,
        why: &str,
        longest: i64,
    ) -> Result<(), Fault> {
        let context = &self.context();
        let now = context.now();
        let outcome = outbox::outcome_in_pause(message.created_at, message.expires_at, now);
        self.log_outcome(message, outcome, why);
        // The pause comes first: in between, the message would be due.
        match probe {
            Some(probe) => {
                tracing::error!(why, tries = probe.tries + 1, "mail server still refuses all messages");
                outbox::extend_pause(&context.db, now, probe, why, longest).await?;
            }
            None => {
                if outbox::pause(&context.db, now, why, longest).await? {
                    tracing::error!(why, "mail paused: the mail server refuses all messages");
                }
            }
        }
        outbox::failed(&context.db, message, outcome, why, now).await
    }

    fn log_outcome(&self, message: &Leased, outcome: Outcome, why: &str) {
        if outcome == Outcome::Dead {
            count(message, "expired");
            tracing::error!(message_id = %message.id, kind = message.kind, why, "message expired unsent");
        } else {
            count(message, "retried");
            tracing::warn!(message_id = %message.id, kind = message.kind, why, "message retry scheduled");
        }
    }

    /// Sends a message; returns what a mail server answered.
    async fn send(&self, message: &Leased, call: Option<Call>) -> Result<Option<String>, NotSent> {
        let running = self.running();
        let (accounts, grants) = (&running.idp.accounts, &running.idp.grants);
        match message.kind.as_str() {
            MAIL => {
                let mail = message.payload::<accounts::Mail>(&self.context()).map_err(NotSent::waits)?;
                return self.mail(running.writer.write(message, &mail, self.context().now())?).await;
            }
            RECOVERY => accounts.recover(message).await.map_err(NotSent::waits),
            accounts::SESSIONS_ENDED => grants.sessions_ended(message).await.map_err(NotSent::waits),
            accounts::LINK_ENDED => grants.link_ended(message).await.map_err(NotSent::waits),
            BACKCHANNEL_LOGOUT => self.post_logout(grants, message, call).await,
            other => Err(NotSent::waits(format!("nobody sends messages of the kind {other}"))),
        }
        .map(|()| None)
    }

    async fn mail(&self, mail: lettre::Message) -> Result<Option<String>, NotSent> {
        let begun = Instant::now();
        let sent = self.post.send(mail).await;
        let result = match sent.as_ref().map_err(|not_sent| not_sent.blame) {
            Ok(_) => "sent",
            Err(Blame::Address) => "address",
            Err(Blame::Message) => "message",
            Err(Blame::Server { .. }) => "server",
        };
        metrics::histogram!("moncompte_smtp_seconds", "result" => result).record(begun.elapsed());
        sent
    }

    async fn post_logout(
        &self,
        grants: &Grants,
        message: &Leased,
        call: Option<Call>,
    ) -> Result<(), NotSent> {
        let context = &self.context();
        let Some(logout) = grants.logout_call(message).await.map_err(NotSent::waits)? else { return Ok(()) };
        let host = host(&logout.uri).unwrap_or_default();
        // Messages of older nodes have no destination column.
        let call = call.or_else(|| self.outbound.hosts.call(&host, context.now()));
        let Some(call) = call else {
            return Err(NotSent::waits("its host has enough calls at the moment"));
        };
        let posted = self.outbound.post_form(&logout.uri, "logout_token", &logout.logout_token).await;
        let answered = posted.as_ref().err().is_none_or(|error| error.answered);
        let result = match (&posted, answered) {
            (Ok(()), _) => "taken",
            (Err(_), true) => "refused",
            (Err(_), false) => "silent",
        };
        metrics::counter!("moncompte_logout_calls_total", "result" => result).increment(1);
        if call.ended(answered, context.now()) {
            tracing::error!(host, "portal unresponsive to logout calls: called less often until it answers");
        }
        posted.map_err(|error| NotSent::waits(error.why))
    }
}

fn count(message: &Leased, outcome: &'static str) {
    metrics::counter!("moncompte_letters_total", "kind" => message.kind.clone(), "fate" => outcome)
        .increment(1);
}

fn host(uri: &str) -> Option<String> {
    url::Url::parse(uri).ok()?.host_str().map(str::to_owned)
}
