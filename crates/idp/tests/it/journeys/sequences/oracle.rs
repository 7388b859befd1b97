//! The effects that no sequence of steps may have.

use kernel::{
    Token,
    sea_orm::{ConnectionTrait, QueryResult, Statement},
};
use uuid::Uuid;

use super::{
    cast::{Cast, Mailed, identity},
    step::{Act, Agency, Step, Who, Whom},
};

/// The rows of the two people.
#[derive(Default)]
pub struct Seen {
    accounts: Vec<(Uuid, String, String)>,
    links: Vec<(Uuid, String)>,
    grants: Vec<(Uuid, Uuid)>,
    acceptances: Vec<(Uuid, String)>,
}

/// Counts of guarded effects that came about rightly.
#[derive(Default, Debug)]
pub struct Effects {
    resets: usize,
    accounts: usize,
    links: usize,
    codes: usize,
    acceptances: usize,
}

/// The effects that a step may have, by the proofs that its taker holds before it.
pub struct May {
    honest: bool,
    /// It sets a password of whoever has this browser's mailbox.
    reset: bool,
    confirm: bool,
    attach: bool,
    terms: bool,
    received: usize,
}

impl Effects {
    /// Steps that lead nowhere would find nothing.
    pub fn assert_each(&self) {
        let all = [self.resets, self.accounts, self.links, self.codes, self.acceptances];
        assert!(all.iter().all(|seen| *seen > 0), "{self:?}");
    }
}

/// A reset link lives for half an hour, an attached agency needs no password for five minutes (SPEC J3, J6).
const RESET: i64 = 1800;
const FRESH: i64 = 300;

impl May {
    pub fn have(cast: &Cast<'_>, step: &Step) -> Self {
        let (hand, now) = (cast.both(step.who).0, cast.world.bed.context.now());
        let honest = step.is_honest();
        let holds = |name: &str, mail: Option<&Mailed>| {
            let lives = |mail: &&Mailed| !mail.used && (!mail.resets || now < mail.at + RESET);
            mail.filter(lives).is_some_and(|mail| hand.cookie(name).as_ref() == Some(&mail.token))
        };
        let any = || hand.mailbox.iter().any(|mail| !mail.resets && holds("mc_confirm", Some(mail)));
        let fresh = hand.signed_in.is_some_and(|at| now - at <= FRESH);
        Self {
            honest,
            reset: honest && step.act == Act::Reset && holds("mc_reset", hand.newest(true)),
            confirm: honest && step.act == Act::Confirm(Whom::Own, true) && any(),
            attach: honest && (step.act == Act::Attach(Some(true)) || step.act == Act::Attach(None) && fresh),
            terms: honest && matches!(step.act, Act::Terms(_)),
            received: hand.visitor.received().len(),
        }
    }
}

impl Seen {
    pub async fn look(cast: &Cast<'_>) -> Self {
        let (number, db) = (cast.number, cast.world.bed.context.db.writer());
        let ask = async |sql: String| {
            db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap()
        };
        let id = |row: &QueryResult, name: &str| row.try_get::<Uuid>("", name).unwrap();
        let text = |row: &QueryResult, name: &str| row.try_get::<String>("", name).unwrap();
        let people: Vec<String> = ["owner", "attacker", "nobody"]
            .iter()
            .map(|who| format!("'{who}.{number}@exemple.test'"))
            .collect();
        let accounts = ask(format!(
            "SELECT id, email, password_hash FROM account WHERE email IN ({})",
            people.join(", ")
        ))
        .await;
        let references: Vec<String> = [Who::Owner, Who::Attacker]
            .into_iter()
            .flat_map(|who| {
                [Agency::Tilleuls, Agency::Rivage].map(|a| format!("'{}'", identity(who, a, number)[2]))
            })
            .collect();
        let links = ask(format!(
            "SELECT account_id, client_ref FROM link WHERE client_ref IN ({})",
            references.join(", ")
        ))
        .await;
        let of = format!("JOIN account a ON a.id = t.account_id WHERE a.email IN ({})", people.join(", "));
        let grants = ask(format!("SELECT t.id, t.account_id FROM token_grant t {of}")).await;
        let acceptances = ask(format!("SELECT t.account_id, t.version FROM acceptance t {of}")).await;
        Self {
            accounts: accounts
                .iter()
                .map(|r| (id(r, "id"), text(r, "email"), text(r, "password_hash")))
                .collect(),
            links: links.iter().map(|r| (id(r, "account_id"), text(r, "client_ref"))).collect(),
            grants: grants.iter().map(|r| (id(r, "id"), id(r, "account_id"))).collect(),
            acceptances: acceptances.iter().map(|r| (id(r, "account_id"), text(r, "version"))).collect(),
        }
    }

    fn account_of(&self, address: &str) -> Option<Uuid> {
        self.accounts.iter().find(|(_, email, _)| email == address).map(|(id, ..)| *id)
    }
}

/// The elements of the second that the first lacks.
fn new<'a, T: PartialEq>(before: &[T], after: &'a [T]) -> Vec<&'a T> {
    after.iter().filter(|one| !before.contains(one)).collect()
}

fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Compares what is with what may be, and notes what was rightly done.
pub async fn judge(
    cast: &mut Cast<'_>,
    step: &Step,
    may: &May,
    before: &Seen,
    after: &Seen,
    effects: &mut Effects,
) -> Result<(), String> {
    let (hand, _) = cast.both(step.who);
    let screen = &hand.visitor.screen;
    must(!screen.status.is_server_error(), || {
        format!("an error of ours: {} {}", screen.status, screen.path())
    })?;
    let own = after.account_of(&hand.address);
    for (id, email, _) in new(&before.accounts, &after.accounts) {
        let Some((_, _, _)) = before.accounts.iter().find(|(known, ..)| known == id) else {
            must(*email == hand.address, || format!("an account for somebody else: {email}"))?;
            must(may.terms && hand.confirmed, || {
                format!("an account on an address that was not confirmed: {email}")
            })?;
            effects.accounts += 1;
            continue;
        };
        must(may.reset && Some(*id) == own, || format!("a password changed without its link: {email}"))?;
    }
    for (account, reference) in new(&before.links, &after.links) {
        must(Some(*account) == own, || format!("a link to somebody else's account: {reference}"))?;
        must(may.attach || may.terms && hand.confirmed, || {
            format!("a link without the account's proof: {reference}")
        })?;
        must(hand.proved.contains(reference) || hand.confirmed, || {
            format!("a link without the old credentials: {reference}")
        })?;
        effects.links += 1;
    }
    for acceptance in new(&before.acceptances, &after.acceptances) {
        must(may.terms && Some(acceptance.0) == own, || {
            format!("an acceptance that was not given: {acceptance:?}")
        })?;
        effects.acceptances += 1;
    }
    let version = cast.world.idp.accounts.current_terms().unwrap().version;
    for (_, account) in new(&before.grants, &after.grants) {
        must(Some(*account) == own, || "a code of somebody else's account: in this browser".into())?;
        must(after.acceptances.contains(&(*account, version.clone())), || {
            format!("a code without terms: {version}")
        })?;
        effects.codes += 1;
    }
    for cookie in hand.visitor.received()[may.received..].iter().filter(|c| c.name() == "mc_session") {
        let owner = session(cast, cookie.value()).await;
        must(owner.is_some() && owner == own, || "a session of somebody else: in this browser".into())?;
    }
    note(cast, step, may, before, after, effects);
    Ok(())
}

/// The account of a session.
async fn session(cast: &Cast<'_>, token: &str) -> Option<Uuid> {
    let (token, db) = (Token::parse(token)?, cast.world.bed.context.db.writer());
    let sql = format!("SELECT account_id FROM session WHERE token_hash = '{}'", token.digest().as_str());
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    row.map(|row| row.try_get("", "account_id").unwrap())
}

/// Records the proofs that the step's taker holds now.
fn note(cast: &mut Cast<'_>, step: &Step, may: &May, before: &Seen, after: &Seen, effects: &mut Effects) {
    let (number, now) = (cast.number, cast.world.bed.context.now());
    let hand = cast.hand(step.who);
    if hand.visitor.received()[may.received..].iter().any(|c| c.name() == "mc_session") {
        hand.signed_in = Some(now);
    }
    if matches!(step.act, Act::SignOut | Act::Switch) && may.honest {
        hand.signed_in = None;
    }
    if let (Act::Old(agency, whom), true) = (step.act, may.honest) {
        let other = if step.who == Who::Owner { Who::Attacker } else { Who::Owner };
        let who = if whom == Whom::Other && step.who == Who::Attacker { other } else { step.who };
        hand.proved.push(identity(who, agency, number)[2].clone());
    }
    // Right for its form; whether it was at its step, the account shows.
    hand.confirmed |= may.confirm;
    let hash = |seen: &Seen| {
        let found = seen.accounts.iter().find(|(_, email, _)| *email == hand.address);
        found.map(|(.., hash)| hash.clone())
    };
    if may.reset && hash(before) != hash(after) {
        effects.resets += 1;
        if let Some(mail) = hand.mailbox.iter_mut().rfind(|mail| mail.resets) {
            mail.used = true;
        }
        cast.changed(step.who);
    }
}
