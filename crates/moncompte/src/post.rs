//! Composes mails from messages of the outbox, and hands them to the transport.

use accounts::{Mail, MailBody};
use agencies::Agencies;
use anyhow::Context as _;
use idp::look;
use kernel::outbox::Leased;
use lettre::{
    Address, AsyncFileTransport, AsyncTransport, Message, Tokio1Executor,
    address::Envelope,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, TlsParameters},
    },
};
use pages::{Locale, MailFrame, mail};

use crate::{
    config::{Config, SmtpSecurity, regular},
    mailbox::DemoMailbox,
    return_path::ReturnPath,
    smtp::Smtp,
};

/// A mail transport.
pub(crate) enum Post {
    /// A mail server, always over TLS.
    Smtp(Smtp),
    /// A folder.
    Folder(AsyncFileTransport<Tokio1Executor>),
    /// The demo's mailbox page.
    DemoMailbox(DemoMailbox),
}

/// The cause of a failed delivery (SECURITY D19).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Blame {
    /// The address, by the verdict of its own server: the message ends.
    Address,
    /// This message, for now: it is retried.
    Message,
    /// The server, which refuses all messages: the queue pauses.
    Server {
        /// The maximum number of seconds until the next probe.
        max_pause: i64,
    },
}

/// A failed delivery.
#[derive(Debug)]
pub(crate) struct NotSent {
    /// The cause.
    pub(crate) blame: Blame,
    /// The reason, for the operator.
    pub(crate) why: String,
}

impl NotSent {
    /// Returns a failure after which the message is retried.
    pub(crate) fn waits(why: impl ToString) -> Self {
        Self { blame: Blame::Message, why: why.to_string() }
    }
}

impl Post {
    /// Returns the configured transport; a folder must exist.
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        let mail = &config.settings.mail;
        if let Some(folder) = &mail.folder {
            return Ok(Self::Folder(AsyncFileTransport::new(config.path(folder))));
        }
        let smtp = mail.smtp.as_ref().context("mail names neither folder nor smtp")?;
        let mut tls = TlsParameters::builder(smtp.host.clone());
        if let Some(file) = &smtp.ca_file {
            let pem = regular(&config.path(file))
                .and_then(std::fs::read)
                .with_context(|| format!("mail.smtp.ca_file {file} cannot be read"))?;
            tls = tls.add_root_certificate(Certificate::from_pem(&pem)?);
        }
        let tls = tls.build()?;
        let port = match smtp.security {
            SmtpSecurity::Starttls => 587,
            SmtpSecurity::Tls => 465,
        };
        let mut credentials = None;
        if let (Some(username), Some(file)) = (&smtp.username, &smtp.password_file) {
            let password = regular(&config.path(file))
                .and_then(std::fs::read_to_string)
                .with_context(|| format!("mail.smtp.password_file {file} cannot be read"))?;
            credentials = Some(Credentials::new(username.clone(), password.trim_end().to_owned()));
        }
        Ok(Self::Smtp(Smtp {
            host: smtp.host.clone(),
            port: smtp.port.unwrap_or(port),
            security: smtp.security,
            tls,
            credentials,
            idle: std::sync::Mutex::default(),
        }))
    }

    /// Sends a mail; returns what a mail server answered.
    pub(crate) async fn send(&self, message: Message) -> Result<Option<String>, NotSent> {
        // A folder that refuses one file refuses all of them.
        let all = |error: &dyn std::fmt::Display| NotSent {
            blame: Blame::Server { max_pause: 60 },
            why: error.to_string(),
        };
        match self {
            Self::Smtp(smtp) => smtp.send(&message).await.map(Some),
            Self::Folder(transport) => transport.send(message).await.map(|_| None).map_err(|e| all(&e)),
            Self::DemoMailbox(demo_mailbox) => {
                demo_mailbox.put(&message.formatted()).map(|()| None).map_err(|e| all(&e))
            }
        }
    }

    /// Closes idle connections.
    pub(crate) fn tidy(&self) {
        if let Self::Smtp(smtp) = self {
            smtp.tidy();
        }
    }
}

/// Composes mails.
#[derive(Clone)]
pub(crate) struct Writer {
    pub(crate) issuer: String,
    pub(crate) from: Mailbox,
    pub(crate) pages: std::sync::Arc<pages::Pages>,
    pub(crate) agencies: std::sync::Arc<Agencies>,
    pub(crate) terms: std::sync::Arc<accounts::TermsLibrary>,
    /// The return path, if configured; otherwise the sender.
    pub(crate) return_path: Option<ReturnPath>,
}

impl Writer {
    /// Returns the writer of another generation.
    pub(crate) fn with(&self, agencies: std::sync::Arc<Agencies>, terms: accounts::TermsLibrary) -> Self {
        Self { agencies, terms: std::sync::Arc::new(terms), ..self.clone() }
    }

    /// Composes the mail of a message. Its Message-ID is the message's id, so that a second copy can be recognised (SECURITY #98).
    ///
    /// # Errors
    /// [`NotSent`]: an invalid address ends the message; any other failure is not the address's.
    pub(crate) fn write(&self, message: &Leased, mail: &Mail, now: kernel::Unix) -> Result<Message, NotSent> {
        let to: Address = mail.to.parse().map_err(|_| NotSent {
            blame: Blame::Address,
            why: "no mail can be sent to this address".into(),
        })?;
        self.compose(message, mail, to, now).map_err(|error| NotSent::waits(format!("{error:#}")))
    }

    fn compose(
        &self,
        message: &Leased,
        mail: &Mail,
        to: Address,
        now: kernel::Unix,
    ) -> anyhow::Result<Message> {
        let agency = mail.agency_id.as_deref().and_then(|id| self.agencies.agency(id));
        let frame = MailFrame {
            locale: Locale::from_tag(&mail.locale).unwrap_or(Locale::Fr),
            look: agency.map(|a| look(a, now)),
            issuer: self.issuer.clone(),
        };
        let body = self.body(mail, agency.map(|a| &**a));
        let words = self.pages.render_mail(&frame, &body)?;
        let host = self.from.email.domain().to_owned();
        let content = MultiPart::alternative()
            .singlepart(SinglePart::plain(words.text))
            .singlepart(SinglePart::html(words.html));
        let back = self.return_path.as_ref().and_then(|path| path.of(message.id));
        let envelope =
            Envelope::new(Some(back.unwrap_or_else(|| self.from.email.clone())), vec![to.clone()])?;
        let builder = Message::builder()
            .envelope(envelope)
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(words.subject)
            .message_id(Some(format!("<{}@{host}>", message.id)))
            .header(AutoSubmitted);
        let message = match self.accepted_text(mail) {
            // The text itself, and not only a link to it (PEOPLE U-50).
            Some((name, text)) => builder.multipart(
                MultiPart::mixed()
                    .multipart(content)
                    .singlepart(Attachment::new(name).body(text, header::ContentType::TEXT_PLAIN)),
            )?,
            None => builder.multipart(content)?,
        };
        Ok(message)
    }

    fn accepted_text(&self, mail: &Mail) -> Option<(String, String)> {
        let (MailBody::Welcome { version, language, .. } | MailBody::TermsAccepted { version, language, .. }) =
            &mail.body
        else {
            return None;
        };
        let edition = self.terms.version(version)?.editions.get(language)?;
        Some((format!("cgu-{version}-{language}.txt"), edition.text.clone()))
    }

    fn body(&self, mail: &Mail, agency: Option<&agencies::Agency>) -> mail::MailBody {
        let link = |page: &str, token: &str| format!("{}/{page}?token={token}", self.issuer);
        let name = || agency.map(|a| a.name.clone()).unwrap_or_default();
        let small = |n: &i64| u16::try_from(*n).unwrap_or(u16::MAX);
        let title = |version: &str, language: &str| {
            let found =
                self.terms.version(version).and_then(|v| v.editions.get(language)).map(|e| e.title.clone());
            found.unwrap_or_default()
        };
        match &mail.body {
            MailBody::Confirm { token, days, code } => mail::MailBody::Confirm(mail::Confirm {
                link: link("confirm", token),
                code: code.clone(),
                code_days: accounts::CODE_DAYS,
                email: mail.to.clone(),
                days: small(days),
            }),
            MailBody::Welcome { version, language, sha256, accepted_at } => {
                mail::MailBody::Welcome(mail::Welcome {
                    agency: name(),
                    email: mail.to.clone(),
                    version: version.clone(),
                    sha256: sha256.clone(),
                    accepted_at: *accepted_at,
                    terms_title: title(version, language),
                })
            }
            MailBody::TermsAccepted { version, language, sha256, accepted_at } => {
                mail::MailBody::TermsAccepted(mail::TermsAccepted {
                    email: mail.to.clone(),
                    version: version.clone(),
                    sha256: sha256.clone(),
                    accepted_at: *accepted_at,
                    terms_title: title(version, language),
                })
            }
            MailBody::LinkAdded { at } => mail::MailBody::LinkAdded(mail::LinkAdded {
                agency_name: name(),
                when: *at,
                portal_url: agency.and_then(|a| a.portals.first()).and_then(|p| p.home.clone()),
            }),
            MailBody::LinkEnding { at } => {
                mail::MailBody::LinkEnding(mail::LinkEnding { agency_name: name(), when: *at })
            }
            MailBody::StaffInvited { token, days } => mail::MailBody::StaffInvited(mail::StaffInvited {
                agency_name: agency.map(|agency| agency.name.clone()),
                link: link("invitation", token),
                email: mail.to.clone(),
                days: small(days),
            }),
            MailBody::LinkTaken { at } => {
                mail::MailBody::LinkTaken(mail::LinkTaken { agency_name: name(), when: *at })
            }
            MailBody::LinkGiven { at } => {
                mail::MailBody::LinkGiven(mail::LinkGiven { agency_name: name(), when: *at })
            }
            MailBody::AccountLocked { token, minutes } => {
                mail::MailBody::AccountLocked(mail::AccountLocked {
                    link: link("reset", token),
                    minutes: small(minutes),
                })
            }
            MailBody::ResetPassword { token, minutes } => {
                mail::MailBody::ResetPassword(mail::ResetPassword {
                    link: link("reset", token),
                    minutes: small(minutes),
                })
            }
            MailBody::FinishEnrolment { token, .. } => {
                mail::MailBody::FinishEnrolment(mail::FinishEnrolment {
                    agency_name: name(),
                    link: link("confirm", token),
                    portal_url: agency
                        .and_then(|a| a.portals.first())
                        .and_then(|p| p.home.clone())
                        .unwrap_or_else(|| self.issuer.clone()),
                })
            }
            MailBody::PasswordChanged { at } => {
                mail::MailBody::PasswordChanged(mail::PasswordChanged { when: *at })
            }
            MailBody::ConfirmAddress { token, hours } => {
                mail::MailBody::ConfirmAddress(mail::ConfirmAddress {
                    link: link("new-address", token),
                    hours: small(hours),
                })
            }
            MailBody::AddressAsked { hint, token, at, hours } => {
                mail::MailBody::AddressAsked(mail::AddressAsked {
                    link: link("take-back", token),
                    masked_email: hint.clone(),
                    when: *at,
                    hours: small(hours),
                })
            }
            MailBody::AddressReplaced { hint, token, at, days } => {
                mail::MailBody::AddressReplaced(mail::AddressReplaced {
                    link: link("take-back", token),
                    masked_email: hint.clone(),
                    when: *at,
                    days: small(days),
                })
            }
            MailBody::AddressChanged { at } => {
                mail::MailBody::AddressChanged(mail::AddressChanged { when: *at })
            }
            MailBody::AddressTakenBack { hint, at } => {
                mail::MailBody::AddressTakenBack(mail::AddressTakenBack {
                    masked_email: hint.clone(),
                    when: *at,
                })
            }
            MailBody::NewDevice { browser, system, at } => mail::MailBody::NewDevice(mail::NewDevice {
                link: format!("{}/account/sessions", self.issuer),
                browser: browser.clone(),
                system: system.clone(),
                when: *at,
            }),
            MailBody::AccountUnlocked { at } => {
                mail::MailBody::AccountUnlocked(mail::AccountUnlocked { when: *at })
            }
            MailBody::SessionsEnded { at } => {
                mail::MailBody::SessionsEnded(mail::SessionsEnded { when: *at })
            }
            MailBody::AccountClosed { at } => {
                mail::MailBody::AccountClosed(mail::AccountClosed { when: *at })
            }
            MailBody::AccountReopened { at } => {
                mail::MailBody::AccountReopened(mail::AccountReopened { when: *at })
            }
            MailBody::AddressChosen { hint } => mail::MailBody::AddressChosen(mail::AddressChosen {
                agency_name: name(),
                masked_email: hint.clone(),
            }),
        }
    }
}

/// Suppresses automatic replies (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".into())
    }
}
