//! SPEC J14: the desk over HTTP, as staff and those whom they help walk it.

mod helping;
mod inviting;
mod opening;
mod walls;

use testkit::Visitor;

use super::world::{PASSWORD, World};

const MARIE: &str = "marie@exemple.test";
/// At the desk of the first agency, and its manager.
const LEA: &str = "lea@tilleuls.test";
const HUGO: &str = "hugo@tilleuls.test";
/// At the desk of the other agency.
const LEA_OF_RIVAGE: &str = "lea@rivage.test";
/// The vendor's support, and who plans moves.
const NADIA: &str = "nadia@editeur.test";
const CAROLE: &str = "carole@editeur.test";

/// Gives everybody at the desk an account, as people of an agency that nobody is asked about, and moves Marie.
async fn staffed(world: &World) {
    let people: String = (200..205).map(|n| format!("{n},ST-{n},Vieux-Secret {},,\n", n - 99)).collect();
    world.import("rivage", &format!("identifier,client_ref,password,email,name\n{people}"), 5).await;
    for (n, email) in [LEA, HUGO, LEA_OF_RIVAGE, NADIA, CAROLE].into_iter().enumerate() {
        world.moved("rivage", &(200 + n).to_string(), email).await;
    }
    world.moved("tilleuls", "100", MARIE).await;
}

/// Signs somebody in at the front page.
async fn signed_in(world: &World, email: &str) -> Visitor {
    let mut browser = world.visitor();
    browser.open("/").await;
    browser.sign_in(email, PASSWORD).await;
    browser
}

/// Signs staff in, and opens the desk.
async fn at_desk(world: &World, email: &str) -> Visitor {
    let mut browser = signed_in(world, email).await;
    browser.open("/desk").await;
    browser
}

/// Searches, and opens the page of the only person who is found.
async fn find(browser: &mut Visitor, seat: &str, by: &str, typed: &str) {
    browser.open(seat).await;
    browser.submit("/search", &[("by", by), ("typed", typed)]).await;
    let people: Vec<String> =
        browser.screen.links().into_iter().filter(|link| link.contains("/person/")).collect();
    assert_eq!(people.len(), 1, "{typed}: {}", browser.screen.text());
    browser.open(&people[0]).await;
}

/// Types wrong passwords at the sign-in page.
async fn fails(world: &World, email: &str, times: usize) {
    for _ in 0..times {
        let mut browser = world.visitor();
        browser.open("/").await;
        browser.sign_in(email, "faux faux faux").await;
    }
}
