//! An SMTP client that knows which command the server refused, since only a verdict on the address ends a message (SECURITY D19). lettre's own transport hides
//! the command, so its connection is driven here.

use std::{error::Error as _, sync::Mutex, time::Duration};

use lettre::{
    Message,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt, Rset},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    config::SmtpSecurity,
    post::{Blame, NotSent},
};

/// The timeout of a delivery, within the lease of a message: a slow server must not make another node send it too.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(50);
/// The timeout of connecting and signing in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// The timeout of a short reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was idle for this long is closed, before the server closes it.
const MAX_IDLE: Duration = Duration::from_secs(30);
/// The maximum number of idle connections.
const MAX_IDLE_CONNECTIONS: usize = 8;

/// The maximum number of seconds between two probes; more after a refused password, for servers that lock out repeated failures.
const MAX_PAUSE: i64 = 60;
const MAX_SIGN_IN_PAUSE: i64 = 300;

/// A mail server.
pub(crate) struct Smtp {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: SmtpSecurity,
    pub(crate) tls: TlsParameters,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

/// The command that the server refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// The greeting, and EHLO.
    Connect,
    /// STARTTLS.
    Tls,
    /// AUTH.
    SignIn,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA, and the mail.
    Message,
}

impl Smtp {
    /// Sends a mail, and returns the server's answer, without addresses. Its envelope has one recipient.
    pub(crate) async fn send(&self, message: &Message) -> Result<String, NotSent> {
        let deadline = Instant::now() + DELIVERY_TIMEOUT;
        let text = message.formatted();
        let mut line = match self.idle_line().await {
            Some(line) => line,
            None => self.open().await?,
        };
        let mut begun = self.begin(&mut line, message, &text).await;
        if begun.is_err() && line.1 {
            // The server may have closed an idle connection; a new one tells.
            line = self.open().await?;
            begun = self.begin(&mut line, message, &text).await;
        }
        let outcome = match begun {
            Ok(()) => match timeout_at(deadline, carry(&mut line.0, message, &text)).await {
                Ok(outcome) => outcome,
                // The server hangs, so the connection is abandoned.
                Err(_) => return Err(slow(Step::Message)),
            },
            Err(refused) => Err(refused),
        };
        match &outcome {
            Ok(_) => self.keep(line.0),
            Err(NotSent { blame: Blame::Address, .. }) => {
                if matches!(timeout(REPLY_TIMEOUT, line.0.command(Rset)).await, Ok(Ok(_))) {
                    self.keep(line.0);
                }
            }
            Err(_) => {
                let _ = timeout(Duration::from_secs(1), line.0.abort()).await;
            }
        }
        outcome
    }

    /// Connects, encrypts and signs in, and leaves.
    ///
    /// # Errors
    /// [`NotSent`], with the command that the server refused.
    pub(crate) async fn try_connection(&self) -> Result<(), NotSent> {
        let (mut line, _) = self.open().await?;
        let _ = timeout(REPLY_TIMEOUT, line.quit()).await;
        Ok(())
    }

    /// Returns the server and how it was reached, for the operator.
    pub(crate) fn as_told(&self) -> String {
        let signed_in = if self.credentials.is_some() { ", signed in" } else { ", without a password" };
        format!("{}:{} over TLS{signed_in}", self.host, self.port)
    }

    /// Closes connections that have been idle for too long.
    pub(crate) fn tidy(&self) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.retain(|(_, since)| since.elapsed() < MAX_IDLE);
        }
    }

    fn keep(&self, line: AsyncSmtpConnection) {
        if let Ok(mut idle) = self.idle.lock()
            && idle.len() < MAX_IDLE_CONNECTIONS
        {
            idle.push((line, Instant::now()));
        }
    }

    /// Returns an idle connection that still answers; the flag says that it was used before.
    async fn idle_line(&self) -> Option<(AsyncSmtpConnection, bool)> {
        loop {
            let (mut line, since) = self.idle.lock().ok()?.pop()?;
            if since.elapsed() < MAX_IDLE && timeout(REPLY_TIMEOUT, line.test_connected()).await == Ok(true) {
                return Some((line, true));
            }
        }
    }

    /// Returns a new connection, encrypted and signed in; the flag says that it was never used.
    async fn open(&self) -> Result<(AsyncSmtpConnection, bool), NotSent> {
        match timeout(CONNECT_TIMEOUT, self.connect()).await {
            Ok(line) => Ok((line?, false)),
            Err(_) => Err(slow(Step::Connect)),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, NotSent> {
        let name = ClientId::default();
        let (wrapped, upgraded) = match self.security {
            SmtpSecurity::Tls => (Some(self.tls.clone()), None),
            SmtpSecurity::Starttls => (None, Some(self.tls.clone())),
        };
        let server = (self.host.as_str(), self.port);
        let mut line =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT_TIMEOUT), &name, wrapped, None)
                .await
                .map_err(|error| not_sent(Step::Connect, &error))?;
        if let Some(tls) = upgraded {
            // A server that does not offer it never gets a mail or a password.
            line.starttls(tls, &name).await.map_err(|error| not_sent(Step::Tls, &error))?;
        }
        if let Some(credentials) = &self.credentials {
            line.auth(DEFAULT_MECHANISMS, credentials)
                .await
                .map_err(|error| not_sent(Step::SignIn, &error))?;
        }
        Ok(line)
    }

    async fn begin(
        &self,
        (line, _): &mut (AsyncSmtpConnection, bool),
        message: &Message,
        text: &[u8],
    ) -> Result<(), NotSent> {
        let mut parameters = Vec::new();
        if !text.is_ascii() && line.server_info().supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let command = Mail::new(message.envelope().from().cloned(), parameters);
        match timeout(REPLY_TIMEOUT, line.command(command)).await {
            Ok(answer) => answer.map(|_| ()).map_err(|error| not_sent(Step::Mail, &error)),
            Err(_) => Err(slow(Step::Mail)),
        }
    }
}

async fn carry(line: &mut AsyncSmtpConnection, message: &Message, text: &[u8]) -> Result<String, NotSent> {
    for recipient in message.envelope().to() {
        let command = Rcpt::new(recipient.clone(), Vec::new());
        line.command(command).await.map_err(|error| not_sent(Step::Rcpt, &error))?;
    }
    line.command(Data).await.map_err(|error| not_sent(Step::Message, &error))?;
    let taken = line.message(text).await.map_err(|error| not_sent(Step::Message, &error))?;
    Ok(without_addresses(&format!("{} {}", taken.code(), taken.first_line().unwrap_or_default())))
}

fn slow(step: Step) -> NotSent {
    NotSent { blame: blame(step, None, ""), why: format!("the mail server is too slow ({step:?})") }
}

fn not_sent(step: Step, error: &Error) -> NotSent {
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let code = error.status().map(u16::from);
    let why = format!("{}: {}", step.asked(), without_addresses(&error.to_string()));
    NotSent { blame: blame(step, code, &said), why }
}

impl Step {
    fn asked(self) -> &'static str {
        match self {
            Self::Connect => "the mail server's greeting",
            Self::Tls => "STARTTLS",
            Self::SignIn => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Message => "DATA",
        }
    }
}

/// Returns the cause of a refusal (SECURITY D19) from the reply's code, if there was one, and its text `said` (RFC 5321 §4.2, RFC 3463).
pub(crate) fn blame(step: Step, code: Option<u16>, said: &str) -> Blame {
    match step {
        Step::Connect | Step::Tls | Step::Mail => Blame::Server { max_pause: MAX_PAUSE },
        Step::SignIn => Blame::Server { max_pause: MAX_SIGN_IN_PAUSE },
        Step::Rcpt if code.is_some_and(|code| is_verdict(code, said)) => Blame::Address,
        Step::Message if code.is_some_and(|code| code >= 500) && enhanced(said) == Some(true) => {
            Blame::Address
        }
        Step::Rcpt | Step::Message => Blame::Message,
    }
}

/// Returns true if a reply to RCPT is a verdict on the address, and not on the sender.
fn is_verdict(code: u16, said: &str) -> bool {
    /// Phrases of servers that give no enhanced code and do not mean the address: relaying denied, authentication required, block lists.
    const MEANS_THE_SENDER: [&str; 10] = [
        "relay",
        "sender",
        "authentic",
        "block",
        "blacklist",
        "spam",
        "policy",
        "reputation",
        "client host",
        "too many",
    ];
    if code < 500 {
        return false;
    }
    enhanced(said).unwrap_or_else(|| {
        let said = said.to_ascii_lowercase();
        matches!(code, 550 | 551 | 553 | 556) && !MEANS_THE_SENDER.iter().any(|word| said.contains(word))
    })
}

/// Returns true if the enhanced code of a permanent refusal is about the address; `None` without a code, or if it is unspecific (RFC 3463 §3).
fn enhanced(said: &str) -> Option<bool> {
    let (subject, detail) = said.split_whitespace().find_map(status)?;
    match (subject, detail) {
        // Used by servers without a better code; the reply's own code says more.
        (0 | 5, 0) | (1, 0) => None,
        // The sender's address, or a valid one.
        (1, 5 | 7 | 8) => Some(false),
        // No such mailbox or host, or closed; no route to the host; Exchange Online's code for unknown mailboxes.
        (1, _) | (2, 1) | (4, 1 | 4) => Some(true),
        // Full, too large, system, protocol, policy.
        _ => Some(false),
    }
}

/// Parses subject and detail of an enhanced code of a permanent failure, e.g. `5.1.1` (RFC 3463 §2).
pub(crate) fn status(word: &str) -> Option<(u16, u16)> {
    let mut parts = word.trim_matches(|c: char| !c.is_ascii_digit()).strip_prefix("5.")?.split('.');
    let number = |part: &str| (part.len() <= 3).then(|| part.parse().ok()).flatten();
    let status = (number(parts.next()?)?, number(parts.next()?)?);
    parts.next().is_none().then_some(status)
}

/// Masks addresses, which servers like to repeat and logs must not hold (SPEC "Faces").
fn without_addresses(text: &str) -> String {
    text.split_whitespace()
        .map(|word| if word.contains('@') { "<address>" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_kept_without_the_address() {
        let said = "permanent error (550): 5.1.1 <marie@exemple.test>: unknown user\nmarie@exemple.test here";
        assert_eq!(
            without_addresses(said),
            "permanent error (550): 5.1.1 <address> unknown user <address> here"
        );
    }

    #[test]
    fn only_a_verdict_on_the_address_ends_a_message() {
        for said in [
            "550 5.1.1 <x@exemple.test>: Recipient address rejected: User unknown",
            "550 5.1.1 The email account that you tried to reach does not exist. Please check the sender's spelling",
            "550 5.1.2 Bad destination system",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
            "556 5.1.10 Domain does not accept mail",
            "550 5.2.1 The mailbox is disabled",
            "550 5.4.1 Recipient address rejected: Access denied",
            "550 5.4.4 Host not found",
            "550 5.5.0 Requested action not taken: mailbox unavailable",
            "550 5.0.0 User unknown",
            "550 5.1.0 Address rejected",
            "550 No such user here",
            "551 User not local",
            "553 Mailbox name not allowed",
            "556 Domain does not accept mail",
            "550",
        ] {
            let (code, text) = said.split_at(3);
            assert_eq!(blame(Step::Rcpt, code.parse().ok(), text), Blame::Address, "{said}");
        }
        for said in [
            "450 4.2.1 The mailbox is busy",
            "451 4.7.1 Greylisted",
            "450 5.1.1 contradictory",
            "452 4.2.2 Mailbox full",
            "552 5.2.2 Mailbox full",
            "552 Exceeded storage allocation",
            "550 5.1.7 Bad sender's mailbox address",
            "550 5.1.8 Sender's domain does not exist",
            "550 5.1.0 <x> Sender rejected",
            "554 5.7.1 Relay access denied",
            "550 5.7.1 Blocked by a list",
            "550 5.7.26 Unauthenticated mail",
            "550 5.3.0 Other mail system problem",
            "550 5.3.4 Message too big for system",
            "550 relay not permitted",
            "550 Sender verify failed",
            "550 Your client host is on a blocklist",
            "530 5.7.0 Authentication required",
            "530 Authentication required",
            "503 Bad sequence of commands",
            "554 Transaction failed",
            "421 4.7.0 Too many",
        ] {
            let (code, text) = said.split_at(3);
            assert_eq!(blame(Step::Rcpt, code.parse().ok(), text), Blame::Message, "{said}");
        }
        assert_eq!(blame(Step::Rcpt, None, ""), Blame::Message, "hung up");
    }

    #[test]
    fn an_answer_to_the_message_is_about_the_address_where_it_says_so() {
        assert_eq!(blame(Step::Message, Some(550), "5.1.1 unknown user"), Blame::Address);
        assert_eq!(blame(Step::Message, Some(550), "5.2.1 disabled"), Blame::Address);
        for (code, said) in [
            (552, "5.3.4 too big"),
            (552, "5.2.2 full"),
            (550, "5.7.1 looks like spam"),
            (554, "5.6.0 malformed"),
            (550, "no such user"),
            (554, "Transaction failed"),
            (451, "4.3.0 not now"),
            (450, "5.1.1 contradictory"),
        ] {
            assert_eq!(blame(Step::Message, Some(code), said), Blame::Message, "{code} {said}");
        }
        assert_eq!(blame(Step::Message, None, ""), Blame::Message, "hung up");
    }

    #[test]
    fn a_refusal_before_the_address_was_named_is_of_all_messages() {
        for (step, code, said) in [
            (Step::Connect, Some(554), "5.7.1 go away"),
            (Step::Connect, None, ""),
            (Step::Tls, Some(454), "4.7.0 TLS not available"),
            (Step::Tls, None, ""),
            (Step::Mail, Some(550), "5.1.1 contradictory"),
            (Step::Mail, Some(451), ""),
        ] {
            assert_eq!(blame(step, code, said), Blame::Server { max_pause: 60 }, "{step:?} {said}");
        }
        assert_eq!(blame(Step::SignIn, Some(535), "5.7.8"), Blame::Server { max_pause: 300 });
    }
}
