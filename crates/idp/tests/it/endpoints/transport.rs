//! Headers and cookies that protect every page in a browser.

use http::header;
use testbed::{apply, both};

use crate::endpoints::{
    browser::{Visitor, asking, provider},
    world::{World, form},
};

/// SECURITY #105, #41: HSTS for a year, for sibling hosts too, and cookies that no sibling can set and no plain request carries.
#[apply(both!)]
#[tokio::test]
async fn whoever_came_over_https_comes_back_over_https(world: World) {
    let mut browser = Visitor::new(&provider(&world));
    let asked = format!("/authorize?{}", form(&asking(&[])));
    for address in ["/", "/nowhere", "/jwks", "/token", "/assets/moncompte.css", asked.as_str()] {
        let reply = browser.get(address, &[]).await;
        let told = reply.header("strict-transport-security");
        assert_eq!(told, "max-age=31536000; includeSubDomains", "{address}");
        for cookie in reply.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-") || cookie.starts_with("__Secure-"), "{cookie}");
            assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{cookie}");
        }
    }
    assert!(!browser.cookies().is_empty());
}

/// SECURITY #71: out of the address bar, the history and whatever reads along, before a page is shown.
#[apply(both!)]
#[tokio::test]
async fn a_mailed_token_leaves_the_address_at_once(world: World) {
    for page in ["/reset", "/confirm"] {
        let mut browser = Visitor::new(&provider(&world));
        let token = world.bed.context.token().text();
        let reply = browser.get(&format!("{page}?token={token}"), &[]).await;
        assert_eq!((reply.status.as_u16(), reply.header("location")), (303, page));
        assert!(!reply.body.contains(&token));
        let shown = browser.follow(reply).await;
        assert!(shown.status.is_success() && !shown.body.contains(&token), "{page}: {}", shown.status);
    }
}
