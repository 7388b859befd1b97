//! The next step of an interaction. The hub calls this at every request with the current facts, so nothing is remembered between requests but the
//! interaction itself: leaving, reloading and coming back are the same question.

use crate::{Code, Error, acr::AcrRequest, request::AuthorizationRequest};

/// The parameters of a request that decide about sign-in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SignInRequest {
    /// `prompt=none`: no page may be shown.
    pub silently: bool,
    /// `prompt=login`: the person must sign in again.
    pub again: bool,
    /// `prompt=select_account`: the person may switch accounts.
    pub choice: bool,
    /// `max_age` in seconds.
    pub max_age: Option<i64>,
    /// The requested strength of the sign-in.
    pub acr: AcrRequest,
    /// The `sub` of the expected person.
    pub sub: Option<String>,
    /// True without a client: the person came to the provider itself.
    pub home: bool,
}

impl SignInRequest {
    /// Returns the parameters of a client's request.
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

    /// Returns the parameters of a visit to the provider's own pages.
    pub fn at_home() -> Self {
        Self { home: true, ..Self::default() }
    }
}

/// The session of a person who is signed in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// The account's `sub` for the requesting client; any value without a client.
    pub sub: String,
    /// The time at which the password was last typed.
    pub auth_time: i64,
    /// True if the password was typed since the interaction began. Times alone cannot tell, since they are whole seconds.
    pub fresh: bool,
    /// True if the account has not accepted the terms that are due.
    pub terms_due: bool,
    /// True if the account is linked with the client's agency.
    pub linked: bool,
}

/// The progress of a move (SPEC J2). The step decides which page is next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// The notice must be read.
    Notice,
    /// An email address must be given.
    Email,
    /// A password must be chosen.
    Password,
    /// A mail was sent; its link has not been followed.
    Mail,
    /// The address belongs to an account, which must agree (SPEC J3).
    Link,
    /// The address is confirmed; the terms must be accepted, then the account exists.
    Terms,
}

/// The current facts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// The current time.
    pub now: i64,
    /// The unfinished enrolment of this interaction, if any.
    pub enrolment: Option<Step>,
    /// The live session of this browser, if any.
    pub session: Option<SignedIn>,
    /// True if the agency admits accounts without a link (SPEC J13).
    pub unlinked_allowed: bool,
}

/// The reason for a sign-in page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Why {
    /// Nobody is signed in.
    Nobody,
    /// `prompt=login`: the client wants the password typed again.
    Again,
    /// The last sign-in is older than `max_age`.
    TooLongAgo,
    /// The client asks for a stronger sign-in (RFC 9470).
    Stronger,
    /// The client lets the person choose an account.
    Choose,
    /// The client expects another person.
    SomebodyElse,
}

/// The next step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Ask for email and password.
    SignIn(Why),
    /// Continue the move at this step.
    Enrol(Step),
    /// Show the terms: a newer version is due.
    AcceptTerms,
    /// Say that the account has no link with this agency, and offer to attach it.
    NotLinked,
    /// End the interaction.
    Return(Outcome),
}

/// The end of an interaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// An authorization code for the client.
    Code,
    /// The person's own page, as there is no client.
    Home,
    /// An error for the client.
    Error(Error),
}

/// Decides the next step, in this order: a move under way, the person, their rights, the response.
pub fn decide(request: &SignInRequest, facts: &Facts) -> Next {
    // A move under way comes before any question of sign-in, since it ends in one.
    if let Some(step) = facts.enrolment {
        return asking(request, Code::InteractionRequired, "a move is under way", Next::Enrol(step));
    }
    let Some(session) = &facts.session else {
        return asking(request, Code::LoginRequired, "nobody is signed in", Next::SignIn(Why::Nobody));
    };
    let age = facts.now.saturating_sub(session.auth_time);
    let stronger = request.acr.wants_more(age) && (!request.silently || request.acr.unmet(age));
    // A password typed for this request is always enough; otherwise max_age=0 would repeat for ever.
    let why = match () {
        () if session.fresh => None,
        () if request.again => Some(Why::Again),
        // max_age=0 is prompt=login, even within the same second (OIDC Core §3.1.2.1).
        () if request.max_age.is_some_and(|most| age > most || most == 0) => Some(Why::TooLongAgo),
        () if stronger => Some(Why::Stronger),
        () if request.choice => Some(Why::Choose),
        () => None,
    };
    if let Some(why) = why {
        return asking(request, Code::LoginRequired, "the person has to sign in again", Next::SignIn(why));
    }
    if request.sub.as_ref().is_some_and(|sub| *sub != session.sub) {
        // Asking again would not help: the person has just signed in (OIDC Core §3.1.2.1 id_token_hint).
        if session.fresh {
            return refuse(Code::LoginRequired, "somebody else than the hinted person is signed in");
        }
        return asking(
            request,
            Code::LoginRequired,
            "another person is signed in",
            Next::SignIn(Why::SomebodyElse),
        );
    }
    if !request.home && !session.linked && !facts.unlinked_allowed {
        return asking(
            request,
            Code::InteractionRequired,
            "the account is not linked with this agency",
            Next::NotLinked,
        );
    }
    if session.terms_due {
        return asking(request, Code::InteractionRequired, "terms are to be accepted", Next::AcceptTerms);
    }
    // Reached only if the pages before this one took longer than a password stays fresh.
    if request.acr.unmet(age) {
        return refuse(Code::UnmetAuthenticationRequirements, "the essential acr was not reached");
    }
    Next::Return(if request.home { Outcome::Home } else { Outcome::Code })
}

/// Returns `next`, which needs a page, or an error with `prompt=none`.
fn asking(request: &SignInRequest, code: Code, why: &'static str, next: Next) -> Next {
    if request.silently { refuse(code, why) } else { next }
}

fn refuse(code: Code, why: &'static str) -> Next {
    Next::Return(Outcome::Error(Error::new(code, why)))
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
