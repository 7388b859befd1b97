//! A small model of one person at the provider: the set of possible worlds that explain every request and answer so far. A lost answer leaves
//! both the world in which the request took effect and the one in which it did not. When no world is left, something happened that must not.

use std::collections::BTreeSet;

/// Wrong passwords that lock (SPEC J5).
pub const LIMIT: u8 = 5;
/// The number of a refresh token whose answer was lost: it lives, and nobody holds it.
const UNHELD: u8 = u8::MAX;

/// The visible state of a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct World {
    /// The current password: its number in the order of choice.
    pub password: u8,
    /// Wrong passwords: counted for their own browser once it is known, and for all others.
    pub counted: [u8; 2],
    /// Their own browser is known as theirs.
    pub known: bool,
    /// Their own browser is signed in.
    pub signed_in: bool,
    /// The last code that their portal got.
    pub code: Code,
    /// The state of that code's refresh tokens.
    pub family: Family,
    /// Their second old identifier is linked.
    pub second: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Code {
    /// No code, or one that a reset has ended.
    Worthless,
    Fresh,
    Used,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Family {
    /// The code was not redeemed yet.
    Unborn,
    /// The refresh token `token` works. Its parent gives it once more, for a moment and while it is unused (SECURITY D16).
    Live {
        token: u8,
        parent: Option<u8>,
    },
    Dead,
}

/// A browser.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Where {
    Own,
    Elsewhere,
}

/// A request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Did {
    /// Their own browser comes from the portal.
    Visit,
    SignIn {
        password: u8,
        at: Where,
    },
    /// The portal redeems its code. `late`: the code's minute may be over.
    Redeem {
        late: bool,
    },
    /// The portal refreshes with `token`; `new` is the number of the token that it would give.
    Refresh {
        token: u8,
        new: u8,
    },
    /// The portal reads userinfo with the newest access token.
    Look,
    SignOut,
    /// The newest mailed link sets this password.
    Reset {
        password: u8,
    },
    /// The second old identifier and the account's password, in a browser that is not theirs.
    Attach {
        password: u8,
    },
}

/// An answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Saw {
    /// A code arrived at the portal.
    In,
    /// The page that asks for a password.
    Asked,
    Wrong {
        remaining: u8,
    },
    Locked,
    /// Tokens, claims, "signed out", a new password.
    Done,
    /// `invalid_grant`, 401, a dead link, an old identifier that has moved.
    Refused,
    /// Nothing, or "not now": it may have been done or not.
    Lost,
}

impl World {
    /// The state after the move, in a browser that is not used any more.
    pub fn moved() -> Self {
        Self {
            password: 0,
            counted: [0, 0],
            known: false,
            signed_in: false,
            code: Code::Worthless,
            family: Family::Unborn,
            second: false,
        }
    }

    fn bucket(&self, at: Where) -> usize {
        usize::from(at == Where::Elsewhere || !self.known)
    }

    fn counts(mut self, bucket: usize) -> Self {
        self.counted[bucket] = (self.counted[bucket] + 1).min(LIMIT);
        self
    }

    fn clears(mut self, bucket: usize) -> Self {
        self.counted[bucket] = 0;
        self
    }

    /// A new code is a new grant; the tokens of the one before are not checked any more.
    fn with_code(self) -> Self {
        Self { code: Code::Fresh, family: Family::Unborn, ..self }
    }

    fn here(self) -> Self {
        Self { signed_in: true, known: true, ..self }
    }

    fn reset(self, password: u8) -> Self {
        Self { password, counted: [0, 0], code: Code::Worthless, family: Family::Dead, ..self }
    }

    /// All answers that a request may get, each with the state that follows.
    fn answers(self, did: Did) -> Vec<(Saw, Self)> {
        match did {
            Did::Visit if self.signed_in => vec![(Saw::In, self.with_code())],
            Did::Visit => vec![(Saw::Asked, self)],
            Did::SignIn { password, at } => {
                let bucket = self.bucket(at);
                self.checked(password, bucket, |right| {
                    if at == Where::Own { right.here().with_code() } else { right }
                })
            }
            Did::Redeem { late } => {
                let mut all = match self.code {
                    Code::Fresh => {
                        let family = Family::Live { token: 0, parent: None };
                        vec![(Saw::Done, Self { code: Code::Used, family, ..self })]
                    }
                    Code::Used => vec![(Saw::Refused, Self { family: Family::Dead, ..self })],
                    Code::Worthless => vec![(Saw::Refused, self)],
                };
                if late {
                    all.push((Saw::Refused, self));
                }
                all
            }
            Did::Refresh { token, new } => match self.family {
                Family::Live { token: live, .. } if live == token => {
                    let family = Family::Live { token: new, parent: Some(token) };
                    vec![(Saw::Done, Self { family, ..self })]
                }
                Family::Live { token: live, parent } => {
                    let mut all = vec![(Saw::Refused, Self { family: Family::Dead, ..self })];
                    // The same child again: nobody holds it yet, or the portal holds it under its number.
                    if parent == Some(token) && (live == UNHELD || live == new) {
                        all.push((Saw::Done, Self { family: Family::Live { token: new, parent }, ..self }));
                    }
                    all
                }
                Family::Dead => vec![(Saw::Refused, self)],
                Family::Unborn => vec![],
            },
            Did::Look if self.family == Family::Dead => vec![(Saw::Refused, self)],
            Did::Look => vec![(Saw::Done, self)],
            Did::SignOut => vec![(Saw::Done, Self { signed_in: false, ..self })],
            // A used link is dead: then the password is the one that it set.
            Did::Reset { password } if self.password == password => vec![(Saw::Refused, self)],
            Did::Reset { password } => vec![(Saw::Done, self.reset(password).here())],
            Did::Attach { .. } if self.second => vec![(Saw::Refused, self)],
            Did::Attach { password } => {
                let bucket = self.bucket(Where::Elsewhere);
                self.checked(password, bucket, |right| Self { second: true, ..right })
            }
        }
    }

    /// The answers of the guard that checks every password.
    fn checked(self, password: u8, bucket: usize, right: impl Fn(Self) -> Self) -> Vec<(Saw, Self)> {
        if self.counted[bucket] >= LIMIT {
            return vec![(Saw::Locked, self)];
        }
        if password == self.password {
            return vec![(Saw::In, right(self.clears(bucket)))];
        }
        let after = self.counts(bucket);
        let remaining = LIMIT - after.counted[bucket];
        vec![(if remaining == 0 { Saw::Locked } else { Saw::Wrong { remaining } }, after)]
    }

    /// All states that may follow a request whose answer was lost.
    fn unanswered(self, did: Did) -> Vec<Self> {
        let mut all = vec![self];
        all.extend(self.answers(did).into_iter().map(|(_, world)| world));
        match did {
            // A check that was begun and not ended counts as wrong; its cookies may not have reached the browser.
            Did::SignIn { at, .. } => {
                all.push(self.counts(self.bucket(at)));
                all.push(self.clears(self.bucket(at)));
            }
            Did::Attach { .. } => all.push(self.counts(self.bucket(Where::Elsewhere))),
            Did::Reset { password } if password != self.password => {
                // Every older session is over, and the new one's cookie may not have reached the browser.
                all.push(Self { signed_in: false, ..self.reset(password) });
            }
            _ => {}
        }
        for world in &mut all {
            // Nobody holds the tokens, and the portal has no code.
            match did {
                Did::Redeem { .. } | Did::Refresh { .. }
                    if world.family != self.family && world.family != Family::Dead =>
                {
                    // A token that the portal holds stays held: it was given once more.
                    if let Family::Live { token, .. } = &mut world.family {
                        *token = UNHELD;
                    }
                }
                Did::Visit | Did::SignIn { at: Where::Own, .. } => {
                    (world.code, world.family) = (Code::Worthless, Family::Unborn);
                }
                _ => {}
            }
        }
        all
    }

    fn after(self, did: Did, saw: Saw) -> Vec<Self> {
        if saw == Saw::Lost {
            return self.unanswered(did);
        }
        self.answers(did).into_iter().filter(|(s, _)| *s == saw).map(|(_, world)| world).collect()
    }
}

/// A request and its answer.
pub type Event = (Did, Saw);

/// The worlds that explain every event so far.
#[derive(Clone)]
pub struct History {
    worlds: BTreeSet<World>,
    events: Vec<Event>,
}

impl History {
    pub fn begin() -> Self {
        Self { worlds: [World::moved()].into(), events: Vec::new() }
    }

    /// Adds an event.
    ///
    /// # Errors
    /// Describes the event and the worlds before it, if none of them explains it.
    pub fn saw(&mut self, event: Event) -> Result<(), String> {
        self.together(&[event])
    }

    /// Adds events that happened at once, in any order that explains their answers.
    ///
    /// # Errors
    /// Describes the events and the worlds before them, if no order explains them.
    pub fn together(&mut self, events: &[Event]) -> Result<(), String> {
        let before = std::mem::take(&mut self.worlds);
        self.worlds = orders(events).iter().flat_map(|order| follow(&before, order)).collect();
        if self.worlds.is_empty() {
            let told: Vec<_> = self.events.iter().map(|e| format!("{e:?}")).collect();
            return Err(format!("{}\nthen {events:?}, at once\nof {before:?}", told.join("\n")));
        }
        self.events.extend(events);
        Ok(())
    }

    /// Returns true if every world meets the condition, false if none does, and `None` otherwise.
    pub fn all(&self, is: impl Fn(&World) -> bool) -> Option<bool> {
        let count = self.worlds.iter().filter(|world| is(world)).count();
        match count {
            0 => Some(false),
            all if all == self.worlds.len() => Some(true),
            _ => None,
        }
    }

    /// The passwords that may be the right one.
    pub fn passwords(&self) -> BTreeSet<u8> {
        self.worlds.iter().map(|world| world.password).collect()
    }

    /// Returns true if the next check in this browser may find the account locked.
    pub fn may_be_locked(&self, at: Where) -> bool {
        self.worlds.iter().any(|world| world.counted[world.bucket(at)] >= LIMIT)
    }
}

fn follow(worlds: &BTreeSet<World>, order: &[Event]) -> BTreeSet<World> {
    order.iter().fold(worlds.clone(), |worlds, (did, saw)| {
        worlds.into_iter().flat_map(|world| world.after(*did, *saw)).collect()
    })
}

/// Every order of a few events.
fn orders(events: &[Event]) -> Vec<Vec<Event>> {
    if events.len() < 2 {
        return vec![events.to_vec()];
    }
    let mut all = Vec::new();
    for first in 0..events.len() {
        let mut rest = events.to_vec();
        let first = rest.remove(first);
        all.extend(orders(&rest).into_iter().map(|rest| [&[first][..], &rest].concat()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: Did = Did::SignIn { password: 0, at: Where::Own };
    const WRONG: Did = Did::SignIn { password: 9, at: Where::Own };
    const REDEEM: Did = Did::Redeem { late: false };

    fn holds(events: &[Event]) -> bool {
        let mut history = History::begin();
        events.iter().all(|event| history.saw(*event).is_ok())
    }

    fn refresh(token: u8, new: u8) -> Did {
        Did::Refresh { token, new }
    }

    #[test]
    fn five_wrong_ones_lock_and_a_reset_opens() {
        let wrong = |remaining| (WRONG, Saw::Wrong { remaining });
        let four = [wrong(4), wrong(3), wrong(2), wrong(1)];
        assert!(holds(&[&four[..], &[(RIGHT, Saw::In), wrong(4)]].concat()));
        assert!(!holds(&[&four[..], &[wrong(1)]].concat()), "a sixth attempt");
        let locked = [&four[..], &[(WRONG, Saw::Locked)]].concat();
        assert!(holds(&[&locked[..], &[(RIGHT, Saw::Locked)]].concat()));
        assert!(!holds(&[&locked[..], &[(RIGHT, Saw::In)]].concat()), "the lock was no lock");
        let reset = Did::Reset { password: 1 };
        assert!(holds(&[&locked[..], &[(reset, Saw::Done), (RIGHT, Saw::Wrong { remaining: 4 })]].concat()));
        assert!(!holds(&[(reset, Saw::Done), (RIGHT, Saw::In)]), "the old password after a reset");
    }

    #[test]
    fn a_code_and_a_refresh_token_are_good_once() {
        let given = [(RIGHT, Saw::In), (REDEEM, Saw::Done)];
        let after = |more: &[Event]| holds(&[&given[..], more].concat());
        assert!(after(&[(refresh(0, 1), Saw::Done), (Did::Look, Saw::Done), (refresh(1, 2), Saw::Done)]));
        assert!(!after(&[(REDEEM, Saw::Done)]));
        assert!(after(&[(REDEEM, Saw::Refused), (Did::Look, Saw::Refused)]));
        assert!(!after(&[(REDEEM, Saw::Refused), (Did::Look, Saw::Done)]), "a code that came twice");
        assert!(!after(&[(refresh(0, 1), Saw::Done), (refresh(0, 2), Saw::Refused), (Did::Look, Saw::Done)]));
        // SECURITY D16: the same child again, or the end of the family; never another child, nor a grandchild.
        let rotated = [(refresh(0, 1), Saw::Done)];
        let then = |more: &[Event]| after(&[&rotated[..], more].concat());
        assert!(then(&[(refresh(0, 1), Saw::Done), (refresh(1, 2), Saw::Done)]));
        assert!(!then(&[(refresh(0, 2), Saw::Done)]), "two living branches");
        assert!(!then(&[(refresh(1, 2), Saw::Done), (refresh(0, 1), Saw::Done)]), "the child was used");
        assert!(!then(&[(refresh(1, 2), Saw::Done), (refresh(0, 3), Saw::Done)]));
        let lost = [(refresh(0, 1), Saw::Lost)];
        assert!(after(&[&lost[..], &[(refresh(0, 2), Saw::Done), (refresh(2, 3), Saw::Done)]].concat()));
    }

    #[test]
    fn what_was_lost_was_done_or_not() {
        let lost = [(RIGHT, Saw::In), (REDEEM, Saw::Lost)];
        for then in [
            [(REDEEM, Saw::Done), (Did::Look, Saw::Done)],
            [(REDEEM, Saw::Refused), (Did::Look, Saw::Refused)],
        ] {
            assert!(holds(&[&lost[..], &then].concat()), "{then:?}");
        }
        // A password whose answer was lost may have been counted: then one attempt less remains, but not two.
        let lost = (WRONG, Saw::Lost);
        for (remaining, fits) in [(4, true), (3, true), (2, false)] {
            assert_eq!(holds(&[lost, (WRONG, Saw::Wrong { remaining })]), fits, "{remaining}");
        }
        let reset = Did::Reset { password: 1 };
        for (saw, fits) in [(Saw::Done, true), (Saw::Refused, true), (Saw::In, false)] {
            assert_eq!(holds(&[(reset, Saw::Lost), (reset, saw)]), fits, "{saw:?}");
        }
    }

    #[test]
    fn what_happens_at_once_happened_in_some_order() {
        let at_once = |given: &[Event], together: &[Event]| {
            let mut history = History::begin();
            given.iter().for_each(|event| history.saw(*event).unwrap());
            history.together(together).is_ok()
        };
        let code = [(RIGHT, Saw::In)];
        assert!(at_once(&code, &[(REDEEM, Saw::Refused), (REDEEM, Saw::Done)]));
        assert!(!at_once(&code, &[(REDEEM, Saw::Done), (REDEEM, Saw::Done)]), "one code, two grants");
        let wrong = |remaining| (WRONG, Saw::Wrong { remaining });
        assert!(at_once(&[], &[wrong(3), wrong(4)]));
        assert!(!at_once(&[], &[wrong(4), wrong(4)]), "two attempts counted as one");
    }
}
