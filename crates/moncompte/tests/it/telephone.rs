//! The commands of docs/operate/telephone.md, read from the page, do what they say: each on the call that its section is about.

use std::fs;

use kernel::sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;
use testbed::{Bed, apply, both};

use crate::{
    backup::said,
    operate::{Page, done, run},
    person::{Person, Persona},
    place::{MAIL_FOLDER, Place, eventually},
    smtp::{Post, place as with_post},
};

/// The name in the agency's file, of the first person.
const NAME: &str = "Marie Durand";

/// Two of five people whom the agency knows: the first will move, the second wait for a mail.
async fn two_people(place: &Place) -> [Persona; 2] {
    let people = [Persona { name: NAME.into(), ..Persona::number(1) }, Persona::number(2)];
    let third = Persona::number(3);
    let others = [third, Persona::number(4), Persona::number(5)];
    let out = place.import("named.csv", testkit::csv(people.iter().chain(&others)));
    assert!(out.status.success(), "{}", said(&out));
    people
}

fn json(place: &Place, line: &str) -> Value {
    let out = run(place, &format!("{line} --json"));
    assert!(out.status.success(), "{line}: {}", said(&out));
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{line}: {}", said(&out)))
}

async fn count(place: &Place, table: &str, condition: &str) -> i64 {
    let db = place.bed.context.db.reader();
    let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition}");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get("", "n").unwrap()
}

/// Waits until a mail of this kind has left.
async fn has_left(place: &Place, topic: &str, times: i64) {
    let sent = format!("topic = '{topic}' AND sent_at IS NOT NULL");
    eventually(topic, async || (count(place, "outbox", &sent).await >= times).then_some(())).await;
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_the_page_on_the_telephone_do_what_it_says(bed: Bed) {
    let page = Page::of("telephone.md");
    let place = Place::new(bed, MAIL_FOLDER);
    let [marie, paul] = two_people(&place).await;
    let name = place.bed.name;
    let running = place.serve().await;
    let browser = Person::new(&place.issuer());
    browser.moves(&marie, &place).await;
    Person::new(&place.issuer()).until_mail(&paul).await;
    let [jeanne, luc] = [4, 5].map(Persona::number);
    for who in [&jeanne, &luc] {
        Person::new(&place.issuer()).moves(who, &place).await;
    }
    has_left(&place, "confirm", 4).await;
    let (mut ran, mut mail, mut link) = (Vec::new(), String::new(), String::new());
    for line in page.commands() {
        let typed = line.replace("marie@exemple.test", &marie.email).replace("MAIL", &mail);
        let typed =
            typed.replace("jeanne@exemple.test", &jeanne.email).replace("luc@exemple.test", &luc.email);
        let typed = typed.replace("LINK", &link);
        if line.contains("unlock") {
            for _ in 0..5 {
                Person::new(&place.issuer()).signs_in(&marie.email, "faux faux faux").await;
            }
            let locked = json(&place, &format!("moncompte account show --email {}", marie.email));
            assert!(locked["standing"]["fr"].as_str().unwrap().contains("Le compte est bloqué"), "{locked}");
            assert_eq!(locked["attempts"][0]["left"], 0, "{name}: {locked}");
        }
        if line.contains("resend") {
            // More than a minute ago, for this limit of the page.
            let aged = "UPDATE enrolment SET mailed_at = mailed_at - 120";
            place.bed.context.db.writer().execute_unprepared(aged).await.unwrap();
        }
        let told = done(&place, &typed);
        ran.push(line);
        let words: &[&str] = match line.split("--").next().unwrap().trim() {
            "moncompte account show" => &["p•••••@c•••.example", "reference REF-000001", "Tout est en ordre"],
            "moncompte account unlock" => &["Unlocked: 5 wrong passwords are forgotten"],
            "moncompte account mails" => &["confirm", "taken", "courrier.example"],
            "moncompte account resend MAIL" => &["A new mail is queued"],
            "moncompte account end-sessions" => &["sessions are ended"],
            "moncompte account close" => &["Closed: "],
            "moncompte account reopen" => &["Open again"],
            "moncompte link show" => &["exemple", "linked", "REF-000004", "link "],
            "moncompte link move LINK" => &["The other account has the link now"],
            "moncompte link end LINK" => &["The link is ended"],
            "moncompte identity code" => &["works until", "in place of the old password"],
            "moncompte identity show" => &["step mail", "p•••••@c•••.example", "REF-000002", "not moved"],
            other => panic!("a command that this test does not know: {other}"),
        };
        for word in words {
            assert!(told.contains(word), "{name}: {line}: {word}: {told}");
        }
        assert!(!told.contains(&marie.email) && !told.contains(&paul.email), "{name}: {line}: {told}");
        if line.contains("account mails") {
            let mails = json(&place, &typed);
            assert_eq!(mails["mails"][0]["kind"], "confirm", "{name}: {mails}");
            mail = mails["mails"][0]["id"].as_str().unwrap().to_owned();
        }
        if line.contains("link show") {
            let links = json(&place, &typed);
            link = links["links"][0]["link"]["id"].as_str().unwrap().to_owned();
        }
        if line.contains("link move") {
            let of = json(&place, &format!("moncompte link show --email {}", luc.email));
            assert_eq!(of["links"].as_array().unwrap().len(), 2, "{name}: {of}");
        }
        if line.contains("account unlock") {
            let page = Person::new(&place.issuer()).signs_in(&marie.email, &marie.new).await;
            assert!(page.code().is_some(), "{name}: {} {}", page.url, page.heading());
        }
        if line.contains("account close") {
            // SECURITY #59: the page is that of an address without an account.
            let mut pages = Vec::new();
            for who in [marie.email.as_str(), "personne.9@courrier.example"] {
                let page = Person::new(&place.issuer()).signs_in(who, &marie.new).await;
                assert!(page.code().is_none(), "{name}: {}", page.url);
                pages.push((page.heading(), page.texts(".alert")));
            }
            assert_eq!(pages[0], pages[1], "{name}");
            let shown = json(&place, &format!("moncompte account show --email {}", marie.email));
            let account = &shown["account"];
            assert!(account["closed_at"].is_string() && account["kept_until"].is_string(), "{shown}");
            assert_eq!(account["closed_because"], "deceased", "{shown}");
        }
        if line.contains("end-sessions") {
            let page = browser.get("/account").await;
            assert!(page.asks("sign-in"), "{name}: {} {}", page.url, page.heading());
            let hers = format!(
                "ended_at IS NULL AND account_id IN (SELECT id FROM account WHERE email = '{}')",
                marie.email
            );
            assert_eq!(count(&place, "session", &hers).await, 0, "{name}");
            // Closing an account ends what waits for its owner.
            has_left(&place, "sessions-ended", 1).await;
        }
    }
    assert!(ran.len() >= 12, "{ran:?}");
    for (topic, times) in [
        ("account-unlocked", 1),
        ("confirm", 5),
        ("sessions-ended", 1),
        ("account-reopened", 1),
        ("link-taken", 2),
        ("link-given", 1),
    ] {
        has_left(&place, topic, times).await;
    }
    for (kind, times) in [
        ("account unlocked", 1),
        ("mail sent again", 1),
        ("sessions ended", 1),
        ("account closed", 1),
        ("account reopened", 1),
        ("link taken away", 2),
        ("link given", 1),
    ] {
        let entry = format!("kind = '{kind}' AND body LIKE '%\"by\":\"%@%' AND body LIKE '%\"reason\":\"%'");
        assert_eq!(count(&place, "evidence", &entry).await, times, "{name}: {kind}");
    }
    let page = Person::new(&place.issuer()).signs_in(&marie.email, &marie.new).await;
    assert!(page.code().is_some(), "{name}: {} {}", page.url, page.heading());
    running.stop().await;
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_of_the_mail_server_is_told_for_each_mail(bed: Bed) {
    let post = Post::new();
    let _server = post.open().await;
    let place = with_post(bed, &post, "server.pem");
    place.people([Persona::number(2).row()]);
    post.refuses("rcpt personne.2@courrier.example 550 5.1.1 unknown user\n");
    let running = place.serve().await;
    for n in [1, 2] {
        Person::new(&place.issuer()).until_mail(&Persona::number(n)).await;
    }
    let told = async |n: usize, state: &str| {
        let line = format!("moncompte account mails --agency exemple --identifier {:06}", n);
        eventually(state, async || {
            let told = json(&place, &line);
            (told["mails"][0]["state"] == state).then_some(told)
        })
        .await
    };
    let taken = told(1, "taken").await;
    assert!(taken["mails"][0]["said"].as_str().unwrap().starts_with("250"), "{taken}");
    let refused = told(2, "refused").await;
    let standing = refused["standing"]["fr"].as_str().unwrap();
    let begin = "Le message a été refusé par courrier.example aujourd'hui à ";
    assert!(standing.starts_with(begin), "{}: {standing}", place.bed.name);
    let why = refused["mails"][0]["said"].as_str().unwrap();
    assert!(why.contains("5.1.1") && !why.contains("personne"), "{why}");
    running.stop().await;
}

/// Without a node: a change that is not allowed, or that means nobody or several, leaves every row as it was, and says why.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_means_nobody_or_several_or_gives_no_reason_changes_nothing(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let twin = |n: usize| Persona { client_ref: "REF-TWIN".into(), name: NAME.into(), ..Persona::number(n) };
    let out = place.import("twins.csv", testkit::csv(&[twin(1), twin(2)]));
    assert!(out.status.success(), "{}", said(&out));
    let file = place.path("moncompte.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\n[telemetry]\naudit = \"file:audit.jsonl\"\n")).unwrap();
    let before = [count(&place, "evidence", "1 = 1").await, count(&place, "outbox", "1 = 1").await];
    let of_one = "--agency exemple --identifier 000001";
    for (line, why) in [
        (format!("account unlock {of_one} --reason x"), "no account yet"),
        (format!("account end-sessions {of_one} --reason x"), "no account yet"),
        ("account unlock --agency exemple --reference REF-TWIN --reason x".into(), "2 people are found"),
        ("account unlock --email personne.9@courrier.example --reason x".into(), "nobody is found"),
        ("account unlock --email personne --reason x".into(), "is no address"),
        ("account unlock --agency ailleurs --name x --reason x".into(), "there is no agency ailleurs"),
        ("account unlock --agency exemple --reason x".into(), "--reference, --identifier or --name"),
        (format!("account unlock {of_one} --reason \"...\""), "say the reason"),
        (format!("account unlock {of_one} --reason \"pour marie@exemple.test\""), "holds no address"),
        (format!("account unlock {of_one}"), "--reason"),
        ("account unlock --reason x".into(), "required"),
        (format!("account resend 019ad0f0-0000-7000-8000-000000000000 {of_one} --reason x"), "no such mail"),
    ] {
        let out = run(&place, &format!("moncompte {line}"));
        assert!(
            !out.status.success() && said(&out).contains(why),
            "{}: {line}: {}",
            place.bed.name,
            said(&out)
        );
    }
    let listed = run(&place, "moncompte account show --agency exemple --name durand --json");
    let found: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!((listed.status.code(), found["found"].as_array().unwrap().len()), (Some(1), 2), "{found}");
    let listed = run(&place, "moncompte account show --agency exemple --name durand");
    assert!(
        said(&listed).contains("2 people are found") && said(&listed).contains(NAME),
        "{}",
        said(&listed)
    );
    let after = [count(&place, "evidence", "1 = 1").await, count(&place, "outbox", "1 = 1").await];
    assert_eq!(before, after, "{}", place.bed.name);
    // Commands are in the audit stream by their words alone.
    let audit = fs::read_to_string(place.path("audit.jsonl")).unwrap();
    assert!(audit.contains("\"account unlock\""), "{audit}");
    assert!(!audit.contains("courrier.example") && !audit.contains("REF-TWIN"), "{audit}");
}

/// The commands of docs/operate/desk.md, and the way from the mail to the desk.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_are_invited_by_the_command_of_the_page_on_the_desk(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let (name, file) = (place.bed.name, place.path("agencies/exemple.toml"));
    let nobody = run(&place, "moncompte desk invite --agency exemple");
    assert!(nobody.status.success() && said(&nobody).contains("names no staff"), "{}", said(&nobody));
    let staff = "\n[[staff]]\nemail = \"lea.martin@exemple.fr\"\nname = \"Léa Martin\"\nrole = \"desk\"\n";
    fs::write(&file, fs::read_to_string(&file).unwrap() + staff).unwrap();
    let running = place.serve().await;
    let page = Page::of("desk.md");
    let commands = page.commands();
    let [all, one] = commands[..] else { panic!("{commands:?}") };
    let told = done(&place, all);
    assert!(told.contains("lea.martin@exemple.fr") && told.contains("invited, until"), "{name}: {told}");
    let again = json(&place, one);
    assert_eq!(again["staff"][0]["state"], "wait", "{name}: {again}");
    let link = place.link_to("lea.martin@exemple.fr", "/invitation?").await;
    let lea = Person::new(&place.issuer());
    let form = lea.get(&link).await;
    form.says("Choisir mon mot de passe");
    let terms = lea.submit(&form, "/invitation", &[("password", "girafe tambour lampion")]).await;
    let accepted = lea.submit(&terms, "/terms", &[("accept", "on")]).await;
    accepted.says("Votre accord sur les conditions");
    lea.get("/desk/exemple").await.says("Chercher un client");
    let again = json(&place, all);
    assert_eq!(again["staff"][0]["state"], "has_account", "{name}: {again}");
    let unknown = run(&place, "moncompte desk invite --agency exemple --email hugo@exemple.fr");
    assert!(!unknown.status.success() && said(&unknown).contains("does not name"), "{}", said(&unknown));
    let entry = "kind = 'staff invited' AND body LIKE '%\"by\":\"%@%'";
    assert_eq!(count(&place, "evidence", entry).await, 1, "{name}");
    running.stop().await;
}
