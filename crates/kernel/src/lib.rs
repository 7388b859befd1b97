//! Shared ground of every slice: the database (connections, transactions, the write queue, the outbox), the clock and randomness, typed ids, secrets.
//!
//! Time is `i64` seconds since 1970-01-01 UTC everywhere ([`Unix`]); nothing below the program reads an ambient clock.

mod clock;
mod context;
mod db;
mod fault;
mod id;
mod seal;
mod secret;
mod untrusted;

pub use clock::{
    Clock, MAX_AHEAD, MAX_DATABASE_OFFSET, MAX_SKEW, Rng, SteadyClock, SystemClock, SystemRng, Unix,
};
pub use context::Context;
pub use db::{
    Check, CheckFuture, Db, Done, INVARIANTS, Invariant, POSTGRES_CONNECTIONS, PoolState, QueryCount,
    RESEAL_PAGE, Read, Resealed, SeenBy, Snapshot, Timeout, Told, Tx, Verdict, Writer,
    assert_outside_transaction, delete_in_batches, each_server, outbox, reseal_rows, shares_sessions,
};
pub use fault::{Fault, is_unique_violation};
#[doc(hidden)]
pub use sea_orm;
pub use seal::{MacKey, SealKey, SealKeys};
pub use secret::{Digest, Password, PasswordRefused, Token, sha256};
pub use untrusted::{OncePerMinute, Untrusted, untrusted};
