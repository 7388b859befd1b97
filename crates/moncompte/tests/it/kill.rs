//! kill -9 at any moment of the move leaves the person either able to begin again with the old credentials or fully moved; there is no third
//! state, and the next start needs no repair (SECURITY #85, #114, B12).

use std::time::{Duration, Instant};

use kernel::sea_orm::{ConnectionTrait, Statement};
use testbed::{Bed, apply, both};

use crate::{
    person::{Page, Person, Persona, link},
    place::{MAIL_FOLDER, Place, Running},
};

/// The requests of the move that change something, in order.
const STEPS: [&str; 6] = ["legacy", "notice", "email", "password", "confirm", "terms"];

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_of_the_move(bed: Bed) {
    kill_and_look(bed).await;
}

/// The moment at which the process dies.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// After the answers to this many steps.
    After(usize),
    /// This long after sending the request of this step.
    During(usize, Duration),
}

async fn kill_and_look(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    place.people((0..100).map(|n| Persona::number(n).row()));
    let took = measure(&place).await;
    let mut moments: Vec<Moment> = (0..=STEPS.len()).map(Moment::After).collect();
    let during = testbed::tries(2, 5);
    let first = usize::from(uuid::Uuid::new_v4().into_bytes()[0]) % 5;
    let steps = (first..first + during).map(|step| step % 5);
    moments.extend(steps.map(|step| Moment::During(step, chance_of(took[step]))));
    // The duration of the last request and a quarter more in equal stretches, with one kill at a random place of each.
    let at_the_end = testbed::tries(5, 16);
    let stretch = took[5] * 5 / 4 / u32::try_from(at_the_end).unwrap();
    let late = (0_u32..).take(at_the_end).map(|n| Moment::During(5, stretch * n + chance_of(stretch)));
    moments.extend(late);
    assert_eq!(moments.len(), 7 + during + at_the_end);
    let mut moved = 0;
    for (n, moment) in moments.iter().enumerate() {
        let mover = Persona::number(n + 1);
        moved += usize::from(one_kill(&place, &mover, *moment).await);
    }
    println!(
        "{}: {} kills, {moved} of them moved; the last request takes {:?}",
        place.bed.name,
        moments.len(),
        took[5]
    );
}

/// A random duration below `time`.
fn chance_of(time: Duration) -> Duration {
    let byte = uuid::Uuid::new_v4().into_bytes()[0];
    time * u32::from(byte) / 256
}

/// The duration of each step without a kill.
async fn measure(place: &Place) -> [Duration; 6] {
    let running = place.serve().await;
    let mover = Persona::number(0);
    let person = Person::new(&place.issuer());
    let mut took = [Duration::ZERO; 6];
    for (step, took) in took.iter_mut().enumerate() {
        let page = before(place, &person, &mover, step).await;
        let begun = Instant::now();
        send(&person, &page, &mover, step).await.unwrap();
        *took = begun.elapsed();
    }
    assert!(look(place, &mover).await.is_moved());
    drop(running);
    took
}

/// Walks up to the moment, kills, starts again, and checks the person's state. Returns true if the person has moved.
async fn one_kill(place: &Place, mover: &Persona, moment: Moment) -> bool {
    let mails = mails(place).await;
    let running = place.serve().await;
    let person = Person::new(&place.issuer());
    let told_done = walk(place, running, &person, mover, moment).await;
    // The dead worker's leases would end by themselves after a minute: end them at once.
    place.bed.context.db.writer().execute_unprepared("UPDATE outbox SET locked_until = NULL").await.unwrap();

    let begun = Instant::now();
    let running = place.serve().await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{moment:?}: the start took {:?}", begun.elapsed());
    let state = look(place, mover).await;
    let context = format!("{} {moment:?} {state:?}", place.bed.name);
    assert!(state.is_moved() || state.is_untouched(), "a third state: {context}");
    assert!(state.is_moved() || !told_done, "told that it is done, and it is not: {context}");
    let was_moved = state.is_moved();
    if was_moved {
        // The confirmation, and the receipt that the move promised.
        assert_eq!(self::mails(place).await - mails, 2, "{context}");
    } else {
        begin_again(place, mover, &context).await;
        assert!(look(place, mover).await.is_moved(), "after beginning again: {context}");
    }
    // Either way the person has moved by now.
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "the new credentials: {context}: {} {}", page.url, page.heading());
    let page = Person::new(&place.issuer()).prove(mover).await;
    assert!(
        page.asks("legacy") && page.code().is_none(),
        "the old credentials: {context}: {}",
        page.heading()
    );
    // And the browser that saw the server die is not stuck.
    let page = person.asked_by_portal().await;
    assert!(page.status.is_success() || page.code().is_some(), "{context}: {} {}", page.url, page.status);
    running.kill();
    was_moved
}

/// Walks up to the moment and kills the program; returns true if the last step was answered with success.
async fn walk(place: &Place, running: Running, person: &Person, mover: &Persona, moment: Moment) -> bool {
    let (whole, flying) = match moment {
        Moment::After(whole) => (whole, None),
        Moment::During(step, delay) => (step, Some(delay)),
    };
    for step in 0..whole {
        let page = before(place, person, mover, step).await;
        send(person, &page, mover, step).await.unwrap();
    }
    let Some(delay) = flying else {
        running.kill();
        return whole == STEPS.len();
    };
    let page = before(place, person, mover, whole).await;
    let killer = tokio::task::spawn_blocking(move || {
        // The moment of the kill is under test: a wait for the time itself.
        std::thread::sleep(delay);
        running.kill();
    });
    let answer = send(person, &page, mover, whole).await;
    killer.await.unwrap();
    whole + 1 == STEPS.len() && answer.is_ok_and(|page| page.status.is_success() || page.code().is_some())
}

/// The page with the form of a step, found as a person would find it again.
async fn before(place: &Place, person: &Person, mover: &Persona, step: usize) -> Page {
    let page = match STEPS[step] {
        "legacy" => person.old_door().await,
        "confirm" => person.get(&link(&place.mail_to(&mover.email).await)).await,
        // The hub of the browser's own interaction.
        _ => person.here().await,
    };
    assert!(page.asks(STEPS[step]), "{}: {} {}", STEPS[step], page.url, page.heading());
    page
}

async fn send(person: &Person, page: &Page, mover: &Persona, step: usize) -> reqwest::Result<Page> {
    let fields: &[(&str, &str)] = match STEPS[step] {
        "legacy" => &[("identifier", &mover.identifier), ("password", &mover.old)],
        "notice" => &[],
        "email" => &[("email", &mover.email)],
        "password" => &[("password", &mover.new)],
        "confirm" => &[("email", &mover.email), ("password", &mover.new)],
        _ => &[("accept", "on")],
    };
    person.try_submit(page, STEPS[step], fields).await
}

/// Ends the move in another browser, from the old credentials and the step at which it stands.
async fn begin_again(place: &Place, mover: &Persona, context: &str) {
    let person = Person::new(&place.issuer());
    let mut page = person.prove(mover).await;
    assert!(!page.asks("legacy"), "the old credentials were refused: {context}: {}", page.heading());
    for _ in 0..8 {
        let step = STEPS.iter().position(|step| page.asks(step));
        let Some(step) = step else {
            assert!(page.asks("resend"), "a dead end: {context}: {} {}", page.url, page.heading());
            page = person.get(&link(&place.mail_to(&mover.email).await)).await;
            continue;
        };
        page = send(&person, &page, mover, step).await.unwrap();
        if STEPS[step] == "terms" {
            return;
        }
    }
    panic!("it does not end: {context}: {} {}", page.url, page.heading());
}

/// The state of one person in the database.
#[derive(Debug)]
struct State {
    accounts: i64,
    links: i64,
    acceptances: i64,
    evidence: i64,
    moved: i64,
    verifiers: i64,
}

impl State {
    fn is_moved(&self) -> bool {
        let Self { accounts, links, acceptances, evidence, moved, verifiers } = self;
        (*accounts, *links, *acceptances, *evidence, *moved, *verifiers) == (1, 1, 1, 2, 1, 0)
    }

    fn is_untouched(&self) -> bool {
        let Self { accounts, links, acceptances, evidence, moved, verifiers } = self;
        (*accounts, *links, *acceptances, *evidence, *moved, *verifiers) == (0, 0, 0, 0, 0, 1)
    }
}

async fn look(place: &Place, mover: &Persona) -> State {
    let account = format!("(SELECT id FROM account WHERE email_canonical = '{}')", mover.email);
    let identity = format!("FROM legacy_identity WHERE identifier = '{}'", mover.identifier);
    State {
        accounts: count(place, &format!("FROM account WHERE id IN {account}")).await,
        links: count(place, &format!("FROM link WHERE legacy_identity_id IN (SELECT id {identity})")).await,
        acceptances: count(place, &format!("FROM acceptance WHERE account_id IN {account}")).await,
        evidence: count(
            place,
            &format!("FROM evidence WHERE account_id IN {account} AND kind IN ('account created', 'terms accepted')"),
        )
        .await,
        moved: count(place, &format!("{identity} AND moved_at IS NOT NULL")).await,
        verifiers: count(place, &format!("{identity} AND verifier IS NOT NULL")).await,
    }
}

async fn mails(place: &Place) -> i64 {
    count(place, "FROM outbox WHERE kind = 'mail'").await
}

async fn count(place: &Place, from: &str) -> i64 {
    let db = place.bed.context.db.reader();
    let query = Statement::from_string(db.get_database_backend(), format!("SELECT COUNT(*) AS n {from}"));
    let row = db.query_one_raw(query).await.unwrap().expect("a count");
    row.try_get("", "n").unwrap()
}
