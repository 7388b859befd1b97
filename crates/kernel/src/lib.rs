//! Shared ground of every slice: the database and its transaction, clock and chance, typed ids, secrets, the outbox.
//!
//! Time is `i64` seconds since 1970-01-01 UTC everywhere ([`Unix`]); nothing below the program reads an ambient clock.

mod clock;
mod db;
mod fault;
mod forget;
mod gather;
mod ground;
mod group;
mod held;
mod id;
mod invariant;
pub mod outbox;
mod patient;
mod secret;
mod shared_time;
mod table;
mod untrusted;
mod writer;

pub use clock::{
    Chance, Clock, MOST_AHEAD, MOST_BEHIND, MOST_OFF, SteadyClock, SystemChance, SystemClock, Unix,
};
pub use db::{Db, Tx};
pub use fault::{Fault, is_unique_violation};
pub use forget::forget;
pub use gather::Gather;
pub use ground::Ground;
pub use held::outside_transactions;
pub use invariant::{Check, INVARIANTS, Invariant, Looking, Reading, SeenBy, Verdict};
pub use patient::{Patient, Spent};
#[doc(hidden)]
pub use sea_orm;
pub use secret::{Digest, MacKey, Password, PasswordRefused, SealKey, SealKeys, Token, sha256};
pub use untrusted::{Seldom, Untrusted, untrusted};
pub use writer::Writer;
