//! The forms of a person's page: each does one thing, with a reason, once.

use accounts::{Closing, Email, Search, Target};
use axum::{extract::Path, response::Response};
use desk::{DeskError, Reason, Verb};
use pages::page::{DeskCode, DeskVerb, ProblemKind};
use serde::Deserialize;
use uuid::Uuid;

use super::{AtDesk, DeskForm};
use crate::web::{
    error::Failure,
    flash::{self, DeskCodeFlash, DeskPersonFlash, Refused, desk_verb},
    path,
};

#[derive(Deserialize)]
pub(crate) struct ActForm {
    /// The id of the form.
    form: String,
    reason: String,
    /// The mail to send again.
    mail: Option<String>,
    /// The link to take away, or to give to another account.
    link: Option<String>,
    /// The address of the account that gets it.
    to: Option<String>,
    /// The cause of a closing.
    because: Option<String>,
}

/// The request of a form.
enum Act {
    Resend(Uuid),
    Code,
    Unlock,
    EndSessions,
    EndLink(Uuid),
    MoveLink(Uuid, Option<Email>),
    Close(Closing),
    Reopen,
}

impl Act {
    /// Returns the verb that the desk's table decides about.
    fn verb(verb: DeskVerb) -> Verb {
        match verb {
            DeskVerb::Resend => Verb::Resend,
            DeskVerb::Code => Verb::IssueCode,
            DeskVerb::Unlock => Verb::Unlock,
            DeskVerb::EndSessions => Verb::EndSessions,
            DeskVerb::EndLink => Verb::EndLink,
            DeskVerb::MoveLink => Verb::MoveLink,
            DeskVerb::Close => Verb::Close,
            DeskVerb::Reopen => Verb::Reopen,
        }
    }

    /// Reads what the form chose; `None` if it chose nothing.
    fn read(verb: DeskVerb, fields: &ActForm) -> Option<Self> {
        Some(match verb {
            DeskVerb::Resend => Self::Resend(fields.mail.as_deref()?.parse().ok()?),
            DeskVerb::Code => Self::Code,
            DeskVerb::Unlock => Self::Unlock,
            DeskVerb::EndSessions => Self::EndSessions,
            DeskVerb::EndLink => Self::EndLink(fields.link.as_deref()?.parse().ok()?),
            DeskVerb::MoveLink => {
                let link = fields.link.as_deref()?.parse().ok()?;
                Self::MoveLink(link, Email::parse(fields.to.as_deref().unwrap_or_default()))
            }
            DeskVerb::Close => {
                let because = fields.because.as_deref()?;
                Self::Close(Closing::ALL.into_iter().find(|closing| closing.name() == because)?)
            }
            DeskVerb::Reopen => Self::Reopen,
        })
    }
}

/// `POST /desk/{seat}/person/{id}/{verb}`.
pub(crate) async fn post(
    Path((_, _, name)): Path<(String, String, String)>,
    DeskForm { at, fields }: DeskForm<ActForm>,
) -> Result<Response, Failure> {
    let verb = desk_verb(&name).filter(|verb| at.may(Act::verb(*verb))).ok_or_else(|| at.not_found())?;
    let (target, id) = at.target().await?;
    let person = path::desk_person(at.seat.key(), id);
    let refuse = |why| {
        let flash =
            DeskPersonFlash::Refused { verb: name.clone(), reason: flash::typed(&fields.reason), why };
        Ok(at.response().say(&person, &flash))
    };
    let reason = match Reason::read(&fields.reason) {
        Ok(reason) => reason,
        Err(DeskError::AddressInReason) => return refuse(Refused::AddressInReason),
        Err(_) => return refuse(Refused::NoReason),
    };
    let Some(act) = Act::read(verb, &fields) else { return refuse(Refused::NothingChosen) };
    let Ok(form) = fields.form.parse::<Uuid>() else {
        return Err(Failure::new(ProblemKind::BadRequest, "no id of a form").retry(person));
    };
    // Before the act: the same form that is sent again, an hour later or by a second click, does nothing.
    if !at.idp().accounts.use_form(form).await? {
        return Ok(at.response().say(&person, &DeskPersonFlash::Already));
    }
    match run(&at, target, act, &reason).await {
        Ok(None) => Ok(at.response().say(&person, &DeskPersonFlash::Done(name))),
        Ok(Some(code)) => Ok(at.response().say(&path::desk_code(at.seat.key(), id), &code)),
        Err(DeskError::Fault(fault)) => Err(fault.into()),
        Err(DeskError::MailTooSoon(seconds)) => {
            refuse(Refused::TooSoon(u32::try_from(seconds).unwrap_or(u32::MAX)))
        }
        Err(DeskError::NoReceiver) => refuse(Refused::NoSuchAccount),
        Err(DeskError::TooManyMails) => refuse(Refused::TooMany),
        Err(DeskError::MailOver | DeskError::UnknownMail) => refuse(Refused::MailOver),
        Err(_) => refuse(Refused::NotNow),
    }
}

/// Does it; returns a code that was issued.
async fn run(
    at: &AtDesk,
    target: Target,
    act: Act,
    reason: &Reason,
) -> Result<Option<DeskCodeFlash>, DeskError> {
    let (desk, actor) = (at.desk(), &at.seat.actor);
    match act {
        Act::Resend(mail) => {
            desk.resend(actor, target, mail, reason).await?;
        }
        Act::Code => {
            let issued = desk.issue_code(actor, target, reason).await?;
            return Ok(Some(DeskCodeFlash { code: issued.code.text().to_string(), until: issued.until }));
        }
        Act::Unlock => {
            desk.unlock(actor, target, reason).await?;
        }
        // How many there were is not told: they may be of other agencies.
        Act::EndSessions => {
            desk.end_sessions(actor, target, reason).await?;
        }
        Act::EndLink(link) => desk.end_link(actor, target, link, reason).await?,
        Act::MoveLink(link, to) => {
            let to = Search::Email(to.ok_or(DeskError::NoReceiver)?);
            desk.move_link(actor, (target, link), &to, reason).await?;
        }
        Act::Close(closing) => desk.close(actor, target, closing, reason).await?,
        Act::Reopen => desk.reopen(actor, target, reason).await?,
    }
    Ok(None)
}

/// `GET /desk/{seat}/person/{id}/code`: the sheet, once. Any other form address that is reloaded or bookmarked leads to the person.
pub(crate) async fn get(
    Path((_, _, name)): Path<(String, String, String)>,
    at: AtDesk,
) -> Result<Response, Failure> {
    let verb = desk_verb(&name).ok_or_else(|| at.not_found())?;
    let (target, id) = at.target().await?;
    let person = path::desk_person(at.seat.key(), id);
    if verb != DeskVerb::Code {
        return Ok(at.response().see_other(person));
    }
    let flash: Option<DeskCodeFlash> = at.clerk.browser.flash(at.idp(), &path::desk_code(at.seat.key(), id));
    let Some(DeskCodeFlash { code, until }) = flash else {
        return Ok(at.response().say(&person, &DeskPersonFlash::CodeShown));
    };
    let shown = at.desk().show(&at.seat.actor, target).await.map_err(|error| at.failure(error))?;
    let identity = shown.dossier.identities.into_iter().find(|of| of.id.0 == id);
    let identity = identity.ok_or_else(|| at.not_found())?;
    let page = DeskCode {
        seat: at.shown(),
        back: person.into(),
        code,
        address: format!("{}/activate?agency={}", at.idp().issuer_host(), identity.agency),
        identifier: identity.identifier,
        name: identity.name,
        until,
    };
    at.response().page(&page)
}
