//! Files in the encodings of old systems, written by Python's csv, as an agency sends them.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use kernel::sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;
use testbed::{Bed, apply, both};

use crate::{
    place::{AGENCY, MAIL_FOLDER, Place, program},
    python,
};

/// Writes a file of the agency: encoding, delimiter, and the end of each row.
const WRITE: &str = r#"
import csv, sys
path, encoding, delimiter, end = sys.argv[1:]
with open(path, "w", encoding=encoding, newline="") as out:
    rows = csv.writer(out, delimiter=delimiter.encode().decode("unicode_escape"), lineterminator=end.encode().decode("unicode_escape"))
    rows.writerow(["N° client", "Prénom", "Nom", "Courriel", "Né(e) le", "Secret", "Remarque", ""])
    rows.writerow(["É-001", "Hélène", "Lefèvre", "helene@courrier.example", "31/12/1950", "été à Évian", "x" + delimiter[:1], ""])
    rows.writerow(["É-002", "François", "d'Août", "", "01/02/1951", "Noël", "=1+1", ""])
    rows.writerow([""] * 8)
"#;

const SETTINGS: &str = "\n[import.columns]\nidentifier = \"N° client\"\npassword = [\"Secret\", \"Mot de passe\"]\nignored = \"Remarque\"\n";

fn said(out: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

async fn names(place: &Place) -> Vec<String> {
    let db = place.bed.context.db.reader();
    let sql = "SELECT identifier || '|' || coalesce(name, '-') || '|' || profile AS row FROM legacy_identity ORDER BY identifier";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "row").unwrap()).collect()
}

fn tries(place: &Place, identifier: &str, typed: &str) -> bool {
    let mut child = program()
        .arg("import")
        .arg("--config")
        .arg(place.folder.path())
        .args(["--agency", AGENCY, "--try", identifier])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    child.wait_with_output().unwrap().status.success()
}

/// FINDING B10, B11: what is recognised, what is said, and what has to be asked for; headers of the agency's own.
#[apply(both!)]
#[tokio::test]
async fn a_file_of_python_s_csv_is_read_in_every_encoding(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let agency = place.path("agencies/exemple.toml");
    let settings = fs::read_to_string(&agency).unwrap();
    fs::write(&agency, settings + SETTINGS).unwrap();
    let mut first = None;
    for (encoding, delimiter, end, charset, told) in [
        ("utf-8", ";", "\\n", None, ""),
        ("utf-8-sig", ",", "\\r\\n", None, ""),
        ("utf-8-sig", ";", "\\r\\n", Some("windows-1252"), "and not windows-1252: read as utf-8"),
        ("cp1252", ";", "\\r\\n", None, "no UTF-8: read as windows-1252"),
        ("cp1252", "|", "\\r\\n", Some("latin1"), ""),
        // Excel's "Unicode text".
        ("utf-16", "\\t", "\\r\\n", None, "the file is utf-16le"),
        ("utf-16-be", ";", "\\n", None, "the file is utf-16be"),
        ("utf-16-le", "\\t", "\\n", None, "the file is utf-16le"),
        ("mac_roman", ";", "\\r", Some("macroman"), ""),
        ("cp850", ";", "\\r\\n", Some("cp850"), ""),
        ("iso8859_15", ",", "\\n", Some("iso-8859-15"), ""),
    ] {
        let file = place.path(if encoding.starts_with("utf-16") { "CLIENTS.TXT" } else { "clients.csv" });
        let wrote = Command::new(python::interpreter())
            .args(["-c", WRITE, file.to_str().unwrap(), encoding, delimiter, end])
            .output()
            .unwrap();
        assert!(wrote.status.success(), "{}", said(&wrote));
        let mut args = vec!["--agency", AGENCY, "--json", file.to_str().unwrap()];
        args.extend(charset.iter().flat_map(|charset| ["--charset", charset]));
        let out = place.run("import", &args);
        assert_eq!(out.status.code(), Some(0), "{name} {encoding}: {}", said(&out));
        let report: Value = serde_json::from_slice(&out.stdout).unwrap();
        let notes = report["plan"]["notes"].to_string();
        assert!(notes.contains(told), "{name} {encoding}: {notes}");
        assert!(notes.contains("`Prénom` is read as `given_name`"), "{name} {encoding}: {notes}");
        let rows = names(&place).await;
        match &first {
            None => {
                assert!(
                    rows[0].starts_with("É-001|Hélène Lefèvre|") && rows[0].contains("1950-12-31"),
                    "{rows:?}"
                );
                assert!(
                    rows[1].starts_with("É-002|François d'Août|") && rows[1].contains("1951-02-01"),
                    "{rows:?}"
                );
                assert!(tries(&place, "É-001", "été à Évian"), "{name}");
                assert!(!tries(&place, "É-002", "Noel"), "{name}");
                first = Some(rows);
            }
            // The same people, to the letter: an encoding that was read otherwise would be a change.
            Some(_) => assert_eq!(report["unchanged"], 2, "{name} {encoding}: {report}"),
        }
    }
}

/// FINDING B8: of a file that went through a spreadsheet nothing is taken.
#[apply(both!)]
#[tokio::test]
async fn a_file_that_a_spreadsheet_spoilt_is_refused(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let file = place.path("clients.csv");
    let file = file.to_str().unwrap();
    let write = |identifier: &dyn Fn(u32) -> String| {
        let rows = (0..400).map(|n| format!("{};Vieux-Secret {n}\n", identifier(n))).collect::<String>();
        fs::write(file, format!("identifier;password\n{rows}")).unwrap();
    };
    let guards = |out: &std::process::Output| -> Vec<String> {
        let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", said(out)));
        let broken = report["refused"].as_array().unwrap();
        broken.iter().map(|one| one["guard"].as_str().unwrap().to_owned()).collect()
    };
    write(&|n| if n % 50 == 0 { "1.00E+06".to_owned() } else { format!("{:08}", 1_000_000 + n) });
    let out = place.run("import", &["--agency", AGENCY, "--json", file]);
    assert_eq!((out.status.code(), guards(&out)), (Some(3), vec!["spoilt".to_owned()]), "{name}");
    // All of these have eight digits.
    write(&|n| format!("{:08}", (n + 1) * 997));
    let out = place.run("import", &["--agency", AGENCY, "--json", file]);
    assert_eq!(out.status.code(), Some(0), "{name}: {}", said(&out));
    write(&|n| format!("{}", (n + 1) * 997));
    let out = place.run("import", &["--agency", AGENCY, "--json", file]);
    let broken = guards(&out);
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["plan"]["lengths"], serde_json::json!([3, 6]), "{name}: of 997 to 398,800");
    assert!(out.status.code() == Some(3) && broken.contains(&"lost_zeros".to_owned()), "{name}: {broken:?}");
    assert_eq!(names(&place).await.len(), 400, "{name}");
}

/// A hash that nobody can read leaves nobody out, but a file whose hashes are all of that kind is not what it was meant to be.
#[tokio::test]
async fn a_file_whose_hashes_cannot_be_read_is_refused() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let rows =
        |from: u32, hash: &str| (from..from + 200).map(|n| format!("{n:06};{hash}\n")).collect::<String>();
    let good = rows(0, "{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=");
    let few = rows(1000, "$2y$10$cut").lines().take(40).map(|row| format!("{row}\n")).collect::<String>();
    let out = place.import("few.csv", format!("identifier;password_hash\n{good}{few}"));
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&report["added"], &report["plan"]["unreadable_hashes"]), (&240.into(), &40.into()));
    let out = place.import("all.csv", format!("identifier;password_hash\n{}", rows(0, "$2y$10$cut")));
    assert_eq!(out.status.code(), Some(3), "{}", said(&out));
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["refused"][0]["guard"], "unreadable_hashes");
}

/// An agency's description of its old system is checked before it applies.
#[tokio::test]
async fn a_mistake_about_the_old_system_is_told_by_its_key() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let agency = place.path("agencies/exemple.toml");
    let settings = fs::read_to_string(&agency).unwrap();
    assert!(!settings.contains("[directory]") && !settings.contains("[import]"));
    let more = "\n[directory]\ncharset = \"klingon\"\npassword_rules = [\"lowercase\"]\n\
        [import]\ncharset = \"cp1\"\nhash_format = \"md5(passwort)\"\n[import.columns]\nidentifiant = \"N°\"\n";
    fs::write(&agency, settings.clone() + more).unwrap();
    let out = place.run("check", &[]);
    assert_eq!(out.status.code(), Some(1), "{}", said(&out));
    for (key, words) in [
        ("directory.charset", "known are utf-8, windows-1252"),
        ("directory.password_rules", "must be steps such as"),
        ("import.charset", "is no encoding that is known"),
        ("import.hash_format", "at character 5"),
        ("import.columns", "there is no column `identifiant`"),
    ] {
        let told = said(&out);
        assert!(told.lines().any(|line| line.contains(key) && line.contains(words)), "{key}: {told}");
    }
    let right = more
        .replace("klingon", "cp850")
        .replace("lowercase", "lower+cut-8")
        .replace("cp1", "macroman")
        .replace("passwort", "password")
        .replace("identifiant", "identifier");
    fs::write(&agency, settings + &right).unwrap();
    let out = place.run("check", &[]);
    assert!(!said(&out).contains("import") && !said(&out).contains("directory"), "{}", said(&out));
}
