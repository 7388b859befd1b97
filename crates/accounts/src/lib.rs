//! People: credentials and their lockout, sessions and devices, the move from an agency's old identifiers, links, recovery, terms, evidence.
//!
//! [`Accounts`] is the whole of it. `act` holds what may happen, a file an act; `store` the rows and the statements; the files beside them the rules, as plain
//! values. A handler calls an act, the act its statements. Outcomes that a person can cause are values; a [`kernel::Fault`] is never
//! a person's doing.
//!
//! ```
//! use accounts::{Email, NoAddress, SessionPolicy};
//!
//! // An identifier of an agency, typed where an address belongs, is told apart, and nothing is hashed or counted for it.
//! assert_eq!(Email::read("00012345"), Err(NoAddress::Identifier));
//! let address = Email::read(" Marie@Gmial.com ").unwrap();
//! assert_eq!(address.canonical(), "marie@gmial.com");
//! assert_eq!(address.suggestion().as_deref(), Some("Marie@gmail.com"));
//!
//! // Time is an argument of every rule.
//! let (policy, signed_in_at) = (SessionPolicy::default(), 1_000);
//! let ends_at = signed_in_at + policy.most;
//! assert!(policy.lives(false, signed_in_at, ends_at, signed_in_at + policy.idle - 1));
//! assert!(!policy.lives(false, signed_in_at, ends_at, signed_in_at + policy.idle));
//! ```

mod account;
mod act;
mod activation;
mod code;
mod counts;
mod delivery;
mod device;
mod disclosure;
mod dossier;
mod email;
mod enrolment;
mod evidence;
mod guard;
mod hasher;
mod intervention;
mod invariants;
mod lockout;
mod mail;
mod mailing;
mod old_site;
mod outcome;
mod password;
mod pepper;
mod session;
mod standing;
mod store;
mod terms;
mod verifier;
mod visitor;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use arc_swap::ArcSwap;
use kernel::{Context, typed_id};

pub use account::{Account, LinkedAgency};
pub use act::{
    Accepted, AddressConfirm, AddressPage, AddressWish, Addressee, Addressees, AllEnded, Applier,
    ApplyRefused, Attach, ClosedOrOpened, Closing, CodeRefused, Confirm, EmailChoice, Ended, Finish,
    INVITATION_DAYS, Importer, InvitationPage, InvitationTaken, Invited, Invitee, IssuedCode, LINK_ENDED,
    LegacyProof, LinkEnded, LinkTaken, MailedAgain, NewAddress, NewPassword, NextMail, Origin,
    PasswordChange, PasswordChoice, PendingAddress, Planner, PostalAddress, Recipients, Rejected, Replaced,
    Resend, Reset, ResetPage, SESSIONS_ENDED, Search, SessionsEnded, SignIn, StaffLook, StaffStanding,
    TakeBack, TakeBackPage, Ticket, Tried, UndoRefused, Undone, Unlocked, WrapProgress,
};
pub use activation::{ACTIVATION_DAYS, ActivationCode};
pub use code::{CODE_DAYS, CodeGiven};
pub use counts::{IdentityCount, Totals, totals};
pub use delivery::{
    Changes, Delivery, DeliveryState, GuardBroken, HashKind, Oddly, PlanReport, ReadColumn, Reason, Sample,
    SampleKind, Shape, ShapeShift, Source, UNDO_DAYS,
};
pub use device::Device;
pub use disclosure::AtAgency;
pub use dossier::{
    AccountState, Door, DoorState, Dossier, Fate, Found, FoundBy, IdentityState, LinkState, MailState,
    MoveState, SessionState, Target,
};
pub use email::{Email, NoAddress};
pub use enrolment::{Enrolment, Stage};
pub use evidence::last_recorded;
pub use hasher::{Busy, HashCost, Hasher, Verdict};
pub use intervention::Intervention;
pub use invariants::INVARIANTS;
/// The crate that an import is given rows of, and that its report comes from.
pub use legacy;
pub use lockout::LockPolicy;
pub use mail::{Mail, MailBody, mail_bounced};
pub use old_site::OldSite;
pub use password::{PasswordPolicy, PasswordProblem, context_words};
pub use session::{OpenSession, Session, SessionPolicy, SignedIn};
pub use standing::Standing;
pub use terms::{Acceptance, Edition, Receipt, Shown, TermsLibrary, TermsVersion};
pub use visitor::Visitor;

typed_id! {
    /// A person.
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
    /// A file of an agency.
    DeliveryId
}
typed_id! {
    /// An identifier that an agency issued.
    LegacyIdentityId
}

/// The configuration about people.
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
    /// Checks of old credentials, and refusals of a password at the sign-in, answer no sooner than this many milliseconds: old hashes cost differently, and
    /// several unfinished moves may name one address. The time must not tell which identifiers and addresses exist (SECURITY #60).
    pub answer_floor_millis: u64,
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
    /// Weak hashes that all nodes together wrap in a second.
    pub wrap_per_second: u16,
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
            answer_floor_millis: 400,
            mails_per_enrolment: 6,
            addresses_per_enrolment: 5,
            resets_per_hour: 3,
            email_link: 86_400,
            email_undo: 7 * 86_400,
            email_changes_per_day: 5,
            sessions_per_account: 20,
            wrap_per_second: 10,
        }
    }
}

/// Everything about people. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    context: Context,
    hasher: Arc<Hasher>,
    rules: Rules,
    terms: Arc<ArcSwap<TermsLibrary>>,
    /// The kinds of hashes, by agency, that this node knows to be noted as proven.
    proven: Arc<Mutex<BTreeSet<(String, String)>>>,
}

impl Accounts {
    /// Puts it together.
    pub fn new(
        context: Context,
        hasher: Arc<Hasher>,
        rules: Rules,
        terms: Arc<ArcSwap<TermsLibrary>>,
    ) -> Self {
        Self { context, hasher, rules, terms, proven: Arc::default() }
    }

    /// Returns the same slice with other terms: what asks this one goes on with the terms that it had.
    #[must_use]
    pub fn with_terms(&self, terms: TermsLibrary) -> Self {
        Self { terms: Arc::new(ArcSwap::from_pointee(terms)), ..self.clone() }
    }

    /// The pool that hashes.
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// The shared context.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The configuration.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The terms that hold now, if config has any.
    pub fn current_terms(&self) -> Option<TermsVersion> {
        self.terms.load().current(self.context.now()).cloned()
    }
}
