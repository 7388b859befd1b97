use std::{
    io::{self, Read},
    process::ExitCode,
};

use accounts::Email;
use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use kernel::{
    SealKeys,
    outbox::{self, Discarded, Filter, Pause, State, UnsentMessage},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Where,
    opened::{Opened, WHY},
};
use crate::{
    bounce,
    print::{err, out},
    return_path::ReturnPath,
    telemetry, tell,
};

#[derive(Args)]
pub(crate) struct Mail {
    #[command(flatten)]
    place: Where,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the messages that were not sent: waiting and dead ones.
    List {
        /// Only messages of this kind: mail, recovery, sessions_ended, backchannel_logout.
        #[arg(long)]
        kind: Option<String>,
        /// Only messages in this state.
        #[arg(long, value_enum)]
        state: Option<Shown>,
        /// Maximum number of messages, oldest first.
        #[arg(long, default_value_t = 1000)]
        most: u64,
    },
    /// Make messages due now, after their cause was fixed.
    ///
    /// A dead message starts over and is retried for five days. A message whose link has expired, that was dropped, or that is being sent stays as it is.
    /// If mail is paused, the next message probes the server at once.
    Retry {
        /// Message ids, as printed by `list`.
        #[arg(required_unless_present = "all_dead", conflicts_with = "all_dead")]
        ids: Vec<Uuid>,
        /// All dead messages.
        #[arg(long)]
        all_dead: bool,
        /// With --all-dead: only messages of this kind.
        #[arg(long, requires = "all_dead")]
        kind: Option<String>,
    },
    /// End messages: they are never sent, and their content is deleted.
    Drop {
        /// Message ids, as printed by `list`.
        #[arg(required = true)]
        ids: Vec<Uuid>,
        /// Reason, in a few words. It is stored with the message: no names, no addresses.
        #[arg(long)]
        reason: String,
    },
    /// Read a message that was returned to `mail.return_path` from standard input.
    ///
    /// For a mail server's pipe. A permanent failure (RFC 3464) of a message of this provider is shown to the person who waits for it; any other mail is
    /// ignored. Exit code 0: read; 75: not readable, and the mail server should try again later.
    Bounce,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shown {
    /// Will be sent.
    Waiting,
    /// Will be sent once the mail server accepts mail again.
    Paused,
    /// Will not be sent.
    Dead,
}

impl Mail {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(self.place.log, "warn");
        let opened = Opened::at(&self.place).await;
        if matches!(self.what, What::Bounce) {
            let read = match opened {
                Ok(opened) => opened.bounce(self.json).await,
                Err(error) => Err(error),
            };
            return Ok(read.map_or_else(
                |error| {
                    tell(&error);
                    // EX_TEMPFAIL of sysexits.h: the mail server keeps the message.
                    ExitCode::from(75)
                },
                |()| ExitCode::SUCCESS,
            ));
        }
        let opened = opened?;
        match self.what {
            What::List { kind, state, most } => opened.list(kind.as_deref(), state, most, self.json).await,
            What::Retry { ids, all_dead, kind } => {
                let which = if all_dead { None } else { Some(&*ids) };
                opened.retry(which, kind.as_deref(), self.json).await
            }
            What::Drop { ids, reason } => opened.drop(&ids, &reason, self.json).await,
            What::Bounce => Ok(ExitCode::SUCCESS),
        }
    }
}

impl Opened {
    async fn list(
        &self,
        kind: Option<&str>,
        shown: Option<Shown>,
        most: u64,
        json: bool,
    ) -> anyhow::Result<ExitCode> {
        let now = self.context.now();
        let pause = outbox::paused(self.snapshot.conn()).await.context(WHY)?;
        let state = shown.map(|shown| if shown == Shown::Dead { State::Dead } else { State::Waiting });
        let asked = Filter { kind, state, most };
        let messages = outbox::list(self.snapshot.conn(), now, asked).await.context(WHY)?;
        let rows = messages.iter().map(|message| Row::of(message, pause.as_ref(), &self.context.keys, now));
        let rows: Vec<Row<'_>> = rows.filter(|row| shown.is_none_or(|shown| shown == row.state)).collect();
        if json {
            let pause = pause.map(|pause| {
                json!({
                    "since_seconds": now - pause.since, "next_try_in_seconds": (pause.until - now).max(0),
                    "tries": pause.tries, "last_error": pause.why,
                })
            });
            out!(
                "{}",
                json!({ "paused": pause, "letters": rows.iter().map(Row::to_json).collect::<Vec<_>>() })
            );
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(Pause { since, until, tries, why }) = pause {
            let (since, next) = (span(now - since), span(until - now));
            out!(
                "The mails are paused since {since}: the mail server refused {tries} times. The next one asks in {next}."
            );
            out!("  it said: {why}");
        }
        rows.iter().for_each(Row::show);
        out!("{} messages.", rows.len());
        Ok(ExitCode::SUCCESS)
    }

    async fn retry(&self, ids: Option<&[Uuid]>, kind: Option<&str>, json: bool) -> anyhow::Result<ExitCode> {
        let due = outbox::retry(&self.context.db, self.context.now(), ids, kind).await?;
        if json {
            out!("{}", json!({ "due": due }));
        } else {
            out!("{due} messages are due now.");
        }
        let asked = ids.map_or(0, |ids| ids.len() as u64);
        Ok(if due < asked { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    async fn drop(&self, ids: &[Uuid], reason: &str, json: bool) -> anyhow::Result<ExitCode> {
        let mut dropped = 0;
        for id in ids {
            let reason = format!("dropped: {reason}");
            match outbox::discard(&self.context.db, self.context.now(), *id, &reason).await? {
                Discarded::Done => dropped += 1,
                Discarded::No => {
                    err!("moncompte: {id} is no message that waits or is dead, or it is being sent now")
                }
            }
        }
        if json {
            out!("{}", json!({ "dropped": dropped }));
        } else {
            out!("{dropped} messages are dropped.");
        }
        Ok(if dropped < ids.len() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    async fn bounce(&self, json: bool) -> anyhow::Result<()> {
        let address = self.config.settings.mail.return_path.as_deref();
        let path = address.and_then(|address| ReturnPath::new(address, None, self.context.keys.clone()));
        let path = path.context(
            "mail.return_path is not set in moncompte.toml: set it to the address that messages come back to",
        )?;
        let mut message = Vec::new();
        io::stdin().take(bounce::MAX_BYTES).read_to_end(&mut message)?;
        // Read to the end, so that the pipe does not break.
        io::copy(&mut io::stdin(), &mut io::sink())?;
        let bounce = bounce::read(&message, &path);
        let news = match &bounce {
            Some(bounce) => {
                let why = format!("came back: {}", bounce.status);
                accounts::mail_bounced(&self.context, bounce.message, &why).await.context(WHY)?
            }
            None => false,
        };
        if json {
            let message = bounce.as_ref().map(|bounce| bounce.message.to_string());
            out!("{}", json!({ "letter": message, "status": bounce.map(|b| b.status), "news": news }));
        }
        Ok(())
    }
}

/// A message as printed.
struct Row<'a> {
    message: &'a UnsentMessage,
    state: Shown,
    age: i64,
    /// Seconds until the next attempt.
    next: Option<i64>,
    /// The masked recipient.
    to: Option<String>,
}

impl<'a> Row<'a> {
    fn of(message: &'a UnsentMessage, pause: Option<&Pause>, keys: &SealKeys, now: i64) -> Self {
        let is_mail = message.kind == "mail";
        let pause = pause.filter(|_| is_mail && message.state == State::Waiting);
        let state = match (message.state, pause) {
            (State::Dead, _) => Shown::Dead,
            (State::Waiting, Some(_)) => Shown::Paused,
            (State::Waiting, None) => Shown::Waiting,
        };
        let next = message.not_before.max(pause.map_or(0, |pause| pause.until));
        let mail = if is_mail { message.payload::<accounts::Mail>(keys) } else { None };
        Self {
            message,
            state,
            age: (now - message.created_at).max(0),
            next: (message.state == State::Waiting).then_some((next - now).max(0)),
            to: mail.and_then(|mail| Email::parse(&mail.to)).map(|address| address.masked()),
        }
    }

    fn word(&self) -> &'static str {
        match self.state {
            Shown::Waiting => "waiting",
            Shown::Paused => "paused",
            Shown::Dead => "dead",
        }
    }

    fn to_json(&self) -> Value {
        let UnsentMessage { id, kind, attempts, last_error, dead_why, under_way, .. } = self.message;
        json!({
            "id": id.to_string(), "kind": kind, "to": self.to, "state": self.word(), "dead_because": dead_why,
            "age_seconds": self.age, "attempts": attempts, "under_way": under_way,
            "next_try_in_seconds": self.next, "last_error": last_error,
        })
    }

    fn show(&self) {
        let UnsentMessage { id, kind, attempts, last_error, dead_why, .. } = self.message;
        let (state, age, to) = (self.word(), span(self.age), self.to.as_deref().unwrap_or("-"));
        let next = match (self.next, dead_why) {
            (Some(seconds), _) => format!("next try in {}", span(seconds)),
            (None, why) => why.clone().unwrap_or_default(),
        };
        out!("{id}  {kind:18}  {state:7}  {age:>9}  {attempts:>3} tries  {next:20}  {to}");
        if let Some(error) = last_error {
            out!("{:38}{error}", "");
        }
    }
}

/// Formats a number of seconds for people.
fn span(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
