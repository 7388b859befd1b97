//! A life with two ways to one link: what a lock has mailed is in the mailbox when its owner asks for a link, and is not mailed again (SECURITY #73, D12).

use std::sync::Arc;

use testbed::{Bed, apply, both};

use super::{KEPT, Town, dice::Dice, life::Life, model::LIMIT, model::Where};
use crate::{
    person::Persona,
    place::{MAIL_FOLDER, Place, eventually, serve},
};

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_a_link_uses_the_one_that_a_lock_has_mailed(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let who = [0, 1].map(Persona::number);
    place.people(who.iter().map(|who| (who.identifier.clone(), who.old.clone(), String::new())));
    let _running = serve(place.folder.path(), |_| ()).await;
    let town = Arc::new(Town::of(&place).await);
    let mut life = Life::new(town.clone(), Dice::new(KEPT), 0);
    let lived = async {
        life.moves().await?;
        for _ in 0..LIMIT {
            life.guess(Where::Elsewhere).await?;
        }
        let mailed = || town.messages.links(&who[0].email, "/reset?").pop();
        eventually("the mail about the lock", async || mailed()).await;
        life.reset().await?;
        life.visit().await
    };
    lived.await.unwrap_or_else(|why| panic!("{}: {why}", place.bed.name));
}
