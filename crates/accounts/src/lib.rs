//! People: credentials and their lockout, sessions and devices, the move from an agency's old identifiers, links, recovery, terms, evidence.
//!
//! [`Accounts`] is the whole of it; its methods live in a file a noun or a verb. Outcomes that a person can cause are values; a [`kernel::Fault`] is never
//! a person's doing.

mod account;
mod act;
mod address;
mod changes;
mod code;
mod costly;
mod device;
mod disclosure;
mod email;
mod enrolment;
mod evidence;
mod finish;
mod hasher;
mod invariants;
mod lockout;
mod login;
mod mail;
mod mailing;
mod meant;
mod password;
mod purge;
mod recovery;
mod renew;
mod session;
mod table;
mod take_back;
mod terms;
mod verifier;
mod visitor;

use std::sync::Arc;

use arc_swap::ArcSwap;
use kernel::{Context, typed_id};

pub use account::{Account, LinkedAgency};
pub use act::{Importer, LegacyProof, Ticket, WrapProgress};
pub use address::{AddressConfirm, AddressPage, AddressWish, NewAddress, PendingAddress};
pub use changes::{NewPassword, PasswordChange};
pub use code::{CODE_DAYS, CodeGiven};
pub use device::Device;
pub use disclosure::AtAgency;
pub use email::{Email, NoAddress};
pub use enrolment::{Confirm, EmailChoice, Enrolment, NextMail, PasswordChoice, Resend, Stage};
pub use finish::{Attach, Finish};
pub use hasher::{Busy, HashCost, Hasher, Verdict};
pub use invariants::INVARIANTS;
/// What an import is given: rows of deliveries, and the report about them.
pub use legacy;
pub use lockout::LockPolicy;
pub use login::SignIn;
pub use mail::{Mail, MailBody, mail_bounced};
pub use password::{PasswordPolicy, PasswordProblem, context_words};
pub use recovery::{Origin, Reset, ResetPage};
pub use renew::{Replaced, SESSIONS_ENDED, SessionsEnded};
pub use session::{OpenSession, Session, SessionPolicy, SignedIn};
pub use take_back::{TakeBack, TakeBackPage};
pub use terms::{Acceptance, Accepted, Edition, Receipt, Shown, TermsLibrary, TermsVersion};
pub use visitor::Visitor;

typed_id! {
    /// One person.
    AccountId
}
typed_id! {
    /// A browser that is signed in.
    SessionId
}
typed_id! {
    /// A move under way.
    EnrolmentId
}
typed_id! {
    /// An acceptance of terms.
    AcceptanceId
}
typed_id! {
    /// An identifier that an agency issued.
    LegacyIdentityId
}

/// What is configured about people.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Five failures.
    pub lock: LockPolicy,
    /// Twelve characters.
    pub password: PasswordPolicy,
    /// Eight hours, thirty days, ninety days.
    pub sessions: SessionPolicy,
    /// Seconds that a confirmation link lives.
    pub confirm_link: i64,
    /// Seconds that a reset link lives.
    pub reset_link: i64,
    /// Checks of old credentials answer no sooner than this many milliseconds: old hashes cost differently, and the time must not
    /// tell which identifiers exist.
    pub legacy_floor_millis: u64,
    /// Mails of one enrolment or reset requests of one account in a day and in an hour.
    pub mails_per_enrolment: i32,
    /// Different addresses that one enrolment may name.
    pub addresses_per_enrolment: i32,
    /// Reset mails to one account in an hour.
    pub resets_per_hour: u64,
    /// Seconds that the link to a new address lives.
    pub email_link: i64,
    /// Seconds for which the older address takes a change back.
    pub email_undo: i64,
    /// Wishes for another address of one account in a day.
    pub email_changes_per_day: u64,
    /// Browsers in which one account may be signed in at a time; one more ends the one that was used least recently (SECURITY #50).
    pub sessions_per_account: usize,
}

impl Rules {
    /// Days that a confirmation link lives, as people are told.
    pub fn confirm_days(&self) -> u16 {
        u16::try_from(self.confirm_link / 86_400).unwrap_or(u16::MAX)
    }

    /// Minutes that a reset link lives, as people are told.
    pub fn reset_minutes(&self) -> u16 {
        u16::try_from(self.reset_link / 60).unwrap_or(u16::MAX)
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            lock: LockPolicy::default(),
            password: PasswordPolicy::default(),
            sessions: SessionPolicy::default(),
            confirm_link: 7 * 86400,
            reset_link: 30 * 60,
            legacy_floor_millis: 400,
            mails_per_enrolment: 6,
            addresses_per_enrolment: 5,
            resets_per_hour: 3,
            email_link: 86_400,
            email_undo: 7 * 86_400,
            email_changes_per_day: 5,
            sessions_per_account: 20,
        }
    }
}

/// All that concerns people. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    context: Context,
    hasher: Arc<Hasher>,
    rules: Rules,
    terms: Arc<ArcSwap<TermsLibrary>>,
    people: disclosure::People,
}

impl Accounts {
    /// Puts it together.
    pub fn new(
        context: Context,
        hasher: Arc<Hasher>,
        rules: Rules,
        terms: Arc<ArcSwap<TermsLibrary>>,
    ) -> Self {
        let people = disclosure::people(&context);
        Self { context, hasher, rules, terms, people }
    }

    /// The pool that hashes.
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// What it stands on.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What is configured.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The terms that hold now, if config has any.
    pub fn current_terms(&self) -> Option<TermsVersion> {
        self.terms.load().current(self.context.now()).cloned()
    }
}
