//! The commands of docs/operate/keys.md, backup.md and runbook.md, read from the pages, do what they say: each on the stage that its words ask for.

use std::{
    fs,
    process::{Command, Output},
};

use kernel::sea_orm::ConnectionTrait;
use serde_json::Value;
use testbed::{Bed, apply, both};

use crate::{
    backup::{said, wipe},
    person::{Person, Persona},
    place::{MAIL_FOLDER, Place, program, project, secret_file},
};

/// A page of docs/operate.
pub struct Page {
    text: String,
}

impl Page {
    pub fn of(name: &str) -> Self {
        Self { text: fs::read_to_string(project().join("docs/operate").join(name)).unwrap() }
    }

    /// The part of the page below a heading.
    pub fn under(name: &str, heading: &str) -> Self {
        let page = Self::of(name).text;
        let part = page.split("\n## ").find_map(|part| part.strip_prefix(heading)).expect(heading);
        Self { text: part.to_owned() }
    }

    fn blocks(&self, kind: &str) -> Vec<&str> {
        let open = format!("```{kind}\n");
        self.text.split(open.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
    }

    /// The lines of all blocks for a shell, without their comments.
    pub fn commands(&self) -> Vec<&str> {
        let lines = self.blocks("sh").into_iter().flat_map(str::lines);
        lines.map(|line| line.split(" #").next().unwrap().trim()).filter(|line| !line.is_empty()).collect()
    }
}

/// Runs `moncompte …` on this folder, and any other line in a shell within it.
pub fn run(place: &Place, line: &str) -> Output {
    let mut command = match line.strip_prefix("moncompte ") {
        Some(words) => {
            let mut command = program();
            command.args(split(words)).arg("--config").arg(place.folder.path());
            command
        }
        None => {
            let mut command = Command::new("sh");
            command.args(["-c", line]);
            command
        }
    };
    command.current_dir(place.folder.path()).output().unwrap()
}

/// Splits a line into words, as a shell does with what stands between double quotes.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (nth, part) in line.split('"').enumerate() {
        match nth % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

pub fn done(place: &Place, line: &str) -> String {
    let out = run(place, line);
    // The server of tests forgets on purpose (SECURITY I20).
    let only_forgets = line.contains("doctor") && said(&out).matches("BROKEN").count() == 1;
    let forgets = only_forgets && said(&out).contains("I20  BROKEN");
    assert!(out.status.success() || forgets, "{}: {line}: {}", place.bed.name, said(&out));
    said(&out)
}

/// The `kid` of the key that signs, and the names of the sealing keys.
fn keys(place: &Place) -> (String, Vec<String>) {
    let told: Value = serde_json::from_str(&done(place, "moncompte keys list --json")).unwrap();
    let signs = told["keys"].as_array().unwrap().iter().find(|key| key["state"] == "current").unwrap();
    let sealing = &told["sealing"];
    let opens = sealing["opens"].as_array().unwrap().iter();
    let names = std::iter::once(&sealing["seals"]).chain(opens).map(|name| name.as_str().unwrap().to_owned());
    (signs["kid"].as_str().unwrap().to_owned(), names.collect())
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_page_on_keys_do_what_it_says(bed: Bed) {
    let page = Page::of("keys.md");
    let place = Place::new(bed, MAIL_FOLDER);
    let mover = Persona::number(0);
    place.people([mover.row()]);
    let running = place.serve().await;
    Person::new(&place.issuer()).moves(&mover, &place).await;
    let (first, sealing) = keys(&place);
    let mut ran = Vec::new();
    for line in page.commands() {
        if line == "moncompte check" {
            place.change(
                "moncompte.toml",
                "secret_key_file = \"secrets/seal.key\"\n",
                page.blocks("toml")[0],
            );
        }
        let (kid, _) = keys(&place);
        let told = done(&place, &line.replace("KID", &kid));
        ran.push(line);
        match line {
            "moncompte keys reseal" => {
                let (_, now) = keys(&place);
                assert_eq!((now.len(), &now[1]), (2, &sealing[0]), "{told}");
                assert!(told.contains("Nothing in the database is sealed with another key"), "{told}");
                place.change("moncompte.toml", "older_secret_key_files = [\"secrets/seal.key\"]\n", "");
                fs::remove_file(place.path("secrets/seal.key")).unwrap();
                assert_eq!(keys(&place).1, now[..1]);
            }
            "moncompte keys rotate" => assert_eq!(keys(&place).0, first, "the new one waits"),
            "moncompte keys rotate --now" => assert_ne!(keys(&place).0, first),
            "moncompte keys revoke KID --by marie" => {
                assert!(told.contains(&format!("{kid} is revoked, by marie@")), "{told}");
                assert_ne!(keys(&place).0, kid);
            }
            _ => {}
        }
        let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
        assert!(page.code().is_some(), "{line}: {} {}", page.url, page.heading());
    }
    assert!(ran.len() >= 7, "{ran:?}");
    running.stop().await;
    let running = place.serve().await;
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "{} {}", page.url, page.heading());
    running.stop().await;
    let new = kernel::SealKey::parse(&fs::read_to_string(place.path("secrets/seal.new")).unwrap()).unwrap();
    let older = vec![kernel::SealKey::new([7; 32])];
    assert!(place.bed.context.keys.take(&kernel::SealKeys::new(new, older)));
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_page_on_backups_do_what_it_says(bed: Bed) {
    let page = Page::of("backup.md");
    let place = Place::new(bed, MAIL_FOLDER);
    let mover = Persona::number(0);
    place.people([mover.row()]);
    let mut running = Some(place.serve().await);
    Person::new(&place.issuer()).moves(&mover, &place).await;
    fs::create_dir(place.path("backups")).unwrap();
    let (mut backup, mut ran) = (String::new(), 0);
    let owner = place.bed.address.clone();
    for line in page.commands() {
        match line {
            "moncompte restore BACKUP --by marie" => {
                running.take().unwrap().stop().await;
                wipe(&place).await;
            }
            "moncompte migrate --database-file secrets/owner" => {
                secret_file(&place.path("secrets/owner"), &owner);
                if place.bed.name == "postgres" {
                    serve_as_another(&place, page.blocks("sql")[0]).await;
                }
            }
            _ => {}
        }
        let folder = place.path("backups");
        let told = done(
            &place,
            &line.replace("/var/backups/moncompte", folder.to_str().unwrap()).replace("BACKUP", &backup),
        );
        ran += 1;
        match line {
            "moncompte backup /var/backups/moncompte" => backup = told.lines().next().unwrap().to_owned(),
            "moncompte restore --check BACKUP" => assert!(told.contains("is whole"), "{told}"),
            "moncompte doctor --invariants" => {
                assert!(told.contains("The last entry of the evidence is of"), "{told}");
                running = Some(place.serve().await);
            }
            _ => {}
        }
        if running.is_some() {
            let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
            assert!(page.code().is_some(), "{line}: {} {}", page.url, page.heading());
        }
    }
    assert!(ran >= 6);
    running.unwrap().stop().await;
    let running = place.serve().await;
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "{} {}", page.url, page.heading());
    running.stop().await;
    secret_file(&place.path("secrets/database"), &owner);
}

/// Makes the page's user, by a name of its own, and lets the node serve as it.
async fn serve_as_another(place: &Place, sql: &str) {
    let (user, at) = place.bed.address.strip_prefix("postgres://").unwrap().split_once('@').unwrap();
    let owner = user.split(':').next().unwrap();
    let role = format!("moncompte_serves_{}", place.port);
    let sql = sql
        .replace("moncompte_serves", &role)
        .replace("FOR ROLE moncompte ", &format!("FOR ROLE {owner} "))
        .replace('…', "geheim");
    place.bed.context.db.without_timeout().execute_unprepared(&sql).await.unwrap();
    secret_file(&place.path("secrets/database"), &format!("postgres://{role}:geheim@{at}"));
}

/// The drills, on a place where each of them has happened.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn the_drills_of_the_runbook_do_what_it_says(bed: Bed) {
    let page = Page::of("runbook.md");
    let place = Place::new(bed, MAIL_FOLDER);
    let (mover, stranger) = (Persona::number(0), Persona::number(1));
    place.people([mover.row()]);
    let mut running = Some(place.serve().await);
    Person::new(&place.issuer()).moves(&mover, &place).await;
    let backup = place.path("yesterday");
    done(&place, &format!("moncompte backup {}", backup.display()));
    // A file of another agency's clients, and a change that nobody wanted.
    let delivery = {
        let (identifier, password, email) = stranger.row();
        let csv = format!("identifier;password;email\n{identifier};{password};{email}\n");
        let out = place.import("wrong.csv", csv);
        assert!(out.status.success(), "{}", said(&out));
        let listed: Value = serde_json::from_str(&done(&place, "moncompte import list --json")).unwrap();
        listed["deliveries"][0]["id"].as_str().unwrap().to_owned()
    };
    place.change("agencies/exemple.toml", "#1f6f54", "#224488");
    done(&place, "moncompte apply");
    let mut ran = Vec::new();
    for line in page.commands() {
        let (kid, _) = if running.is_some() { keys(&place) } else { Default::default() };
        match line {
            "moncompte clock --accept" | "moncompte restore BACKUP --by marie" => {
                if let Some(node) = running.take() {
                    node.stop().await;
                }
            }
            _ => {}
        }
        if line == "moncompte restore BACKUP --by marie" {
            wipe(&place).await;
        }
        let told = done(
            &place,
            &line
                .replace("KID", &kid)
                .replace("DELIVERY", &delivery)
                .replace("BACKUP", &backup.display().to_string()),
        );
        ran.push(line);
        let words = match line {
            "moncompte status" => "live",
            // `smtp.rs` gives letters up and sends them again.
            "moncompte mail retry --all-dead" => "are due now",
            "moncompte rollback" => "generation",
            "moncompte import list" => &delivery,
            "moncompte import undo DELIVERY" => "1 removed",
            "moncompte clock" => "behind the latest time",
            "moncompte clock --accept" => "is accepted",
            "moncompte keys revoke KID --by marie" => "is revoked",
            "moncompte restore --check BACKUP" => "is whole",
            "moncompte restore BACKUP --by marie" => "Restored to",
            _ => "",
        };
        assert!(told.contains(words), "{line}: {words}: {told}");
        if running.is_none() {
            running = Some(place.serve().await);
        }
        let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
        assert!(page.code().is_some(), "{line}: {} {}", page.url, page.heading());
    }
    assert!(ran.len() >= 11, "{ran:?}");
    running.unwrap().stop().await;
}
