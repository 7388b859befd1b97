//! The acts: what may happen to people, a file an act. An act reads and hashes first, decides with plain values, and then writes in one transaction, in which
//! there is only the transaction ([`kernel::Db::write`]).

mod accept_terms;
mod attach;
mod begin;
mod change_address;
mod change_password;
mod change_profile;
mod choose_email;
mod choose_password;
mod close_account;
mod confirm;
mod deliver;
mod end_links;
mod end_move;
mod end_session;
mod end_sessions;
mod finish;
mod forgot;
mod index_terms;
mod invite_staff;
mod issue_code;
mod letters;
mod look_at;
mod look_up;
mod mail_link;
mod open_session;
mod prove_by_code;
mod prove_legacy;
mod purge;
mod renew;
mod reseal;
mod resend_mail;
mod reset;
mod restore;
mod sign_in;
mod sign_in_again;
mod take_back;
mod take_link;
mod try_hash;
mod unlock;
mod wrap;

pub use accept_terms::Accepted;
pub use attach::Attach;
pub use change_address::{AddressConfirm, AddressPage, AddressWish, NewAddress, PendingAddress};
pub use change_password::{NewPassword, PasswordChange};
pub use choose_email::EmailChoice;
pub use choose_password::PasswordChoice;
pub use close_account::{ClosedOrOpened, Closing};
pub use confirm::Confirm;
pub use deliver::{Applier, ApplyRefused, Importer, Planner, Rejected, UndoRefused, Undone};
pub use end_links::{LINK_ENDED, LinkEnded};
pub use end_sessions::AllEnded;
pub use finish::Finish;
pub use forgot::Origin;
pub(crate) use forgot::RecoveryRequest;
pub use invite_staff::{INVITATION_DAYS, InvitationPage, InvitationTaken, Invited, Invitee, StaffStanding};
pub use issue_code::{CodeRefused, IssuedCode};
pub use letters::{Addressee, Addressees, PostalAddress, Recipients};
pub use look_at::StaffLook;
pub use look_up::Search;
pub use mail_link::{NextMail, Resend};
pub(crate) use open_session::NewSession;
pub use prove_legacy::{LegacyProof, Ticket};
pub use renew::{Replaced, SESSIONS_ENDED, SessionsEnded};
pub use resend_mail::MailedAgain;
pub use reset::{Reset, ResetPage};
pub use restore::Ended;
pub use sign_in::SignIn;
pub use take_back::{TakeBack, TakeBackPage};
pub use take_link::LinkTaken;
pub use try_hash::Tried;
pub use unlock::Unlocked;
pub use wrap::WrapProgress;

use crate::Email;

/// Masks a stored address, as a hint for its owner.
fn masked(email: &str) -> String {
    Email::parse(email).map(|email| email.masked()).unwrap_or_default()
}
