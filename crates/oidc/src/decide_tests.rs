use proptest::prelude::*;

use super::*;
use crate::acr::Acr;

const NOW: i64 = 1_800_000_000;

/// Five seconds ago the interaction began.
fn signed_in(auth_time: i64) -> SignedIn {
    SignedIn { sub: "me".into(), auth_time, fresh: auth_time >= NOW - 5, terms_due: false, linked: true }
}

fn standing(session: Option<SignedIn>) -> Standing {
    Standing { now: NOW, enrolment: None, session, unlinked_allowed: false }
}

fn code(next: &Next) -> Option<Code> {
    match next {
        Next::Return(Outcome::Error(error)) => Some(error.code()),
        _ => None,
    }
}

#[test]
fn nobody_signed_in_is_asked_or_told() {
    assert_eq!(decide(&Asked::default(), &standing(None)), Next::SignIn(Why::Nobody));
    let silently = Asked { silently: true, ..Asked::default() };
    assert_eq!(code(&decide(&silently, &standing(None))), Some(Code::LoginRequired));
}

#[test]
fn single_sign_on_needs_no_question() {
    let hours_ago = standing(Some(signed_in(NOW - 9000)));
    assert_eq!(decide(&Asked::default(), &hours_ago), Next::Return(Outcome::Code));
    assert_eq!(
        decide(&Asked { silently: true, ..Asked::default() }, &hours_ago),
        Next::Return(Outcome::Code)
    );
    assert_eq!(decide(&Asked::at_home(), &hours_ago), Next::Return(Outcome::Home));
}

/// SECURITY #14, oidcc-prompt-login
#[test]
fn prompt_login_is_met_only_by_a_sign_in_made_for_it() {
    let again = Asked { again: true, ..Asked::default() };
    assert_eq!(decide(&again, &standing(Some(signed_in(NOW - 6)))), Next::SignIn(Why::Again));
    assert_eq!(decide(&again, &standing(Some(signed_in(NOW - 5)))), Next::Return(Outcome::Code));
    // Signed in within the second in which the request came, but before it.
    let before = SignedIn { fresh: false, ..signed_in(NOW) };
    assert_eq!(decide(&again, &standing(Some(before))), Next::SignIn(Why::Again));
}

/// RFC 9470 §4, §5; OIDC Core §3.1.2.1 acr_values, §5.5.1.1
#[test]
fn a_stronger_sign_in_is_asked_for_only_where_it_is_wanted() {
    let wish = |essential| Wish { values: vec![Acr::FreshPassword], named: true, essential };
    let asking = |silently, essential| Asked { silently, acr: wish(essential), ..Asked::default() };
    let hour_ago = standing(Some(signed_in(NOW - 3600)));
    assert_eq!(decide(&asking(false, false), &hour_ago), Next::SignIn(Why::Stronger));
    assert_eq!(decide(&asking(false, true), &hour_ago), Next::SignIn(Why::Stronger));
    // A wish is no reason for an error, a condition is.
    assert_eq!(decide(&asking(true, false), &hour_ago), Next::Return(Outcome::Code));
    assert_eq!(code(&decide(&asking(true, true), &hour_ago)), Some(Code::LoginRequired));
    let recent = standing(Some(signed_in(NOW - 60)));
    assert_eq!(decide(&asking(true, true), &recent), Next::Return(Outcome::Code));
    // Signed in for this very request, then an hour over the terms: nobody is asked for ever.
    let slow = standing(Some(SignedIn { fresh: true, ..signed_in(NOW - 3600) }));
    assert_eq!(decide(&asking(false, false), &slow), Next::Return(Outcome::Code));
    assert_eq!(code(&decide(&asking(false, true), &slow)), Some(Code::UnmetAuthenticationRequirements));
}

/// oidcc-max-age-1, oidcc-max-age-10000, PROTOCOL pitfall 10
#[test]
fn max_age_counts_seconds_and_never_asks_twice() {
    let within = |max_age| Asked { max_age: Some(max_age), ..Asked::default() };
    assert_eq!(decide(&within(8), &standing(Some(signed_in(NOW - 9)))), Next::SignIn(Why::TooLongAgo));
    assert_eq!(decide(&within(9), &standing(Some(signed_in(NOW - 9)))), Next::Return(Outcome::Code));
    assert_eq!(decide(&within(0), &standing(Some(signed_in(NOW - 1)))), Next::Return(Outcome::Code));
    let silently = Asked { silently: true, ..within(0) };
    assert_eq!(code(&decide(&silently, &standing(Some(signed_in(NOW - 9))))), Some(Code::LoginRequired));
    // In the very second of a sign-in that was made for another request (OIDC Core §3.1.2.1).
    let just_now = || standing(Some(SignedIn { fresh: false, ..signed_in(NOW) }));
    assert_eq!(code(&decide(&silently, &just_now())), Some(Code::LoginRequired));
    assert_eq!(decide(&within(0), &just_now()), Next::SignIn(Why::TooLongAgo));
    assert_eq!(decide(&within(1), &just_now()), Next::Return(Outcome::Code));
}

#[test]
fn a_hint_of_another_person_asks_once_then_refuses() {
    let other = Asked { sub: Some("you".into()), ..Asked::default() };
    assert_eq!(decide(&other, &standing(Some(signed_in(NOW - 9)))), Next::SignIn(Why::SomebodyElse));
    assert_eq!(code(&decide(&other, &standing(Some(signed_in(NOW - 1))))), Some(Code::LoginRequired));
    let me = Asked { sub: Some("me".into()), silently: true, ..Asked::default() };
    assert_eq!(decide(&me, &standing(Some(signed_in(NOW - 9)))), Next::Return(Outcome::Code));
}

#[test]
fn terms_and_links_stand_before_the_portal() {
    let due = standing(Some(SignedIn { terms_due: true, ..signed_in(NOW) }));
    assert_eq!(decide(&Asked::default(), &due), Next::AcceptTerms);
    assert_eq!(decide(&Asked::at_home(), &due), Next::AcceptTerms);
    let unlinked = standing(Some(SignedIn { linked: false, ..signed_in(NOW) }));
    assert_eq!(decide(&Asked::default(), &unlinked), Next::NotLinked);
    assert_eq!(decide(&Asked::at_home(), &unlinked), Next::Return(Outcome::Home));
    let allowed = Standing { unlinked_allowed: true, ..unlinked };
    assert_eq!(decide(&Asked::default(), &allowed), Next::Return(Outcome::Code));
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
        let under_way = Standing { enrolment: Some(stage), ..standing(None) };
        assert_eq!(decide(&Asked::default(), &under_way), next);
        let silently = Asked { silently: true, ..Asked::default() };
        assert_eq!(code(&decide(&silently, &under_way)), Some(Code::InteractionRequired));
    }
}

prop_compose! {
    fn any_asked()(silently: bool, again: bool, choice: bool, max_age in proptest::option::of(0..20i64), other in proptest::option::of(any::<bool>()), wishes in 0..3usize, essential: bool, home: bool) -> Asked {
        let sub = other.map(|other| if other { "you".to_owned() } else { "me".to_owned() });
        let acr = Wish { values: Acr::ALL[..wishes].to_vec(), named: wishes > 0, essential };
        Asked { silently, again, choice, max_age, acr, sub, home }
    }
}

prop_compose! {
    fn any_standing()(fresh: bool, stage in 0..12usize, session: bool, ago in prop_oneof![0..20i64, 290..310i64], terms_due: bool, linked: bool, unlinked_allowed: bool) -> Standing {
        let stages = [Step::Notice, Step::Email, Step::Password, Step::Mail, Step::Link, Step::Terms];
        let session = session.then(|| SignedIn { fresh, terms_due, linked, ..signed_in(NOW - ago) });
        Standing { now: NOW, enrolment: stages.get(stage).copied(), session, unlinked_allowed }
    }
}

proptest! {
    /// OIDC Core §3.1.2.1: prompt=none never shows a page.
    #[test]
    fn silence_is_never_broken(asked in any_asked(), standing in any_standing()) {
        let next = decide(&Asked { silently: true, ..asked }, &standing);
        prop_assert!(matches!(next, Next::Return(_)), "{:?}", next);
    }

    /// SECURITY I16: a grant needs the right person, signed in recently enough, linked or allowed, with no terms due.
    #[test]
    fn a_grant_has_all_its_reasons(asked in any_asked(), standing in any_standing()) {
        if decide(&asked, &standing) == Next::Return(Outcome::Code) {
            let session = standing.session.unwrap();
            let fresh = session.fresh;
            prop_assert!(!asked.acr.unmet(NOW - session.auth_time));
            prop_assert!(!asked.home && standing.enrolment.is_none() && !session.terms_due);
            prop_assert!(session.linked || standing.unlinked_allowed);
            prop_assert!(!asked.again || fresh);
            prop_assert!(asked.max_age.is_none_or(|m| fresh || (m > 0 && NOW - session.auth_time <= m)));
            prop_assert!(asked.sub.is_none_or(|sub| sub == session.sub));
        }
    }

    /// Asking for a sign-in ends when somebody signs in.
    #[test]
    fn nobody_is_asked_to_sign_in_twice(asked in any_asked(), standing in any_standing()) {
        if let Next::SignIn(_) = decide(&asked, &standing) {
            let after = Standing { session: Some(signed_in(NOW)), ..standing };
            prop_assert!(!matches!(decide(&asked, &after), Next::SignIn(_)));
        }
    }

    /// SECURITY #14: times may be any number, as a stored row or a client's `max_age` might have it.
    #[test]
    fn no_time_overflows(asked in any_asked(), now: i64, fresh: bool, auth_time: i64, max_age in 0i64..) {
        let session = Some(SignedIn { auth_time, fresh, ..signed_in(NOW) });
        let standing = Standing { now, enrolment: None, session, unlinked_allowed: false };
        let next = decide(&Asked { max_age: Some(max_age), again: false, choice: false, acr: Wish::default(), sub: None, ..asked.clone() }, &standing);
        let old = !fresh && (max_age == 0 || now.saturating_sub(auth_time) > max_age);
        prop_assert_eq!(matches!(next, Next::Return(Outcome::Code | Outcome::Home)), !old);
    }
}

/// Every request, with each number at its borders.
fn every_asked() -> Vec<Asked> {
    let mut all = Vec::new();
    for flags in 0..16u8 {
        for max_age in [None, Some(0), Some(8), Some(9)] {
            for sub in [None, Some("me"), Some("you")] {
                let [silently, again, choice, home] = [1, 2, 4, 8].map(|bit| flags & bit != 0);
                let (acr, sub) = (Wish::default(), sub.map(Into::into));
                all.push(Asked { silently, again, choice, max_age, acr, sub, home });
            }
        }
    }
    all
}

/// Every standing: the interaction began five seconds ago.
fn every_standing() -> Vec<Standing> {
    let steps = [Step::Notice, Step::Email, Step::Password, Step::Mail, Step::Link, Step::Terms];
    let mut all = Vec::new();
    for enrolment in steps.into_iter().map(Some).chain([None]) {
        for flags in 0..16u8 {
            let [session, terms_due, linked, unlinked_allowed] = [1, 2, 4, 8].map(|bit| flags & bit != 0);
            for ago in [0, 5, 6, 8, 9] {
                let session = session.then(|| SignedIn { terms_due, linked, ..signed_in(NOW - ago) });
                all.push(Standing { enrolment, unlinked_allowed, ..standing(session) });
            }
        }
    }
    all
}

/// SECURITY #14, I16: the rule as one expression. Where it holds there is a code, and nobody is asked anything that is not needed.
#[test]
fn a_code_is_given_exactly_when_nothing_is_missing() {
    let standings = every_standing();
    for asked in every_asked() {
        for standing in &standings {
            let nothing_missing = standing.enrolment.is_none()
                && standing.session.as_ref().is_some_and(|s| {
                    let recent = asked.max_age.is_none_or(|most| most > 0 && NOW - s.auth_time <= most);
                    let fresh = s.fresh || (recent && !asked.again && !asked.choice);
                    let right = asked.sub.as_ref().is_none_or(|sub| *sub == s.sub);
                    fresh && right && (asked.home || s.linked || standing.unlinked_allowed) && !s.terms_due
                });
            let done = match decide(&asked, standing) {
                Next::Return(Outcome::Code) => !asked.home,
                Next::Return(Outcome::Home) => asked.home,
                _ => false,
            };
            assert_eq!(done, nothing_missing, "{asked:?} {standing:?}");
        }
    }
}

/// SECURITY #14, OIDC Core §3.1.2.1: prompt=none changes the answer where a page would be needed, and nowhere else.
#[test]
fn silence_answers_exactly_where_a_page_would_be_needed() {
    let standings = every_standing();
    for asked in every_asked().into_iter().filter(|asked| !asked.silently) {
        let silently = Asked { silently: true, ..asked.clone() };
        for standing in &standings {
            let (aloud, silent) = (decide(&asked, standing), decide(&silently, standing));
            match (&aloud, code(&silent)) {
                (Next::Return(_), _) => assert_eq!(aloud, silent, "{asked:?} {standing:?}"),
                (Next::SignIn(_), told) => {
                    assert_eq!(told, Some(Code::LoginRequired), "{asked:?} {standing:?}")
                }
                (Next::Enrol(_) | Next::AcceptTerms | Next::NotLinked, told) => {
                    assert_eq!(told, Some(Code::InteractionRequired), "{asked:?} {standing:?}");
                }
            }
        }
    }
}
