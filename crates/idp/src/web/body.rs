//! The body of a request, limited in length and in time (SECURITY #109, #110).

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use pages::page::ProblemKind;

use super::error::Failure;
use crate::Idp;

/// The maximum length of a body, in bytes (SECURITY "Numbers").
const LONGEST: usize = 64 * 1024;

/// The reason why a body was not read to its end.
pub(crate) enum Unread {
    /// The body is longer than 64 KiB, or was cut off.
    TooLong,
    /// The end of the body did not come in time.
    TooSlow,
}

/// Reads a whole body.
pub(crate) async fn read(body: Body, idp: &Idp) -> Result<Bytes, Unread> {
    if body.size_hint().lower() > LONGEST as u64 {
        return Err(Unread::TooLong);
    }
    match tokio::time::timeout(idp.body_time, to_bytes(body, LONGEST)).await {
        Ok(read) => read.map_err(|_| Unread::TooLong),
        Err(_) => Err(Unread::TooSlow),
    }
}

impl Unread {
    /// Returns the reason, in the words that clients read.
    pub(crate) fn why(&self) -> &'static str {
        match self {
            Self::TooLong => "the body is too long",
            Self::TooSlow => "the body came too slowly",
        }
    }
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        let kind = match unread {
            Unread::TooLong => ProblemKind::TooLarge,
            Unread::TooSlow => ProblemKind::TooSlow,
        };
        Self::new(kind, unread.why())
    }
}
