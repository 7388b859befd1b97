//! `moncompte account`, `link` and `identity`: what an operator does for a person on the telephone (docs/operate/telephone.md). The commands read what was typed, open
//! the database and print; what may happen is in the crate `desk`.

mod invite;
mod print;
mod told;
mod who;

use std::{path::PathBuf, process::ExitCode};

use accounts::{AccountId, Accounts, Closing, Target};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use desk::{Actor, Desk, DeskError, LocalTime, Reason, Shown};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use self::invite::DeskCommand;
use self::{
    told::Part,
    who::{Who, receiver},
};
use super::{
    Where,
    campaign::{Output, write_one},
    import::operator,
    opened::{Opened, WHY},
};
use crate::{
    change::{operator_at_host, plan::day},
    print::out,
    telemetry, wire,
};

#[derive(Args)]
pub(crate) struct AccountCommand {
    #[command(subcommand)]
    what: Account,
}

#[derive(Subcommand)]
enum Account {
    /// Show a person: in one sentence where they stand, then account, links, moves, wrong passwords, sessions, mails.
    Show(Look),
    /// List the mails to a person: kind, time, what became of each, and what the mail server said.
    ///
    /// Mails are listed for thirty days after they were sent.
    Mails(Look),
    /// Clear the wrong passwords that are counted for an account. The owner's password works again, and stays as it is.
    Unlock(Change),
    /// Send a mail once more: the same one if it was not sent, or a new one with a link that works.
    Resend(Resend),
    /// End all sessions of an account, at its portals too, with every token; browsers are forgotten, and a change of address under way is ended.
    EndSessions(Change),
    /// Close an account: its sessions, tokens and waiting mails end, portals are told, and it opens no portal any more. Nothing is deleted.
    ///
    /// Whoever signs in is answered as if there were no account. `reopen` is the way back.
    Close(Close),
    /// Reopen a closed account, as it was. One that was closed for fraud wants a new password first.
    Reopen(Change),
}

#[derive(Args)]
pub(crate) struct LinkCommand {
    #[command(subcommand)]
    what: Link,
}

#[derive(Subcommand)]
enum Link {
    /// Show the links of a person with agencies, ended ones too.
    Show(Look),
    /// End a link: the account does not open that agency's portals any more, and the old password recognises nobody. An activation code begins another move.
    End(EndLink),
    /// Give a link to another account, which opens that agency's portals from then on. The other one does not any more.
    Move(MoveLink),
}

#[derive(Args)]
pub(crate) struct IdentityCommand {
    #[command(subcommand)]
    what: Identity,
}

#[derive(Subcommand)]
enum Identity {
    /// Show the identifiers that agencies issued to a person, and the moves under way.
    Show(Look),
    /// Issue an activation code to somebody who has not moved: it stands in for the old password, and is printed once.
    Code(Code),
}

#[derive(Args)]
struct Code {
    #[command(flatten)]
    change: Change,
    /// Write a letter with the code to this PDF file, which must not exist. Only you may read it.
    #[arg(long, value_name = "FILE")]
    letter: Option<PathBuf>,
}

/// A look at a person.
#[derive(Args)]
struct Look {
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    who: Who,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A change for a person.
#[derive(Args)]
struct Change {
    #[command(flatten)]
    look: Look,
    /// Reason, in a few words: it is kept in the evidence. No names, no addresses.
    #[arg(long)]
    reason: String,
    /// Operator whom the evidence names; the user of this machine unless given.
    #[arg(long)]
    by: Option<String>,
}

#[derive(Args)]
struct Resend {
    /// Message id, as printed by `account mails`.
    id: Uuid,
    #[command(flatten)]
    change: Change,
}

#[derive(Args)]
struct EndLink {
    /// Link id, as printed by `link show`.
    id: Uuid,
    #[command(flatten)]
    change: Change,
}

#[derive(Args)]
struct MoveLink {
    #[command(flatten)]
    link: EndLink,
    /// Address of the account that gets the link.
    #[arg(long, conflicts_with = "to_account", required_unless_present = "to_account")]
    to_email: Option<String>,
    /// Id of the account that gets the link.
    #[arg(long)]
    to_account: Option<AccountId>,
}

#[derive(Args)]
struct Close {
    #[command(flatten)]
    change: Change,
    /// Cause. Nobody is written to of a person who has died.
    #[arg(long, value_enum)]
    because: Because,
}

#[derive(Clone, Copy, ValueEnum)]
enum Because {
    /// The owner has died.
    Deceased,
    /// The owner wishes it.
    Wish,
    /// Somebody else uses it.
    Fraud,
}

impl From<Because> for Closing {
    fn from(because: Because) -> Self {
        match because {
            Because::Deceased => Self::Deceased,
            Because::Wish => Self::Wish,
            Because::Fraud => Self::Fraud,
        }
    }
}

/// The desk over an open database, and who stands at it.
pub(super) struct Standby {
    pub(super) desk: Desk,
    pub(super) accounts: Accounts,
    pub(super) actor: Actor,
    pub(super) opened: Opened,
}

impl Standby {
    /// Opens the database of a folder. `by`: the operator whom the evidence names.
    pub(super) async fn open(place: &Where, by: Option<String>) -> anyhow::Result<Self> {
        telemetry::begin(place.log, "warn");
        let opened = Opened::at(place).await?;
        let lacking = migrations::pending(opened.context.db.without_timeout()).await.context(WHY)?;
        if !lacking.is_empty() {
            bail!(
                "the schema is older than this version (it lacks {}): start a node of it, or run `moncompte migrate`",
                lacking.join(", ")
            );
        }
        let terms = opened.config.contents.terms.clone();
        let accounts = wire::accounts(&opened.config, &opened.context, terms)?;
        let actor = Actor::Operator { name: operator_at_host(&operator(by)) };
        Ok(Self { desk: Desk::over(accounts.clone()), accounts, actor, opened })
    }
}

impl AccountCommand {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.what {
            Account::Show(look) => look.run(Part::Everything).await,
            Account::Mails(look) => look.run(Part::Mails).await,
            Account::Unlock(change) => {
                let (standby, target, reason) = change.begin().await?;
                let failures = standby.desk.unlock(&standby.actor, target, &reason).await?;
                let words = format!(
                    "Unlocked: {failures} wrong passwords are forgotten. The password is as it was; the owner is told by mail."
                );
                change.end("unlock", target, &words, json!({ "failures": failures }))
            }
            Account::Resend(Resend { id, change }) => {
                let (standby, target, reason) = change.begin().await?;
                let anew = standby.desk.resend(&standby.actor, target, id, &reason).await?;
                let words = match anew {
                    true => "A new mail is queued, with a link that works.",
                    false => "The mail is due now.",
                };
                change.end("resend", target, words, json!({ "mail": id.to_string(), "anew": anew }))
            }
            Account::EndSessions(change) => {
                let (standby, target, reason) = change.begin().await?;
                let sessions = standby.desk.end_sessions(&standby.actor, target, &reason).await?;
                let words = format!(
                    "{sessions} sessions are ended, with all tokens. Portals are told by the nodes, the owner by mail."
                );
                change.end("end-sessions", target, &words, json!({ "sessions": sessions }))
            }
            Account::Close(Close { change, because }) => {
                let (standby, target, reason) = change.begin().await?;
                let closing = Closing::from(because);
                standby.desk.close(&standby.actor, target, closing, &reason).await?;
                let words = "Closed: sessions, tokens and waiting mails are ended; portals are told by the nodes. `account reopen` is the way back.";
                change.end("close", target, words, json!({ "because": closing.name() }))
            }
            Account::Reopen(change) => {
                let (standby, target, reason) = change.begin().await?;
                standby.desk.reopen(&standby.actor, target, &reason).await?;
                let words = "Open again, as it was; the owner is told by mail. If it was closed for fraud, a new password comes first.";
                change.end("reopen", target, words, json!({}))
            }
        }
    }
}

impl LinkCommand {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.what {
            Link::Show(look) => look.run(Part::Links).await,
            Link::End(EndLink { id, change }) => {
                let (standby, target, reason) = change.begin().await?;
                standby.desk.end_link(&standby.actor, target, id, &reason).await?;
                let words = "The link is ended: portals are told by the nodes, the owner by mail. `identity code` lets the right person move.";
                change.end("end-link", target, words, json!({ "link": id.to_string() }))
            }
            Link::Move(MoveLink { link: EndLink { id, change }, to_email, to_account }) => {
                let to = receiver(to_email.as_deref(), to_account)?;
                let (standby, target, reason) = change.begin().await?;
                standby.desk.move_link(&standby.actor, (target, id), &to, &reason).await?;
                let words =
                    "The other account has the link now: portals are told by the nodes, both owners by mail.";
                change.end("move-link", target, words, json!({ "link": id.to_string() }))
            }
        }
    }
}

impl IdentityCommand {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.what {
            Identity::Show(look) => look.run(Part::Identities).await,
            Identity::Code(Code { change, letter }) => {
                let (standby, target, reason) = change.begin().await?;
                let letter = letter.as_deref().map(Output::new).transpose()?;
                let issued = standby.desk.issue_code(&standby.actor, target, &reason).await?;
                if let (Some(file), Target::Identity(id)) = (letter, target) {
                    write_one(&standby, id, &issued, file).await?;
                }
                let (code, until) = (issued.code.text(), day(issued.until));
                let words = format!(
                    "{}\nIt works until {until}, with the identifier, in place of the old password. One that was issued before no longer works.",
                    *code
                );
                change.end("code", target, &words, json!({ "code": *code, "until": until }))
            }
        }
    }
}

impl Look {
    /// Exit code 0 if exactly one person is found and shown; 1 if several are listed.
    async fn run(&self, part: Part) -> anyhow::Result<ExitCode> {
        let Standby { desk, actor, opened, .. } = Standby::open(&self.place, None).await?;
        let agencies = &opened.config.contents.agencies;
        let found = desk.find(&actor, &self.who.search(agencies)?).await?;
        let target = match found.as_slice() {
            [] => return Err(DeskError::Nobody.into()),
            [one] => one.target,
            several => {
                if self.json {
                    out!("{}", json!({ "found": several.iter().map(told::found).collect::<Vec<_>>() }));
                } else {
                    print::several(several);
                }
                return Ok(ExitCode::FAILURE);
            }
        };
        let shown: Shown = desk.show(&actor, target).await?;
        let time = LocalTime { now: desk.now(), offset: pages::paris_offset };
        if self.json {
            out!("{}", told::shown(&shown, part, time));
        } else {
            print::shown(&shown, part, time);
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Change {
    /// Reads the reason, opens the database and finds the one person.
    async fn begin(&self) -> anyhow::Result<(Standby, Target, Reason)> {
        let reason = Reason::read(&self.reason)?;
        let standby = Standby::open(&self.look.place, self.by.clone()).await?;
        let agencies = &standby.opened.config.contents.agencies;
        let target = standby.desk.only(&standby.actor, &self.look.who.search(agencies)?).await?;
        Ok((standby, target, reason))
    }

    /// Prints what was done.
    fn end(&self, done: &str, target: Target, words: &str, more: Value) -> anyhow::Result<ExitCode> {
        if self.look.json {
            out!("{}", told::done(done, target, more));
        } else {
            out!("{words}");
        }
        Ok(ExitCode::SUCCESS)
    }
}
