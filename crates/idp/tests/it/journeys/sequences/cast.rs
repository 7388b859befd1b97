//! Two people at two browsers, and what each of them holds.

use accounts::TermsLibrary;
use http::Method;
use kernel::{Digest, Token};

use super::step::{Act, Agency, Cookies, Csrf, From, Hub, Message, Start, Step, Text, Who, Whom};
use testkit::{Visitor, encoded};

use crate::journeys::{
    portal::Portal,
    world::{World, terms},
};

/// An interaction that is nobody's.
const NOBODYS: &str = "/authorize/00000000-0000-0000-0000-000000000000";

/// A mail with a link that one of them got.
pub struct Mailed {
    /// True if the link sets a password, false if it confirms an address.
    pub resets: bool,
    pub token: String,
    pub at: i64,
    pub used: bool,
}

/// One of the two.
pub struct Hand {
    pub address: String,
    pub password: String,
    /// The number of the password that they would choose next.
    next: usize,
    pub visitor: Visitor,
    hubs: Vec<String>,
    pub mailbox: Vec<Mailed>,
    /// References of the identities whose old credentials were given in this browser.
    pub proved: Vec<String>,
    /// The address was confirmed from the mailbox.
    pub confirmed: bool,
    /// When the password was last given here.
    pub signed_in: Option<i64>,
}

/// A sequence's own people, in a world that others were in before.
pub struct Cast<'a> {
    pub world: &'a World,
    pub number: usize,
    pub owner: Hand,
    pub attacker: Hand,
}

impl Hand {
    fn new(browser: &Visitor, name: &str, number: usize) -> Self {
        let word = if name == "owner" { "brouette" } else { "fourchette" };
        Self {
            address: format!("{name}.{number}@exemple.test"),
            password: format!("nuage violoncelle {word}"),
            next: 0,
            visitor: browser.another(),
            hubs: Vec::new(),
            mailbox: Vec::new(),
            proved: Vec::new(),
            confirmed: false,
            signed_in: None,
        }
    }

    /// The newest message of a kind.
    pub fn newest(&self, resets: bool) -> Option<&Mailed> {
        self.mailbox.iter().rfind(|mail| mail.resets == resets)
    }

    /// A cookie's value, if there is one such cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.visitor.cookie_value(name)
    }

    fn message(&self, which: Message, resets: bool) -> String {
        let of = |resets, back| self.mailbox.iter().rev().filter(move |m| m.resets == resets).nth(back);
        let found = match which {
            Message::Newest => of(resets, 0),
            Message::Older => of(resets, 1),
            Message::Swapped => of(!resets, 0),
            Message::Invented => None,
        };
        found.map_or_else(|| "A".repeat(43), |mail| mail.token.clone())
    }

    /// The password that they would choose now.
    pub fn choice(&self) -> String {
        format!("{} {}", self.password, self.next)
    }
}

/// A person's credentials at an agency: identifier, old password, reference.
pub fn identity(who: Who, agency: Agency, number: usize) -> [String; 3] {
    let n = 1000 + 2 * number + usize::from(who == Who::Attacker);
    let initial = if agency == Agency::Tilleuls { 'T' } else { 'R' };
    [n.to_string(), format!("Ancien-{n}"), format!("{initial}-{n}")]
}

pub fn agency_id(agency: Agency) -> &'static str {
    if agency == Agency::Tilleuls { "tilleuls" } else { "rivage" }
}

/// Imports the identities of so many casts.
pub async fn import(world: &World, casts: usize) {
    for agency in [Agency::Tilleuls, Agency::Rivage] {
        let mut rows = String::from("identifier,client_ref,password,email,name\n");
        for number in 0..casts {
            for who in [Who::Owner, Who::Attacker] {
                let [identifier, old, reference] = identity(who, agency, number);
                rows += &format!("{identifier},{reference},{old},,\n");
            }
        }
        world.import(agency_id(agency), &rows, 2 * u64::try_from(casts).unwrap()).await;
    }
}

impl<'a> Cast<'a> {
    pub async fn new(world: &'a World, browser: &Visitor, number: usize, start: &Start) -> Self {
        let mut cast = Self {
            world,
            number,
            owner: Hand::new(browser, "owner", number),
            attacker: Hand::new(browser, "attacker", number),
        };
        let moved: &[Who] = if start.moved { &[Who::Attacker, Who::Owner] } else { &[Who::Attacker] };
        for who in moved {
            let [identifier, old, reference] = identity(*who, Agency::Tilleuls, number);
            let hand = cast.hand(*who);
            let (address, password) = (hand.address.clone(), hand.password.clone());
            hand.proved.push(reference);
            hand.confirmed = true;
            world.moved_with("tilleuls", [&identifier, &old], &address, &password).await;
        }
        cast
    }

    pub fn hand(&mut self, who: Who) -> &mut Hand {
        if who == Who::Owner { &mut self.owner } else { &mut self.attacker }
    }

    pub fn both(&self, who: Who) -> (&Hand, &Hand) {
        match who {
            Who::Owner => (&self.owner, &self.attacker),
            Who::Attacker => (&self.attacker, &self.owner),
        }
    }

    /// The act that the page of the newest interaction asks for, if this step leaves it open.
    pub async fn settle(&mut self, mut step: Step) -> Step {
        if step.act != Act::Next {
            return step;
        }
        let hub = self.hub(&step);
        let hand = self.hand(step.who);
        hand.visitor.open(&hub).await;
        let asks = |page: &str| hand.visitor.screen.body.contains(&format!("action=\"{hub}/{page}\""));
        step.act = if asks("terms") {
            Act::Terms(Text::Current)
        } else if asks("link") {
            Act::Attach(Some(true))
        } else if asks("resend") {
            match (hand.cookie("mc_confirm"), hand.newest(false)) {
                (Some(_), _) => Act::Confirm(Whom::Own, true),
                (None, Some(_)) => Act::OpenConfirm(Message::Newest),
                (None, None) => Act::Password,
            }
        } else if asks("password") {
            Act::Password
        } else if asks("email") {
            Act::Email(Whom::Own)
        } else if asks("notice") {
            Act::Notice
        } else if hand.newest(true).is_some_and(|mail| !mail.used) {
            if hand.cookie("mc_reset").is_some() { Act::Reset } else { Act::OpenReset(Message::Newest) }
        } else if asks("sign-in") {
            Act::SignIn(Whom::Own, true)
        } else {
            Act::Portal(Agency::Rivage)
        };
        step
    }

    fn hub(&self, step: &Step) -> String {
        let (hand, other) = self.both(step.who);
        let found = match step.hub {
            Hub::Newest => hand.hubs.last(),
            Hub::Older => hand.hubs.iter().rev().nth(1),
            Hub::Foreign => other.hubs.last(),
            Hub::Nobodys => None,
        };
        found.cloned().unwrap_or_else(|| NOBODYS.to_owned())
    }

    fn whom(&self, who: Who, whom: Whom) -> String {
        let (hand, other) = self.both(who);
        match whom {
            Whom::Own => hand.address.clone(),
            Whom::Other => other.address.clone(),
            Whom::Nobody => format!("nobody.{}@exemple.test", self.number),
        }
    }

    /// Takes one step, whatever comes of it.
    pub async fn take(&mut self, step: &Step) {
        match step.act {
            Act::Publish => return publish(self.world),
            Act::Wait(seconds) => return self.world.bed.clock.advance(seconds),
            _ => {}
        }
        let kept = self.disguise(step);
        let hub = self.hub(step);
        match self.form(step) {
            Some((page, fields)) => {
                let path = if page.starts_with('/') { page.to_owned() } else { format!("{hub}/{page}") };
                self.post(step, &path, &fields).await;
            }
            None => self.open(step, &hub).await,
        }
        if let Some(kept) = kept {
            self.hand(step.who).visitor.set_cookies(kept);
        }
        self.remember(step.who);
        self.post_office().await;
    }

    /// Another jar for this one request; what was in it before.
    fn disguise(&mut self, step: &Step) -> Option<Vec<axum_extra::extract::cookie::Cookie<'static>>> {
        let theirs = self.both(step.who).1.visitor.cookies();
        let visitor = &self.hand(step.who).visitor;
        let kept = visitor.cookies();
        match step.cookies {
            Cookies::Own => return None,
            Cookies::Nothing => visitor.set_cookies(Vec::new()),
            Cookies::SignedOut => visitor.drop_cookie("mc_session"),
            Cookies::Twice => {
                let known =
                    |c: &&axum_extra::extract::cookie::Cookie<'_>| kept.iter().any(|k| k.name() == c.name());
                theirs.iter().filter(known).for_each(|cookie| visitor.add_cookie(cookie.clone()));
            }
        }
        Some(kept)
    }

    /// The target of this step's form, and its fields.
    fn form(&self, step: &Step) -> Option<(&'static str, Vec<(&'static str, String)>)> {
        let hand = self.both(step.who).0;
        let password =
            |right: bool| if right { hand.password.clone() } else { "une devinette fausse".into() };
        let other = if step.who == Who::Owner { Who::Attacker } else { Who::Owner };
        Some(match step.act {
            Act::SignIn(whom, right) => {
                ("sign-in", vec![("email", self.whom(step.who, whom)), ("password", password(right))])
            }
            Act::Old(agency, whom) => {
                // The owner does not know the attacker's.
                let who = if whom == Whom::Other && step.who == Who::Attacker { other } else { step.who };
                let [identifier, old, _] = identity(who, agency, self.number);
                let old = if whom == Whom::Nobody { "faux".to_owned() } else { old };
                let agency = agency_id(agency).to_owned();
                ("legacy", vec![("agency", agency), ("identifier", identifier), ("password", old)])
            }
            Act::Notice => ("notice", vec![]),
            Act::Email(whom) => ("email", vec![("email", self.whom(step.who, whom))]),
            Act::Password => ("password", vec![("password", hand.password.clone())]),
            Act::Resend => ("resend", vec![]),
            Act::Attach(None) => ("link", vec![]),
            Act::Attach(Some(right)) => ("link", vec![("password", password(right))]),
            Act::Terms(text) => ("terms", accepted(self.world, text)),
            Act::Leave => ("leave", vec![]),
            Act::Switch => ("switch", vec![]),
            Act::Continue => ("continue", vec![]),
            Act::Forgot(whom) => ("forgot", vec![("email", self.whom(step.who, whom))]),
            Act::Confirm(whom, right) => {
                ("/confirm", vec![("email", self.whom(step.who, whom)), ("password", password(right))])
            }
            Act::Reset => ("/reset", vec![("password", hand.choice())]),
            Act::SignOut => ("/sign-out", vec![]),
            _ => return None,
        })
    }

    async fn post(&mut self, step: &Step, path: &str, fields: &[(&str, String)]) {
        let token = match step.csrf {
            Csrf::Right => Some(self.csrf(step.who, path)),
            Csrf::Missing => None,
            Csrf::Stale => Some(self.stale(step.who, path)),
            Csrf::Foreign => {
                Some(self.csrf(if step.who == Who::Owner { Who::Attacker } else { Who::Owner }, path))
            }
        };
        let mut fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        fields.extend(token.as_deref().map(|token| ("csrf", token)));
        let body = encoded(&fields).into_bytes();
        let headers: &[(&str, &str)] = match step.from {
            From::Ours => &[("sec-fetch-site", "same-origin")],
            From::Unsaid => &[],
            From::Sibling => &[("sec-fetch-site", "same-site"), ("origin", "http://evil.localhost")],
            From::Elsewhere => &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")],
        };
        self.hand(step.who).visitor.send(Method::POST, path, Some(body), headers).await;
    }

    async fn open(&mut self, step: &Step, hub: &str) {
        let agency = |agency| Portal::new(self.world, agency_id(agency));
        let hand = self.both(step.who).0;
        let address = match step.act {
            Act::Portal(a) => agency(a).address(&[]),
            Act::Silent(a) => agency(a).address(&[("prompt", "none")]),
            Act::Again(a) => agency(a).address(&[("prompt", "login")]),
            Act::OpenReset(message) => format!("/reset?token={}", hand.message(message, true)),
            Act::OpenConfirm(message) => format!("/confirm?token={}", hand.message(message, false)),
            Act::Look(page) => format!("{hub}{page}"),
            _ => hub.to_owned(),
        };
        self.hand(step.who).visitor.open(&address).await;
    }

    /// The form token that a page at this address would have.
    fn csrf(&self, who: Who, path: &str) -> String {
        let hand = self.both(who).0;
        let interaction = path.split('/').nth(2).unwrap_or_default().replace('-', "");
        let tab = hand.cookie(&format!("mc_tab_{interaction}"));
        self.form_token(&tab.or_else(|| hand.cookie("mc_browser")).unwrap_or_default())
    }

    fn stale(&self, who: Who, path: &str) -> String {
        let received = self.both(who).0.visitor.received();
        let first = received.iter().find(|c| c.name() == "mc_browser").map(|c| self.form_token(c.value()));
        first.filter(|token| *token != self.csrf(who, path)).unwrap_or_else(|| "x".into())
    }

    fn form_token(&self, browser: &str) -> String {
        let Some(token) = Token::parse(browser) else { return "x".into() };
        let keys = &self.world.bed.context.keys;
        Digest::of_mac(keys.mac("csrf", token.digest().as_str().as_bytes())).into_string()
    }

    /// The interaction that the browser is in now.
    fn remember(&mut self, who: Who) {
        let (hand, other) = self.both(who);
        let mut parts = hand.visitor.screen.path().split('/');
        let (Some(""), Some("authorize"), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            return;
        };
        let hub = format!("/authorize/{id}");
        if hub == NOBODYS || other.hubs.contains(&hub) || hand.hubs.contains(&hub) {
            return;
        }
        self.hand(who).hubs.push(hub);
    }

    /// Mails reach their mailboxes.
    async fn post_office(&mut self) {
        let at = self.world.bed.context.now();
        for mail in self.world.mails().await {
            let Some((_, token)) = mail.link.as_deref().and_then(|link| link.split_once("token=")) else {
                continue;
            };
            let resets = matches!(mail.about, "reset" | "locked");
            for who in [Who::Owner, Who::Attacker] {
                if self.both(who).0.address == mail.to {
                    let mail = Mailed { resets, token: token.to_owned(), at, used: false };
                    self.hand(who).mailbox.push(mail);
                }
            }
        }
    }

    /// Their new password was taken.
    pub fn changed(&mut self, who: Who) {
        let hand = self.hand(who);
        hand.password = hand.choice();
        hand.next += 1;
    }
}

/// The terms as a page would show them, or as no page does.
fn accepted(world: &World, text: Text) -> Vec<(&'static str, String)> {
    let library = world.terms.load();
    let current = world.idp.accounts.current_terms().unwrap();
    let version = match text {
        Text::Replaced => library.current(0).cloned().unwrap_or(current),
        Text::Current | Text::Forged => current,
    };
    let sha = if text == Text::Forged { "00".into() } else { version.editions["fr"].sha256.clone() };
    vec![
        ("accept", "on".into()),
        ("version", version.version.clone()),
        ("language", "fr".into()),
        ("sha256", sha),
    ]
}

/// A newer version holds from now on; the one before it is kept.
fn publish(world: &World) {
    let before = world.idp.accounts.current_terms().unwrap();
    let nth: u32 = before.version.split_once('v').map_or(0, |(_, n)| n.parse().unwrap()) + 1;
    let now = world.bed.context.now();
    let next = terms(&format!("v{nth}"), now, true);
    let before = accounts::TermsVersion { effective: 0, ..before };
    world.terms.store(TermsLibrary::new(vec![before, next]).into());
}
