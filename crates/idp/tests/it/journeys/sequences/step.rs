//! The steps of a sequence, and the ways in which one may be wrong.

/// In whose browser.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Has the mailbox and the password.
    Owner,
    /// Knows the owner's old credentials and address, and has an account, a mailbox and a password of their own.
    Attacker,
}

/// Which interaction's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hub {
    Newest,
    Older,
    /// The other browser's.
    Foreign,
    Nobodys,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Csrf {
    Right,
    Missing,
    /// Of a browser token that this browser had before, or that never was.
    Stale,
    Foreign,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cookies {
    Own,
    Nothing,
    /// Each that the other browser has as well comes twice.
    Twice,
    /// Everything but the session.
    SignedOut,
}

/// The page on which the form seems to stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    Ours,
    Unsaid,
    Sibling,
    Elsewhere,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agency {
    Tilleuls,
    Rivage,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whom {
    Own,
    Other,
    Nobody,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Message {
    Newest,
    Older,
    /// Mailed for the other purpose: a reset link at the door of the move, or the other way round.
    Swapped,
    Invented,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Text {
    Current,
    Replaced,
    Forged,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// The act that the page asks for, done rightly.
    Next,
    Portal(Agency),
    Silent(Agency),
    Again(Agency),
    Look(&'static str),
    SignIn(Whom, bool),
    Old(Agency, Whom),
    Notice,
    Email(Whom),
    Password,
    Resend,
    Attach(Option<bool>),
    Terms(Text),
    Leave,
    Switch,
    Continue,
    Forgot(Whom),
    OpenReset(Message),
    OpenConfirm(Message),
    Confirm(Whom, bool),
    Reset,
    SignOut,
    /// The operator publishes a newer version.
    Publish,
    /// Time passes: seconds.
    Wait(i64),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    pub who: Who,
    pub act: Act,
    pub hub: Hub,
    pub csrf: Csrf,
    pub cookies: Cookies,
    pub from: From,
}

/// The beginning of a sequence, with the steps that lead there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Start {
    pub name: &'static str,
    /// True if the owner has moved at one agency.
    pub moved: bool,
    steps: &'static [(Who, Act)],
}

use Agency::{Rivage, Tilleuls};
use Who::{Attacker, Owner};

const STARTS: [Start; 9] = [
    Start { name: "nothing yet", moved: false, steps: &[] },
    Start { name: "an account", moved: true, steps: &[(Attacker, Act::Portal(Tilleuls))] },
    Start {
        name: "a reset is mailed",
        moved: true,
        steps: &[
            (Owner, Act::Portal(Tilleuls)),
            (Owner, Act::Forgot(Whom::Own)),
            (Attacker, Act::Portal(Tilleuls)),
            (Attacker, Act::Forgot(Whom::Own)),
        ],
    },
    Start { name: "a move waits for the mail", moved: false, steps: TO_MAIL },
    Start {
        name: "a move waits for the terms",
        moved: false,
        steps: &[
            (Owner, Act::Portal(Tilleuls)),
            (Owner, Act::Old(Tilleuls, Whom::Own)),
            (Owner, Act::Notice),
            (Owner, Act::Email(Whom::Own)),
            (Owner, Act::Password),
            (Owner, Act::OpenConfirm(Message::Newest)),
            (Owner, Act::Confirm(Whom::Own, true)),
            (Attacker, Act::Portal(Tilleuls)),
            (Attacker, Act::Old(Tilleuls, Whom::Other)),
        ],
    },
    Start {
        name: "newer terms are due",
        moved: true,
        steps: &[
            (Owner, Act::Publish),
            (Owner, Act::Portal(Tilleuls)),
            (Owner, Act::SignIn(Whom::Own, true)),
            (Attacker, Act::Portal(Rivage)),
            (Attacker, Act::SignIn(Whom::Own, true)),
        ],
    },
    Start {
        name: "the owner attaches",
        moved: true,
        steps: &[
            (Owner, Act::Portal(Rivage)),
            (Owner, Act::Old(Rivage, Whom::Own)),
            (Owner, Act::Notice),
            (Owner, Act::Email(Whom::Own)),
            (Attacker, Act::Portal(Rivage)),
        ],
    },
    Start {
        name: "the attacker attaches",
        moved: true,
        steps: &[
            (Attacker, Act::Portal(Rivage)),
            (Attacker, Act::Old(Rivage, Whom::Other)),
            (Attacker, Act::Notice),
            (Attacker, Act::Email(Whom::Other)),
            (Owner, Act::Portal(Rivage)),
        ],
    },
    Start {
        name: "both are in one move",
        moved: false,
        steps: &[
            (Attacker, Act::Portal(Tilleuls)),
            (Attacker, Act::Old(Tilleuls, Whom::Other)),
            (Owner, Act::Portal(Tilleuls)),
            (Owner, Act::Old(Tilleuls, Whom::Own)),
            (Owner, Act::Notice),
            (Owner, Act::Email(Whom::Own)),
            (Owner, Act::Password),
        ],
    },
];

const TO_MAIL: &[(Who, Act)] = &[
    (Owner, Act::Portal(Tilleuls)),
    (Owner, Act::Old(Tilleuls, Whom::Own)),
    (Owner, Act::Notice),
    (Owner, Act::Email(Whom::Own)),
    (Owner, Act::Password),
    (Attacker, Act::Portal(Tilleuls)),
];

impl Start {
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.steps.iter().map(|(who, act)| Step::right(*who, *act))
    }
}

impl Step {
    pub fn right(who: Who, act: Act) -> Self {
        Self { who, act, hub: Hub::Newest, csrf: Csrf::Right, cookies: Cookies::Own, from: From::Ours }
    }

    /// True if the step posts no form, or one that this browser's own page sends.
    pub fn is_honest(&self) -> bool {
        self.csrf == Csrf::Right
            && self.cookies != Cookies::Nothing
            && matches!(self.from, From::Ours | From::Unsaid)
    }
}

/// SplitMix64: the same seed gives the same sequence for ever.
pub struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// The first one so many times in a hundred, else one of the others.
    fn mostly<T: Copy>(&mut self, percent: usize, first: T, others: &[T]) -> T {
        if self.below(100) < percent { first } else { self.one(others) }
    }
}

/// The longest sequence after its start (SECURITY B9).
const LONGEST: usize = 7;

/// A start and steps, as this seed has them.
pub fn sequence(seed: u64) -> (Start, Vec<Step>) {
    let mut dice = Dice::of(seed);
    let start = dice.one(&STARTS);
    let length = 1 + dice.below(LONGEST);
    (start, (0..length).map(|_| step(&mut dice)).collect())
}

fn step(dice: &mut Dice) -> Step {
    Step {
        who: dice.one(&[Owner, Attacker]),
        act: act(dice),
        hub: dice.mostly(82, Hub::Newest, &[Hub::Older, Hub::Foreign, Hub::Foreign, Hub::Nobodys]),
        csrf: dice.mostly(90, Csrf::Right, &[Csrf::Missing, Csrf::Stale, Csrf::Foreign]),
        cookies: dice.mostly(92, Cookies::Own, &[Cookies::Nothing, Cookies::Twice, Cookies::SignedOut]),
        from: dice.mostly(92, From::Ours, &[From::Unsaid, From::Sibling, From::Elsewhere]),
    }
}

fn act(dice: &mut Dice) -> Act {
    let agency = dice.one(&[Tilleuls, Rivage]);
    let whom = dice.one(&[Whom::Own, Whom::Own, Whom::Other, Whom::Other, Whom::Nobody]);
    let message = dice.one(&[
        Message::Newest,
        Message::Newest,
        Message::Newest,
        Message::Older,
        Message::Swapped,
        Message::Invented,
    ]);
    let right = dice.below(4) > 0;
    const PAGES: [&str; 10] = [
        "",
        "/legacy",
        "/notice",
        "/email",
        "/password",
        "/terms",
        "/refuse",
        "/connected",
        "/status",
        "/forgot",
    ];
    match dice.below(100) {
        0..28 => Act::Next,
        28..31 => Act::Portal(agency),
        31..32 => Act::Silent(agency),
        32..33 => Act::Again(agency),
        33..35 => Act::Look(dice.one(&PAGES)),
        35..40 => Act::SignIn(whom, right),
        40..46 => Act::Old(agency, whom),
        46..48 => Act::Notice,
        48..53 => Act::Email(whom),
        53..57 => Act::Password,
        57..59 => Act::Resend,
        59..64 => Act::Attach(dice.one(&[None, Some(true), Some(true), Some(false)])),
        64..72 => Act::Terms(dice.one(&[Text::Current, Text::Current, Text::Replaced, Text::Forged])),
        72..73 => Act::Leave,
        73..74 => Act::Switch,
        74..75 => Act::Continue,
        75..79 => Act::Forgot(whom),
        79..84 => Act::OpenReset(message),
        84..88 => Act::OpenConfirm(message),
        88..91 => Act::Confirm(whom, right),
        91..95 => Act::Reset,
        95..96 => Act::SignOut,
        96..98 => Act::Publish,
        _ => Act::Wait(dice.one(&[61, 301, 1801])),
    }
}
