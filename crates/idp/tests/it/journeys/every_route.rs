//! Every route with every method that it takes, asked by each of those who must not get what is Marie's: the status, and what of the whole database
//! changed. A message is a row of the outbox, so a mail that goes out is a change.

#![allow(clippy::print_stdout, reason = "a walk that fails says at which routes")]

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use testbed::{apply, both};
use testkit::{Visitor, encoded};

use crate::journeys::{
    portal::Portal,
    routes::{Route, routes},
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";
const PAUL: &str = "paul@exemple.test";

/// Those who ask.
#[derive(Clone, Copy, Debug)]
enum Who {
    /// A browser in which nobody is signed in.
    Nobody,
    /// Paul, of another agency, in his own browser.
    Paul,
    /// Marie's browser, whose session was ended.
    Ended,
    /// Marie's browser, whose session is too old to attach an agency without the password.
    Old,
    /// Marie's browser, with the form token of Paul's.
    Token,
}

const ALL: [Who; 5] = [Who::Nobody, Who::Paul, Who::Ended, Who::Old, Who::Token];

/// An asker: the browser, the form token that it sends, and the interaction whose address it asks at.
struct Asker {
    browser: Visitor,
    csrf: String,
    hub: String,
}

/// Marie's things, at which the others look.
struct Walk {
    world: World,
    /// Of Marie, who is at the last step of attaching the Cabinet Rivage, and has opened a mailed link of each kind.
    marie: Asker,
    receipt: String,
    /// The id of another session of Marie's, as her page of devices has it.
    session: String,
    /// Old identifiers of the Cabinet Rivage that nobody has used yet.
    unused: std::ops::RangeFrom<u32>,
    /// All that is stored, before the next request.
    rows: BTreeSet<String>,
}

impl Walk {
    async fn begin(world: World) -> Self {
        world.moved("tilleuls", "100", MARIE).await;
        world.moved("rivage", "101", PAUL).await;
        let people: String = (200..300).map(|n| format!("{n},CT-{n},Vieux-Secret {},,\n", n - 99)).collect();
        world.import("rivage", &format!("identifier,client_ref,password,email,name\n{people}"), 100).await;
        let browser = world.visitor();
        let marie = Asker { browser, csrf: String::new(), hub: String::new() };
        let mut walk = Self {
            world,
            marie,
            receipt: String::new(),
            session: String::new(),
            unused: 200..,
            rows: BTreeSet::new(),
        };
        walk.open_links().await;
        walk
    }

    /// Opens a mailed link of each kind in Marie's browser.
    async fn open_links(&mut self) {
        let (world, marie) = (&self.world, &mut self.marie.browser);
        Portal::new(world, "tilleuls").send(marie, &[]).await;
        marie.sign_in(MARIE, PASSWORD).await;
        marie.open("/account/acceptances").await;
        let receipt = |link: &String| link.starts_with("/account/acceptances/");
        self.receipt = marie.screen.links().into_iter().find(receipt).unwrap();
        marie.open("/account/email").await;
        let new = [("email", "nouvelle@exemple.test"), ("password", PASSWORD)];
        marie.submit("/account/email", &new).await;
        let mails = world.mails().await;
        marie.open("/forgot").await;
        marie.submit("/forgot", &[("email", MARIE)]).await;
        let mails: Vec<_> = mails.into_iter().chain(world.mails().await).collect();
        for about in ["confirm address", "address asked", "reset"] {
            let mail = mails.iter().find(|mail| mail.about == about).expect(about);
            marie.open(mail.link.as_ref().unwrap()).await;
            assert!(marie.screen.field("csrf").is_some(), "{about}: {}", marie.screen.text());
        }
        let mut other = world.visitor();
        Portal::new(world, "rivage").send(&mut other, &[]).await;
        other.old_credentials("102", "Vieux-Secret 3").await;
        other.up_to_mail("jeanne@exemple.test", PASSWORD).await;
        marie.open(&world.mail_to("jeanne@exemple.test", "confirm").await.link.unwrap()).await;
    }

    /// Signs Marie in anew, and leads her to the step at which a fresh session attaches the Cabinet Rivage without a password.
    async fn freshen(&mut self) {
        // The page of devices has the latest first.
        self.world.bed.clock.advance(1);
        let (world, marie) = (&self.world, &mut self.marie.browser);
        marie.drop_cookie("mc_session");
        Portal::new(world, "tilleuls").send(marie, &[]).await;
        marie.sign_in(MARIE, PASSWORD).await;
        marie.open("/account/sessions").await;
        self.session = marie.screen.field("session").unwrap();
        Portal::new(world, "rivage").send(marie, &[]).await;
        let n = self.unused.next().unwrap();
        marie.old_credentials(&n.to_string(), &format!("Vieux-Secret {}", n - 99)).await;
        marie.submit("/notice", &[]).await;
        marie.submit("/email", &[("email", MARIE)]).await;
        let (action, _) = marie.screen.form("/link");
        self.marie.csrf = marie.screen.field("csrf").unwrap();
        self.marie.hub = action.strip_suffix("/link").unwrap().to_owned();
    }

    /// Makes one of those who ask, as they stand before every request.
    async fn asker(&mut self, who: Who) -> Asker {
        if !matches!(who, Who::Nobody | Who::Paul) || self.marie.hub.is_empty() {
            self.freshen().await;
        }
        let mut browser = self.world.visitor();
        let mut csrf = self.marie.csrf.clone();
        match who {
            Who::Nobody => {
                Portal::new(&self.world, "rivage").send(&mut browser, &[]).await;
                csrf = browser.screen.field("csrf").unwrap();
            }
            Who::Paul | Who::Token => {
                browser.open("/").await;
                browser.sign_in(PAUL, PASSWORD).await;
                browser.open("/account/name").await;
                csrf = browser.screen.field("csrf").unwrap();
            }
            Who::Ended => {
                let mut copy = self.world.visitor();
                copy.set_cookies(self.marie.browser.cookies());
                copy.open("/sign-out").await;
                copy.submit("/sign-out", &[]).await;
            }
            // SPEC J3: five minutes.
            Who::Old => {
                self.world
                    .write("UPDATE session SET auth_time = auth_time - 301 WHERE ended_at IS NULL")
                    .await;
            }
        }
        if !matches!(who, Who::Nobody | Who::Paul) {
            browser.set_cookies(self.marie.browser.cookies());
        }
        self.rows = self.world.rows().await;
        Asker { browser, csrf, hub: self.marie.hub.clone() }
    }

    /// Asks. Returns the status with the tables that changed, and true if all that was there before still is.
    async fn ask(&mut self, who: Who, asker: &mut Asker, method: &Method, route: &Route) -> (String, bool) {
        let to = route.address(&asker.hub, &self.receipt);
        let kept = asker.browser.cookies();
        let form = (method == Method::POST).then(|| typed(route, &asker.csrf, &self.session).into_bytes());
        let own = [("sec-fetch-site", "same-origin")];
        let own = if form.is_some() { &own[..] } else { &[] };
        let screen = asker.browser.once(method.clone(), &to, form, own).await;
        asker.browser.set_cookies(kept);
        let (before, after) = (std::mem::take(&mut self.rows), self.world.rows().await);
        let changed: Vec<&String> = before.symmetric_difference(&after).collect();
        let tables: BTreeSet<&str> = changed.iter().filter_map(|row| row.split(' ').next()).collect();
        if matches!(who, Who::Nobody | Who::Paul | Who::Token) {
            let hers: Vec<&&String> = changed.iter().filter(|row| row.contains(MARIE)).collect();
            assert!(hers.is_empty(), "{}: {who:?}: {method} {to}: {hers:?}", self.world.bed.name);
        }
        let tables: Vec<&str> = tables.into_iter().collect();
        let answer = format!("{} {}", screen.status.as_u16(), tables.join("+")).trim_end().to_owned();
        let stands = before.is_subset(&after);
        self.rows = after;
        (answer, stands)
    }
}

/// Everything that any form asks for. No password is right or long enough, so nothing that needs one is done.
fn typed(route: &Route, csrf: &str, session: &str) -> String {
    let mut fields = vec![
        ("csrf", csrf),
        ("email", "une.autre@exemple.test"),
        ("identifier", "100"),
        ("agency", "rivage"),
        ("code", "000000"),
        ("name", "Madame Autre"),
        ("language", "en"),
        ("session", session),
        ("accept", "on"),
        ("version", "2026-11"),
        ("sha256", "00"),
        ("sure", "on"),
    ];
    match &*route.path {
        // A fresh session attaches without a password.
        "/authorize/{id}/link" => {}
        "/account/password" => fields.extend([("password", "girafe tambour lampion"), ("current", "court")]),
        _ => fields.push(("password", "court")),
    }
    encoded(&fields)
}

/// The answers to each who asks, in the order of [`ALL`]: the status, and the tables that changed. Below them the reason, and the routes.
const TABLE: &str = "
GET | 303 interaction | 200 | 303 interaction | 200 | 200
  A person's own page; whoever is not signed in is led to the sign-in page of a new interaction.
  / /account/acceptances /account/agencies /account/email /account/language /account/looks /account/memo /account/name /account/password /account/sessions

GET | 200 | 200 | 200 | 200 | 200
  Public, or a page that shows nothing without its cookie: a mailed link's, the way out.
  /.well-known/oauth-authorization-server /.well-known/openid-configuration /confirm /help /help/{picture} /invitation /jwks /look/{file} /new-address /reset /robots.txt /sign-out /take-back

GET | 303 | 303 | 303 | 303 | 303
  Leads to a page above.
  /account /account/email/cancel /account/sessions/end /account/sessions/end-others

GET | 303 interaction | 404 | 303 interaction | 200 | 200
  Marie's receipt.
  /account/acceptances/{id}

GET | 404 | 404 | 404 | 404 | 404
  The name of a file comes with its digest.
  /assets/{*path}

GET | 404 | 404 | 404 | 404 | 404
  The desk, for nobody but its staff; there is no such page for others.
  /desk /desk/{seat} /desk/{seat}/invite /desk/{seat}/search /desk/{seat}/person/{id} /desk/{seat}/person/{id}/{verb}

POST | 404 | 404 | 404 | 404 | 404
  The same, whatever the form and its token.
  /desk/{seat}/invite /desk/{seat}/search /desk/{seat}/person/{id}/{verb}

GET | 303 interaction | 303 interaction | 303 interaction | 303 interaction | 303 interaction
  Begins an interaction, whoever comes.
  /activate /attach /forgot /legacy

GET | 400 | 400 | 400 | 400 | 400
  A request of a client without its parameters.
  /authorize

GET | 403 | 403 | 200 | 200 | 200
  An interaction is its browser's; the move in it needs no session.
  /authorize/{id} /authorize/{id}/email /authorize/{id}/forgot /authorize/{id}/help /authorize/{id}/legacy /authorize/{id}/notice /authorize/{id}/status

GET | 403 | 403 | 303 | 303 | 303
  The same: not this step.
  /authorize/{id}/code /authorize/{id}/leave /authorize/{id}/link /authorize/{id}/password /authorize/{id}/refuse /authorize/{id}/resend /authorize/{id}/sign-in /authorize/{id}/terms

GET | 403 | 403 | 303 | 200 | 200
  The same, for whoever is signed in.
  /authorize/{id}/connected

GET | 303 | 200 | 303 | 200 | 200
  Asks whoever is signed in.
  /end-session

GET | 401 | 401 | 401 | 401 | 401
  For clients, without one.
  /userinfo

POST | 303 interaction | 303 attempt | 303 interaction | 303 attempt | 403
  A wrong password is counted.
  /account/email /account/password

POST | 303 interaction | 303 | 303 interaction | 303 email_change | 403
  The own wish for another address, which Paul has not.
  /account/email/cancel

POST | 303 interaction | 303 account | 303 interaction | 303 account | 403
  Of the own account.
  /account/language /account/name

POST | 303 interaction | 303 | 303 interaction | 303 client_session+outbox+session+token_grant | 403
  Marie's session is hers to end.
  /account/sessions/end

POST | 303 interaction | 303 attempt+device+session | 303 interaction | 303 client_session+device+outbox+session+token_grant | 403
  The other sessions of the own account.
  /account/sessions/end-others

POST | 400 | 400 | 400 | 400 | 400
  The same as a form, which brings no token of ours.
  /authorize

POST | 403 | 403 | 303 | 303 | 403
  Not this step, or nothing that a wrong password or a session of five minutes ago may do.
  /authorize/{id}/code /authorize/{id}/continue /authorize/{id}/link /authorize/{id}/notice /authorize/{id}/password /authorize/{id}/resend /authorize/{id}/terms

POST | 403 | 403 | 303 enrolment | 303 enrolment | 403
  The move's own address.
  /authorize/{id}/email

POST | 403 | 403 | 303 outbox | 303 outbox | 403
  Anybody may ask for a mail; the worker sees that nobody has this address.
  /authorize/{id}/forgot

POST | 403 | 403 | 303 interaction | 303 interaction | 403
  The browser leaves its move.
  /authorize/{id}/leave

POST | 403 | 403 | 303 attempt | 303 attempt | 403
  A wrong password is counted.
  /authorize/{id}/legacy /authorize/{id}/sign-in

POST | 403 | 403 | 303 | 303 client_session+outbox+session+token_grant | 403
  Ends the own session, at its portals too.
  /authorize/{id}/switch

POST | 303 | 303 | 303 attempt | 303 attempt | 403
  Without the link's cookie there is no form; a wrong password is counted.
  /confirm

POST | 303 | 303 session | 303 | 303 client_session+outbox+session+token_grant | 403
  Ends the own session, at its portals too.
  /end-session /sign-out

POST | 401 | 401 | 401 | 401 | 401
  For clients, without one.
  /introspect /revoke /token /userinfo

POST | 303 | 303 | 303 attempt | 303 | 403
  Without a session the password is asked for, and a wrong one counted.
  /new-address

POST | 200 | 200 | 200 | 200 | 403
  The link died when Marie signed in; nobody was invited.
  /invitation /reset

POST | 200 | 200 | 303 | 200 | 403
  The password is too short; the link died when Marie withdrew her wish, above.
  /take-back
";

/// The answers by route and method, as the table has them.
fn table() -> BTreeMap<(String, String), Vec<String>> {
    let mut table = BTreeMap::new();
    for block in TABLE.trim().split("\n\n") {
        let [head, _why, routes] = block.lines().collect::<Vec<_>>()[..] else { panic!("{block}") };
        let mut cells = head.split(" | ").map(str::to_owned);
        let method = cells.next().unwrap();
        let answers: Vec<String> = cells.collect();
        for route in routes.split_whitespace() {
            let twice = table.insert((route.to_owned(), method.clone()), answers.clone());
            assert_eq!(twice, None, "{method} {route} stands there twice");
        }
    }
    table
}

/// SECURITY #13, #42, #43, #47: what each route answers to nobody, to another person, to a session that is over or too old, and to another browser's form
/// token; and that nothing is written but what the table says. A route without a row fails.
#[apply(both!)]
#[tokio::test]
async fn every_route_answers_those_who_may_not_as_the_table_says(world: World) {
    let (routes, mut table, mut different) = (routes(&world).await, table(), 0);
    let mut walk = Walk::begin(world).await;
    for (nth, who) in ALL.into_iter().enumerate() {
        let mut asker = walk.asker(who).await;
        for (route, method) in routes.iter().flat_map(|route| route.methods.iter().map(move |m| (route, m))) {
            // A HEAD is a GET without its body.
            let row = if method == Method::HEAD { "GET" } else { method.as_str() };
            let row = table.get(&(route.path.clone(), row.to_owned())).map(|answers| &*answers[nth]);
            let (answer, stands) = walk.ask(who, &mut asker, method, route).await;
            if row != Some(&answer) {
                different += 1;
                // At once: what one route should not have done may keep the walk from going on.
                println!("{method} {} for {who:?}: {answer}, not {row:?}", route.path);
            }
            if !stands {
                asker = walk.asker(who).await;
            }
        }
    }
    table.retain(|(path, method), _| {
        !routes.iter().any(|route| route.path == *path && route.methods.iter().any(|m| m.as_str() == method))
    });
    assert!(
        different == 0 && table.is_empty(),
        "{}: {different} answers differ; rows without a route: {:?}",
        walk.world.bed.name,
        table.keys()
    );
}
