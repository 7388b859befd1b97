//! The pages: one struct each, with samples. Every page × sample × language is rendered and checked by `tests/render.rs`.
//!
//! Addresses in the field notes are relative to [`crate::Frame::base`], written `{base}`. Every form carries the hidden field `csrf`. `remaining` is
//! the number of attempts left: 4 after the first failure.

mod account;
mod address;
mod desk;
mod desk_person;
mod desk_samples;
mod enrol;
mod home;
mod legacy;
mod memo;
mod problem;
mod recovery;
mod sign_in;
mod sign_out;
mod terms;
mod way;

pub use account::{
    AcceptanceRow, AccountAcceptances, AccountAgencies, AccountLanguage, AccountName, AccountPassword,
    AccountReceipt, AccountSessions, AgencyCard, ReceiptText, SessionRow, SessionsNotice,
};
pub use address::{AccountEmail, AccountEmailAsked, NewAddress, NewAddressDone, NewEmailError, TakeBack};
pub use desk::{
    Desk, DeskAgency, DeskCode, DeskColleague, DeskFound, DeskRole, DeskSearch, DeskSearchError, SearchBy,
    Seat,
};
pub use desk_person::{
    AccountLooks, DeskAccount, DeskDoor, DeskError, DeskIdentity, DeskMail, DeskMove, DeskNotice, DeskPerson,
    DeskRefusal, DeskSession, DeskVerb, IdentityState, LookRow, Mood,
};
pub use enrol::{
    CodeError, Confirm, Email, EmailError, LinkAccount, LookAtYourMail, MailCode, Notice, Password,
    PasswordProblem, Resent,
};
pub use home::{Closed, Connected, Help, Home, HomeAgency, HomeNotice, NotLinked, Receipt};
pub use legacy::{AgencyChoice, ChooseAgency, ChoosePurpose, Legacy, LegacyError};
pub use memo::{Memo, MemoAgency};
pub use problem::{FormPost, Problem, ProblemKind};
pub use recovery::{
    AlreadyConfirmed, Forgot, ForgotError, ForgotSent, Invitation, LinkDead, LinkMissing, LinkPurpose,
    PasswordSet, Reset,
};
pub use sign_in::{MissingEmail, SignIn, SignInError, SignInNotice};
pub use sign_out::{SignOutConfirm, SignedOut, SigningOut};
pub use terms::{Terms, TermsError, TermsRefused};
pub use way::{Finished, GoOn};

use serde::Serialize;

/// A page: a template's name and the values it shows.
pub trait Page: Serialize {
    /// The file in `templates/page/`, without `.html`.
    const NAME: &'static str;

    /// Returns true if the page reports an error: its title then begins with "Erreur" (RGAA 8.6).
    fn has_error(&self) -> bool {
        false
    }

    /// Returns a sample of each state of the page.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}
