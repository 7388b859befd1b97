//! How letters leave the outbox. Each queue has places of its own, so that a portal that hangs keeps no mail waiting (FINDING S19); the mails pause while
//! their server refuses all of them, and no letter ends but by a verdict on its address or by its age (SECURITY D19).

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use idp::grant::BACKCHANNEL_LOGOUT;
use kernel::{
    Fault,
    outbox::{self, Fate, Leased, Pause, Wanted},
};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    bounce,
    hosts::Visit,
    post::{Blame, NotSent},
    worker::Worker,
};

const MAIL: &str = "mail";
const RECOVERY: &str = "recovery";

/// A queue: the kinds of its letters, and how many may be under way at once.
struct Lane {
    name: &'static str,
    kinds: &'static [&'static str],
    places: usize,
}

/// A kind that is in none of them waits for a node that knows it.
const LANES: [Lane; 3] = [
    Lane { name: "mail", kinds: &[MAIL], places: 8 },
    Lane { name: "work", kinds: &[RECOVERY, accounts::SESSIONS_ENDED], places: 4 },
    Lane { name: "calls", kinds: &[BACKCHANNEL_LOGOUT], places: 8 },
];

/// A letter that this node holds, and what else it holds for it.
struct Held {
    letter: Leased,
    /// The letter asks whether the server still refuses.
    probe: Option<Pause>,
    /// The call that is under way.
    visit: Option<Visit>,
}

impl Worker {
    /// Sends what is due until told to stop; what was begun is ended.
    pub(crate) async fn deliver(self: Arc<Self>, stop: CancellationToken) {
        let bells = LANES.map(|_| Notify::new());
        let [mail, work, calls] = &LANES;
        tokio::join!(
            self.lane(mail, &bells[0], &stop),
            self.lane(work, &bells[1], &stop),
            self.lane(calls, &bells[2], &stop),
            self.ring(&bells, &stop),
            self.look_round(&stop),
        );
    }

    /// Tells every queue that a letter was committed.
    async fn ring(&self, bells: &[Notify], stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = self.idp.context.db.mail_committed() => bells.iter().for_each(Notify::notify_one),
                () = stop.cancelled() => return,
            }
        }
    }

    async fn lane(self: &Arc<Self>, lane: &'static Lane, bell: &Notify, stop: &CancellationToken) {
        let mut under_way = JoinSet::new();
        while !stop.is_cancelled() {
            let held = match self.take(lane, under_way.len()).await {
                Ok(held) => held,
                Err(fault) => {
                    tracing::warn!(%fault, queue = lane.name, "the outbox cannot be read");
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
                    () = bell.notified() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn take(&self, lane: &Lane, under_way: usize) -> Result<Vec<Held>, Fault> {
        let room = lane.places.saturating_sub(under_way);
        if room == 0 {
            return Ok(Vec::new());
        }
        let (db, now) = (&self.idp.context.db, self.idp.context.now());
        let wanted = Wanted { kinds: lane.kinds, except: &[] };
        match lane.name {
            "mail" => match outbox::paused(db.reader()).await? {
                Some(pause) => self.take_probe(wanted, &pause, under_way).await,
                None => self.take_all(wanted, room as u64).await,
            },
            "calls" => {
                let except = self.closed_clients(now);
                // One at a time: the next one must see that this one's host has a call more.
                let mut held = self.take_all(Wanted { except: &except, ..wanted }, 1).await?;
                for held in &mut held {
                    let host = held.letter.destination.as_deref().and_then(|client| self.host_of(client));
                    held.visit = host.and_then(|host| self.outbound.hosts.visit(&host, now));
                }
                Ok(held)
            }
            _ => self.take_all(wanted, room as u64).await,
        }
    }

    async fn take_all(&self, wanted: Wanted<'_>, room: u64) -> Result<Vec<Held>, Fault> {
        let letters = outbox::lease_of(&self.idp.context.db, self.idp.context.now(), wanted, room).await?;
        Ok(letters.into_iter().map(|letter| Held { letter, probe: None, visit: None }).collect())
    }

    /// While the server refuses all letters, one asks whether it still does, on one node.
    async fn take_probe(
        &self,
        wanted: Wanted<'_>,
        pause: &Pause,
        under_way: usize,
    ) -> Result<Vec<Held>, Fault> {
        let (db, now) = (&self.idp.context.db, self.idp.context.now());
        if under_way > 0 || now < pause.until || !outbox::is_due(db, now, wanted).await? {
            return Ok(Vec::new());
        }
        let Some(probe) = outbox::take_probe(db, now, pause).await? else { return Ok(Vec::new()) };
        let mut held = self.take_all(wanted, 1).await?;
        match held.first_mut() {
            Some(held) => held.probe = Some(probe),
            None => outbox::return_probe(db, now, &probe).await?,
        }
        Ok(held)
    }

    /// The host that an agency's client has for its logout calls.
    fn host_of(&self, client_id: &str) -> Option<String> {
        let agencies = self.idp.agencies.load();
        let (_, portal) = agencies.portal(client_id)?;
        host(portal.client.backchannel_logout_uri.as_deref()?)
    }

    /// Clients whose host has enough calls, or is silent: their letters stay where they are.
    fn closed_clients(&self, now: kernel::Unix) -> Vec<String> {
        let agencies = self.idp.agencies.load();
        let portals = agencies.iter().flat_map(|agency| &agency.portals);
        let closed = portals.filter(|portal| {
            let host = portal.client.backchannel_logout_uri.as_deref().and_then(host);
            host.is_some_and(|host| self.outbound.hosts.is_closed(&host, now))
        });
        closed.map(|portal| portal.client.client_id.clone()).collect()
    }

    async fn one(&self, held: Held) {
        let Held { letter, probe, visit } = held;
        let context = &self.idp.context;
        let outcome = if letter.expires_at.is_some_and(|end| end <= context.now()) {
            // `fate` says the same of it, and it is told as any other that expires.
            Err(NotSent::waits("worthless by now"))
        } else {
            self.send(&letter, visit).await
        };
        let written = match &outcome {
            Ok(()) => self.has_left(&letter).await,
            Err(NotSent { blame: Blame::Address, why }) => self.is_refused(&letter, why).await,
            Err(NotSent { blame: Blame::Letter, why }) => self.waits(&letter, why).await,
            Err(NotSent { blame: Blame::Server { longest_pause }, why }) => {
                self.all_wait(&letter, probe.as_ref(), why, *longest_pause).await
            }
        };
        if let Err(fault) = written {
            // Its lease ends by itself; it is sent once more then (at least once).
            tracing::warn!(%fault, letter = %letter.id, "the outcome of a letter is not written");
        }
        let refuses_all = matches!(outcome, Err(NotSent { blame: Blame::Server { .. }, .. }));
        if probe.is_some() && !refuses_all {
            match outbox::end_pause(&context.db).await {
                Ok(_) => tracing::warn!("the mail server takes letters again: the mails go on"),
                Err(fault) => tracing::warn!(%fault, "the end of the pause of the mails is not written"),
            }
        }
    }

    async fn has_left(&self, letter: &Leased) -> Result<(), Fault> {
        count(letter, "sent");
        outbox::sent(&self.idp.context.db, letter.id, self.idp.context.now()).await
    }

    async fn is_refused(&self, letter: &Leased, why: &str) -> Result<(), Fault> {
        count(letter, "dead");
        tracing::warn!(letter = %letter.id, kind = letter.kind, why, "a letter is dead: its address was refused");
        self.idp.accounts.mail_refused(letter, why).await
    }

    async fn waits(&self, letter: &Leased, why: &str) -> Result<(), Fault> {
        let context = &self.idp.context;
        let now = context.now();
        let fate = outbox::fate(letter.attempts, letter.created_at, letter.expires_at, now, false);
        self.tell_fate(letter, fate, why);
        outbox::failed(&context.db, letter, fate, why, now).await
    }

    async fn all_wait(
        &self,
        letter: &Leased,
        probe: Option<&Pause>,
        why: &str,
        longest: i64,
    ) -> Result<(), Fault> {
        let context = &self.idp.context;
        let now = context.now();
        let fate = outbox::fate_in_pause(letter.created_at, letter.expires_at, now);
        self.tell_fate(letter, fate, why);
        // The pause first: between the two the letter is due.
        match probe {
            Some(probe) => {
                tracing::error!(why, tries = probe.tries + 1, "the mail server refuses all letters still");
                outbox::extend_pause(&context.db, now, probe, why, longest).await?;
            }
            None => {
                if outbox::pause(&context.db, now, why, longest).await? {
                    tracing::error!(
                        why,
                        "the mail server refuses all letters: the mails pause until it takes one"
                    );
                }
            }
        }
        outbox::failed(&context.db, letter, fate, why, now).await
    }

    fn tell_fate(&self, letter: &Leased, fate: Fate, why: &str) {
        if fate == Fate::Dead {
            count(letter, "expired");
            tracing::error!(letter = %letter.id, kind = letter.kind, why, "a letter expired before it could be sent");
        } else {
            count(letter, "retried");
            tracing::warn!(letter = %letter.id, kind = letter.kind, why, "a letter waits");
        }
    }

    async fn send(&self, letter: &Leased, visit: Option<Visit>) -> Result<(), NotSent> {
        match letter.kind.as_str() {
            MAIL => {
                let mail = letter.payload::<accounts::Mail>(&self.idp.context).map_err(NotSent::waits)?;
                self.post.send(self.writer.write(letter, &mail)?).await
            }
            RECOVERY => self.idp.accounts.recover(letter).await.map_err(NotSent::waits),
            accounts::SESSIONS_ENDED => self.idp.grants.sessions_ended(letter).await.map_err(NotSent::waits),
            BACKCHANNEL_LOGOUT => self.call(letter, visit).await,
            other => Err(NotSent::waits(format!("nobody sends letters of the kind {other}"))),
        }
    }

    async fn call(&self, letter: &Leased, visit: Option<Visit>) -> Result<(), NotSent> {
        let context = &self.idp.context;
        let Some(call) = self.idp.grants.logout_call(letter).await.map_err(NotSent::waits)? else {
            return Ok(());
        };
        let host = host(&call.uri).unwrap_or_default();
        // An older node's letter does not say in clear whom it is for.
        let visit = visit.or_else(|| self.outbound.hosts.visit(&host, context.now()));
        let Some(visit) = visit else {
            return Err(NotSent::waits("its host has enough calls at the moment"));
        };
        let posted = self.outbound.post_form(&call.uri, "logout_token", &call.logout_token).await;
        let answered = posted.as_ref().err().is_none_or(|error| error.answered);
        if visit.ended(answered, context.now()) {
            tracing::error!(
                host,
                "a portal does not answer logout calls: it is called less often until it does"
            );
        }
        posted.map_err(|error| NotSent::waits(error.why))
    }

    /// What no letter's way shows: those that expire while they wait, those that come back, and how many there are.
    async fn look_round(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let context = &self.idp.context;
            self.post.tidy();
            for (what, done) in [
                ("letters that expired", self.expire().await),
                ("letters that came back", self.read_bounces().await),
                ("the count of the letters", self.measure().await),
            ] {
                if let Err(fault) = done {
                    tracing::warn!(%fault, what, "a chore waits");
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
        let context = &self.idp.context;
        if !context.clock.is_trusted() {
            // Nothing is given up by a time that may be wrong (SECURITY D13).
            return Ok(());
        }
        for (letter, kind) in outbox::expire(&context.db, context.now()).await? {
            metrics::counter!("moncompte_letters_total", "kind" => kind.clone(), "fate" => "expired")
                .increment(1);
            tracing::error!(%letter, kind, "a letter expired before it could be sent");
        }
        Ok(())
    }

    async fn read_bounces(&self) -> Result<(), Fault> {
        let Some(path) = &self.writer.return_path else { return Ok(()) };
        let Some(folder) = path.folder.clone() else { return Ok(()) };
        let read = tokio::task::spawn_blocking(move || bounce::lying_in(&folder)).await;
        let broken = |error: &dyn std::fmt::Display| Fault::Unavailable(format!("mail.bounces: {error}"));
        let messages = read.map_err(|e| broken(&e))?.map_err(|e| broken(&e))?;
        for (file, message) in messages {
            if let Some(bounce) = bounce::read(&message, path) {
                let why = format!("came back: {}", bounce.status);
                if self.idp.accounts.mail_bounced(bounce.letter, &why).await? {
                    metrics::counter!("moncompte_letters_total", "kind" => MAIL, "fate" => "bounced")
                        .increment(1);
                    tracing::warn!(letter = %bounce.letter, status = bounce.status, "a letter came back");
                }
            }
            // Another node may have read it too, and it was no news to one of the two.
            let _ = tokio::fs::remove_file(file).await;
        }
        Ok(())
    }

    async fn measure(&self) -> Result<(), Fault> {
        let context = &self.idp.context;
        let paused = outbox::paused(context.db.reader()).await?.is_some();
        metrics::gauge!("moncompte_outbox_paused").set(f64::from(u8::from(paused)));
        let standing = outbox::standing(context.db.reader()).await?;
        for lane in &LANES {
            let of_lane = || standing.iter().filter(|s| lane.kinds.contains(&s.kind.as_str()));
            let waiting: i64 = of_lane().map(|s| s.waiting).sum();
            let oldest = of_lane().filter_map(|s| s.oldest).min().map_or(0, |at| (context.now() - at).max(0));
            metrics::gauge!("moncompte_outbox_waiting", "queue" => lane.name).set(waiting as f64);
            metrics::gauge!("moncompte_outbox_oldest_seconds", "queue" => lane.name).set(oldest as f64);
            let mut dead: BTreeMap<&str, i64> =
                BTreeMap::from([("refused", 0), ("expired", 0), ("dropped", 0)]);
            for (why, letters) in of_lane().flat_map(|s| &s.dead) {
                *dead.entry(why).or_default() += letters;
            }
            for (why, letters) in dead {
                let why = why.to_owned();
                metrics::gauge!("moncompte_outbox_dead", "queue" => lane.name, "why" => why)
                    .set(letters as f64);
            }
        }
        Ok(())
    }
}

fn count(letter: &Leased, fate: &'static str) {
    metrics::counter!("moncompte_letters_total", "kind" => letter.kind.clone(), "fate" => fate).increment(1);
}

fn host(uri: &str) -> Option<String> {
    url::Url::parse(uri).ok()?.host_str().map(str::to_owned)
}
