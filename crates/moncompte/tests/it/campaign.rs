//! The commands of docs/operate/campaign.md, read from the page: letters reach those who have not moved, and their codes open the move.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use kernel::sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use testbed::{Bed, apply, both};

use crate::{
    backup::said,
    operate::{Page, run},
    person::{Person, Persona},
    place::{MAIL_FOLDER, Place},
};

/// The clients of the agency: the first will move, the fourth has no address, the fifth's name is an attack.
const CLIENTS: &str = "identifier;client_ref;password;email;name;locale;Complément d'adresse;Adresse;Code postal;Ville\n\
    000001;REF-000001;ancien-1;personne.1@courrier.example;Marie Durand;;;1 rue X;56000;Vannes\n\
    000002;REF-000002;;;Paul Martin;en-GB;Apt 12;27 rue Pasteur;22530;Mûr-de-Bretagne\n\
    000003;REF-000003;;;Anne Le Goff;;;3 rue Y;56000;Vannes\n\
    000004;REF-000004;;;Sans Adresse;;;;;\n\
    000005;REF-000005;;;\"=cmd()\u{202e};\"\"x\";;;5 rue Z;56000;Vannes\n";

fn told(place: &Place, line: &str, code: i32) -> Value {
    let line = line.replace("lettres", &at(place, "lettres")).replace("nouveaux", &at(place, "nouveaux"));
    let out = run(place, &format!("{line} --json"));
    assert_eq!(out.status.code(), Some(code), "{line}: {}", said(&out));
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{line}: {}", said(&out)))
}

fn at(place: &Place, name: &str) -> String {
    place.path(name).to_str().unwrap().to_owned()
}

fn text(place: &Place, name: &str) -> String {
    let out = Command::new("pdftotext").arg(place.path(name)).arg("-").output().expect("pdftotext");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

async fn count(place: &Place, table: &str, condition: &str) -> i64 {
    let db = place.bed.context.db.reader();
    let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition}");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get("", "n").unwrap()
}

/// The rows of the printer's file, by column.
fn table(place: &Place, name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(place.path(name)).unwrap();
    let rows = text.strip_prefix('\u{feff}').unwrap().trim_end().split("\r\n");
    rows.map(|row| row.trim_matches('"').split("\";\"").map(str::to_owned).collect()).collect()
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_the_page_on_letters_do_what_it_says(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let out = place.import("clients.csv", CLIENTS);
    assert!(out.status.success(), "{}", said(&out));
    let (page, name) = (Page::of("campaign.md"), place.bed.name);
    let [dry, letters, later] = page.commands()[..] else { panic!("{:?}", page.commands()) };
    let running = place.serve().await;
    Person::new(&place.issuer()).moves(&Persona::number(1), &place).await;

    let counted = told(&place, dry, 2);
    let expected = json!({
        "agency": "exemple", "dry_run": true, "letters": 3, "until": null, "moved": 1, "moved_meanwhile": 0,
        "without_address": ["REF-000004"],
    });
    assert_eq!(counted, expected, "{name}");
    assert_eq!(count(&place, "activation_code", "1 = 1").await, 0, "{name}: a dry run issues nothing");

    let written = told(&place, letters, 2);
    assert_eq!((&written["letters"], &written["moved"]), (&json!(3), &json!(1)), "{name}: {written}");
    assert_eq!(count(&place, "activation_code", "1 = 1").await, 3, "{name}");
    let entry = "kind = 'activation code issued' AND body LIKE '%\"reason\":\"letter of the campaign\"%' AND body LIKE '%\"role\":\"operator\"%'";
    assert_eq!(count(&place, "evidence", entry).await, 3, "{name}");
    for file in ["lettres.pdf", "lettres.csv"] {
        let mode = fs::metadata(place.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}: {file}");
    }
    let text_of_all = text(&place, "lettres.pdf");
    let pages: Vec<&str> = text_of_all.trim_end_matches('\u{c}').split('\u{c}').collect();
    assert_eq!(pages.len(), 4, "{name}: three letters, one in English too");
    assert!(pages[0].contains("Apt 12\n27 rue Pasteur\n22530 MUR-DE-BRETAGNE"), "{name}: {}", pages[0]);
    assert!(pages[1].contains("Hello Paul Martin") && pages[3].contains("=cmd()"), "{name}: {text_of_all}");
    assert!(!text_of_all.contains("Marie Durand") && !text_of_all.contains("REF-000004"), "{name}");
    let rows = table(&place, "lettres.csv");
    assert_eq!(rows.len(), 4, "{name}: {rows:?}");
    assert_eq!(rows[1][..3], ["REF-000002", "Paul Martin", "000002"], "{name}");
    assert!(rows[3][1].starts_with("'=cmd()"), "{name}: {rows:?}");
    for (row, pages) in rows[1..].iter().zip([&pages[0], &pages[2], &pages[3]]) {
        assert!(pages.contains(&row[3]), "{name}: the code of the letter is that of the row");
    }

    // The address in the QR code of a letter opens the move.
    let person = Person::new(&place.issuer());
    let link = rows[2][5].strip_prefix(&place.issuer()).unwrap();
    let door = person.get(link).await;
    assert_eq!(door.field("identifier").as_deref(), Some("000003"), "{name}");
    let next = person.submit(&door, "legacy", &[]).await;
    assert!(next.asks("notice"), "{name}: {} {}", next.url, next.heading());

    // `--who without-code`: a working code stays, and only people without one get a letter.
    let again = told(&place, later, 2);
    assert_eq!(again["letters"], 0, "{name}: {again}");
    assert!(!place.path("nouveaux.pdf").exists(), "{name}: no letter, no file");
    let forget = "DELETE FROM activation_code WHERE legacy_identity_id IN (SELECT id FROM legacy_identity WHERE identifier = '000002')";
    place.bed.context.db.writer().execute_unprepared(forget).await.unwrap();
    assert_eq!(told(&place, later, 2)["letters"], 1, "{name}");
    assert!(text(&place, "nouveaux.pdf").contains("Paul Martin"), "{name}");

    // A file that is there stays as it is, and costs nobody a code.
    let before = count(&place, "evidence", entry).await;
    let line = letters.replace("lettres", &at(&place, "lettres"));
    let refused = run(&place, &line);
    assert!(said(&refused).contains("letters overwrite nothing"), "{name}: {}", said(&refused));
    assert_eq!(count(&place, "evidence", entry).await, before, "{name}");

    // One letter, at the counter, of somebody without an address.
    let one = format!(
        "moncompte identity code --agency exemple --reference REF-000004 --reason \"at the counter\" --letter {}",
        at(&place, "une.pdf")
    );
    let out = run(&place, &one);
    assert!(out.status.success(), "{name}: {}", said(&out));
    let code = said(&out).split_whitespace().find(|word| word.len() == 14).unwrap().to_owned();
    assert!(text(&place, "une.pdf").contains(&code), "{name}: {code}");
    running.stop().await;
}
