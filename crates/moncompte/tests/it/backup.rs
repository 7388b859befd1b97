//! Backups, restores and the schema (SECURITY #124, docs/operate/backup.md).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use kernel::{
    SealKey, SealKeys,
    sea_orm::{ConnectionTrait, Statement},
};
use serde_json::Value;
use testbed::{Bed, Database, apply, both};

use crate::{
    person::{Person, Persona},
    place::{AGENCY, CALLBACK, CLIENT_SECRET, MAIL_FOLDER, Place, Running, eventually, program, secret_file},
};

pub fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// Runs a command that succeeds.
pub fn done(place: &Place, command: &str, more: &[&str]) -> String {
    let out = place.run(command, more);
    assert_eq!(out.status.code(), Some(0), "{}: {command} {more:?}: {}", place.bed.name, said(&out));
    said(&out)
}

/// Runs a command that fails with these words, in one sentence.
pub fn refused(place: &Place, command: &str, more: &[&str], words: &str) {
    let out = place.run(command, more);
    let said = said(&out);
    assert!(out.status.code() == Some(1) && said.contains(words), "{words}: {said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
}

/// Starts a node that says this and ends.
async fn serves_not(place: &Place, words: &str) {
    let mut command = program();
    command.arg("serve").arg("--config").arg(place.folder.path());
    let mut running = Running::start(command);
    running.says(words).await;
    eventually("its end", async || running.has_ended().then_some(())).await;
}

/// Makes the database empty, as a new one.
pub async fn wipe(place: &Place) {
    if place.bed.name == "sqlite" {
        place.bed.context.db.close().await.unwrap();
        let file = place.bed.address.strip_prefix("sqlite://").unwrap();
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{file}{end}"));
        }
    } else {
        let anew = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
        place.bed.context.db.without_timeout().execute_unprepared(anew).await.unwrap();
    }
}

/// The one value of a statement, over a connection of its own.
pub async fn value<T: kernel::sea_orm::TryGetable>(place: &Place, sql: &str) -> T {
    let db = kernel::Db::connect(&place.bed.address).await.unwrap();
    let statement = Statement::from_string(db.reader().get_database_backend(), sql);
    let row = db.reader().query_one_raw(statement).await.unwrap().unwrap();
    let value = row.try_get_by_index(0).unwrap();
    db.close().await.unwrap();
    value
}

/// The `sub` that the portal learns with a code.
async fn sub_of(place: &Place, code: Option<String>) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code.expect("a code for the portal")),
        ("redirect_uri", CALLBACK),
        // RFC 7636 appendix B.
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ];
    let client = reqwest::Client::new();
    let asked = client.post(format!("{}/token", place.issuer())).basic_auth(AGENCY, Some(CLIENT_SECRET));
    let answer: Value = asked.form(&form).send().await.unwrap().json().await.unwrap();
    let token = answer["id_token"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["sub"].as_str().unwrap().to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found
}

/// The MAC of a manifest under the key of every place, as the page on backups says how it is made.
fn signed(manifest: &str) -> String {
    let mut json: Value = serde_json::from_str(manifest).unwrap();
    json.as_object_mut().unwrap().shift_remove("mac");
    let keys = SealKeys::new(SealKey::new([7; 32]), vec![]);
    let mac = keys.file_mac(&keys.fingerprint(), "backup manifest", json.to_string().as_bytes()).unwrap();
    json["mac"] = mac.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    json.to_string()
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_to_yesterday_ends_what_was_given_and_keeps_every_sub(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let (early, late) = (Persona::number(0), Persona::number(1));
    place.people([early.row(), late.row()]);
    let running = place.serve().await;
    let browser = Person::new(&place.issuer());
    browser.moves(&early, &place).await;
    let sub_of_early = sub_of(&place, browser.asked_by_portal().await.code()).await;
    let of_late = ["code", "--agency", AGENCY, "--identifier", &*late.identifier, "--reason", "a letter"];
    let told =
        program().arg("identity").args(of_late).arg("--config").arg(place.folder.path()).output().unwrap();
    assert!(told.status.success(), "{}", said(&told));
    fs::create_dir(place.path("backups")).unwrap();
    let to = place.path("backups");
    let told = done(&place, "backup", &[to.to_str().unwrap()]);
    assert!(told.contains("1 accounts, 2 identities, 1 links"), "{told}");
    let backup = PathBuf::from(told.lines().next().unwrap());
    let copied = files(&backup);
    let key = SealKey::new([7; 32]).text();
    for file in &copied {
        let content = fs::read(file).unwrap();
        let holds = |secret: &str| content.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!holds(CLIENT_SECRET) && !holds(&key), "{}", file.display());
        assert!(!holds("$argon2id$"), "{}: no hash lies open", file.display());
    }
    for name in ["config/moncompte.toml", "config/agencies/exemple.toml", "config/terms/2026-11/fr.md"] {
        assert!(copied.contains(&backup.join(name)), "{name}");
    }
    // After the backup: somebody moves.
    let person = Person::new(&place.issuer());
    person.moves(&late, &place).await;
    let sub_of_late = sub_of(&place, person.asked_by_portal().await.code()).await;
    running.stop().await;
    let backup = backup.to_str().unwrap();
    refused(&place, "restore", &[backup], "is there already");
    wipe(&place).await;
    if let Some(file) = place.bed.address.strip_prefix("sqlite://") {
        fs::write(format!("{file}-wal"), "of another database").unwrap();
        refused(&place, "restore", &[backup], "test.db-wal is there already");
        wipe(&place).await;
    }
    let told = done(&place, "restore", &["--check", backup]);
    let (newest, _) = migrations::WORDS[migrations::WORDS.len() - 1];
    for words in ["is whole", newest, "which is here", "0 h 0 min ago"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let told = done(&place, "restore", &[backup, "--by", "marie"]);
    assert!(told.contains("1 accounts") && told.contains("1 sessions"), "{told}");
    for (what, sql) in [
        ("sessions", "SELECT count(*) FROM session WHERE ended_at IS NULL"),
        ("grants", "SELECT count(*) FROM token_grant WHERE revoked_at IS NULL"),
        ("codes", "SELECT count(*) FROM code WHERE used_at IS NULL AND expires_at > 0"),
        ("letters", "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND dead_at IS NULL"),
        ("activation codes", "SELECT count(*) FROM activation_code"),
        ("moves", "SELECT count(*) FROM enrolment WHERE finished_at IS NULL AND expires_at > created_at"),
    ] {
        assert_eq!(value::<i64>(&place, sql).await, 0, "{}: {what}", place.bed.name);
    }
    let recorded = "SELECT count(*) FROM evidence WHERE kind = 'database restored' AND body LIKE '%marie@%'";
    assert_eq!(value::<i64>(&place, recorded).await, 1);
    let running = place.serve().await;
    assert!(browser.asked_by_portal().await.code().is_none(), "the session of before is over");
    let page = Person::new(&place.issuer()).signs_in(&early.email, &early.new).await;
    assert_eq!(sub_of(&place, page.code()).await, sub_of_early, "{}", place.bed.name);
    // Whoever moves again is the same person to the portal. The mails of the first time hold links that are dead.
    fs::remove_dir_all(place.path("mails")).unwrap();
    fs::create_dir(place.path("mails")).unwrap();
    let person = Person::new(&place.issuer());
    person.moves(&late, &place).await;
    let again = sub_of(&place, person.asked_by_portal().await.code()).await;
    assert_eq!(again, sub_of_late, "{}", place.bed.name);
    running.stop().await;
    let told = said(&place.run("doctor", &["--invariants"]));
    assert!(told.contains("The last entry of the evidence is of") && told.contains("I21  holds"), "{told}");
    let told = place.run("doctor", &["--invariants", "--json"]).stdout;
    assert!(serde_json::from_slice::<Value>(&told).unwrap()["last_entry_at"].is_i64());
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_backup_is_told_in_a_sentence(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    place.people([Persona::number(0).row()]);
    let name = place.path("one");
    let one = name.to_str().unwrap();
    done(&place, "backup", &[one]);
    refused(&place, "backup", &[one], "is there already");
    let check = |words: &str| refused(&place, "restore", &["--check", one], words);
    let database = name.join(if place.bed.name == "sqlite" { "database.sqlite" } else { "database.sql" });
    let whole = fs::read(&database).unwrap();
    fs::write(&database, &whole[..whole.len() / 2]).unwrap();
    check("is cut short: database.sql");
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    fs::write(&database, changed).unwrap();
    check("was changed: database.sql");
    fs::remove_file(&database).unwrap();
    check("is cut short: database.sql");
    fs::write(&database, &whole).unwrap();
    let manifest = name.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, &text[..text.len() / 2]).unwrap();
    check("is cut short, or was changed");
    fs::write(&manifest, signed(&text.replace("m0021_keys", "m9999_later"))).unwrap();
    check("of a newer version");
    fs::write(&manifest, text.replace("\"format\": 1", "\"format\": 2")).unwrap();
    check("has the format 2");
    let other = if place.bed.name == "sqlite" {
        ("\"sqlite\"", "\"postgres\"")
    } else {
        ("\"postgres\"", "\"sqlite\"")
    };
    fs::write(&manifest, signed(&text.replace(other.0, other.1))).unwrap();
    refused(&place, "restore", &[one], "another kind of database");
    fs::remove_file(&manifest).unwrap();
    check("holds no manifest.json");
    fs::write(&manifest, &text).unwrap();
    let part = place.path("two.part");
    fs::rename(&name, &part).unwrap();
    refused(&place, "restore", &["--check", part.to_str().unwrap()], "was not finished");
    fs::rename(&part, &name).unwrap();
    secret_file(&place.path("secrets/seal.key"), &SealKey::new([8; 32]).text());
    check("put its file into older_secret_key_files");
    refused(&place, "status", &[], "which this folder does not have: put its file into secret_key_file");
    secret_file(&place.path("secrets/seal.key"), &SealKey::new([7; 32]).text());
    assert!(done(&place, "restore", &["--check", one]).contains("is whole"));
    // A restore whose end was cut off is served by nobody.
    place.bed.context.db.store("restoring", "").await.unwrap();
    serves_not(&place, "a restore into this database was cut short").await;
    place.bed.context.db.forget_stored("restoring").await.unwrap();
}

/// Whoever can write where backups lie, and not read the key, makes none that is restored: its statements would be run.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_somebody_else_made_is_refused(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    place.people([Persona::number(0).row()]);
    let name = place.path("one");
    let one = name.to_str().unwrap();
    done(&place, "backup", &[one]);
    let (manifest, database) = (name.join("manifest.json"), name.join("config/moncompte.toml"));
    let text = fs::read_to_string(&manifest).unwrap();
    let mut json: Value = serde_json::from_str(&text).unwrap();
    let was = fs::read_to_string(&database).unwrap();
    // A file with its digest.
    fs::write(&database, was.replacen("issuer", "ISSUER", 1)).unwrap();
    let entry = json["files"]["config/moncompte.toml"].clone();
    let digest = std::process::Command::new("sha256sum").arg(&database).output().unwrap().stdout;
    let digest = String::from_utf8(digest).unwrap()[..64].to_owned();
    let forged = text.replace(entry["sha256"].as_str().unwrap(), &digest);
    assert_ne!(forged, text);
    let refuses = |forged: &str, words: &str| {
        fs::write(&manifest, forged).unwrap();
        refused(&place, "restore", &["--check", one], words);
        refused(&place, "restore", &[one], words);
    };
    refuses(&forged, "was changed: manifest.json");
    fs::write(&database, was).unwrap();
    json.as_object_mut().unwrap().shift_remove("mac");
    refuses(&json.to_string(), "was changed: manifest.json");
    refuses(&text.replace("\"made_at\": 1", "\"made_at\": 2"), "was changed: manifest.json");
    // The same as another program would write it, and one with a file of elsewhere.
    fs::write(&manifest, signed(&text)).unwrap();
    assert!(done(&place, "restore", &["--check", one]).contains("is whole"));
    refuses(
        &signed(&text.replace("config/moncompte.toml", "../moncompte.toml")),
        "../moncompte.toml, which is no path within",
    );
}

/// While a reseal walks, the database holds boxes of both keys.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_wants_every_key_that_the_node_had(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    place.people([Persona::number(0).row()]);
    let [old, new] = [7, 9].map(|n| SealKey::new([n; 32]));
    let only = fs::read_to_string(place.path("moncompte.toml")).unwrap();
    secret_file(&place.path("secrets/new.key"), &new.text());
    let keys = "secret_key_file = \"secrets/new.key\"\nolder_secret_key_files = [\"secrets/seal.key\"]";
    place.change("moncompte.toml", "secret_key_file = \"secrets/seal.key\"", keys);
    let (before, within) = (place.path("before"), place.path("within"));
    let [before, within] = [&before, &within].map(|path| path.to_str().unwrap());
    assert!(done(&place, "backup", &[before]).contains(&format!(
        "{}, {} together",
        old.fingerprint(),
        new.fingerprint()
    )));
    // The moment after every node seals with the new key, and before the first box is sealed anew.
    let db = &place.bed.context.db;
    db.forget_stored("seal_key").await.unwrap();
    db.store("seal_key", &new.fingerprint()).await.unwrap();
    assert!(done(&place, "backup", &[within]).contains(&format!(
        "{}, {} together",
        new.fingerprint(),
        old.fingerprint()
    )));
    assert!(done(&place, "restore", &["--check", within]).contains("which are here"));
    let lacks = |key: &SealKey| format!("may be sealed with the key {}, which", key.fingerprint());
    fs::write(place.path("moncompte.toml"), only.replace("seal.key", "new.key")).unwrap();
    refused(&place, "restore", &["--check", within], &lacks(&old));
    refused(
        &place,
        "restore",
        &["--check", before],
        &format!("is sealed with the key {}, which", old.fingerprint()),
    );
    fs::write(place.path("moncompte.toml"), &only).unwrap();
    refused(&place, "restore", &["--check", before], &lacks(&new));
    refused(
        &place,
        "restore",
        &["--check", within],
        &format!("is sealed with the key {}, which", new.fingerprint()),
    );
    let third = place.path("third");
    refused(&place, "backup", &[third.to_str().unwrap()], "the database is sealed with the key");
    assert!(!third.exists() && !place.path("third.part").exists());
    db.forget_stored("seal_key").await.unwrap();
    db.store("seal_key", &old.fingerprint()).await.unwrap();
}

/// A database that others use too: the address has a password with every sign in it, and names a schema.
#[tokio::test(flavor = "multi_thread")]
async fn the_schema_of_a_node_is_backed_up_with_its_address() {
    let Some(bed) = Bed::postgres().await else { return };
    let place = Place::new(bed, MAIL_FOLDER);
    let (owner, db) = (place.bed.address.clone(), place.bed.context.db.without_timeout());
    let role = format!("house_{}", place.port);
    let anew = format!("CREATE SCHEMA \"Haus 1\" AUTHORIZATION {role}");
    db.execute_unprepared(&format!("CREATE ROLE {role} LOGIN PASSWORD 'a&b+c='; {anew}")).await.unwrap();
    let at = owner.split_once('@').unwrap().1;
    let separator = if at.contains('?') { '&' } else { '?' };
    let address = format!(
        "postgres://x:y@{at}{separator}user={role}&password=a%26b%2Bc%3D&options[search_path]=%22Haus%201%22"
    );
    place.change(
        "moncompte.toml",
        "database_file = \"secrets/database\"",
        &format!("database = '{address}' # ours"),
    );
    done(&place, "migrate", &[]);
    place.people([Persona::number(0).row()]);
    let backup = place.path("one");
    let name = backup.to_str().unwrap();
    done(&place, "backup", &[name]);
    let sql = fs::read_to_string(backup.join("database.sql")).unwrap();
    assert!(sql.contains("CREATE TABLE \"Haus 1\".account (") && !sql.contains("public."));
    let toml = fs::read_to_string(backup.join("config/moncompte.toml")).unwrap();
    assert!(!toml.contains(&role) && !toml.contains("password") && toml.contains(" # ours\n"), "{toml}");
    db.execute_unprepared(&format!("DROP SCHEMA \"Haus 1\" CASCADE; {anew}")).await.unwrap();
    assert!(done(&place, "restore", &[name, "--by", "marie"]).contains("1 identities"));
    let restored = "SELECT count(*) FROM \"Haus 1\".legacy_identity";
    assert_eq!(value::<i64>(&place, restored).await, 1);
    db.execute_unprepared(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}

/// A database user who may read and write rows, and alter nothing, serves; an older schema is told in a sentence.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_not_alter_tables_serves() {
    let Some(bed) = Bed::postgres().await else { return };
    let place = Place::new(bed, MAIL_FOLDER);
    let (owner, db) = (place.bed.address.clone(), place.bed.context.db.without_timeout());
    let role = format!("serves_{}", place.port);
    let grants = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'geheim'; GRANT USAGE ON SCHEMA public TO {role}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
    );
    db.execute_unprepared(&grants).await.unwrap();
    let at = owner.split_once('@').unwrap().1;
    secret_file(&place.path("secrets/database"), &format!("postgres://{role}:geheim@{at}"));
    let mover = Persona::number(0);
    place.people([mover.row()]);
    let running = place.serve().await;
    Person::new(&place.issuer()).moves(&mover, &place).await;
    running.stop().await;
    assert!(done(&place, "migrate", &["--plan"]).contains("nothing to change"));
    // A schema that lacks something, and one that is newer than this version.
    db.execute_unprepared("DELETE FROM seaql_migrations WHERE version = 'm0021_keys'").await.unwrap();
    let plan = done(&place, "migrate", &["--plan"]);
    assert!(plan.contains("would run m0021_keys: adds a column"), "{plan}");
    serves_not(&place, "it lacks m0021_keys), and this user of the database may not change it").await;
    refused(&place, "migrate", &[], "may not change it");
    let undo = "ALTER TABLE node DROP COLUMN sealing_keys; ALTER TABLE signing_key DROP COLUMN revoked_at";
    db.execute_unprepared(undo).await.unwrap();
    secret_file(&place.path("secrets/owner"), &owner);
    let file = place.path("secrets/owner");
    let told = done(&place, "migrate", &["--database-file", file.to_str().unwrap()]);
    assert!(told.contains("done: m0021_keys"), "{told}");
    let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)";
    db.execute_unprepared(later).await.unwrap();
    let running = place.serve().await;
    let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
    assert!(page.code().is_some(), "{} {}", page.url, page.heading());
    running.stop().await;
    db.execute_unprepared(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}

/// The plan of a database of the first versions.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_what_an_upgrade_does(database: Database) {
    let place = Place::new(Bed::before_baseline(database).await, MAIL_FOLDER);
    let plan = done(&place, "migrate", &["--plan"]);
    assert!(plan.contains("would run m0017_baseline") && plan.contains("would run m0021_keys"), "{plan}");
    let json = done(&place, "migrate", &["--plan", "--json"]);
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (told["pending"].as_array().unwrap().len(), &told["done"]),
        (migrations::WORDS.len(), &Value::Bool(false))
    );
    assert!(done(&place, "migrate", &[]).contains("done: m0021_keys"));
    assert!(done(&place, "migrate", &["--plan"]).contains("nothing to change"));
}
