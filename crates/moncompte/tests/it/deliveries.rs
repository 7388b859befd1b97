//! Deliveries by the command line: the report, the rejects, the guards, and kills at any moment of apply and undo.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use kernel::sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;
use testbed::{Bed, apply, both};

use crate::place::{AGENCY, MAIL_FOLDER, Place, program};

const ROWS: u32 = 6000;

fn csv(count: u32) -> String {
    let row = |n: u32| format!("{n:06};R{n};Vieux-Secret {n};p{n}@courrier.example;Personne {n}\n");
    "identifier;client_ref;password;email;name\n".to_owned() + &(0..count).map(row).collect::<String>()
}

fn json(out: &Output) -> Value {
    serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", String::from_utf8_lossy(&out.stdout), said(out)))
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn write(place: &Place, name: &str, text: &str) -> String {
    let file = place.path(name);
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn plan(place: &Place, file: &str, more: &[&str]) -> (String, Output) {
    let out = place.run("import", &[&["plan", "--agency", AGENCY, "--json", file], more].concat());
    let id = json(&out)["delivery"].as_str().unwrap().to_owned();
    (id, out)
}

fn state(place: &Place, id: &str) -> String {
    let listed = json(&place.run("import", &["list", "--json"]));
    let deliveries = listed["deliveries"].as_array().unwrap();
    deliveries.iter().find(|one| one["id"] == id).unwrap()["state"].as_str().unwrap().to_owned()
}

/// An agency's rows as text; with `own` also the values that only this database has.
async fn rows(place: &Place, own: bool) -> Vec<String> {
    let db = place.bed.context.db.reader();
    let id = if place.bed.name == "sqlite" { "hex(id)" } else { "CAST(id AS text)" };
    let own =
        if own { format!("|| {id} || imported_at || fingerprint || verifier_kind") } else { String::new() };
    let sql = format!(
        "SELECT identifier || '|' || client_ref || '|' || coalesce(name, '-') || '|' || coalesce(email, '-') || '|' \
         || coalesce(CAST(left_at AS text), '-') {own} AS row FROM legacy_identity ORDER BY identifier"
    );
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "row").unwrap()).collect()
}

/// Runs a command, and kills it after a time.
fn killed(place: &Place, args: &[&str], after: Duration) {
    let mut child = program()
        .arg("import")
        .arg("--config")
        .arg(place.folder.path())
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The kill's moment is what is tried here.
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// SECURITY I25: whatever a kill leaves, the same command goes on from, and an undo gives back what was.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_of_apply_and_undo(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let first = write(&place, "first.csv", &csv(ROWS));
    assert!(place.run("import", &["--agency", AGENCY, &first]).status.success());
    let before = rows(&place, true).await;
    // Half of the rows change, as many are new, and some are gone.
    let second = csv(ROWS + ROWS / 2).replace("Personne 1", "Nom 1");
    let second: String =
        second.lines().filter(|line| !line.starts_with("0000")).map(|line| format!("{line}\n")).collect();
    let second = write(&place, "second.csv", &second);
    let (id, _) = plan(&place, &second, &["--complete"]);
    let begun = Instant::now();
    let out = place.run("import", &["apply", &id, &second, "--json"]);
    assert_eq!(out.status.code(), Some(0), "{name}: {}", said(&out));
    let apply_takes = begun.elapsed();
    let after: Vec<String> = rows(&place, false).await.into_iter().map(|row| timeless(&row)).collect();
    let begun = Instant::now();
    assert!(place.run("import", &["undo", &id]).status.success(), "{name}");
    let undo_takes = begun.elapsed();
    assert_eq!(rows(&place, true).await, before, "{name}");
    let (mut in_apply, mut in_undo) = (0, 0);
    let kills = u32::try_from(testbed::tries(2, 5)).unwrap();
    for n in 0..kills {
        let (id, _) = plan(&place, &second, &["--complete"]);
        killed(&place, &["apply", &id, &second], apply_takes * (n + 1) / (kills + 1));
        let left = state(&place, &id);
        in_apply += u32::from(left == "applying");
        assert!(["planned", "applying", "applied"].contains(&left.as_str()), "{name}: {left}");
        // Every other time the half-applied one is taken back as it is.
        if n % 2 == 0 || left == "planned" {
            if left != "applied" {
                let out = place.run("import", &["apply", &id, &second]);
                assert_eq!(out.status.code(), Some(0), "{name}: {}", said(&out));
            }
            let now: Vec<String> = rows(&place, false).await.into_iter().map(|row| timeless(&row)).collect();
            assert_eq!(now, after, "{name}: an apply that was killed ends as one that was not");
        }
        killed(&place, &["undo", &id], undo_takes * (n + 1) / (kills + 1));
        let left = state(&place, &id);
        in_undo += u32::from(left == "undoing");
        assert!(["applying", "applied", "undoing", "undone"].contains(&left.as_str()), "{name}: {left}");
        if left != "undone" {
            let out = place.run("import", &["undo", &id]);
            assert!(out.status.success(), "{name}: {}", said(&out));
        }
        assert_eq!(rows(&place, true).await, before, "{name}");
        assert_eq!(state(&place, &id), "undone", "{name}");
        let doctor = json(&place.run("doctor", &["--invariants", "--json"]));
        let looked = doctor["invariants"].as_array().unwrap();
        let broken = looked.iter().filter(|one| one["state"] == "broken").map(|one| &one["id"]);
        // A test's PostgreSQL does not wait for the disk.
        assert!(broken.into_iter().all(|id| id == "I20"), "{name}: {doctor}");
    }
    println!(
        "{name}: {kills} kills of each, {in_apply} within an apply of {apply_takes:?}, {in_undo} within an undo of {undo_takes:?}"
    );
}

/// A row without the time at which it left.
fn timeless(row: &str) -> String {
    let (rest, left) = row.rsplit_once('|').unwrap();
    format!("{rest}|{}", if left == "-" { "-" } else { "left" })
}

#[apply(both!)]
#[tokio::test]
async fn a_plan_tells_the_operator_and_the_agency_and_writes_nothing(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let text = "\u{feff}identifier;password_hash;email;name\r\n\
        C001;pas-un-hachage-secret;c1@courrier.example;\"Anne\r\nDupré\"\r\n\
        C002;{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=;;Paul\r\n\
        C002;{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=;;Paule\r\n\
        C003;;c3@courrier.example;Luc\r\n";
    let file = write(&place, "clients.csv", text);
    let (html, rejects) = (place.path("rapport.html"), place.path("rejets.csv"));
    let more = ["--html", html.to_str().unwrap(), "--rejects", rejects.to_str().unwrap()];
    let (id, out) = plan(&place, &file, &more);
    assert_eq!(out.status.code(), Some(2), "{name}: {}", said(&out));
    let told = json(&out);
    let plan = &told["plan"];
    assert_eq!(
        (plan["added"].as_u64(), plan["contradictory"].as_u64()),
        (Some(3), plan["bad"].as_u64()),
        "{name}: {plan}"
    );
    assert_eq!(plan["unreadable_hashes"], 1, "{name}: {plan}");
    assert_eq!(told["sha256"].as_str().unwrap().len(), 64, "{name}");
    assert!(rows(&place, false).await.is_empty(), "{name}");
    assert_eq!(state(&place, &id), "planned", "{name}");
    let page = fs::read_to_string(&html).unwrap();
    for secret in ["pas-un-hachage", "courrier.example", "Dupré", "C001", "L1jpEFk"] {
        assert!(
            !page.contains(secret) && !said(&out).contains(secret) && !told.to_string().contains(secret),
            "{name}: {secret}"
        );
    }
    assert!(page.contains("Agence Exemple") && page.contains("Lignes à corriger"), "{name}: {page}");
    // The rows themselves go to a file that only its owner reads, as they stand in the source.
    let kept = fs::read_to_string(&rejects).unwrap();
    assert_eq!(fs::metadata(&rejects).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    assert!(
        kept.starts_with("\u{feff}rejected_because;identifier;password_hash;email;name\r\n"),
        "{name}: {kept}"
    );
    assert!(kept.contains(";C002;{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=;;Paule\r\n"), "{name}: {kept}");
    assert!(
        kept.contains("\"the same identifier as on line 4, with another name, hash\";C002"),
        "{name}: {kept}"
    );
    assert!(!kept.contains("C003"), "{name}: {kept}");
    // The file that was planned, and no other.
    let other = write(&place, "clients.csv", &text.replace("Luc", "Lucie"));
    let out = place.run("import", &["apply", &id, &other]);
    assert_eq!(
        (out.status.code(), said(&out).contains("SHA-256")),
        (Some(1), true),
        "{name}: {}",
        said(&out)
    );
    let file = write(&place, "clients.csv", text);
    let out = place.run("import", &["apply", &id, &file, "--by", "Odile"]);
    assert_eq!(out.status.code(), Some(2), "{name}: {}", said(&out));
    assert_eq!(state(&place, &id), "applied", "{name}");
}

/// FINDING P2: a transfer that was cut off within a row, near the end of a complete file: too few are missing for `max_gone`.
#[apply(both!)]
#[tokio::test]
async fn a_file_that_was_cut_off_is_refused_and_takes_nothing_from_anybody(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let text = csv(100);
    assert!(place.run("import", &["--agency", AGENCY, &write(&place, "all.csv", &text)]).status.success());
    let before = rows(&place, true).await;
    let last = text.lines().nth(97).unwrap();
    let at = text.find(last).unwrap() + last.rfind(';').unwrap() - 3;
    let (file, page) = (write(&place, "cut.csv", &text[..at]), place.path("page.html"));
    let page_path = page.to_str().unwrap();
    let out = place.run("import", &["--agency", AGENCY, "--complete", "--json", "--html", page_path, &file]);
    assert_eq!(out.status.code(), Some(3), "{name}: {}", said(&out));
    assert_eq!(json(&out)["refused"][0]["guard"], "cut_short", "{name}");
    assert!(fs::read_to_string(page).unwrap().contains("s’arrête au milieu de sa dernière ligne"), "{name}");
    assert_eq!(rows(&place, true).await, before, "{name}");
}

#[apply(both!)]
#[tokio::test]
async fn the_file_of_another_agency_is_refused_in_one_step_too(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let agency = fs::read_to_string(place.path("agencies/exemple.toml")).unwrap();
    fs::write(
        place.path("agencies/voisine.toml"),
        agency.replace("client_id = \"exemple\"", "client_id = \"voisine\""),
    )
    .unwrap();
    let file = write(&place, "clients.csv", &csv(200));
    assert!(place.run("import", &["--agency", AGENCY, &file]).status.success(), "{name}");
    let out = place.run("import", &["--agency", "voisine", "--json", &file]);
    assert_eq!(out.status.code(), Some(3), "{name}: {}", said(&out));
    assert_eq!(json(&out)["refused"][0]["guard"], "same_file", "{name}");
    assert_eq!(rows(&place, false).await.len(), 200, "{name}");
    let out = place.run("import", &["--agency", "voisine", "--force", &file]);
    assert_eq!(out.status.code(), Some(0), "{name}: {}", said(&out));
    assert_eq!(rows(&place, false).await.len(), 400, "{name}");
    let listed = json(&place.run("import", &["list", "--agency", "voisine", "--json"]));
    let newest = &listed["deliveries"][0];
    assert_eq!(
        (&newest["state"], &newest["forced"][0]["guard"]),
        (&"applied".into(), &"same_file".into()),
        "{name}"
    );
}

/// FINDING P2: fourteen rows of six hundred and one more, of an agency that stores its identifiers without their zeros.
#[apply(both!)]
#[tokio::test]
async fn a_few_rows_of_another_agency_are_refused_and_the_page_says_why(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let path = place.path("agencies/exemple.toml");
    let agency = fs::read_to_string(&path).unwrap();
    let other = agency.replace("client_id = \"exemple\"", "client_id = \"voisine\"");
    fs::write(place.path("agencies/voisine.toml"), other).unwrap();
    fs::write(&path, agency + "\n[directory]\nleading_zeros_ignored = true\n").unwrap();
    // Nothing would be left of an identifier of zeros.
    let all = csv(600).replace("000000;", "900000;");
    assert!(place.run("import", &["--agency", AGENCY, &write(&place, "all.csv", &all)]).status.success());
    let lines: Vec<&str> = all.lines().collect();
    let few = [&lines[..1], &lines[301..315], &["900001;N1;Secret-Neuf;;Nouvelle"]].concat().join("\n");
    let (file, html) = (write(&place, "few.csv", &few), place.path("page.html"));
    let html_path = html.to_str().unwrap();
    let out = place.run("import", &["--agency", "voisine", "--dry-run", &file]);
    assert_eq!(out.status.code(), Some(3), "{name}: a dry run tells it too: {}", said(&out));
    assert!(
        said(&out).contains("guard: 93.3 % of these rows are clients of the agency"),
        "{name}: {}",
        said(&out)
    );
    let out = place.run("import", &["--agency", "voisine", "--json", "--html", html_path, &file]);
    assert_eq!(out.status.code(), Some(3), "{name}: {}", said(&out));
    let refused = &json(&out)["refused"];
    assert_eq!(
        (&refused[0]["guard"], &refused[0]["agency"]),
        (&"other_agency".into(), &AGENCY.into()),
        "{name}"
    );
    assert!(
        fs::read_to_string(html)
            .unwrap()
            .contains("93\u{a0}% des lignes sont celles de clients d’une autre agence"),
        "{name}"
    );
    assert_eq!(rows(&place, false).await.len(), 600, "{name}");
}

/// FINDING B7.
#[apply(both!)]
#[tokio::test]
async fn a_pipe_is_read_and_an_old_password_can_be_tried(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let piped = |args: &[&str], text: &str| {
        let mut child = program()
            .arg("import")
            .arg("--config")
            .arg(place.folder.path())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let out = piped(
        &["--agency", AGENCY, "--format", "csv", "-"],
        "identifier;password_hash\n00042;{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=\n43;\n",
    );
    assert_eq!(out.status.code(), Some(0), "{name}: {}", said(&out));
    for (identifier, typed, code, words) in [
        ("00042", "Tilleul-42\n", 0, "Right: sha1"),
        ("00042", " Tilleul-42 \n", 0, "without the spaces around it"),
        ("00042", "faux\n", 1, "Not right: sha1"),
        ("43", "faux\n", 1, "has no hash"),
        ("44", "faux\n", 1, "No identity"),
    ] {
        let out = piped(&["try", "--agency", AGENCY, identifier], typed);
        let told = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(
            (out.status.code(), told.contains(words)),
            (Some(code), true),
            "{name}: {told}{}",
            said(&out)
        );
        assert!(!told.contains(typed.trim()), "{name}: {told}");
    }
    let db = place.bed.context.db.reader();
    let count = async |sql: &str| -> i64 {
        let query = Statement::from_string(db.get_database_backend(), sql);
        db.query_one_raw(query).await.unwrap().unwrap().try_get("", "n").unwrap()
    };
    assert_eq!(
        count("SELECT COUNT(*) AS n FROM evidence WHERE kind = 'old password tried'").await,
        4,
        "{name}"
    );
    assert_eq!(count("SELECT COUNT(*) AS n FROM attempt").await, 0, "{name}: it counts as no attempt");
}

/// FINDING B2, B11: a header of several lines with names of the agency's own, a household, two people on one reference, and a cut hash, as the agency reads of them.
#[apply(both!)]
#[tokio::test]
async fn a_secretary_reads_how_the_columns_were_read_and_who_shares_what(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let agency = place.path("agencies/exemple.toml");
    let settings = fs::read_to_string(&agency).unwrap();
    let columns = "\n[import.columns]\nidentifier = \"N° de client\"\nclient_ref = \"Référence\"\npassword_hash = \"Empreinte\"\n";
    fs::write(&agency, settings + columns).unwrap();
    let text = "sep=;\n\"N° de\nclient\";Référence;Empreinte;\"Courriel\n(facultatif)\";Nom\n\
        C001;R1;{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=;;Durand\n\
        C001;R2;{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=;;Durand\n\
        C002;R2;{SHA}L1jpEF;;Petit\n\
        C001;R3;{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=;;Autre\n"
        .replace("Courriel\n(facultatif)", "Adresse\nemail");
    let file = write(&place, "clients.csv", &text);
    let (html, rejects) = (place.path("rapport.html"), place.path("rejets.csv"));
    let more = ["--html", html.to_str().unwrap(), "--rejects", rejects.to_str().unwrap()];
    let (_, out) = plan(&place, &file, &more);
    assert_eq!(out.status.code(), Some(2), "{name}: {}", said(&out));
    let told = &json(&out)["plan"];
    assert_eq!((&told["households"], &told["contradictory"]), (&1.into(), &1.into()), "{name}: {told}");
    let page = fs::read_to_string(&html).unwrap();
    for part in [
        "<td>N° de client</td><td>l’identifiant</td>",
        "<td>Adresse email</td><td>l’adresse email</td>",
        "Le même identifiant et le même mot de passe qu’une autre ligne (différence\u{a0}: référence)",
        "dans un seul compte",
        "avec un autre mot de passe (différence\u{a0}: référence, nom, autre information, mot de passe)",
        "partage sa référence avec un autre identifiant",
        "Références portées par plusieurs identifiants",
    ] {
        assert!(page.contains(part), "{name}: {part} in {page}");
    }
    // The header is copied whole, and what comes back is read.
    let kept = fs::read_to_string(&rejects).unwrap();
    let header = "sep=;\nrejected_because;\"N° de\nclient\";Référence;Empreinte;\"Adresse\nemail\";Nom\n";
    assert!(kept.starts_with(header), "{name}: {kept}");
    assert_eq!(kept.matches("C00").count(), 1, "{name}: {kept}");
    let (id, _) = plan(&place, &file, &[]);
    let out = place.run("import", &["apply", &id, &file]);
    assert_eq!(out.status.code(), Some(2), "{name}: {}", said(&out));
    assert!(place.run("import", &["--agency", AGENCY, &file]).status.code() == Some(2), "{name}");
    // The cut hash takes nothing away, in words too.
    let cut = write(&place, "cut.csv", &text.replace("L1jpEFk/wnmeGThO65PJW2JWilI=", "L1jpEF"));
    let (_, out) = plan(&place, &cut, &["--html", html.to_str().unwrap()]);
    assert_eq!(json(&out)["plan"]["kept_hashes"], 0, "{name}: the only good hash of the file is another one");
    let cut = text.lines().filter(|line| !line.starts_with("C001;R3")).collect::<Vec<_>>().join("\n");
    let cut = write(&place, "cut.csv", &cut.replace("L1jpEFk/wnmeGThO65PJW2JWilI=", "L1jpEF"));
    let (_, out) = plan(&place, &cut, &["--html", html.to_str().unwrap()]);
    assert_eq!(json(&out)["plan"]["kept_hashes"], 1, "{name}");
    let page = fs::read_to_string(&html).unwrap();
    assert!(page.contains("leur ancien mot de passe est conservé"), "{name}: {page}");
}
