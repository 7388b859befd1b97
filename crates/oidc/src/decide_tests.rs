use proptest::prelude::*;

use super::*;
use crate::acr::Acr;

const NOW: i64 = 1_800_000_000;

/// A session for an interaction that began five seconds ago.
fn signed_in(auth_time: i64) -> SignedIn {
    SignedIn { sub: "me".into(), auth_time, fresh: auth_time >= NOW - 5, terms_due: false, linked: true }
}

fn facts(session: Option<SignedIn>) -> Facts {
    Facts { now: NOW, enrolment: None, session, unlinked_allowed: false }
}

fn code(next: &Next) -> Option<Code> {
    match next {
        Next::Return(Outcome::Error(error)) => Some(error.code()),
        _ => None,
    }
}

#[test]
fn nobody_signed_in_is_asked_or_told() {
    assert_eq!(decide(&SignInRequest::default(), &facts(None)), Next::SignIn(Why::Nobody));
    let silently = SignInRequest { silently: true, ..SignInRequest::default() };
    assert_eq!(code(&decide(&silently, &facts(None))), Some(Code::LoginRequired));
}

#[test]
fn single_sign_on_needs_no_question() {
    let hours_ago = facts(Some(signed_in(NOW - 9000)));
    assert_eq!(decide(&SignInRequest::default(), &hours_ago), Next::Return(Outcome::Code));
    assert_eq!(
        decide(&SignInRequest { silently: true, ..SignInRequest::default() }, &hours_ago),
        Next::Return(Outcome::Code)
    );
    assert_eq!(decide(&SignInRequest::at_home(), &hours_ago), Next::Return(Outcome::Home));
}

/// SECURITY #14, oidcc-prompt-login
#[test]
fn prompt_login_is_met_only_by_a_sign_in_made_for_it() {
    let again = SignInRequest { again: true, ..SignInRequest::default() };
    assert_eq!(decide(&again, &facts(Some(signed_in(NOW - 6)))), Next::SignIn(Why::Again));
    assert_eq!(decide(&again, &facts(Some(signed_in(NOW - 5)))), Next::Return(Outcome::Code));
    // Signed in before the request, within the same second.
    let before = SignedIn { fresh: false, ..signed_in(NOW) };
    assert_eq!(decide(&again, &facts(Some(before))), Next::SignIn(Why::Again));
}

/// RFC 9470 §4, §5; OIDC Core §3.1.2.1 acr_values, §5.5.1.1
#[test]
fn a_stronger_sign_in_is_asked_for_only_where_it_is_wanted() {
    let wish = |essential| AcrRequest { values: vec![Acr::FreshPassword], named: true, essential };
    let asking =
        |silently, essential| SignInRequest { silently, acr: wish(essential), ..SignInRequest::default() };
    let hour_ago = facts(Some(signed_in(NOW - 3600)));
    assert_eq!(decide(&asking(false, false), &hour_ago), Next::SignIn(Why::Stronger));
    assert_eq!(decide(&asking(false, true), &hour_ago), Next::SignIn(Why::Stronger));
    // A voluntary class is no reason for an error, an essential one is.
    assert_eq!(decide(&asking(true, false), &hour_ago), Next::Return(Outcome::Code));
    assert_eq!(code(&decide(&asking(true, true), &hour_ago)), Some(Code::LoginRequired));
    let recent = facts(Some(signed_in(NOW - 60)));
    assert_eq!(decide(&asking(true, true), &recent), Next::Return(Outcome::Code));
    // Signed in for this request, then an hour at the terms: the password is not asked for again.
    let slow = facts(Some(SignedIn { fresh: true, ..signed_in(NOW - 3600) }));
    assert_eq!(decide(&asking(false, false), &slow), Next::Return(Outcome::Code));
    assert_eq!(code(&decide(&asking(false, true), &slow)), Some(Code::UnmetAuthenticationRequirements));
}

/// oidcc-max-age-1, oidcc-max-age-10000, PROTOCOL pitfall 10
#[test]
fn max_age_counts_seconds_and_never_asks_twice() {
    let within = |max_age| SignInRequest { max_age: Some(max_age), ..SignInRequest::default() };
    assert_eq!(decide(&within(8), &facts(Some(signed_in(NOW - 9)))), Next::SignIn(Why::TooLongAgo));
    assert_eq!(decide(&within(9), &facts(Some(signed_in(NOW - 9)))), Next::Return(Outcome::Code));
    assert_eq!(decide(&within(0), &facts(Some(signed_in(NOW - 1)))), Next::Return(Outcome::Code));
    let silently = SignInRequest { silently: true, ..within(0) };
    assert_eq!(code(&decide(&silently, &facts(Some(signed_in(NOW - 9))))), Some(Code::LoginRequired));
    // Within the second of a sign-in for another request (OIDC Core §3.1.2.1).
    let just_now = || facts(Some(SignedIn { fresh: false, ..signed_in(NOW) }));
    assert_eq!(code(&decide(&silently, &just_now())), Some(Code::LoginRequired));
    assert_eq!(decide(&within(0), &just_now()), Next::SignIn(Why::TooLongAgo));
    assert_eq!(decide(&within(1), &just_now()), Next::Return(Outcome::Code));
}

#[test]
fn a_hint_of_another_person_asks_once_then_refuses() {
    let other = SignInRequest { sub: Some("you".into()), ..SignInRequest::default() };
    assert_eq!(decide(&other, &facts(Some(signed_in(NOW - 9)))), Next::SignIn(Why::SomebodyElse));
    assert_eq!(code(&decide(&other, &facts(Some(signed_in(NOW - 1))))), Some(Code::LoginRequired));
    let me = SignInRequest { sub: Some("me".into()), silently: true, ..SignInRequest::default() };
    assert_eq!(decide(&me, &facts(Some(signed_in(NOW - 9)))), Next::Return(Outcome::Code));
}

#[test]
fn terms_and_links_stand_before_the_portal() {
    let due = facts(Some(SignedIn { terms_due: true, ..signed_in(NOW) }));
    assert_eq!(decide(&SignInRequest::default(), &due), Next::AcceptTerms);
    assert_eq!(decide(&SignInRequest::at_home(), &due), Next::AcceptTerms);
    let unlinked = facts(Some(SignedIn { linked: false, ..signed_in(NOW) }));
    assert_eq!(decide(&SignInRequest::default(), &unlinked), Next::NotLinked);
    assert_eq!(decide(&SignInRequest::at_home(), &unlinked), Next::Return(Outcome::Home));
    let allowed = Facts { unlinked_allowed: true, ..unlinked };
    assert_eq!(decide(&SignInRequest::default(), &allowed), Next::Return(Outcome::Code));
}

#[test]
fn every_stage_of_a_move_has_its_page() {
    for (stage, next) in [
        (Step::Notice, Next::Enrol(Step::Notice)),
        (Step::Email, Next::Enrol(Step::Email)),
        (Step::Password, Next::Enrol(Step::Password)),
        (Step::Mail, Next::Enrol(Step::Mail)),
        (Step::Link, Next::Enrol(Step::Link)),
        (Step::Terms, Next::Enrol(Step::Terms)),
    ] {
        let under_way = Facts { enrolment: Some(stage), ..facts(None) };
        assert_eq!(decide(&SignInRequest::default(), &under_way), next);
        let silently = SignInRequest { silently: true, ..SignInRequest::default() };
        assert_eq!(code(&decide(&silently, &under_way)), Some(Code::InteractionRequired));
    }
}

prop_compose! {
    fn any_request()(silently: bool, again: bool, choice: bool, max_age in proptest::option::of(0..20i64), other in proptest::option::of(any::<bool>()), wishes in 0..3usize, essential: bool, home: bool) -> SignInRequest {
        let sub = other.map(|other| if other { "you".to_owned() } else { "me".to_owned() });
        let acr = AcrRequest { values: Acr::ALL[..wishes].to_vec(), named: wishes > 0, essential };
        SignInRequest { silently, again, choice, max_age, acr, sub, home }
    }
}

prop_compose! {
    fn any_facts()(fresh: bool, stage in 0..12usize, session: bool, ago in prop_oneof![0..20i64, 290..310i64], terms_due: bool, linked: bool, unlinked_allowed: bool) -> Facts {
        let stages = [Step::Notice, Step::Email, Step::Password, Step::Mail, Step::Link, Step::Terms];
        let session = session.then(|| SignedIn { fresh, terms_due, linked, ..signed_in(NOW - ago) });
        Facts { now: NOW, enrolment: stages.get(stage).copied(), session, unlinked_allowed }
    }
}

proptest! {
    /// OIDC Core §3.1.2.1: prompt=none never shows a page.
    #[test]
    fn silence_is_never_broken(request in any_request(), facts in any_facts()) {
        let next = decide(&SignInRequest { silently: true, ..request }, &facts);
        prop_assert!(matches!(next, Next::Return(_)), "{:?}", next);
    }

    /// SECURITY I16: a grant needs the right person, signed in recently enough, linked or allowed, with no terms due.
    #[test]
    fn a_grant_has_all_its_reasons(request in any_request(), facts in any_facts()) {
        if decide(&request, &facts) == Next::Return(Outcome::Code) {
            let session = facts.session.unwrap();
            let fresh = session.fresh;
            prop_assert!(!request.acr.unmet(NOW - session.auth_time));
            prop_assert!(!request.home && facts.enrolment.is_none() && !session.terms_due);
            prop_assert!(session.linked || facts.unlinked_allowed);
            prop_assert!(!request.again || fresh);
            prop_assert!(request.max_age.is_none_or(|m| fresh || (m > 0 && NOW - session.auth_time <= m)));
            prop_assert!(request.sub.is_none_or(|sub| sub == session.sub));
        }
    }

    /// Asking for a sign-in ends when somebody signs in.
    #[test]
    fn nobody_is_asked_to_sign_in_twice(request in any_request(), facts in any_facts()) {
        if let Next::SignIn(_) = decide(&request, &facts) {
            let after = Facts { session: Some(signed_in(NOW)), ..facts };
            prop_assert!(!matches!(decide(&request, &after), Next::SignIn(_)));
        }
    }

    /// SECURITY #14: times may be any number that a stored row or a client's `max_age` can hold.
    #[test]
    fn no_time_overflows(request in any_request(), now: i64, fresh: bool, auth_time: i64, max_age in 0i64..) {
        let session = Some(SignedIn { auth_time, fresh, ..signed_in(NOW) });
        let facts = Facts { now, enrolment: None, session, unlinked_allowed: false };
        let next = decide(&SignInRequest { max_age: Some(max_age), again: false, choice: false, acr: AcrRequest::default(), sub: None, ..request.clone() }, &facts);
        let old = !fresh && (max_age == 0 || now.saturating_sub(auth_time) > max_age);
        prop_assert_eq!(matches!(next, Next::Return(Outcome::Code | Outcome::Home)), !old);
    }
}

/// All combinations of a request's parameters, with each number at its limits.
fn every_request() -> Vec<SignInRequest> {
    let mut all = Vec::new();
    for flags in 0..16u8 {
        for max_age in [None, Some(0), Some(8), Some(9)] {
            for sub in [None, Some("me"), Some("you")] {
                let [silently, again, choice, home] = [1, 2, 4, 8].map(|bit| flags & bit != 0);
                let (acr, sub) = (AcrRequest::default(), sub.map(Into::into));
                all.push(SignInRequest { silently, again, choice, max_age, acr, sub, home });
            }
        }
    }
    all
}

/// All combinations of facts; the interaction began five seconds ago.
fn all_facts() -> Vec<Facts> {
    let steps = [Step::Notice, Step::Email, Step::Password, Step::Mail, Step::Link, Step::Terms];
    let mut all = Vec::new();
    for enrolment in steps.into_iter().map(Some).chain([None]) {
        for flags in 0..16u8 {
            let [session, terms_due, linked, unlinked_allowed] = [1, 2, 4, 8].map(|bit| flags & bit != 0);
            for ago in [0, 5, 6, 8, 9] {
                let session = session.then(|| SignedIn { terms_due, linked, ..signed_in(NOW - ago) });
                all.push(Facts { enrolment, unlinked_allowed, ..facts(session) });
            }
        }
    }
    all
}

/// SECURITY #14, I16: the rule as one expression. Where it holds there is a code, and the person is asked for nothing.
#[test]
fn a_code_is_given_exactly_when_nothing_is_missing() {
    let standings = all_facts();
    for request in every_request() {
        for facts in &standings {
            let nothing_missing = facts.enrolment.is_none()
                && facts.session.as_ref().is_some_and(|s| {
                    let recent = request.max_age.is_none_or(|most| most > 0 && NOW - s.auth_time <= most);
                    let fresh = s.fresh || (recent && !request.again && !request.choice);
                    let right = request.sub.as_ref().is_none_or(|sub| *sub == s.sub);
                    fresh && right && (request.home || s.linked || facts.unlinked_allowed) && !s.terms_due
                });
            let done = match decide(&request, facts) {
                Next::Return(Outcome::Code) => !request.home,
                Next::Return(Outcome::Home) => request.home,
                _ => false,
            };
            assert_eq!(done, nothing_missing, "{request:?} {facts:?}");
        }
    }
}

/// SECURITY #14, OIDC Core §3.1.2.1: prompt=none changes the answer where a page would be needed, and nowhere else.
#[test]
fn silence_answers_exactly_where_a_page_would_be_needed() {
    let standings = all_facts();
    for request in every_request().into_iter().filter(|request| !request.silently) {
        let silently = SignInRequest { silently: true, ..request.clone() };
        for facts in &standings {
            let (aloud, silent) = (decide(&request, facts), decide(&silently, facts));
            match (&aloud, code(&silent)) {
                (Next::Return(_), _) => assert_eq!(aloud, silent, "{request:?} {facts:?}"),
                (Next::SignIn(_), told) => {
                    assert_eq!(told, Some(Code::LoginRequired), "{request:?} {facts:?}")
                }
                (Next::Enrol(_) | Next::AcceptTerms | Next::NotLinked, told) => {
                    assert_eq!(told, Some(Code::InteractionRequired), "{request:?} {facts:?}");
                }
            }
        }
    }
}
