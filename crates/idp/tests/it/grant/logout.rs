use accounts::{
    AddressConfirm, AddressWish, Mail, MailBody, NewAddress, NewPassword, PasswordChange, Reset, Session,
    SignIn, SignedIn, TakeBack,
};
use idp::grant::{BACKCHANNEL_LOGOUT, EndSession};
use kernel::{Token, outbox, sea_orm::sea_query::SimpleExpr};
use testbed::{Database, OnDatabase, apply, both};

use crate::grant::world::{ISSUER, PASSWORD, World, form, opens, part, redeem, refresh, somebody, text};

const NEW: &str = "girafe tambour lampion";

/// SPEC J10, PROTOCOL 4.14: one sign-out, every client told, in one transaction.
#[apply(both!)]
#[tokio::test]
async fn one_sign_out_reaches_every_client(world: World) {
    let session = world.sign_in().await;
    let tokens = world.tokens(&session).await;
    world.authorize("other", &session, &[]).await;
    let id = part(text(&tokens, "id_token"), 1);
    let raw = form(&[
        ("id_token_hint", text(&tokens, "id_token")),
        ("post_logout_redirect_uri", "https://rp.example/out"),
        ("state", "a b"),
    ]);
    // The hint is old by then: expiry is not looked at.
    world.bed.clock.advance(3600);
    let EndSession::Done(after) = world.a.end_session(&[&raw], Some(&session), false).await.unwrap() else {
        panic!()
    };
    assert_eq!(after.as_deref(), Some("https://rp.example/out?state=a+b"));
    assert_eq!(world.count("session", "ended_at IS NOT NULL").await, 1);
    let messages = outbox::lease(&world.bed.context.db, world.bed.context.now(), 10).await.unwrap();
    assert_eq!(messages.len(), 2, "{}", world.bed.name);
    let mut uris = Vec::new();
    for message in &messages {
        assert_eq!(message.kind, BACKCHANNEL_LOGOUT);
        let call = world.b.logout_call(message).await.unwrap().unwrap();
        let (header, claims) = (part(&call.logout_token, 0), part(&call.logout_token, 1));
        assert_eq!((&header["typ"], &claims["iss"]), (&"logout+jwt".into(), &ISSUER.into()));
        if claims["aud"] == "rp" {
            assert_eq!((&claims["sub"], &claims["sid"]), (&id["sub"], &id["sid"]));
        }
        uris.push(call.uri);
    }
    uris.sort();
    assert_eq!(uris, ["https://other.example/logout", "https://rp.example/logout"]);
    let EndSession::Done(_) = world.a.end_session(&[&raw], None, false).await.unwrap() else { panic!() };
    assert_eq!(outbox::lease(&world.bed.context.db, world.bed.context.now(), 10).await.unwrap().len(), 0);
}

/// SECURITY #44, #45
#[apply(both!)]
#[tokio::test]
async fn a_stranger_cannot_sign_anybody_out_or_send_them_anywhere(world: World) {
    let (mine, theirs) = (world.sign_in().await, world.sign_in().await);
    let (own, foreign) = (world.tokens(&mine).await, world.tokens(&theirs).await);
    let hint = |answer: &serde_json::Value| form(&[("id_token_hint", text(answer, "id_token"))]);
    let back = "post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fout";
    let evil = "post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F";
    for raw in [String::new(), back.into(), hint(&foreign)] {
        let answer = world.a.end_session(&[&raw], Some(&mine), false).await.unwrap();
        assert!(matches!(answer, EndSession::Confirm { .. }), "{raw}");
    }
    let access = form(&[("id_token_hint", text(&own, "access_token"))]);
    let broken = hint(&own).replacen("eyJ", "eyK", 1);
    let elsewhere = format!("{}&{evil}", hint(&foreign));
    for raw in [elsewhere, access, broken, "state=1&state=2".into()] {
        let answer = world.a.end_session(&[&raw], Some(&mine), false).await.unwrap();
        assert!(matches!(answer, EndSession::Confirm { after: None, .. }), "{raw}");
    }
    assert_eq!(world.count("session", "ended_at IS NULL").await, 2);
    // Nor does an ID token end a session from any machine but its own browser.
    for raw in [hint(&own), hint(&foreign), format!("{}&{evil}", hint(&own))] {
        let answer = world.a.end_session(&[&raw], None, true).await.unwrap();
        assert!(matches!(answer, EndSession::Done(None)), "{raw}");
    }
    assert_eq!(world.count("session", "ended_at IS NULL").await, 2, "{}", world.bed.name);
    // The person's yes ends their own session, and an address without a hint is not followed.
    let answer = world.a.end_session(&[back], Some(&mine), true).await.unwrap();
    assert!(matches!(answer, EndSession::Done(None)));
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1, "{}", world.bed.name);
    // An address that is not registered keeps nobody signed in: the hint fits.
    let raw = format!("{}&{evil}", hint(&foreign));
    let answer = world.a.end_session(&[&raw], Some(&theirs), false).await.unwrap();
    assert!(matches!(answer, EndSession::Done(None)));
    assert_eq!(world.count("session", "ended_at IS NULL").await, 0);
}

/// OIDC Back-Channel Logout §2.7
#[apply(both!)]
#[tokio::test]
async fn tokens_without_offline_access_end_with_the_session(world: World) {
    let session = world.sign_in().await;
    let offline = world.tokens(&session).await;
    let online = world.authorize("rp", &session, &[("scope", "openid")]).await;
    let online = crate::grant::world::redeem(&world.a, online.get("code").unwrap()).await.unwrap();
    world.a.sign_out(session.id).await.unwrap();
    assert!(!opens(&world.a, text(&online, "access_token")).await);
    assert!(refresh(&world.a, text(&online, "refresh_token")).await.is_err());
    assert!(refresh(&world.a, text(&offline, "refresh_token")).await.is_ok(), "{}", world.bed.name);
}

/// A password typed again puts a new session in the place of the old one; its portals go along.
#[apply(both!)]
#[tokio::test]
async fn a_replaced_session_keeps_its_clients(world: World) {
    let old = world.sign_in().await;
    let tokens = world.tokens(&old).await;
    let new = world.sign_in().await;
    world.a.session_replaced(&old, &new).await.unwrap();
    let raw = form(&[("id_token_hint", text(&tokens, "id_token"))]);
    let answer = world.a.end_session(&[&raw], Some(&new), false).await.unwrap();
    assert!(matches!(answer, EndSession::Done(None)));
    assert_eq!(outbox::lease(&world.bed.context.db, world.bed.context.now(), 10).await.unwrap().len(), 1);
}

/// SECURITY #47: another person signs in where somebody was signed in.
#[apply(both!)]
#[tokio::test]
async fn a_session_of_somebody_else_signs_the_first_out_of_their_portals(world: World) {
    let old = world.sign_in().await;
    world.tokens(&old).await;
    let paul = world.moved("T2,C43", "paul@example.org").await;
    let new = accounts::Session { account: paul, ..world.sign_in().await };
    world.a.session_replaced(&old, &new).await.unwrap();
    assert_eq!(world.count("client_session", "ended_at IS NULL").await, 0, "{}", world.bed.name);
    assert_eq!(world.count("outbox", "kind = 'backchannel_logout'").await, 1);
}

/// SPEC J6: the process that served a reset is killed as soon as it is committed. Another one tells the portals, of what the reset ended and of nothing else.
#[apply(both!)]
#[tokio::test]
async fn what_a_reset_ended_is_told_to_the_portals_whoever_dies_after_it(world: World) {
    let old = world.sign_in().await;
    world.tokens(&old).await;
    world.authorize("other", &old, &[]).await;
    let link = world.reset_link(world.account, None).await;
    let reset = world.accounts.reset(&link, "girafe tambour lampion", None, &somebody()).await.unwrap();
    let accounts::Reset::Done(new, _) = reset else { panic!("not reset") };
    // Begun after it, and before anybody came to tell.
    world.tokens(&new.session).await;
    let context = &world.bed.context;
    let messages = outbox::lease(&context.db, context.now(), 10).await.unwrap();
    let message = messages.iter().find(|message| message.kind == accounts::SESSIONS_ENDED).unwrap();
    for _ in 0..2 {
        // At least once, so twice is as good.
        world.b.sessions_ended(message).await.unwrap();
    }
    let calls = outbox::lease(&context.db, context.now(), 10).await.unwrap();
    assert_eq!(calls.len(), 2, "{}", world.bed.name);
    assert!(calls.iter().all(|call| call.kind == BACKCHANNEL_LOGOUT));
    assert_eq!(world.count("client_session", "ended_at IS NULL").await, 1, "the new one goes on");
}

/// One of the four changes after which everything older is dead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Password,
    Address,
    TakeBack,
    Reset,
}

impl Change {
    /// Makes it, in the browser that has this session, and nothing after it: the process that served it is gone.
    async fn make(self, world: &World, here: &Session) -> SignedIn {
        let (accounts, visitor) = (&world.accounts, somebody());
        let done = match self {
            Self::Password => {
                let typed = NewPassword { current: PASSWORD, new: NEW, context: &[] };
                match accounts.change_password(here, &typed, &visitor).await.unwrap() {
                    PasswordChange::Done(signed_in) => Some(signed_in),
                    _ => None,
                }
            }
            Self::Address => {
                let token = Self::asked(world, |body| match body {
                    MailBody::ConfirmAddress { token, .. } => Some(token.clone()),
                    _ => None,
                });
                let token = token.await;
                match accounts.confirm_address(&token, None, Some(here), &visitor).await.unwrap() {
                    AddressConfirm::Done(signed_in) => Some(signed_in),
                    _ => None,
                }
            }
            Self::TakeBack => {
                let token = Self::asked(world, |body| match body {
                    MailBody::AddressAsked { token, .. } => Some(token.clone()),
                    _ => None,
                });
                match accounts.take_back(&token.await, NEW, Some(here), &visitor).await.unwrap() {
                    TakeBack::Done(signed_in) => Some(signed_in),
                    _ => None,
                }
            }
            Self::Reset => {
                let link = world.reset_link(world.account, None).await;
                match accounts.reset(&link, NEW, Some(here), &visitor).await.unwrap() {
                    Reset::Done(signed_in, _) => Some(signed_in),
                    _ => None,
                }
            }
        };
        *done.unwrap_or_else(|| panic!("{}: {self:?} is not made", world.bed.name))
    }

    /// Asks for another address, and finds one of the links that are mailed.
    async fn asked(world: &World, link: impl Fn(&MailBody) -> Option<String>) -> Token {
        let typed = NewAddress { email: "marie@ailleurs.example", sure: true, password: PASSWORD };
        let wish = world.accounts.ask_address(world.account, &typed, &somebody()).await.unwrap();
        assert!(matches!(wish, AddressWish::Asked));
        let context = &world.bed.context;
        let messages = outbox::lease(&context.db, context.now(), 10).await.unwrap();
        let mails = messages.iter().map(|message| message.payload::<Mail>(context).unwrap());
        let text = mails.filter_map(|mail| link(&mail.body)).next().expect("the link");
        Token::parse(&text).unwrap()
    }
}

/// Reads what is due for the provider, at least once.
async fn sessions_ended(world: &World) {
    let context = &world.bed.context;
    let messages = outbox::lease(&context.db, context.now(), 20).await.unwrap();
    let mut read = 0;
    for message in messages.iter().filter(|message| message.kind == accounts::SESSIONS_ENDED) {
        for _ in 0..2 {
            world.b.sessions_ended(message).await.unwrap();
        }
        read += 1;
    }
    assert_eq!(read, 1, "{}", world.bed.name);
}

/// SPEC J6, J11; SECURITY #46, #76: the process that made a change is killed as soon as it is committed. Another one tells the portals of all that the
/// change ended, and this browser's own go over to the session that it has now.
#[apply(both!)]
#[tokio::test]
async fn what_every_change_ended_is_told_to_the_portals_whoever_dies_after_it(database: Database) {
    for change in [Change::Password, Change::Address, Change::TakeBack, Change::Reset] {
        let world = World::on(database).await;
        let context = format!("{} {change:?}", world.bed.name);
        let (elsewhere, here) = (world.sign_in().await, world.sign_in().await);
        world.tokens(&elsewhere).await;
        world.authorize("other", &elsewhere, &[]).await;
        world.authorize("other", &here, &[]).await;
        let new = change.make(&world, &here).await;
        // Begun after it, and before anybody came to tell.
        world.tokens(&new.session).await;
        sessions_ended(&world).await;
        let ended = if change == Change::Reset { 3 } else { 2 };
        assert_eq!(world.count("outbox", "kind = 'backchannel_logout'").await, ended, "{context}");
        assert_eq!(world.count("client_session", "ended_at IS NOT NULL").await, ended, "{context}");
        let living = world.count("client_session", "ended_at IS NULL").await;
        assert_eq!(living, 4 - ended, "{context}");
        // One sign-out ends what went over, too.
        world.a.sign_out(new.session.id).await.unwrap();
        assert_eq!(world.count("client_session", "ended_at IS NULL").await, 0, "{context}");
        assert_eq!(world.count("outbox", "kind = 'backchannel_logout'").await, 4, "{context}");
    }
}

/// SECURITY #47: the same after a sign-in that takes the place of somebody's session, or of an older one of the same person.
#[apply(both!)]
#[tokio::test]
async fn what_a_sign_in_replaced_is_told_to_the_portals_whoever_dies_after_it(database: Database) {
    for same in [true, false] {
        let world = World::on(database).await;
        let context = format!("{} {same}", world.bed.name);
        let mut before = world.sign_in().await;
        world.tokens(&before).await;
        let email = if same { "marie@example.org" } else { "paul@example.org" };
        if !same {
            world.moved("T2,C43", "paul@example.org").await;
        }
        before.auth_time -= 1;
        let signed_in =
            world.accounts.sign_in(email, PASSWORD, false, Some(&before), &somebody()).await.unwrap();
        let SignIn::In(new) = signed_in else { panic!("{context}") };
        sessions_ended(&world).await;
        let living = world.count("client_session", "ended_at IS NULL").await;
        assert_eq!(living, i64::from(same), "{context}");
        assert_eq!(world.count("outbox", "kind = 'backchannel_logout'").await, i64::from(!same), "{context}");
        world.a.sign_out(new.session.id).await.unwrap();
        assert_eq!(world.count("client_session", "ended_at IS NULL").await, 0, "{context}");
    }
}

/// SPEC J12; FINDING P6: a link that ended is told to the portals of its agency, and what they hold ends, `offline_access` too. The person stays signed in here and at
/// other agencies; twice is as good as once, and somebody who is linked again meanwhile is left alone.
#[apply(both!)]
#[tokio::test]
async fn a_link_that_ended_is_told_to_the_portals_of_its_agency(world: World) {
    let name = world.bed.name;
    let session = world.sign_in().await;
    world.tokens(&session).await;
    world.authorize("other", &session, &[]).await;
    let now = world.bed.context.now();
    world.change("legacy_identity", vec![("left_at", now.into())], "moved_at IS NOT NULL").await;
    world.change("link", vec![("ends_at", now.into())], "1 = 1").await;
    assert_eq!(world.accounts.end_links().await.unwrap(), 1, "{name}");
    let context = &world.bed.context;
    let messages = outbox::lease(&context.db, context.now(), 10).await.unwrap();
    let message = messages.iter().find(|message| message.kind == accounts::LINK_ENDED).unwrap();
    for _ in 0..2 {
        world.b.link_ended(message).await.unwrap();
    }
    let calls = outbox::lease(&context.db, context.now(), 10).await.unwrap();
    let mut told = Vec::new();
    for call in &calls {
        told.push(world.b.logout_call(call).await.unwrap().unwrap().uri);
    }
    assert_eq!(told, ["https://rp.example/logout"], "{name}");
    assert_eq!(world.count("client_session", "client_id = 'rp' AND ended_at IS NULL").await, 0, "{name}");
    assert_eq!(world.count("client_session", "client_id = 'other' AND ended_at IS NULL").await, 1, "{name}");
    assert_eq!(world.count("token_grant", "client_id = 'rp' AND revoked_at IS NULL").await, 0, "{name}");
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1, "{name}");
    // Back in the agency's file before the message was read.
    let nothing = || SimpleExpr::from(Option::<i64>::None);
    world.change("legacy_identity", vec![("left_at", nothing())], "moved_at IS NOT NULL").await;
    world.change("link", vec![("ends_at", nothing()), ("ended_at", nothing())], "1 = 1").await;
    world.tokens(&session).await;
    world.b.link_ended(message).await.unwrap();
    assert_eq!(world.count("token_grant", "client_id = 'rp' AND revoked_at IS NULL").await, 1, "{name}");
    // Staff took one of several links away: the portal keeps the references that it was told, so what it holds ends.
    let mut taken = world.accounts.link_ended(message).unwrap();
    taken.taken = true;
    let queued = async |tx: &kernel::Tx| {
        outbox::enqueue(tx, context, accounts::LINK_ENDED, &taken, None).await?;
        Ok(kernel::Done::Commit(()))
    };
    context.db.write(queued).await.unwrap();
    let messages = outbox::lease(&context.db, context.now(), 10).await.unwrap();
    let message = messages.iter().find(|message| message.kind == accounts::LINK_ENDED).unwrap();
    world.b.link_ended(message).await.unwrap();
    assert_eq!(world.count("token_grant", "client_id = 'rp' AND revoked_at IS NULL").await, 0, "{name}");
}

/// SECURITY #113: nobody signs out of most sessions.
#[apply(both!)]
#[tokio::test]
async fn a_clients_part_in_a_session_that_expired_is_forgotten(world: World) {
    let old = world.sign_in().await;
    world.tokens(&old).await;
    world.authorize("other", &old, &[]).await;
    world.a.purge().await.unwrap();
    assert_eq!(world.count("client_session", "1 = 1").await, 2);
    // A day after its end.
    world.bed.clock.advance(2 * 86_400 + 1);
    let new = world.sign_in().await;
    world.tokens(&new).await;
    world.a.purge().await.unwrap();
    assert_eq!(world.count("client_session", "1 = 1").await, 1, "{}", world.bed.name);
    assert_eq!(world.count("client_session", "client_id = 'other'").await, 0);
}

/// SPEC J14: what staff end on the telephone is told to the portals, and even `offline_access` is over.
#[apply(both!)]
#[tokio::test]
async fn what_staff_end_is_told_to_the_portals_with_every_token(database: Database) {
    for closes in [false, true] {
        staff_end(&World::on(database).await, closes).await;
    }
}

async fn staff_end(world: &World, closes: bool) {
    let session = world.sign_in().await;
    let tokens = world.tokens(&session).await;
    world.authorize("other", &session, &[]).await;
    let code = world.code(&session).await;
    let intervention = accounts::Intervention {
        by: "lea@poste".into(),
        role: "operator",
        agency: None,
        reason: "au téléphone".into(),
    };
    if closes {
        let closing = accounts::Closing::Deceased;
        let closed = world.accounts.close_account(session.account, closing, &intervention).await.unwrap();
        assert_eq!(closed, accounts::ClosedOrOpened::Done, "{}", world.bed.name);
    } else {
        let ended = world.accounts.end_all_sessions(session.account, &intervention).await.unwrap();
        assert_eq!(ended, accounts::AllEnded::Done { sessions: 1 }, "{}", world.bed.name);
    }
    assert!(!opens(&world.a, text(&tokens, "access_token")).await);
    assert!(refresh(&world.a, text(&tokens, "refresh_token")).await.is_err(), "{}", world.bed.name);
    assert!(redeem(&world.a, &code).await.is_err(), "{}", world.bed.name);
    sessions_ended(world).await;
    let calls = outbox::lease(&world.bed.context.db, world.bed.context.now(), 10).await.unwrap();
    let calls: Vec<_> = calls.iter().filter(|message| message.kind == BACKCHANNEL_LOGOUT).collect();
    assert_eq!(calls.len(), 2, "{}: every portal", world.bed.name);
    assert_eq!(world.count("client_session", "ended_at IS NULL").await, 0);
}
