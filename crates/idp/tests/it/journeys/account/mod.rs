//! SPEC J11: "my account".

mod address;
mod devices;
mod papers;
mod password;
mod sessions;
mod words;

use testkit::Visitor;

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

pub const MARIE: &str = "marie@exemple.test";
pub const PAUL: &str = "paul@exemple.test";

/// Somebody who has moved, in another browser.
pub async fn at_portal(world: &World, email: &str, keep: bool) -> Visitor {
    let mut visitor = world.visitor();
    let portal = Portal::new(world, "tilleuls");
    portal.send(&mut visitor, &[]).await;
    let mut typed = vec![("email", email), ("password", PASSWORD)];
    typed.extend(keep.then_some(("keep", "on")));
    visitor.submit("/sign-in", &typed).await;
    portal.receive(&visitor).await;
    visitor
}

/// Somebody who has moved, at the provider's own front page.
pub async fn at_home(world: &World, email: &str) -> Visitor {
    let mut visitor = world.visitor();
    visitor.open("/").await;
    visitor.sign_in(email, PASSWORD).await.says("Mon compte").says(email);
    visitor
}
