//! The operator's view of a provider at work: one request under one id in log, trace, numbers and page, and nothing that is nobody's business
//! (FINDING P14, docs/observability.md).

mod audit;
mod board;
mod collector;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::{Duration, Instant},
};

use mail_parser::MessageParser;
use reqwest::{Client, Method, redirect::Policy};
use serde_json::Value;
use testbed::{Bed, apply, both};
use testkit::VERIFIER;

use self::collector::{Collector, Mood};
use crate::{
    person::{Person, Persona, link},
    place::{CALLBACK, CLIENT_SECRET, MAIL_FOLDER, Place, Running, eventually, serve},
};

/// A provider that sends its traces to this collector.
fn traced(bed: Bed, collector: &Collector, trusted: bool) -> Place {
    let place = Place::new(bed, MAIL_FOLDER);
    let file = place.path("moncompte.toml");
    let proxies = if trusted { "trusted_proxies = [\"127.0.0.0/8\"]\n" } else { "" };
    let text = fs::read_to_string(&file).unwrap();
    let telemetry =
        format!("\n[telemetry]\notlp_endpoint = \"{}\"\naudit = \"file:audit.jsonl\"\n", collector.endpoint);
    fs::write(&file, format!("{proxies}{text}{telemetry}")).unwrap();
    place
}

async fn in_json(place: &Place) -> Running {
    serve(place.folder.path(), |command| {
        command.args(["--log", "json"]);
    })
    .await
}

fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

/// The value of a number on `/metrics`.
async fn number(place: &Place, name: &str) -> Option<f64> {
    let (_, text) = place.operators("/metrics").await;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// The lines of a log in JSON for which this is true.
fn lines(running: &Running, is: impl Fn(&Value) -> bool) -> Vec<Value> {
    running.said().lines().filter_map(|line| serde_json::from_str(line).ok()).filter(is).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_has_one_id_in_log_trace_numbers_and_page() {
    const ID: &str = "proxy-7f3a.0123456789";
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";
    let collector = Collector::in_mood(Mood::Well).await;
    let place = traced(Bed::sqlite().await, &collector, true);
    let running = in_json(&place).await;
    let asked = client()
        .get(format!("{}/nothing/here", place.issuer()))
        .header("x-request-id", ID)
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"))
        .header("x-forwarded-for", "203.0.113.7");
    let answer = asked.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["x-request-id"]), (404, &ID.parse().unwrap()));
    let page = answer.text().await.unwrap();
    let logged =
        eventually("the line", async || lines(&running, |line| line["fields"]["message"] == "refused").pop());
    let logged = logged.await;
    let reference = logged["fields"]["reference"].as_str().unwrap();
    assert!(page.contains(reference), "{reference}: {page}");
    assert_eq!(
        (&logged["span"]["id"], &logged["span"]["method"], &logged["span"]["route"]),
        (&ID.into(), &"GET".into(), &"none".into()),
        "{logged}"
    );
    let span = collector.span("the span", |span| span.has("request_id", ID)).await;
    assert_eq!((span.trace.as_str(), span.parent.as_str(), span.name.as_str()), (TRACE, PARENT, "GET none"));
    for (name, value) in [
        ("reference", reference),
        ("outcome", "not_found"),
        ("http.response.status_code", "404"),
        ("http.route", "none"),
        ("http.request.method", "GET"),
    ] {
        assert!(span.has(name, value), "{name} is not {value}: {span:?}");
    }
    let counted = "moncompte_http_requests_seconds_count{route=\"none\",code=\"404\"}";
    assert_eq!(number(&place, counted).await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_gives_no_id_and_continues_no_trace() {
    let collector = Collector::in_mood(Mood::Well).await;
    let place = traced(Bed::sqlite().await, &collector, false);
    let running = place.serve().await;
    let asked = client()
        .request(Method::from_bytes(b"STRANGE").unwrap(), format!("{}/token", place.issuer()))
        .header("x-request-id", "stranger-0123456789")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let answer = asked.send().await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let span = collector.span("the span", |span| span.has("request_id", &id)).await;
    assert_eq!((span.name.as_str(), span.parent.as_str()), ("OTHER /token", ""));
    assert_ne!(span.trace, "4bf92f3577b34da6a3ce929d0e0e4736");
    running.says(&id).await;
    assert!(!running.said().contains("stranger-0123456789"), "{}", running.said());
}

/// The text of the first mail that holds this, once it is there.
async fn mail(place: &Place, holds: &str) -> String {
    eventually(holds, async || {
        let mails = fs::read_dir(place.path("mails")).ok()?.flatten();
        let texts = mails.filter_map(|mail| {
            let bytes = fs::read(mail.path()).ok()?;
            Some(MessageParser::default().parse(&bytes)?.body_text(0)?.into_owned())
        });
        texts.into_iter().find(|text| text.contains(holds))
    })
    .await
}

/// A call to an endpoint of the protocol, as the portal makes it.
async fn call(place: &Place, path: &str, form: &[(&str, &str)]) -> Value {
    let request = client().post(format!("{}{path}", place.issuer())).form(form);
    let answer = request.basic_auth("exemple", Some(CLIENT_SECRET)).send().await.unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
}

/// Somebody whose every word is found again where it is told.
fn marie() -> Persona {
    Persona {
        identifier: "LOT-77-KERGUELEN".into(),
        old: "ancien sésame de Marie".into(),
        email: "Marie.Kerguelen@courrier.example".into(),
        new: "quatre mouettes bleues au large".into(),
        ..Persona::number(0)
    }
}

/// Everything that people and portals do, and each secret of it.
async fn everything(place: &Place, who: &Persona) -> BTreeSet<String> {
    const WRONG: &str = "pas du tout le bon sésame";
    const LATEST: &str = "six cormorans noirs près du phare";
    const NAME: &str = "Marie Le Goff de Kerguelen";
    const ADDRESS: &str = "marie.le-goff@ailleurs.example";
    const NEWEST: &str = "cinq goélands gris sur la jetée";
    let mut secrets: BTreeSet<String> =
        [&who.identifier, &who.old, &who.email, &who.new].map(Clone::clone).into();
    secrets.extend([WRONG, NEWEST, LATEST, NAME, ADDRESS, VERIFIER, CLIENT_SECRET].map(str::to_owned));
    secrets.insert(who.email.to_lowercase());
    secrets.insert(format!("REF-{}", who.identifier));
    let person = Person::new(&place.issuer());
    let page = person.old_door().await;
    person.submit(&page, "legacy", &[("identifier", &who.identifier), ("password", WRONG)]).await;
    person.until_mail(who).await;
    let confirm = link(&place.mail_to(&who.email).await);
    secrets.insert(confirm.split_once("token=").unwrap().1.to_owned());
    let page = person.finish(&confirm, who).await;
    secrets.extend(page.attribute("input[name=csrf]", "value"));
    let page = Person::new(&place.issuer()).signs_in(&who.email, WRONG).await;
    secrets.extend(page.attribute("input[name=csrf]", "value"));
    // A forgotten password.
    let forgetful = Person::new(&place.issuer());
    let hub = forgetful.asked_by_portal().await.url;
    let page = forgetful.get(&format!("{hub}/forgot")).await;
    forgetful.submit(&page, "forgot", &[("email", &who.email)]).await;
    let text = mail(place, "/reset?token=").await;
    let reset = text.split_whitespace().find(|word| word.contains("/reset?token=")).unwrap();
    secrets.insert(reset.split_once("token=").unwrap().1.to_owned());
    let page = forgetful.get(reset).await;
    forgetful.submit(&page, "reset", &[("password", NEWEST)]).await;
    // What an account's owner changes.
    let page = forgetful.get(&format!("{}/account/password", place.issuer())).await;
    forgetful.submit(&page, "password", &[("current", NEWEST), ("password", LATEST)]).await;
    Person::new(&place.issuer()).signs_in(&who.email, LATEST).await;
    let page = forgetful.get(&format!("{}/account/sessions", place.issuer())).await;
    forgetful.submit(&page, "end-others", &[]).await;
    let page = forgetful.get(&format!("{}/account/name", place.issuer())).await;
    forgetful.submit(&page, "name", &[("name", NAME)]).await;
    let page = forgetful.get(&format!("{}/account/email", place.issuer())).await;
    forgetful.submit(&page, "email", &[("email", ADDRESS), ("password", LATEST)]).await;
    let text = mail(place, "/new-address?token=").await;
    let wished = text.split_whitespace().find(|word| word.contains("/new-address?token=")).unwrap();
    secrets.insert(wished.split_once("token=").unwrap().1.to_owned());
    let page = forgetful.get(wished).await;
    forgetful.submit(&page, "new-address", &[]).await;
    // A portal's whole life.
    let code = Person::new(&place.issuer()).signs_in(ADDRESS, LATEST).await.code().unwrap();
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let mut tokens = call(place, "/token", &redeem).await;
    for _ in 0..2 {
        for name in ["access_token", "refresh_token", "id_token"] {
            secrets.insert(tokens[name].as_str().unwrap().to_owned());
        }
        let refresh_token = tokens["refresh_token"].as_str().unwrap().to_owned();
        tokens = call(place, "/token", &[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)])
            .await;
    }
    let access_token = tokens["access_token"].as_str().unwrap();
    let userinfo = client().get(format!("{}/userinfo", place.issuer())).bearer_auth(access_token);
    assert_eq!(userinfo.send().await.unwrap().status(), 200);
    assert_eq!(call(place, "/introspect", &[("token", access_token)]).await["active"], true);
    call(place, "/revoke", &[("token", access_token)]).await;
    let ended =
        format!("{}/end-session?id_token_hint={}", place.issuer(), tokens["id_token"].as_str().unwrap());
    forgetful.get(&ended).await;
    // The code once more, a client that guesses, and addresses that hold what they should not.
    call(place, "/token", &redeem).await;
    let guess = client().post(format!("{}/token", place.issuer())).basic_auth("exemple", Some(WRONG));
    guess.form(&[("grant_type", "refresh_token")]).send().await.unwrap();
    for path in ["/reset", "/confirm", "/new-address", "/take-back", "/nothing"] {
        person.get(&format!("{}{path}?token={code}&email={}", place.issuer(), who.email)).await;
    }
    secrets.insert(code);
    secrets
}

/// SECURITY #123, FINDING P14: what the operator reads, and whoever keeps it for them, tells no secret and no full address.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_seen_tells_a_secret_or_an_address(bed: Bed) {
    let collector = Collector::in_mood(Mood::Well).await;
    let place = traced(bed, &collector, true);
    let who = marie();
    place.people([who.row()]);
    let running = serve(place.folder.path(), |command| {
        command.env("MONCOMPTE_LOG", "info,accounts=trace,idp=trace,kernel=trace,moncompte=trace,sqlx=warn");
    })
    .await;
    let secrets = everything(&place, &who).await;
    // Seen at all: acts with their outcome, within the request in which they happened.
    let act = collector.span("the act", |span| span.name == "sign_in" && span.has("outcome", "wrong")).await;
    let request = collector.span("its request", |span| span.id == act.parent).await;
    assert_eq!((&*request.name, &request.trace), ("POST /authorize/{id}/sign-in", &act.trace));
    assert!(request.has("agency", "exemple"), "{request:?}");
    let token = collector
        .span("the guess", |span| span.name == "POST /token" && span.has("outcome", "invalid_client"));
    token.await;
    collector.span("the code", |span| span.name == "POST /token" && span.has("client", "exemple")).await;
    collector.span("the mail", |span| span.name == "message" && span.has("kind", "mail")).await;
    collector.span("the end", |span| span.name == "GET /end-session").await;
    let spans: String = collector.spans().into_iter().map(|span| span.whole + "\n").collect();
    let (_, numbers) = place.operators("/metrics").await;
    let log = running.said();
    let audit = fs::read_to_string(place.path("audit.jsonl")).unwrap();
    assert!(audit.lines().count() > 5, "{audit}");
    for secret in &secrets {
        for (what, text) in
            [("log", &log), ("trace", &spans), ("metrics", &numbers), ("audit stream", &audit)]
        {
            let line = text.lines().find(|line| line.contains(secret.as_str()));
            assert!(line.is_none(), "{}: {secret:?} in the {what}: {line:?}", place.bed.name);
        }
    }
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_do_is_counted(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let movers = [1, 2, 3].map(Persona::number);
    place.people(movers.iter().map(Persona::row));
    let running = place.serve().await;
    let [moved, locked, _] = &movers;
    Person::new(&place.issuer()).moves(moved, &place).await;
    let page = Person::new(&place.issuer()).signs_in(&moved.email, &moved.new).await;
    assert!(page.code().is_some(), "{}", page.url);
    for _ in 0..6 {
        Person::new(&place.issuer()).signs_in(&locked.email, "pas le bon sésame").await;
    }
    let expected: BTreeMap<&str, f64> = [
        ("moncompte_sign_in_total{result=\"right\"}", 1.0),
        ("moncompte_sign_in_total{result=\"wrong\"}", 4.0),
        ("moncompte_sign_in_total{result=\"locked\"}", 2.0),
        ("moncompte_lock_total", 1.0),
        ("moncompte_move_steps_total{agency=\"exemple\",step=\"begun\"}", 1.0),
        ("moncompte_move_steps_total{agency=\"exemple\",step=\"email\"}", 1.0),
        ("moncompte_move_steps_total{agency=\"exemple\",step=\"password\"}", 1.0),
        ("moncompte_move_steps_total{agency=\"exemple\",step=\"confirmed\"}", 1.0),
        ("moncompte_move_steps_total{agency=\"exemple\",step=\"finished\"}", 1.0),
        // Counted at the start.
        ("moncompte_identities{agency=\"exemple\",state=\"waiting\"}", 3.0),
        ("moncompte_identities{agency=\"exemple\",state=\"moved\"}", 0.0),
        ("moncompte_agency_bad{agency=\"exemple\"}", 0.0),
        ("moncompte_hash_queue", 0.0),
        ("moncompte_build_info{version=\"0.1.0\"}", 1.0),
    ]
    .into();
    let (_, text) = place.operators("/metrics").await;
    let read = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or(f64::NAN)
    };
    for (name, value) in expected {
        assert_eq!(read(name), value, "{}: {name}\n{text}", place.bed.name);
    }
    for name in [
        "moncompte_smtp_seconds_count{result=\"sent\"}",
        "moncompte_hash_seconds_count",
        "moncompte_hashes_total",
        "moncompte_db_seconds_count{what=\"statement\"}",
        "moncompte_db_seconds_count{what=\"commit\"}",
        "moncompte_db_pool{pool=\"writers\",state=\"idle\"}",
        "moncompte_http_requests_seconds_bucket{route=\"/authorize/{id}/sign-in\",code=\"303\",le=\"10\"}",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_threads",
        "process_start_time_seconds",
    ] {
        assert!(read(name) > 0.0, "{}: {name}\n{text}", place.bed.name);
    }
    // The worker wraps them one after the other.
    assert!(read("moncompte_wrap_remaining") <= 3.0, "{text}");
    assert!(text.contains("moncompte_key_age_days{alg=\"RS256\"}"), "{text}");
    // Started again, it counts whoever moved meanwhile.
    running.stop().await;
    let _running = place.serve().await;
    eventually("the count", async || {
        let moved = number(&place, "moncompte_identities{agency=\"exemple\",state=\"moved\"}").await?;
        (moved == 1.0).then_some(())
    })
    .await;
}

/// SECURITY D14: ten thousand addresses are a few routes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_strangers_invent_are_a_few_routes() {
    const EACH: usize = 2_500;
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let _running = serve(place.folder.path(), |command| {
        command.env("MONCOMPTE_LOG", "info,idp=error");
    })
    .await;
    let strangers: Vec<_> = (0..4)
        .map(|stranger| {
            let (client, issuer) = (client(), place.issuer());
            tokio::spawn(async move {
                for nth in 0..EACH {
                    let path = match nth % 5 {
                        0 => format!("/{stranger}-{nth}"),
                        1 => format!("/authorize/{stranger}-{nth}"),
                        2 => format!("/help/{stranger}-{nth}"),
                        3 => format!("/assets/{stranger}/{nth}"),
                        _ => format!("/look/{stranger}-{nth}.css"),
                    };
                    let method = Method::from_bytes(format!("M{}", nth % 100).as_bytes()).unwrap();
                    let method = if nth % 2 == 0 { Method::GET } else { method };
                    client.request(method, format!("{issuer}{path}")).send().await.unwrap();
                }
            })
        })
        .collect();
    for stranger in strangers {
        stranger.await.unwrap();
    }
    let (_, text) = place.operators("/metrics").await;
    let label = |line: &str| Some(line.split_once("{route=\"")?.1.split_once('"')?.0.to_owned());
    let routes: BTreeSet<String> = text.lines().filter_map(label).collect();
    let expected = ["/assets/{*path}", "/authorize/{id}", "/help/{picture}", "/look/{file}", "none"];
    assert_eq!(routes, expected.map(str::to_owned).into());
    let sum: f64 = text
        .lines()
        .filter(|line| line.starts_with("moncompte_http_requests_seconds_count"))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum();
    assert_eq!(sum, 4.0 * EACH as f64);
}

/// A collector in whatever trouble costs no request anything, and what it did not take is counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_in_trouble_stops_nothing() {
    for mood in [Mood::Down, Mood::Fails, Mood::Hangs] {
        let collector = Collector::in_mood(mood).await;
        let place = traced(Bed::sqlite().await, &collector, false);
        let mover = Persona::number(1);
        place.people([mover.row()]);
        let running = place.serve().await;
        Person::new(&place.issuer()).moves(&mover, &place).await;
        let client = client();
        let failed = "moncompte_spans_total{result=\"failed\"}";
        // As long as it takes until the exporter gave up once, and a request is never late meanwhile.
        let failed = eventually("it is given up", async || {
            let begun = Instant::now();
            assert_eq!(client.get(format!("{}/jwks", place.issuer())).send().await.unwrap().status(), 200);
            assert!(begun.elapsed() < Duration::from_secs(2), "{mood:?}: {:?}", begun.elapsed());
            number(&place, failed).await.filter(|failed| *failed > 0.0)
        });
        failed.await;
        running.says("traces not exported").await;
        let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
        assert!(page.code().is_some(), "{mood:?}: {} {}", page.url, page.status);
        assert_eq!(place.operators("/health/ready").await.0, 200, "{mood:?}");
        let begun = Instant::now();
        let (status, said) = running.stop().await;
        assert!(status.success() && begun.elapsed() < Duration::from_secs(10), "{mood:?}: {status} {said}");
    }
}
