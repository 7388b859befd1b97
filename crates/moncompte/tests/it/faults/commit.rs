//! The reply to COMMIT is lost (SECURITY #117, B21): the transaction is done, and the provider cannot know. A second try finds one effect, not two, and nobody
//! is left with neither the old nor the new.

use super::{Site, Told, is_not_now, proxy::Proxy};
use crate::{
    person::{Page, Person, Persona, link},
    place::eventually,
    races::reset::links,
};

/// Sends a client's request and loses the reply to the COMMIT of `statement`; checks that the client gets a 503.
async fn lost(proxy: &Proxy, statement: &'static str, ask: impl Future<Output = Told>) {
    let before = proxy.dropped();
    proxy.drop_commit_after(statement);
    let told = ask.await;
    assert_eq!(proxy.dropped(), before + 1, "{statement}: {} {}", told.status, told.json);
    assert!(told.is_not_now(), "{statement}: {} {}", told.status, told.json);
}

/// Does the same to a person, who gets a page with a link; follows the link and returns the page that it leads to.
async fn lost_page(
    proxy: &Proxy,
    statement: &'static str,
    person: &Person,
    ask: impl Future<Output = Page>,
) -> Page {
    let before = proxy.dropped();
    proxy.drop_commit_after(statement);
    let page = ask.await;
    assert_eq!(proxy.dropped(), before + 1, "{statement}: {} {}", page.url, page.status);
    assert!(is_not_now(&page), "{statement}: {} {} {}", page.url, page.status, page.body);
    let way = page.attribute("main a.button", "href").expect("a way on");
    person.get(&way).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_whose_redemption_is_not_acknowledged_never_gives_two_grants() {
    let Some((site, proxy)) = Site::wired().await else { return };
    let person = site.person();
    let code = person.signs_in(&site.mover.email, &site.mover.new).await.code().unwrap();
    let before = site.count("refresh_token").await;
    lost(&proxy, "UPDATE \"code\"", site.redeem(&code)).await;
    assert_eq!(site.count("refresh_token").await, before + 1, "it was done");
    let again = site.redeem(&code).await;
    assert_eq!((again.status.as_u16(), again.text("error")), (400, "invalid_grant"));
    assert_eq!(site.count("refresh_token").await, before + 1, "and not twice");
    // Nobody received the first tokens, and they are revoked (SECURITY I2).
    assert_eq!(site.count("token_grant WHERE revoked_why = 'code_reuse'").await, 1);
    // The portal sends the person again; their session lives.
    let code = person.asked_by_portal().await.code().expect("signed in");
    assert_eq!(site.redeem(&code).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_is_not_acknowledged_has_one_child_and_gives_it_again() {
    let Some((site, proxy)) = Site::wired().await else { return };
    let person = site.person();
    let code = person.signs_in(&site.mover.email, &site.mover.new).await.code().unwrap();
    let tokens = site.redeem(&code).await;
    let before = site.count("refresh_token").await;
    lost(&proxy, "UPDATE \"refresh_token\"", site.refresh(tokens.text("refresh_token"))).await;
    // The portal that got no answer asks again at once and gets the same tokens (SECURITY D16).
    let again = site.refresh(tokens.text("refresh_token")).await;
    assert_eq!(again.status, 200, "{}", again.json);
    assert_eq!(site.count("refresh_token").await, before + 1, "one child");
    assert_eq!(site.userinfo(again.text("access_token")).await.status, 200);
    let next = site.refresh(again.text("refresh_token")).await;
    assert_eq!(next.status, 200, "{}", next.json);
    // After the child was used, the sender of its parent may be a thief: the family ends (RFC 9700 §4.14.2).
    let late = site.refresh(tokens.text("refresh_token")).await;
    assert_eq!((late.status.as_u16(), late.text("error")), (400, "invalid_grant"));
    assert_eq!(site.userinfo(next.text("access_token")).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_that_is_not_acknowledged_is_done_and_says_so() {
    let Some((site, proxy)) = Site::wired().await else { return };
    let person = site.person();
    let page = person.asked_by_portal().await;
    let page = person.get(&format!("{}/forgot", page.url.path())).await;
    person.submit(&page, "forgot", &[("email", &site.mover.email)]).await;
    let link = eventually("the link", async || links(&site.place).pop()).await;
    let page = person.get(&link).await;
    let chosen = "sept corbeaux gris 1";
    let typed = [("password", chosen)];
    let reset = person.submit(&page, "reset", &typed);
    let next = lost_page(&proxy, "UPDATE \"recovery\" SET \"used_at\"", &person, reset).await;
    assert!(!next.asks("reset"), "the link was used: {}", next.heading());
    assert_eq!(next.status, 200);
    // The new password counts, not the old one; the form sent again changes nothing more.
    let again = person.submit(&page, "reset", &[("password", "huit corbeaux gris 2")]).await;
    assert_eq!(again.status, 200, "{}", again.heading());
    for (password, works) in [(&*site.mover.new, false), ("huit corbeaux gris 2", false), (chosen, true)] {
        let page = site.person().signs_in(&site.mover.email, password).await;
        assert_eq!(page.code().is_some(), works, "{password}");
    }
    assert_eq!(site.count("evidence WHERE kind = 'password reset'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_move_that_is_not_acknowledged_is_done_once() {
    let Some((site, proxy)) = Site::wired().await else { return };
    let (mover, person) = (Persona::number(2), site.person());
    person.until_mail(&mover).await;
    let page = person.get(&link(&site.place.mail_to(&mover.email).await)).await;
    let typed = [("email", &*mover.email), ("password", &*mover.new)];
    let terms = person.submit(&page, "confirm", &typed).await;
    let accept = person.submit(&terms, "terms", &[("accept", "on")]);
    let next = lost_page(&proxy, "INSERT INTO \"account\"", &person, accept).await;
    assert!(next.asks("sign-in"), "the account is there: {} {}", next.url, next.heading());
    // Sent again, as by a browser that goes back: it ends where the first would have.
    let again = person.submit(&terms, "terms", &[("accept", "on")]).await;
    assert_eq!(again.heading(), "Vous êtes maintenant connecté", "{}", again.url);
    assert!(person.asked_by_portal().await.code().is_some(), "signed in");
    for kind in ["account created", "terms accepted"] {
        // One for this person, and one for the person who was there before.
        assert_eq!(site.count(&format!("evidence WHERE kind = '{kind}'")).await, 2, "{kind}");
    }
    assert_eq!(site.count("link").await, 2);

    // A second identity of the same person: the move ends with a link to their account.
    let second = Persona { email: mover.email.clone(), new: mover.new.clone(), ..Persona::number(3) };
    let person = site.person();
    let page = person.prove(&second).await;
    let page = person.submit(&page, "notice", &[]).await;
    let page = person.submit(&page, "email", &[("email", &second.email)]).await;
    assert!(page.asks("link"), "{} {}", page.url, page.heading());
    let password = [("password", &*second.new)];
    let attach = person.submit(&page, "link", &password);
    let next = lost_page(&proxy, "INSERT INTO \"link\"", &person, attach).await;
    assert!(next.asks("sign-in"), "{} {}", next.url, next.heading());
    assert!(person.submit(&next, "sign-in", &typed).await.code().is_some(), "on to the portal");
    assert_eq!(site.count("link").await, 3);
    assert_eq!(site.count("evidence WHERE kind = 'agency attached'").await, 1);
    assert_eq!(site.count("legacy_identity WHERE moved_at IS NOT NULL").await, 3);
}
