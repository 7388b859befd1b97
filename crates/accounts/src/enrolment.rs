//! The move under way, as plain values. It owns nothing: no address, no account, and the old credentials go on working until it ends (SECURITY D9, D10).

use kernel::{Fault, Unix};

use crate::{Accounts, EnrolmentId, code, store::enrolments};

/// The stage of a move: what its person does next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// Reads why access changes.
    Notice,
    /// Keeps or types the address.
    Email,
    /// Chooses a password.
    Password,
    /// Opens the mailed link.
    Mail,
    /// The address belongs to an account: gives that account's password.
    Link,
    /// Reads and accepts the terms.
    Terms,
    /// Moved.
    Finished,
}

impl Stage {
    const ALL: [Self; 7] =
        [Self::Notice, Self::Email, Self::Password, Self::Mail, Self::Link, Self::Terms, Self::Finished];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Email => "email",
            Self::Password => "password",
            Self::Mail => "mail",
            Self::Link => "link",
            Self::Terms => "terms",
            Self::Finished => "finished",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

/// A move under way, as its screens see it.
#[derive(Clone)]
pub struct Enrolment {
    /// The id.
    pub id: EnrolmentId,
    /// The agency whose client moves.
    pub agency_id: String,
    /// The next step.
    pub stage: Stage,
    /// The address chosen so far.
    pub email: Option<String>,
    /// The address that the agency has.
    pub agency_email: Option<String>,
    /// The name that the agency has.
    pub name: Option<String>,
    /// The interaction in which it began.
    pub origin: Option<String>,
    /// The time of the last confirmation mail.
    pub mailed_at: Option<Unix>,
    /// The number of confirmation mails of that day.
    pub(crate) mails: i32,
    /// The address is confirmed.
    confirmed: bool,
    /// The address was refused by its server, and no mail went out since.
    pub refused: bool,
    /// The end of the code in the newest mail, if it still works.
    pub(crate) code_until: Option<Unix>,
    /// The interaction in which the password was chosen.
    pub(crate) chosen_in: Option<String>,
    /// The interaction in which the password was proved.
    confirmed_in: Option<String>,
    finished_at: Option<Unix>,
}

impl Enrolment {
    /// Returns true if this interaction may end the move: the password was chosen in it, or proved in it, on the mailed link or at the sign-in page. Another browser that only
    /// gave the same old credentials may not: it would be signed in to an account whose password it never knew (SECURITY #80).
    pub fn may_end_in(&self, interaction: &str) -> bool {
        [&self.chosen_in, &self.confirmed_in].into_iter().any(|known| known.as_deref() == Some(interaction))
    }

    /// Returns the interaction in which the password was proved.
    pub fn proved_in(&self) -> Option<&str> {
        self.confirmed_in.as_deref()
    }

    /// Returns true if another browser brought the move to its last step: this one, which only gave the same old credentials, changes nothing of it.
    pub fn is_anothers(&self, interaction: &str) -> bool {
        self.confirmed && !self.may_end_in(interaction)
    }

    /// Returns true if the move ended at this moment or later.
    pub(crate) fn ended_since(&self, moment: Unix) -> bool {
        self.finished_at.is_some_and(|at| at >= moment)
    }
}

impl Accounts {
    /// Returns a living move, or a finished one.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn enrolment(&self, id: EnrolmentId) -> Result<Option<Enrolment>, Fault> {
        let Some((row, identity)) = enrolments::with_identity(&self.context.db, id).await? else {
            return Ok(None);
        };
        if row.finished_at.is_none() && (row.expires_at <= self.context.now() || identity.moved_at.is_some())
        {
            return Ok(None);
        }
        let code_until = code::works_until(&row);
        Ok(Some(Enrolment {
            id,
            agency_id: row.agency_id,
            stage: row.stage,
            email: row.email,
            agency_email: identity.email,
            name: identity.name,
            origin: row.origin,
            mailed_at: row.mailed_at,
            mails: row.mails,
            confirmed: row.confirmed_at.is_some(),
            refused: row.refused_at.is_some(),
            code_until,
            chosen_in: row.chosen_in,
            confirmed_in: row.confirmed_in,
            finished_at: row.finished_at,
        }))
    }
}
