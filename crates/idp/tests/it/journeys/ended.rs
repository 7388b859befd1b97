//! Sessions that ended stay ended, and a request that panics harms no other.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::Method;
use idp::Idp;
use kernel::{Context, Rng, SystemRng, sea_orm::ConnectionTrait};
use testbed::{Database, OnDatabase, apply, both};
use testkit::Visitor;

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";
const NEW: &str = "nuage violoncelle fourchette";

/// The ways in which a session ends.
const ENDS: [&str; 5] = ["sign-out", "somebody else signs in here", "a reset elsewhere", "disabled", "idle"];

/// SECURITY #46: the cookie of a session that ended, put back, opens no page and gives no code, also in an interaction that was open before the end.
#[apply(both!)]
#[tokio::test]
async fn a_session_that_ended_opens_nothing_however_it_ended(database: Database) {
    for how in ENDS {
        let world = World::on(database).await;
        world.moved("tilleuls", "100", MARIE).await;
        let portal = Portal::new(&world, "tilleuls");
        let mut marie = world.visitor();
        portal.send(&mut marie, &[]).await;
        marie.sign_in(MARIE, PASSWORD).await;
        portal.receive(&marie).await;
        portal.send(&mut marie, &[("prompt", "login")]).await;
        let pending = marie.screen.path().to_owned();
        let kept = marie.cookies();
        end(&world, &mut marie, how).await;
        marie.set_cookies(kept.clone());
        for address in ["/", "/sign-out", "/attach", &pending, &format!("{pending}/connected")] {
            marie.open(address).await.says_not(MARIE);
            assert_eq!(marie.screen.left_to, None, "{how}: {address}");
            marie.set_cookies(kept.clone());
        }
        portal.send(&mut marie, &[("prompt", "none")]).await;
        assert!(portal.back(&marie).contains(&("error".into(), "login_required".into())), "{how}");
        assert_eq!(world.count("code", "used_at IS NULL").await, 0, "{}: {how}", world.bed.name);
    }
}

async fn end(world: &World, marie: &mut Visitor, how: &str) {
    match how {
        "sign-out" => {
            marie.open("/sign-out").await;
            marie.submit("/sign-out", &[]).await;
        }
        "somebody else signs in here" => {
            world.moved("tilleuls", "101", "paul@exemple.test").await;
            let pending = marie.screen.path().to_owned();
            marie.open(&pending).await;
            marie.sign_in("paul@exemple.test", PASSWORD).await;
            world.bed.context.db.writer().execute_unprepared("DELETE FROM code").await.unwrap();
        }
        "a reset elsewhere" => {
            let mut elsewhere = world.visitor();
            elsewhere.open("/forgot").await;
            elsewhere.submit("/forgot", &[("email", MARIE)]).await;
            let link = world.mail_to(MARIE, "reset").await.link.unwrap();
            elsewhere.open(&link).await;
            elsewhere.submit("/reset", &[("password", NEW)]).await;
        }
        "disabled" => {
            let disable = format!("UPDATE account SET disabled_at = 1 WHERE email = '{MARIE}'");
            world.bed.context.db.writer().execute_unprepared(&disable).await.unwrap();
        }
        _ => world.bed.clock.advance(8 * 3600 + 1),
    }
}

/// A random generator that fails while a switch is on: then the program must not go on.
struct Failing {
    good: SystemRng,
    fails: AtomicUsize,
}

impl Rng for Failing {
    fn fill(&self, buffer: &mut [u8]) {
        let left = self.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "the generator failed");
        self.good.fill(buffer);
    }
}

/// SECURITY #111: a panic is that request's error, with a page that tells nothing of it, and nobody else's: the process lives and no lock is poisoned.
#[apply(both!)]
#[tokio::test]
async fn a_panic_ends_its_request_and_no_other(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let rng = Arc::new(Failing { good: SystemRng::new(), fails: AtomicUsize::new(0) });
    let context = Context { rng: rng.clone(), ..world.idp.context.clone() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let service =
        idp::router(Idp { context, ..world.idp.clone() }).into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let mut marie = world.visitor();
    marie.issuer = address;
    let portal = Portal::new(&world, "tilleuls");
    for path in [portal.address(&[]), "/".to_owned(), "/forgot".to_owned()] {
        rng.fails.store(1, Ordering::SeqCst);
        let broken = marie.once(Method::GET, &path, None, &[]).await;
        assert_eq!(broken.status.as_u16(), 500, "{path}");
        broken.says_not("generator").says_not("panic");
        crate::journeys::headers::guarded(&broken, &path);
        assert_eq!(rng.fails.load(Ordering::SeqCst), 0, "it was asked: {path}");
    }
    // In the middle of a form, too; and the next one is as good as ever.
    portal.send(&mut marie, &[]).await;
    rng.fails.store(1, Ordering::SeqCst);
    marie.sign_in(MARIE, "une devinette fausse").await;
    assert_eq!(marie.screen.status.as_u16(), 500);
    rng.fails.store(0, Ordering::SeqCst);
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    portal.back(&marie);
    assert_eq!(world.people().await.iter().filter(|row| row.starts_with("account")).count(), 1);
    server.abort();
}
