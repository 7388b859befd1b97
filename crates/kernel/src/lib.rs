//! What every slice shares: the database and its transaction, clock and randomness, typed ids, secrets, the outbox.
//!
//! Time is `i64` seconds since 1970-01-01 UTC everywhere ([`Unix`]); nothing below the program reads an ambient clock.

mod batcher;
mod clock;
mod context;
mod db;
mod delete;
mod fault;
mod held;
mod id;
mod invariant;
pub mod outbox;
mod secret;
mod shared_time;
mod table;
mod timeout;
mod transaction;
mod untrusted;
mod write_queue;
mod writer;

pub use batcher::Batcher;
pub use clock::{
    Clock, MAX_AHEAD, MAX_DATABASE_OFFSET, MAX_SKEW, Rng, SteadyClock, SystemClock, SystemRng, Unix,
};
pub use context::Context;
pub use db::{Db, Tx};
pub use delete::delete_in_batches;
pub use fault::{Fault, is_unique_violation};
pub use held::assert_outside_transaction;
pub use invariant::{Check, INVARIANTS, Invariant, Looking, Reading, SeenBy, Verdict};
#[doc(hidden)]
pub use sea_orm;
pub use secret::{Digest, MacKey, Password, PasswordRefused, SealKey, SealKeys, Token, sha256};
pub use timeout::{QueryCount, Timeout};
pub use transaction::{Done, Read};
pub use untrusted::{Seldom, Untrusted, untrusted};
pub use writer::Writer;
