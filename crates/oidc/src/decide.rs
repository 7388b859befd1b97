//! What comes next for an interaction. Called by the hub at every turn with what is true now, so nothing is remembered between turns but
//! the interaction itself: leaving, reloading and coming back are all the same question.

use crate::{Code, Error, acr::Wish, request::AuthorizationRequest};

/// What the request asks of the answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// `prompt=none`: no page may be shown.
    pub silently: bool,
    /// `prompt=login`: the person signs in again.
    pub again: bool,
    /// `prompt=select_account`: the person may become somebody else.
    pub choice: bool,
    /// `max_age` in seconds.
    pub max_age: Option<i64>,
    /// How strong the sign-in is to be.
    pub acr: Wish,
    /// The `sub` of the only person who will do.
    pub sub: Option<String>,
    /// There is no client: the person came to the provider itself.
    pub home: bool,
}

impl Asked {
    /// By a client.
    pub fn by(request: &AuthorizationRequest) -> Self {
        Self {
            silently: request.prompt.none,
            again: request.prompt.login,
            choice: request.prompt.select_account,
            max_age: request.max_age,
            acr: request.acr(),
            sub: request.hinted_sub.clone(),
            home: false,
        }
    }

    /// By the person, at the provider's own door.
    pub fn at_home() -> Self {
        Self { home: true, ..Self::default() }
    }
}

/// Who is signed in in this browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// The account's `sub` as the asking client sees it; anything at home.
    pub sub: String,
    /// When the password was last typed.
    pub auth_time: i64,
    /// It was typed since the interaction began: that sign-in was made for it. Not to be had from times alone, which are whole seconds.
    pub fresh: bool,
    /// The account has not accepted the terms that are due.
    pub terms_due: bool,
    /// The account has a link at the client's agency.
    pub linked: bool,
}

/// How far a move has come (SPEC J2). The step says which page is next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// Access is changing: the notice is to be read.
    Notice,
    /// An email is to be given.
    Email,
    /// A password is to be chosen.
    Password,
    /// A mail is out; its link has not been followed.
    Mail,
    /// The email belongs to an account: that account is to agree (SPEC J3).
    Link,
    /// Confirmed; the terms are to be accepted, then the account exists.
    Terms,
}

/// What is true now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Seconds since 1970.
    pub now: i64,
    /// The unfinished enrolment of this interaction, if any.
    pub enrolment: Option<Step>,
    /// The session of this browser, if it is alive.
    pub session: Option<SignedIn>,
    /// The agency lets accounts in that have no link with it (SPEC J13).
    pub unlinked_allowed: bool,
}

/// Why somebody who may be signed in is asked to sign in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Why {
    /// Nobody is signed in.
    Nobody,
    /// The client wants it typed again: `prompt=login`.
    Again,
    /// The last time is longer ago than `max_age`.
    TooLongAgo,
    /// The client asks for a stronger sign-in than the last one (RFC 9470).
    Stronger,
    /// The client lets the person choose.
    Choose,
    /// The client expects somebody else.
    SomebodyElse,
}

/// What comes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Ask for email and password.
    SignIn(Why),
    /// A step of the move.
    Enrol(Step),
    /// Show the terms: a newer version is due.
    AcceptTerms,
    /// The account has no link with this agency: say so, and offer to attach it.
    NotLinked,
    /// Done.
    Return(Outcome),
}

/// How an interaction ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A code for the client.
    Code,
    /// The person's own page: nobody else asked.
    Home,
    /// An error for the client.
    Error(Error),
}

/// Decides. The order is: a move under way, then who, then whether they may, then the answer.
pub fn decide(asked: &Asked, standing: &Standing) -> Next {
    // A move under way is not forgotten for a question of sign-in: it ends in one.
    if let Some(step) = standing.enrolment {
        return asking(asked, Code::InteractionRequired, "a move is under way", Next::Enrol(step));
    }
    let Some(session) = &standing.session else {
        return asking(asked, Code::LoginRequired, "nobody is signed in", Next::SignIn(Why::Nobody));
    };
    let age = standing.now.saturating_sub(session.auth_time);
    let stronger = asked.acr.wants_more(age) && (!asked.silently || asked.acr.unmet(age));
    // A password typed for this request is as good as it gets; this also ends what max_age=0 would repeat for ever.
    let why = match () {
        () if session.fresh => None,
        () if asked.again => Some(Why::Again),
        // max_age=0 is prompt=login, whatever the second (OIDC Core §3.1.2.1).
        () if asked.max_age.is_some_and(|most| age > most || most == 0) => Some(Why::TooLongAgo),
        () if stronger => Some(Why::Stronger),
        () if asked.choice => Some(Why::Choose),
        () => None,
    };
    if let Some(why) = why {
        return asking(asked, Code::LoginRequired, "the person has to sign in again", Next::SignIn(why));
    }
    if asked.sub.as_ref().is_some_and(|sub| *sub != session.sub) {
        // Whoever has just signed in will not become another person by being asked again (OIDC Core §3.1.2.1 id_token_hint).
        if session.fresh {
            return refuse(Code::LoginRequired, "somebody else than the hinted person is signed in");
        }
        return asking(
            asked,
            Code::LoginRequired,
            "another person is signed in",
            Next::SignIn(Why::SomebodyElse),
        );
    }
    if !asked.home && !session.linked && !standing.unlinked_allowed {
        return asking(
            asked,
            Code::InteractionRequired,
            "the account is not linked with this agency",
            Next::NotLinked,
        );
    }
    if session.terms_due {
        return asking(asked, Code::InteractionRequired, "terms are to be accepted", Next::AcceptTerms);
    }
    // Only who took more than the time that a password stays fresh for the pages before this one comes here.
    if asked.acr.unmet(age) {
        return refuse(Code::UnmetAuthenticationRequirements, "the essential acr was not reached");
    }
    Next::Return(if asked.home { Outcome::Home } else { Outcome::Code })
}

/// `next` needs a page; with `prompt=none` it is an error instead.
fn asking(asked: &Asked, code: Code, why: &'static str, next: Next) -> Next {
    if asked.silently { refuse(code, why) } else { next }
}

fn refuse(code: Code, why: &'static str) -> Next {
    Next::Return(Outcome::Error(Error::new(code, why)))
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
