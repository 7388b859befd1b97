//! One person's life at the provider: they move, and then do at random what people, portals and strangers do. The model judges every answer, and
//! every page must have a way on.

use std::{
    cell::RefCell,
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode};
use testkit::VERIFIER;

use super::{
    Town,
    dice::Dice,
    model::{Did, History, Saw, Where},
};
use crate::{
    person::{Page, Person, Persona},
    place::{CALLBACK, CLIENT_SECRET},
};

/// The number of a password that nobody chose.
const WRONG: u8 = 200;
/// Longer than any fault: a person who makes no progress for this long is at a dead end.
const DEAD_END: Duration = Duration::from_secs(150);
/// The most links that an account is mailed in an hour (SECURITY #73).
const LINKS: u8 = 3;
/// The age below which a code is certainly valid: it lives a minute.
const FRESH: Duration = Duration::from_secs(50);
/// The age below which an access token is certainly valid: it lives ten minutes.
const VALID: Duration = Duration::from_secs(540);

/// Counts of all lives, for the summary.
#[derive(Default)]
pub struct Tally {
    pub lives: AtomicUsize,
    pub moves: AtomicUsize,
    pub sign_ins: AtomicUsize,
    pub refused: AtomicUsize,
    pub locks: AtomicUsize,
    pub redeemed: AtomicUsize,
    pub refreshed: AtomicUsize,
    pub replays: AtomicUsize,
    pub resets: AtomicUsize,
    pub attached: AtomicUsize,
    pub at_once: AtomicUsize,
    pub lost: AtomicUsize,
    /// Answered requests.
    pub answers: AtomicUsize,
}

impl Tally {
    pub fn one(count: &AtomicUsize) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// The description of a failure.
pub type Broken = String;

/// One person, their browser and their portal.
pub struct Life {
    town: Arc<Town>,
    dice: Dice,
    own: Person,
    portal: Client,
    /// The person with their first old identifier, and with their second.
    old: [Persona; 2],
    history: History,
    /// The number of passwords chosen so far.
    chosen: u8,
    /// The number of links that they asked for, or that came with a lock.
    links: u8,
    /// Links that are dead, or have set a password. Any other one in the mailbox may be the one that works: it is not mailed twice within a minute.
    tried: HashSet<String>,
    code: Option<(String, Instant)>,
    tokens: Tokens,
    /// The number of mails that must arrive.
    promised: usize,
    moved: bool,
    /// The last pages, for the message of a failure.
    pages: RefCell<Vec<String>>,
}

/// The portal's tokens from the last code.
#[derive(Default)]
struct Tokens {
    access: Option<(String, Instant)>,
    /// Refresh tokens by their numbers in the model.
    refresh: Vec<(u8, String)>,
    next: u8,
}

/// An answer of the token endpoint.
struct Given {
    access: String,
    refresh: String,
}

impl Life {
    pub fn new(town: Arc<Town>, mut dice: Dice, n: usize) -> Self {
        let first = Persona::number(2 * n);
        let second = Persona { email: first.email.clone(), ..Persona::number(2 * n + 1) };
        let own = Person::patient(&town.issuer);
        let portal = Person::browser();
        Self {
            dice: dice.fork(),
            own,
            portal,
            old: [first, second],
            history: History::begin(),
            chosen: 0,
            links: 0,
            tried: HashSet::new(),
            code: None,
            tokens: Tokens::default(),
            promised: 0,
            moved: false,
            pages: RefCell::default(),
            town,
        }
    }

    /// Lives from the move until the town closes or enough has happened. Returns the address, and the least number of mails that it must get.
    pub async fn live(mut self) -> Result<(String, usize), Broken> {
        self.moves().await?;
        for _ in 0..12 + self.dice.under(14) {
            if self.town.is_over() {
                break;
            }
            self.something().await?;
        }
        self.ends_well().await?;
        Tally::one(&self.town.tally.lives);
        Ok((self.old[0].email.clone(), self.promised))
    }

    async fn something(&mut self) -> Result<(), Broken> {
        match self.dice.under(20) {
            0..=3 => self.visit().await,
            4..=5 => self.guess(Where::Own).await,
            6..=7 => self.guess(Where::Elsewhere).await,
            8 => self.elsewhere().await,
            9..=12 => self.refresh().await,
            13 => self.refresh_an_old_one().await,
            14 => self.redeem_again().await,
            15 => self.look().await,
            16 => self.sign_out().await,
            17 => self.reset().await,
            18 => self.attach().await,
            _ => self.at_once().await,
        }
    }

    /// Returns true if their first old identifier is certainly linked.
    pub fn has_moved(&self) -> bool {
        self.moved
    }

    fn password(&self, number: u8) -> String {
        format!("{} numero {number}", self.old[0].new)
    }

    fn note(&mut self, did: Did, saw: Saw) -> Result<(), Broken> {
        self.town.tally_of(did, saw);
        if saw != Saw::Lost {
            Tally::one(&self.town.tally.answers);
        }
        if saw == Saw::Locked {
            self.links += 1;
        }
        self.history.saw((did, saw))
    }

    /// Returns the page, or `None` if it was lost or is a 503.
    fn seen(&self, page: reqwest::Result<Page>) -> Result<Option<Page>, Broken> {
        let told = match &page {
            Ok(page) => format!(
                "{} {} {} {}",
                page.url.path(),
                page.status,
                page.heading(),
                page.texts(".alert").join(" ")
            ),
            Err(error) => format!("{error:?}"),
        };
        self.pages.borrow_mut().push(told);
        let Ok(page) = page else { return Ok(None) };
        if page.status != StatusCode::SERVICE_UNAVAILABLE {
            Tally::one(&self.town.tally.answers);
        }
        if page.address().as_str().starts_with(CALLBACK) {
            return Ok(Some(page));
        }
        if page.status.is_server_error() && page.status != StatusCode::SERVICE_UNAVAILABLE {
            return Err(format!("{} at {}", page.status, page.url));
        }
        if page.texts("main a[href]").is_empty() && page.texts("main form button").is_empty() {
            return Err(format!("a dead end: {} {}", page.url, page.heading()));
        }
        Ok((page.status != StatusCode::SERVICE_UNAVAILABLE).then_some(page))
    }

    /// Repeats a request that changes nothing until it is answered.
    async fn until<T>(
        &self,
        what: &str,
        ask: impl AsyncFn() -> Result<Option<T>, Broken>,
    ) -> Result<T, Broken> {
        let mut beat = tokio::time::interval(Duration::from_millis(100));
        let asked = async {
            loop {
                beat.tick().await;
                if let Some(answer) = ask().await? {
                    return Ok(answer);
                }
            }
        };
        let asked = tokio::time::timeout(DEAD_END, asked).await;
        asked.unwrap_or_else(|_| Err(self.stuck(what)))
    }

    fn stuck(&self, how: &str) -> Broken {
        let pages = self.pages.borrow();
        let last = &pages[pages.len().saturating_sub(30)..];
        let (email, tried) = (&self.old[0].email, self.tried.len());
        let mailed = self.town.messages.links(email, "/reset?").len();
        format!(
            "a dead end: {email} {how}; of {mailed} mails with a reset link, {tried} links were used or dead; what they saw last:\n{}",
            last.join("\n")
        )
    }

    async fn arrives(&self, who: &Person) -> Result<Page, Broken> {
        self.until("nothing at the door", async || self.seen(who.try_asked_by_portal().await)).await
    }

    /// Moves with the old identifiers, however often the move breaks off.
    pub async fn moves(&mut self) -> Result<(), Broken> {
        let begun = Instant::now();
        while begun.elapsed() < DEAD_END {
            match self.one_move().await? {
                Some(true) => {
                    self.promised += 2;
                    self.moved = true;
                    Tally::one(&self.town.tally.moves);
                    return Ok(());
                }
                Some(false) => {}
                None => Tally::one(&self.town.tally.lost),
            }
        }
        Err(self.stuck("cannot move"))
    }

    /// Walks the move once; returns true at its end, false if it must begin again, `None` if it broke off.
    async fn one_move(&mut self) -> Result<Option<bool>, Broken> {
        let who = self.old[0].clone();
        let password = self.password(0);
        let person = Person::patient(&self.town.issuer);
        let mut page = self.old_door(&person).await?;
        for _ in 0..10 {
            let form: Option<(&str, Vec<(&str, &str)>)> = [
                ("legacy", vec![("identifier", &*who.identifier), ("password", &who.old)]),
                ("notice", vec![]),
                ("email", vec![("email", &*who.email)]),
                ("password", vec![("password", &*password)]),
                ("confirm", vec![("email", &*who.email), ("password", &password)]),
                ("terms", vec![("accept", "on")]),
            ]
            .into_iter()
            .find(|(step, _)| page.asks(step));
            page = match form {
                // The identifier is refused because it has moved: the answer to the last step was lost.
                Some(("legacy", _)) if has_moved(&page) => return Ok(Some(true)),
                Some((step, fields)) => {
                    let Some(next) = self.seen(person.try_submit(&page, step, &fields).await)? else {
                        return Ok(None);
                    };
                    if step == "terms" && !next.asks("terms") {
                        return Ok(Some(true));
                    }
                    next
                }
                None if page.asks("resend") => {
                    let links = &self.town.messages;
                    let link = self
                        .until("no mail to confirm", async || Ok(links.links(&who.email, "/confirm?").pop()))
                        .await?;
                    self.until("the confirmation", async || self.seen(person.try_get(&link).await)).await?
                }
                // Signed in by a link, or at a used link: begin at the portal again.
                None => return Ok(Some(false)),
            };
        }
        Ok(Some(false))
    }

    async fn old_door(&self, person: &Person) -> Result<Page, Broken> {
        let page = self.arrives(person).await?;
        let path = format!("{}/legacy", page.url.path());
        self.until("no old door", async || self.seen(person.try_get(&path).await)).await
    }

    /// Comes from the portal: already signed in, or signs in with the right password.
    pub async fn visit(&mut self) -> Result<(), Broken> {
        let page = self.arrives(&self.own).await?;
        if let Some(code) = page.code() {
            self.note(Did::Visit, Saw::In)?;
            return self.redeem(code).await;
        }
        self.note(Did::Visit, Saw::Asked)?;
        let password = self.a_right_one();
        self.sign_in(&page, password, Where::Own).await
    }

    fn a_right_one(&mut self) -> u8 {
        let all: Vec<_> = self.history.passwords().into_iter().collect();
        self.dice.of(&all)
    }

    /// Sends a password on a page that asks for one.
    async fn sign_in(&mut self, page: &Page, password: u8, at: Where) -> Result<(), Broken> {
        let (saw, code) = self.tries(&self.own, page, password).await?;
        self.note(Did::SignIn { password, at }, saw)?;
        match code {
            Some(code) => self.redeem(code).await,
            None => {
                self.forget();
                Ok(())
            }
        }
    }

    async fn tries(&self, who: &Person, page: &Page, password: u8) -> Result<(Saw, Option<String>), Broken> {
        let typed = self.password(password);
        let typed = [("email", &*self.old[0].email), ("password", &*typed)];
        let Some(page) = self.seen(who.try_submit(page, "sign-in", &typed).await)? else {
            return Ok((Saw::Lost, None));
        };
        Ok((outcome(&page)?, page.code()))
    }

    /// Drops the portal's code and tokens.
    fn forget(&mut self) {
        (self.code, self.tokens) = (None, Tokens::default());
    }

    pub async fn guess(&mut self, at: Where) -> Result<(), Broken> {
        if at == Where::Elsewhere {
            let stranger = Person::patient(&self.town.issuer);
            let page = self.arrives(&stranger).await?;
            let (saw, _) = self.tries(&stranger, &page, WRONG).await?;
            return self.note(Did::SignIn { password: WRONG, at }, saw);
        }
        let page = self.arrives(&self.own).await?;
        if let Some(code) = page.code() {
            self.note(Did::Visit, Saw::In)?;
            return self.redeem(code).await;
        }
        self.note(Did::Visit, Saw::Asked)?;
        self.sign_in(&page, WRONG, at).await
    }

    /// Signs in at a friend's browser.
    pub async fn elsewhere(&mut self) -> Result<(), Broken> {
        let friend = Person::patient(&self.town.issuer);
        let page = self.arrives(&friend).await?;
        let password = self.a_right_one();
        let (saw, _) = self.tries(&friend, &page, password).await?;
        self.note(Did::SignIn { password, at: Where::Elsewhere }, saw)
    }

    /// Sends a form to the token endpoint.
    async fn token(&self, form: &[(&str, &str)]) -> Result<(Saw, Option<Given>), Broken> {
        let request = self.portal.post(format!("{}/token", self.town.issuer));
        let answer = request.basic_auth("exemple", Some(CLIENT_SECRET)).form(form).send().await;
        let Ok(answer) = answer else { return Ok((Saw::Lost, None)) };
        let status = answer.status();
        let Ok(json) = answer.json::<serde_json::Value>().await else { return Ok((Saw::Lost, None)) };
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        match (status, &*text("error")) {
            (StatusCode::OK, _) => {
                Ok((Saw::Done, Some(Given { access: text("access_token"), refresh: text("refresh_token") })))
            }
            (StatusCode::BAD_REQUEST, "invalid_grant") => Ok((Saw::Refused, None)),
            (StatusCode::SERVICE_UNAVAILABLE, _) => Ok((Saw::Lost, None)),
            (status, _) => Err(format!("the token endpoint says {status} {json}")),
        }
    }

    async fn redeems(&self, code: &str) -> Result<(Saw, Option<Given>), Broken> {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    async fn refreshes(&self, token: &str) -> Result<(Saw, Option<Given>), Broken> {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    fn holds(&mut self, given: Option<Given>, number: u8) {
        let Some(given) = given else { return };
        self.tokens.access = Some((given.access, Instant::now()));
        if self.tokens.refresh.iter().all(|(_, text)| *text != given.refresh) {
            self.tokens.refresh.push((number, given.refresh));
        }
    }

    async fn redeem(&mut self, code: String) -> Result<(), Broken> {
        self.tokens = Tokens { next: 1, ..Tokens::default() };
        self.code = Some((code, Instant::now()));
        self.redeem_again().await
    }

    pub async fn redeem_again(&mut self) -> Result<(), Broken> {
        let Some((code, since)) = self.code.clone() else { return Ok(()) };
        let (saw, given) = self.redeems(&code).await?;
        self.holds(given, 0);
        self.note(Did::Redeem { late: since.elapsed() > FRESH }, saw)
    }

    pub async fn refresh(&mut self) -> Result<(), Broken> {
        match self.tokens.refresh.last().cloned() {
            Some(newest) => self.refresh_with(newest).await,
            None => self.visit().await,
        }
    }

    async fn refresh_an_old_one(&mut self) -> Result<(), Broken> {
        let held = self.tokens.refresh.len();
        if held < 2 {
            return self.refresh().await;
        }
        let old = self.tokens.refresh[self.dice.under(held - 1)].clone();
        self.refresh_with(old).await
    }

    async fn refresh_with(&mut self, (token, text): (u8, String)) -> Result<(), Broken> {
        let (saw, given) = self.refreshes(&text).await?;
        let new = self.number(given.as_ref());
        self.holds(given, new);
        self.note(Did::Refresh { token, new }, saw)
    }

    /// The number of a refresh token: its own if it was given before (SECURITY D16), else the next.
    fn number(&mut self, given: Option<&Given>) -> u8 {
        let known =
            given.and_then(|given| self.tokens.refresh.iter().find(|(_, text)| *text == given.refresh));
        if let Some((number, _)) = known {
            return *number;
        }
        self.tokens.next += 1;
        self.tokens.next - 1
    }

    pub async fn look(&mut self) -> Result<(), Broken> {
        let Some((access, since)) = self.tokens.access.clone() else { return Ok(()) };
        if since.elapsed() > VALID {
            return Ok(());
        }
        let request = self.portal.get(format!("{}/userinfo", self.town.issuer)).bearer_auth(access);
        let saw = match request.send().await.map(|answer| answer.status()) {
            Ok(StatusCode::OK) => Saw::Done,
            Ok(StatusCode::UNAUTHORIZED) => Saw::Refused,
            Ok(StatusCode::SERVICE_UNAVAILABLE) | Err(_) => Saw::Lost,
            Ok(status) => return Err(format!("userinfo says {status}")),
        };
        self.note(Did::Look, saw)
    }

    pub async fn sign_out(&mut self) -> Result<(), Broken> {
        let page = self.until("/sign-out", async || self.seen(self.own.try_get("/sign-out").await)).await?;
        if !page.asks("sign-out") {
            return self.note(Did::SignOut, Saw::Done);
        }
        let after = self.seen(self.own.try_submit(&page, "sign-out", &[]).await)?;
        self.note(Did::SignOut, if after.is_some() { Saw::Done } else { Saw::Lost })
    }

    /// Resets the password by a mailed link.
    pub async fn reset(&mut self) -> Result<(), Broken> {
        if self.links >= LINKS {
            return Ok(());
        }
        if !self.ask_for_a_link().await? {
            return Ok(());
        }
        self.chosen += 1;
        let password = self.chosen;
        let mut maybe = false;
        loop {
            let Some(link) = self.newest_link(maybe).await? else {
                // The request whose answer was lost took effect: its password counts, and the link is used.
                return self.note(Did::Reset { password }, Saw::Refused);
            };
            match self.sets(&link, password).await? {
                Some(true) => {
                    self.tried.insert(link);
                    self.promised += 2;
                    self.forget();
                    return self.note(Did::Reset { password }, Saw::Done);
                }
                // The link is dead: a newer one is on its way, or it was used.
                Some(false) => {
                    self.tried.insert(link);
                }
                None => {
                    maybe = true;
                    self.forget();
                    self.note(Did::Reset { password }, Saw::Lost)?;
                }
            }
        }
    }

    /// Asks for a link; returns true if that was acknowledged before the hour's limit.
    async fn ask_for_a_link(&mut self) -> Result<bool, Broken> {
        while self.links < LINKS {
            let page = self.until("/forgot", async || self.seen(self.own.try_get("/forgot").await)).await?;
            self.links += 1;
            let typed = [("email", &*self.old[0].email)];
            if self.seen(self.own.try_submit(&page, "forgot", &typed).await)?.is_some() {
                return Ok(true);
            }
            Tally::one(&self.town.tally.lost);
        }
        Ok(false)
    }

    /// Waits for the newest link that was not tried. `None` if there is none and none is on its way, which is right only if `may` is true.
    async fn newest_link(&self, may: bool) -> Result<Option<String>, Broken> {
        let email = &self.old[0].email;
        self.until("no mail with a link", async || {
            let none_left = may && self.town.nothing_waits().await;
            let link =
                self.town.messages.links(email, "/reset?").into_iter().rfind(|l| !self.tried.contains(l));
            Ok(if link.is_some() || none_left { Some(link) } else { None })
        })
        .await
    }

    /// Sets a password by a link; returns true if it was set, `None` if the answer was lost.
    async fn sets(&self, link: &str, password: u8) -> Result<Option<bool>, Broken> {
        let page = self.until("the link", async || self.seen(self.own.try_get(link).await)).await?;
        if !page.asks("reset") {
            return Ok(Some(false));
        }
        let typed = self.password(password);
        let after = self.seen(self.own.try_submit(&page, "reset", &[("password", &typed)]).await)?;
        let Some(after) = after else { return Ok(None) };
        if after.asks("reset") {
            return Err(format!("the new password was not taken: {}", after.texts(".alert").join(" ")));
        }
        Ok(Some(!after.url.path().starts_with("/reset")))
    }

    /// Attaches the second old identifier, in a browser that is not theirs.
    pub async fn attach(&mut self) -> Result<(), Broken> {
        let password = self.a_right_one();
        let did = Did::Attach { password };
        let (typed, who) = (self.password(password), self.old[1].clone());
        let person = Person::patient(&self.town.issuer);
        let mut page = self.old_door(&person).await?;
        for _ in 0..8 {
            let form: Option<(&str, Vec<(&str, &str)>)> = [
                ("legacy", vec![("identifier", &*who.identifier), ("password", &who.old)]),
                ("notice", vec![]),
                ("email", vec![("email", &*who.email)]),
                ("link", vec![("password", &*typed)]),
            ]
            .into_iter()
            .find(|(step, _)| page.asks(step));
            let Some((step, fields)) = form else {
                return Err(format!("attaching led to {} {}", page.url, page.heading()));
            };
            if step == "legacy" && has_moved(&page) {
                return self.note(did, Saw::Refused);
            }
            let next = self.seen(person.try_submit(&page, step, &fields).await)?;
            page = match next {
                None if step == "link" => return self.note(did, Saw::Lost),
                // Nothing has taken effect yet.
                None => return Ok(()),
                Some(next) if step == "link" => {
                    let saw = outcome(&next)?;
                    self.promised += usize::from(saw == Saw::In);
                    return self.note(did, saw);
                }
                Some(next) => next,
            };
        }
        Err("attaching does not end".into())
    }

    /// Sends two requests at the same moment, to any nodes.
    async fn at_once(&mut self) -> Result<(), Broken> {
        Tally::one(&self.town.tally.at_once);
        let (code, token) = (self.code.clone(), self.tokens.refresh.last().cloned());
        match (self.dice.under(3), code, token) {
            (0, Some((code, since)), _) => {
                let late = since.elapsed() > FRESH;
                let (one, two) = tokio::join!(self.redeems(&code), self.redeems(&code));
                let ((one, given), (two, also)) = (one?, two?);
                self.holds(given.or(also), 0);
                self.history.together(&[(Did::Redeem { late }, one), (Did::Redeem { late }, two)])
            }
            (1, _, Some((token, text))) => {
                let (one, two) = tokio::join!(self.refreshes(&text), self.refreshes(&text));
                let ((one, given), (two, also)) = (one?, two?);
                let first = self.number(given.as_ref());
                self.holds(given, first);
                let second = self.number(also.as_ref());
                self.holds(also, second);
                let did = |new| Did::Refresh { token, new };
                self.history.together(&[(did(first), one), (did(second), two)])
            }
            _ => self.two_guesses().await,
        }
    }

    async fn two_guesses(&mut self) -> Result<(), Broken> {
        let strangers = [0, 1].map(|_| Person::patient(&self.town.issuer));
        let pages = [self.arrives(&strangers[0]).await?, self.arrives(&strangers[1]).await?];
        let (one, two) = tokio::join!(
            self.tries(&strangers[0], &pages[0], WRONG),
            self.tries(&strangers[1], &pages[1], WRONG)
        );
        let (one, two) = (one?.0, two?.0);
        self.links += [one, two].iter().filter(|saw| **saw == Saw::Locked).count() as u8;
        let did = Did::SignIn { password: WRONG, at: Where::Elsewhere };
        self.history.together(&[(did, one), (did, two)])
    }

    /// Checks the end of the life: the person signs in, or reads that the account is locked and how to unlock it.
    async fn ends_well(&mut self) -> Result<(), Broken> {
        for _ in 0..12 {
            if self.history.all(|world| world.signed_in) == Some(true) {
                return Ok(());
            }
            self.visit().await?;
            if self.history.all(|world| world.signed_in) != Some(true)
                && self.history.may_be_locked(Where::Own)
            {
                if self.links >= LINKS {
                    return Ok(());
                }
                self.reset().await?;
            }
        }
        Err(self.stuck("never gets in"))
    }
}

/// Reads the outcome of a password from the page.
fn outcome(page: &Page) -> Result<Saw, Broken> {
    if page.code().is_some() {
        return Ok(Saw::In);
    }
    let told = page.texts(".alert").join(" ");
    if page.attribute(".alert a.button", "href").is_some_and(|to| to.ends_with("/forgot")) {
        return Ok(Saw::Locked);
    }
    let number: String =
        told.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    match number.parse() {
        Ok(remaining) => Ok(Saw::Wrong { remaining }),
        // Too many at once: no password was checked or counted.
        Err(_) if !told.is_empty() => Ok(Saw::Lost),
        Err(_) => Err(format!("a password led to {} {} {}", page.url, page.status, page.heading())),
    }
}

/// Returns true if the page refuses the old identifier because its owner has moved.
fn has_moved(page: &Page) -> bool {
    page.asks("legacy") && page.attribute(".alert a.button", "href").is_some()
}
