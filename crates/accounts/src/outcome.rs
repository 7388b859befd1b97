//! The kinds of outcomes, for spans and counters. What an outcome holds (an address, a session) is told to neither.

use std::fmt;

use crate::{
    Accepted, AddressConfirm, AddressWish, Attach, CodeGiven, Confirm, EmailChoice, Finish, LegacyProof,
    PasswordChange, PasswordChoice, Resend, Reset, SignIn, TakeBack,
};

/// Names the variants of outcomes. `Debug` shows the kind alone, and refuses to be derived beside it.
macro_rules! kinds {
    ($($outcome:ident { $($variant:ident: $kind:literal),* $(,)? })*) => {
        $(
            impl $outcome {
                /// Returns the kind of this outcome.
                pub fn kind(&self) -> &'static str {
                    match self {
                        $(Self::$variant { .. } => $kind,)*
                    }
                }
            }

            impl fmt::Debug for $outcome {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(self.kind())
                }
            }
        )*
    };
}

kinds! {
    Accepted { Done: "done", Changed: "changed" }
    AddressConfirm { Done: "done", Refused: "refused", Taken: "taken", Dead: "dead" }
    AddressWish {
        Asked: "asked", Invalid: "invalid", Suggestion: "suggestion", Same: "same", TooMany: "too_many",
        Refused: "refused", Gone: "gone",
    }
    Attach { Done: "done", Refused: "refused", NotNow: "not_now" }
    CodeGiven { Done: "done", NotNow: "not_now", Wrong: "wrong", Spent: "spent", Unreadable: "unreadable" }
    Confirm {
        Done: "done", Wrong: "wrong", Locked: "locked", Already: "already", Dead: "dead",
        NoAddress: "no_address", NoPassword: "no_password", Refused: "refused", Busy: "busy",
    }
    EmailChoice {
        Taken: "taken", Invalid: "invalid", Suggestion: "suggestion", TooMany: "too_many",
        Anothers: "anothers", Gone: "gone",
    }
    Finish { Done: "done", Changed: "changed", NotNow: "not_now" }
    LegacyProof {
        Enrolment: "right", Wrong: "wrong", Locked: "locked", Moved: "moved", Closed: "closed",
        Left: "left",
        NoIdentifier: "no_identifier", NoPassword: "no_password", Refused: "refused", Busy: "busy",
    }
    PasswordChange { Done: "done", Refused: "refused", Problems: "problems", Busy: "busy", Gone: "gone" }
    PasswordChoice { Taken: "taken", Problems: "problems", Busy: "busy", Gone: "gone" }
    Resend { Sent: "sent", Wait: "wait", TooMany: "too_many", Gone: "gone" }
    Reset {
        Done: "done", Problems: "problems", Again: "again", Used: "used", Dead: "dead", Busy: "busy",
    }
    SignIn {
        In: "right", Move: "move", Wrong: "wrong", Locked: "locked", NoAddress: "no_address",
        NoPassword: "no_password", Refused: "refused", Busy: "busy",
    }
    TakeBack {
        Done: "done", Problems: "problems", Taken: "taken", Again: "again", Dead: "dead", Busy: "busy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_shows_its_kind_and_nothing_that_it_holds() {
        let suggestion = EmailChoice::Suggestion("marie@gmail.com".into());
        assert_eq!(format!("{:?}", Ok::<_, kernel::Fault>(suggestion)), "Ok(suggestion)");
        assert_eq!(format!("{:?}", SignIn::Wrong { remaining: 3 }), "wrong");
    }
}
